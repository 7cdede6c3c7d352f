#include "recombine/sums.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <tuple>
#include <vector>

#include "simd.hpp"

namespace momentset {
namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();

/// (features, rows): whole registers and what is left over of them.
class Sums : public testing::TestWithParam<std::tuple<std::size_t, std::size_t>> {
 protected:
  const std::size_t n = std::get<0>(GetParam()), count = std::get<1>(GetParam());

  std::vector<double> some(std::size_t size, double least, double most) {
    std::uniform_real_distribution<double> value(least, most);
    std::vector<double> values(size);
    for (double& x : values) x = value(random_);
    return values;
  }

 private:
  std::mt19937_64 random_{std::get<0>(GetParam()) * 100 + std::get<1>(GetParam())};
};

TEST_P(Sums, OfWeightsAndFeaturesAreGoodToTwiceThePrecision) {
  const std::vector<double> weights = some(count, 0, 1), features = some(n * count, -1, 1);
  std::vector<double> expected(n), differences(n), magnitudes(n);
  std::vector<long double> exact(n), sizes(n);
  for (std::size_t f = 0; f < n; ++f) {
    for (std::size_t j = 0; j < count; ++j) {
      exact[f] += static_cast<long double>(weights[j]) * features[f * count + j];
      sizes[f] += static_cast<long double>(weights[j]) * std::abs(features[f * count + j]);
    }
    expected[f] = double(exact[f]);  // so that only what rounding would hide is left
  }
  weighted_sums(weights.data(), features.data(), count, n, expected.data(), differences.data(), magnitudes.data());
  for (std::size_t f = 0; f < n; ++f) {
    EXPECT_NEAR(differences[f], double(exact[f] - expected[f]), epsilon / 64 * double(sizes[f])) << f;
    EXPECT_NEAR(magnitudes[f], double(sizes[f]), 16 * epsilon * double(sizes[f])) << f;
  }
}

TEST_P(Sums, AcrossAddToWhatIsThere) {
  const std::vector<double> before = some(n, -1, 1), values = some(n * count, -1, 1);
  std::vector<double> sums = before, error(n);
  add_across(values.data(), n, count, sums.data(), error.data());
  for (std::size_t f = 0; f < n; ++f) {
    long double exact = before[f], size = std::abs(before[f]);
    for (std::size_t k = 0; k < count; ++k) {
      exact += values[f * count + k];
      size += std::abs(values[f * count + k]);
    }
    EXPECT_NEAR(sums[f] + error[f], double(exact), 4 * epsilon * double(size)) << f;
  }
}

TEST_P(Sums, AreTheSameOnEveryPath) {
  const std::vector<double> weights = some(count, 0, 1), features = some(n * count, -1, 1), expected = some(n, -1, 1);
  const auto run = [&](SimdPath path) {
    use_simd_path(path);
    std::vector<double> results(4 * n);
    weighted_sums(weights.data(), features.data(), count, n, expected.data(), &results[0], &results[n]);
    add_across(features.data(), n, count, &results[2 * n], &results[3 * n]);
    return results;
  };
  const std::vector<double> best = run(best_simd_path());
  EXPECT_EQ(run(SimdPath::baseline), best);
  EXPECT_EQ(run(SimdPath::avx2), best);
  use_simd_path(best_simd_path());
}

INSTANTIATE_TEST_SUITE_P(Sizes, Sums,
                         testing::Combine(testing::Values(1, 2, 3, 4, 5, 8, 11), testing::Values(1, 2, 3, 4, 7, 16)));

}  // namespace
}  // namespace momentset
