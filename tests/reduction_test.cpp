// What happens after the cells: rounds of neighbours and the correction of the weights.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "momentset/compress.hpp"
#include "support/point_cases.hpp"

namespace momentset::test {
namespace {

CompressOptions of(std::size_t size, int order, Method method) {
  CompressOptions options;
  options.size = size;
  options.order = order;
  options.method = method;
  return options;
}

/// |sum_j c'_j g(x_j) - sum_i g(x_i)| / q for g(x) = exp(a . x), whose exact sums are taken in long double.
double exponential_error(const WeightedPoints& points, const Coreset& coreset) {
  const auto g = [&](std::size_t i) {
    long double product = 0;
    for (std::size_t a = 0; a < points.dimension; ++a) product += (0.3L + 0.2L * a) * points.point(i)[a];
    return std::exp(product);
  };
  long double difference = 0;
  for (std::size_t i = 0; i < points.size(); ++i) difference -= g(i);
  for (std::size_t j = 0; j < coreset.rows.size(); ++j) difference += coreset.weights[j] * g(coreset.rows[j]);
  return std::abs(double(difference / static_cast<long double>(points.size())));
}

/// The largest |sum_j c'_j x_j^a - sum_i x_i^a| / sum_i |x_i^a| over monomials of one column and degree k.
double moment_error(const WeightedPoints& points, const Coreset& coreset, int k) {
  double worst = 0;
  for (std::size_t a = 0; a < points.dimension; ++a) {
    const auto power = [&](std::size_t i) { return std::pow(static_cast<long double>(points.point(i)[a]), k); };
    long double difference = 0, size = 0;
    for (std::size_t i = 0; i < points.size(); ++i) difference -= power(i), size += std::abs(power(i));
    for (std::size_t j = 0; j < coreset.rows.size(); ++j) difference += coreset.weights[j] * power(coreset.rows[j]);
    worst = std::max(worst, double(std::abs(difference) / size));
  }
  return worst;
}

TEST(Finishing, LowersTheErrorAtTheSameOrderAndSize) {
  for (const std::size_t m : {1u, 2u, 3u, 4u}) {
    const PointSet points = uniform_points(16'000, m, 5);
    const Coreset tree = compress(points.view(), of(1600, 3, Method::tree));
    const Coreset finished = compress(points.view(), of(1600, 3, Method::automatic));
    EXPECT_EQ(finished.rows.size(), 1600u);
    constexpr double rounding = std::numeric_limits<double>::epsilon();  // of a mean of about 1
    EXPECT_LT(exponential_error(points.view(), finished),
              std::max(exponential_error(points.view(), tree) / 4, rounding))
        << m;
    EXPECT_TRUE(finished.certificate.holds());
    EXPECT_GT(finished.rounds_from, 1600u);
    EXPECT_GT(finished.corrected_order, 3);
  }
}

TEST(Finishing, KeepsMomentsUpToTheCorrectedOrder) {
  const PointSet points = uniform_points(20'000, 2, 6);
  const Coreset coreset = compress(points.view(), of(1000, 4, Method::automatic));
  ASSERT_GT(coreset.corrected_order, 6);
  const double tolerance = residual_tolerance(feature_count(2, coreset.corrected_order));
  for (int k = 0; k <= coreset.corrected_order; ++k) EXPECT_LE(moment_error(points.view(), coreset, k), tolerance) << k;
  EXPECT_GT(moment_error(points.view(), coreset, coreset.corrected_order + 4), tolerance);
}

TEST(Finishing, TreeKeepsTheMomentsOfEveryCell) {
  const PointSet points = uniform_points(20'000, 3, 7);
  const Coreset coreset = compress(points.view(), of(1000, 4, Method::tree));
  EXPECT_EQ(coreset.certificate.tree.cells, 28u);  // 1,000 / 35
  EXPECT_TRUE(coreset.certificate.holds());
  EXPECT_EQ(coreset.rounds_from, 0u);
  EXPECT_EQ(coreset.corrected_order, 0);
  EXPECT_EQ(coreset.finish(), "");
}

TEST(Finishing, LeavesBoundedWeightsAlone) {
  const PointSet points = uniform_points(5000, 2, 8);
  CompressOptions options = of(500, 3, Method::automatic);
  options.max_weight = 2;
  const Coreset coreset = compress(points.view(), options);
  EXPECT_EQ(coreset.finish(), "");
  EXPECT_LE(*std::max_element(coreset.weights.begin(), coreset.weights.end()), 2 * 10.0 * (1 + 1e-12));
}

TEST(Finishing, StaysWithinTheEffort) {
  const PointSet points = uniform_points(60'000, 5, 9);
  CompressOptions options = of(6000, 5, Method::automatic);
  options.effort = Effort::low;
  EXPECT_EQ(compress(points.view(), options).rounds_from, 0u);
}

TEST(Finishing, HoldsForHeavyTailsAndFarPoints) {
  PointSet points = uniform_points(10'000, 2, 10);
  std::mt19937_64 random(3);
  std::cauchy_distribution<double> cauchy;
  for (double& x : points.coordinates) x = cauchy(random);
  points.coordinates[100] = 1e300;
  points.weights.assign(10'000, 0);
  for (std::size_t i = 0; i < 10'000; ++i) points.weights[i] = std::pow(10.0, -12 * double(i) / 10'000);
  const Coreset coreset = compress(points.view(), of(1000, 3, Method::automatic));
  EXPECT_EQ(coreset.rows.size(), 1000u);
  EXPECT_TRUE(coreset.certificate.holds());
  EXPECT_TRUE(std::all_of(coreset.weights.begin(), coreset.weights.end(), [](double c) { return c > 0; }));
}

}  // namespace
}  // namespace momentset::test
