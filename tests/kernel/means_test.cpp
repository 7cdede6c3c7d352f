// Samples, kernels in single precision and kernel means against sums in double precision.

#include "kernel/means.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "kernel/sample.hpp"
#include "simd.hpp"
#include "support/point_cases.hpp"
#include "support/random.hpp"

namespace momentset::test {
namespace {

using namespace kernel;

std::vector<Index> first_rows(std::size_t count) {
  std::vector<Index> rows(count);
  std::iota(rows.begin(), rows.end(), Index{0});
  return rows;
}

/// g^(4^scale) of two points, with the columns as they are.
double gaussian(const WeightedPoints& points, std::size_t i, std::size_t j, std::size_t scale) {
  double square = 0;
  for (std::size_t a = 0; a < points.dimension; ++a) square += std::pow(points.point(i)[a] - points.point(j)[a], 2);
  return std::exp(-std::pow(4.0, scale) * square / (2 * double(points.dimension)));
}

double direct_mean(const WeightedPoints& points, std::size_t j, std::size_t scale) {
  double sum = 0, mass = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    sum += points.weight(i) * gaussian(points, i, j, scale);
    mass += points.weight(i);
  }
  return sum / mass;
}

TEST(PrioritySample, EstimatesSumsWithoutBias) {
  Random random(1);
  PointSet points = uniform_points(400, 1, 1);
  points.weights = weights_over_decades(random, 400, -2, 1);
  points.weights[5] = 0;
  points.weights[8] = 1000;
  double truth = 0, mass = 0;
  for (std::size_t i = 0; i < 400; ++i) {
    truth += points.weights[i] * points.coordinates[i];
    mass += points.weights[i];
  }
  constexpr int trials = 2000;
  double sum = 0, squares = 0;
  for (int trial = 0; trial < trials; ++trial) {
    const Sample sample = priority_sample(points.view(), 40, std::uint64_t(trial));
    ASSERT_EQ(sample.rows.size(), 40u);
    EXPECT_EQ(std::count(sample.rows.begin(), sample.rows.end(), 8u), 1);
    EXPECT_EQ(std::count(sample.rows.begin(), sample.rows.end(), 5u), 0);
    double estimate = 0;
    for (std::size_t k = 0; k < 40; ++k) estimate += sample.shares[k] * points.coordinates[sample.rows[k]];
    const double error = estimate - truth / mass;
    sum += error / trials;
    squares += error * error / trials;
  }
  EXPECT_LT(std::abs(sum), 4 * std::sqrt(squares / trials));
}

TEST(KernelPoints, AgreeWithTheFormulaOnEveryPath) {
  const PointSet points = uniform_points(300, 5, 2, -3, 3);
  const std::vector<double> ones(5, 1.0);
  const Standardisation standardisation(points.view(), ones, {});
  const std::vector<Index> rows = first_rows(300);
  const Mixture mixture{1, 0.3, 0.2};
  const SimdPath best = best_simd_path();
  for (const SimdPath path : {SimdPath::baseline, SimdPath::avx2, SimdPath::avx512}) {
    use_simd_path(path);
    const KernelPoints kernel(standardisation, points.view(), rows);
    std::vector<float> column;
    kernel.column(7, mixture, column);
    const std::vector<std::size_t> a{0, 7, 299}, b{7};
    const std::vector<double> matrix = kernel.matrix(a, b, mixture);
    for (std::size_t i = 0; i < 300; ++i) {
      double expected = 0;
      for (std::size_t c = 0; c < scales; ++c) expected += mixture[c] * gaussian(points.view(), i, 7, c);
      EXPECT_NEAR(column[i], expected, 2e-6);
      for (std::size_t k = 0; k < a.size(); ++k) {
        if (a[k] == i) {
          EXPECT_NEAR(matrix[k], expected, 1e-13);
        }
      }
    }
  }
  use_simd_path(best);
}

TEST(KernelMeans, OfFewPointsAreTheSums) {
  PointSet points = uniform_points(3000, 3, 3, -2, 2);
  Random random(3);
  points.weights = weights_over_decades(random, 3000, -2, 0);
  const std::vector<double> ones(3, 1.0);
  const Standardisation standardisation(points.view(), ones, {});
  const std::vector<Index> rows = first_rows(50);
  const KernelMeans means =
      kernel_means(points.view(), standardisation, rows, KernelPoints(standardisation, points.view(), rows), 1, {});
  for (std::size_t c = 0; c < scales; ++c) {
    for (std::size_t k = 0; k < rows.size(); ++k) {
      EXPECT_NEAR(means.means[c][k], direct_mean(points.view(), k, c), 1e-6);
    }
  }
}

// A sample of 16,384 of 40,000 points errs by about 1e-3; landmarks take nearly all of it away.
TEST(KernelMeans, OfManyPointsAreCorrectedByLandmarks) {
  PointSet points = uniform_points(40'000, 2, 4, -2, 2);
  const std::vector<double> ones(2, 1.0);
  const Standardisation standardisation(points.view(), ones, {});
  const std::vector<Index> rows = priority_sample(points.view(), 600, 9).rows;
  const KernelMeans means =
      kernel_means(points.view(), standardisation, rows, KernelPoints(standardisation, points.view(), rows), 9, {});
  double worst = 0;
  for (std::size_t k = 520; k < 600; ++k) {  // no landmarks
    worst = std::max(worst, std::abs(means.means[0][k] - direct_mean(points.view(), rows[k], 0)));
  }
  EXPECT_LT(worst, 2e-5);
}

}  // namespace
}  // namespace momentset::test
