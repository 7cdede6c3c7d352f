#include "merge_equal.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <stop_token>

#include "momentset/error.hpp"
#include "support/point_cases.hpp"
#include "support/random.hpp"
#include "support/threads.hpp"

namespace momentset::test {
namespace {

/// The same by an ordered map, with sums in long double.
struct Expected {
  LargeVector<Index> numbers;
  std::vector<long double> weights;
};

Expected by_map(const WeightedPoints& points, const std::vector<bool>& skip) {
  std::map<std::vector<double>, std::size_t> place;  // compares by value: -0 equals 0
  Expected expected;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (points.weight(i) <= 0 || (!skip.empty() && skip[i])) continue;
    const std::vector<double> key(points.point(i), points.point(i) + points.dimension);
    const auto [entry, inserted] = place.try_emplace(key, expected.numbers.size());
    if (inserted) {
      expected.numbers.push_back(Index(i));
      expected.weights.push_back(0);
    }
    expected.weights[entry->second] += points.weight(i);
  }
  return expected;
}

void expect_merged(const PointSet& points, const std::vector<bool>& skip = {}) {
  const DistinctPoints found = merge_equal(points.view(), skip);
  const Expected expected = by_map(points.view(), skip);
  ASSERT_EQ(found.numbers, expected.numbers);
  for (std::size_t k = 0; k < found.weights.size(); ++k) {
    // Compensated sums of positive terms: an eps for the result, next to nothing for the rest.
    const auto allowed = 2 * std::numeric_limits<double>::epsilon() * expected.weights[k];
    EXPECT_LE(std::abs(found.weights[k] - expected.weights[k]), allowed) << "row " << found.numbers[k];
    EXPECT_GT(found.weights[k], 0);
  }
}

/// Points with few distinct values.
PointSet repetitive(std::size_t count, std::size_t m, std::size_t values, std::uint64_t seed) {
  Random random(seed);
  PointSet points{{}, {}, m};
  for (std::size_t k = 0; k < count * m; ++k) points.coordinates.push_back(double(random.below(values)) - 1);
  return points;
}

TEST(MergeEqual, AgreesWithAnOrderedMap) {
  for (const std::size_t m : {1u, 2u, 3u, 8u}) {
    for (const std::size_t values : {1u, 2u, 10u, 1000u}) expect_merged(repetitive(5000, m, values, m + values));
  }
  expect_merged(colours(60'000, 3));
}

TEST(MergeEqual, LeavesDistinctPointsAlone) {
  for (const PointCase& points : distinct_point_cases()) {
    const DistinctPoints found = merge_equal(points.points.view(), {});
    EXPECT_EQ(found.numbers.size(), points.points.view().size()) << points.name;
    for (const double weight : found.weights) EXPECT_EQ(weight, 1);
  }
}

TEST(MergeEqual, TakesMinusZeroAsZero) {
  const PointSet points{{0.0, 1, -0.0, 1, 0.0, -0.0, -0.0, 0.0}, {1, 2, 4, 8}, 2};
  const DistinctPoints found = merge_equal(points.view(), {});
  EXPECT_EQ(found.numbers, (LargeVector<Index>{0, 2}));
  EXPECT_EQ(found.weights, (LargeVector<double>{3, 12}));
}

TEST(MergeEqual, SumsWeightsOver300Decades) {
  PointSet points = repetitive(4000, 2, 4, 9);
  Random random(10);
  points.weights = weights_over_decades(random, 4000, -150, 150);
  expect_merged(points);
}

TEST(MergeEqual, SmallWeightsAreNotLostBesideALargeOne) {
  PointSet points{std::vector<double>(10'001, 3.0), std::vector<double>(10'001, 0x1p-53), 1};
  points.weights[0] = 1;  // 1 + 2^-53 is 1 in double
  const DistinctPoints found = merge_equal(points.view(), {});
  ASSERT_EQ(found.weights.size(), 1u);
  EXPECT_EQ(found.weights[0], 1 + 10'000 * 0x1p-53);
}

TEST(MergeEqual, LeavesOutZeroWeightsAndSkippedRows) {
  const PointSet points{{5, 5, 5, 6, 6, 7}, {0, 2, 3, 0, 0, 1}, 1};
  const DistinctPoints found = merge_equal(points.view(), {});
  EXPECT_EQ(found.numbers, (LargeVector<Index>{1, 5})) << "the first row of weight stands for its equals";
  EXPECT_EQ(found.weights, (LargeVector<double>{5, 1}));

  PointSet many = repetitive(3000, 2, 5, 12);
  Random random(13);
  many.weights = uniform_values(random, 3000, 0, 1);
  std::vector<bool> skip(3000);
  for (std::size_t i = 0; i < 3000; ++i) {
    skip[i] = random.chance(0.3);
    if (random.chance(0.3)) many.weights[i] = 0;
  }
  expect_merged(many, skip);
}

TEST(MergeEqual, LeavesNothingWhereEverythingIsSkipped) {
  const PointSet points{{1, 2}, {}, 1};
  EXPECT_TRUE(merge_equal(points.view(), {true, true}).numbers.empty());
}

TEST(MergeEqual, ResultDoesNotDependOnThreads) {
  PointSet points = colours(50'000, 14);
  Random random(15);
  points.weights = weights_over_decades(random, 50'000, -8, 8);
  const DistinctPoints first = merge_equal(points.view(), {});
  for (const int threads : {1, 2, 8}) {
    const DistinctPoints again = with_threads(threads, [&] { return merge_equal(points.view(), {}); });
    EXPECT_EQ(again.numbers, first.numbers) << threads << " threads";
    EXPECT_EQ(again.weights, first.weights) << threads << " threads";
  }
}

TEST(MergeEqual, ThrowsCancelledWhenAskedToStop) {
  const PointSet points = colours(50'000, 16);
  std::stop_source source;
  EXPECT_NO_THROW(merge_equal(points.view(), {}, source.get_token()));
  source.request_stop();
  EXPECT_THROW(merge_equal(points.view(), {}, source.get_token()), Cancelled);
}

}  // namespace
}  // namespace momentset::test
