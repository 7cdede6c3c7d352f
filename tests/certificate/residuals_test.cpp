// Residuals, diameters and weights against values worked out by hand or by direct evaluation.

#include <gtest/gtest.h>

#include <cmath>

#include "problems.hpp"

namespace momentset {
namespace {

using namespace certificate_test;

CertifyOptions order(int k) {
  CertifyOptions options;
  options.order = k;
  return options;
}

TEST(Residuals, AreZeroForTheWholeInput) {
  const PointSet points = random_points(500, 3, 1);
  CertifyOptions options = order(4);
  options.tree = balanced_tree(points.view(), 7);
  const Certificate c = certify_identity(points.view(), options);
  EXPECT_EQ(c.features, 35U);
  ASSERT_EQ(c.residuals.size(), 5U);
  EXPECT_LT(c.worst_residual(), 1e-18);
  EXPECT_TRUE(c.holds());
  EXPECT_LT(c.probe_coreset(), 1e-16);
  EXPECT_EQ(c.probe_random(), 0);
}

// The input is a three-point and a five-point Gauss-Legendre rule; the output is the former with twice its weights.
// They agree up to order 5. At order 6 the rules give 6/25 and 2/7, and both are even, so the box does not matter.
TEST(Residuals, OfGaussRulesAreKnown) {
  const double a = std::sqrt(5 - 2 * std::sqrt(10.0 / 7)) / 3, b = std::sqrt(5 + 2 * std::sqrt(10.0 / 7)) / 3;
  const double u = (322 + 13 * std::sqrt(70.0)) / 900, v = (322 - 13 * std::sqrt(70.0)) / 900;
  const double r = std::sqrt(0.6);
  const PointSet points{{-r, 0, r, -b, -a, 0, a, b}, {5.0 / 9, 8.0 / 9, 5.0 / 9, v, u, 128.0 / 225, u, v}, 1};
  const std::vector<Index> rows{0, 1, 2};
  const std::vector<double> weights{10.0 / 9, 16.0 / 9, 10.0 / 9};
  const Certificate c = certify(points.view(), rows, weights, order(6));
  for (int k = 0; k <= 5; ++k) EXPECT_LT(c.residuals[std::size_t(k)].global, 1e-15) << "order " << k;
  EXPECT_NEAR(c.residuals[6].global, (2.0 / 7 - 0.24) / (2.0 / 7 + 0.24), 1e-14);
  EXPECT_EQ(c.residuals[6].cells, c.residuals[6].global);
  EXPECT_FALSE(c.holds());
}

// Every second corner of a regular octagon is a design of strength 3; at order 4 the square misses x^2 y^2 altogether.
TEST(Residuals, OfASymmetricDesignAreKnown) {
  PointSet points{{}, {}, 2};
  for (int k = 0; k < 8; ++k) {
    const double angle = k * std::acos(0.0) / 2;
    points.coordinates.insert(points.coordinates.end(), {std::cos(angle), std::sin(angle)});
  }
  const std::vector<Index> rows{0, 2, 4, 6};
  const std::vector<double> weights{2, 2, 2, 2};
  const Certificate c = certify(points.view(), rows, weights, order(4));
  for (int k = 0; k <= 3; ++k) EXPECT_LT(c.residuals[std::size_t(k)].global, 1e-15) << "order " << k;
  EXPECT_NEAR(c.residuals[4].global, 1, 1e-14);
}

TEST(Residuals, OfOneWrongWeightAreKnown) {
  const PointSet points{{-1, -0.5, 0.5, 1}, {1, 2, 3, 4}, 1};
  CertifyOptions options = order(2);
  options.tree = {2, {{0, 2}}};  // {-1, -0.5} and {0.5, 1}
  const double change = 1e-6;
  const std::vector<double> weights{1, 2, 3 * (1 + change), 4};
  const Certificate c = certify(points.view(), all_rows(points.view()), weights, options);
  EXPECT_NEAR(c.residuals[0].global, 3 * change / 10, 1e-16);
  EXPECT_NEAR(c.residuals[1].global, 3 * 0.5 * change / (1 + 2 * 0.5 + 3 * 0.5 + 4), 1e-16);
  EXPECT_NEAR(c.residuals[2].global, 3 * 0.25 * change / (1 + 2 * 0.25 + 3 * 0.25 + 4), 1e-16);
  for (int k = 0; k <= 2; ++k) {  // in the cell's own box the points lie at -1 and 1
    EXPECT_NEAR(c.residuals[std::size_t(k)].cells, 3 * change / 7, 1e-16) << "order " << k;
  }
  EXPECT_FALSE(c.holds());
}

TEST(Residuals, SeeMassThatMovedBetweenCells) {
  const PointSet points{{-2, -1, 1, 2}, {}, 1};
  CertifyOptions options = order(1);
  options.tree = {2, {{0, 2}}};
  const std::vector<double> weights{1.5, 0, 1.5, 1};  // mass and mean of all points are kept
  const Certificate c = certify(points.view(), all_rows(points.view()), weights, options);
  EXPECT_LT(c.residuals[0].global, 1e-18);
  EXPECT_NEAR(c.residuals[0].cells, 0.25, 1e-15);
}

TEST(Residuals, AllowForTheMassScale) {
  const PointSet points = random_points(50, 2, 2);
  std::vector<double> weights = points.weights;
  for (double& weight : weights) weight *= 8;
  CertifyOptions options = order(3);
  EXPECT_NEAR(certify(points.view(), all_rows(points.view()), weights, options).worst_residual(), 7, 1e-12);
  options.mass_scale = 8;
  const Certificate c = certify(points.view(), all_rows(points.view()), weights, options);
  EXPECT_LT(c.worst_residual(), 1e-18);
  EXPECT_DOUBLE_EQ(c.mass_expected, 8 * c.mass_input);
  EXPECT_TRUE(c.holds());
}

// A direct evaluation that shares no line with the library: powers by std::pow, plain sums.
std::vector<double> direct_residuals(const PointSet& points, const std::vector<Index>& rows,
                                     const std::vector<double>& weights, int highest) {
  const WeightedPoints view = points.view();
  const std::size_t m = points.dimension;
  std::vector<double> low(m, INFINITY), high(m, -INFINITY), worst(std::size_t(highest) + 1, 0.0);
  for (std::size_t i = 0; i < points.coordinates.size(); ++i) {
    low[i % m] = std::min(low[i % m], points.coordinates[i]);
    high[i % m] = std::max(high[i % m], points.coordinates[i]);
  }
  std::vector<int> powers(m, 0);
  const auto monomial = [&](std::size_t row) {
    long double value = 1;
    for (std::size_t a = 0; a < m; ++a) {
      const long double t = (2 * (long double)view.point(row)[a] - low[a] - high[a]) / ((long double)high[a] - low[a]);
      value *= std::pow(t, powers[a]);
    }
    return value;
  };
  const std::function<void(std::size_t, int)> visit = [&](std::size_t axis, int left) {
    if (axis < m) {
      for (powers[axis] = 0; powers[axis] <= left; ++powers[axis]) visit(axis + 1, left - powers[axis]);
      powers[axis] = 0;
      return;
    }
    long double difference = 0, magnitude = 0;
    for (std::size_t i = 0; i < view.size(); ++i) {
      difference -= view.weight(i) * monomial(i);
      magnitude += view.weight(i) * std::fabs(monomial(i));
    }
    for (std::size_t j = 0; j < rows.size(); ++j) difference += weights[j] * monomial(rows[j]);
    double& entry = worst[std::size_t(highest - left)];
    entry = std::max(entry, double(std::fabs(difference) / magnitude));
  };
  visit(0, highest);
  return worst;
}

TEST(Residuals, AgreeWithDirectEvaluation) {
  for (std::size_t m = 1; m <= 4; ++m) {
    const PointSet points = random_points(300, m, unsigned(m));
    std::vector<Index> rows;
    std::vector<double> weights;
    for (Index row = 5; row < 300; row += 7) rows.push_back(row), weights.push_back(7 * points.weights[row]);
    const int highest = 5;
    const Certificate c = certify(points.view(), rows, weights, order(highest));
    const std::vector<double> expected = direct_residuals(points, rows, weights, highest);
    for (std::size_t k = 0; k < expected.size(); ++k) {
      EXPECT_NEAR(c.residuals[k].global, expected[k], 1e-13 * expected[k]) << "m " << m << ", order " << k;
    }
  }
}

TEST(Measures, OfFourPointsInTwoCells) {
  const PointSet points{{0, 1, 2, 4}, {}, 1};
  CertifyOptions options = order(1);
  options.tree = {2, {{0, 2}}};
  const Certificate c = certify_identity(points.view(), options);
  const double deviation = std::sqrt((0 + 1 + 4 + 16) / 4.0 - 1.75 * 1.75);
  EXPECT_NEAR(c.diameters.minimum, 1 / deviation, 1e-15);
  EXPECT_NEAR(c.diameters.median, 1 / deviation, 1e-15);
  EXPECT_NEAR(c.diameters.upper_decile, 2 / deviation, 1e-15);
  EXPECT_NEAR(c.diameters.maximum, 2 / deviation, 1e-15);
  EXPECT_NEAR(c.taylor_bound, (2 * 1 + 2 * 4) / (deviation * deviation) / 2, 1e-14);
}

TEST(Measures, OfWeights) {
  const PointSet points{{0, 1, 2, 4}, {1, 1, 1, 1}, 1};
  const std::vector<Index> rows{3, 0, 1};
  const std::vector<double> weights{1, 2, 1};
  const Certificate c = certify(points.view(), rows, weights, order(0));
  EXPECT_EQ(c.mass_input, 4);
  EXPECT_EQ(c.mass_output, 4);
  EXPECT_EQ(c.smallest_weight, 1);
  EXPECT_EQ(c.largest_weight, 2);
  EXPECT_DOUBLE_EQ(c.effective_sample_size, 16.0 / 6);
  EXPECT_EQ(c.rows, 4U);
  EXPECT_EQ(c.size, 3U);
}

TEST(Tolerance, IsAMultipleOfRounding) {
  EXPECT_DOUBLE_EQ(residual_tolerance(1), 64 * 0x1p-52);
  EXPECT_DOUBLE_EQ(residual_tolerance(56), 56 * 64 * 0x1p-52);
}

}  // namespace
}  // namespace momentset
