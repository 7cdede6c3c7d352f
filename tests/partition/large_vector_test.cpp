#include "momentset/partition/large_vector.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <utility>

namespace momentset::test {
namespace {

TEST(LargeVector, KeepsItsElementsWhereverTheMemoryComesFrom) {
  for (const std::size_t count : {0u, 1u, 1000u, 262'143u, 262'144u, 300'000u}) {  // 2 MiB are 262,144
    LargeVector<double> numbers(count);
    std::iota(numbers.begin(), numbers.end(), 1.0);
    const LargeVector<double> copy = numbers;
    numbers.resize(2 * count + 1);
    numbers.back() = -1;
    const LargeVector<double> moved = std::move(numbers);
    ASSERT_EQ(moved.size(), 2 * count + 1);
    EXPECT_TRUE(std::equal(copy.begin(), copy.end(), moved.begin())) << count;
    EXPECT_EQ(moved.back(), -1);
  }
}

TEST(LargeVector, TakesGivenValues) { EXPECT_EQ(LargeVector<int>(3, 7), (LargeVector<int>{7, 7, 7})); }

}  // namespace
}  // namespace momentset::test
