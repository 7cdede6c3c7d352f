#include "momentset/network/sampling.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "support/expect_error.hpp"
#include "support/random.hpp"

namespace momentset::test {
namespace {

using namespace momentset::network;

std::vector<double> counts(const std::vector<Index>& rows, std::size_t of) {
  std::vector<double> counts(of, 0.0);
  for (const Index row : rows) ++counts[row];
  return counts;
}

TEST(ProportionalSample, DrawsEachRowAsItWeighs) {
  const std::vector<double> weights = {0, 1, 0, 2, 5, 0};
  Random random(1);
  const std::size_t draws = 80'000;
  const std::vector<double> drawn =
      counts(proportional_sample(weights, uniform_values(random, draws, 0, 1)), weights.size());
  for (std::size_t j = 0; j < weights.size(); ++j) {
    const double share = weights[j] / 8, deviation = std::sqrt(draws * share * (1 - share));
    EXPECT_NEAR(drawn[j], draws * share, 4.5 * deviation) << j;
  }
  EXPECT_EQ(proportional_sample(weights, std::vector<double>{0, std::nextafter(1, 0)}), (std::vector<Index>{1, 4}));
}

TEST(SystematicSample, RoundsEachCountUpOrDownAndIsFairOnAverage) {
  Random random(2);
  const std::vector<double> weights = weights_over_decades(random, 50, -2, 1);
  double mass = 0;
  for (const double weight : weights) mass += weight;
  const std::size_t count = 200, rounds = 500;
  std::vector<double> sums(weights.size(), 0.0);
  for (std::size_t r = 0; r < rounds; ++r) {
    const std::vector<Index> rows = systematic_sample(weights, count, (double(r) + 0.5) / double(rounds));
    ASSERT_EQ(rows.size(), count);
    EXPECT_TRUE(std::is_sorted(rows.begin(), rows.end()));
    const std::vector<double> drawn = counts(rows, weights.size());
    for (std::size_t j = 0; j < weights.size(); ++j) {
      EXPECT_LT(std::abs(drawn[j] - double(count) * weights[j] / mass), 1 + 1e-9);
      sums[j] += drawn[j];
    }
  }
  // Over offsets at equal distances each mean is exact up to one offset.
  for (std::size_t j = 0; j < weights.size(); ++j) {
    EXPECT_NEAR(sums[j] / double(rounds), double(count) * weights[j] / mass, 1.01 / double(rounds));
  }
}

TEST(Sampling, RejectsWhatCannotBeDrawn) {
  const std::vector<double> none = {0, 0}, negative = {1, -1}, fine = {1, 1}, beyond = {0.5, 1};
  expect_error("weights", "sum", [&] { systematic_sample(none, 2, 0); });
  expect_error("weights", "row 1", [&] { systematic_sample(negative, 2, 0); });
  expect_error("uniforms", "below 1", [&] { systematic_sample(fine, 2, 1); });
  expect_error("uniforms", "below 1", [&] { proportional_sample(fine, beyond); });
}

}  // namespace
}  // namespace momentset::test
