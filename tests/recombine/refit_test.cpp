#include "recombine/refit.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "support/matrix.hpp"
#include "support/random.hpp"

namespace momentset::test {
namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();

std::vector<double> moments_of(const Matrix& matrix, std::span<const double> weights) {
  std::vector<double> moments;
  for (std::size_t f = 0; f < matrix.features; ++f) {
    LongSum sum;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      sum.add(static_cast<long double>(weights[i]) * matrix.at(i, f));
    }
    moments.push_back(double(sum.value()));
  }
  return moments;
}

/// Refits the weights of all rows.
double refit_all(const Matrix& matrix, std::vector<double>& weights, const std::vector<double>& bounds,
                 const std::vector<double>& moments) {
  std::vector<Index> all(matrix.rows());
  std::iota(all.begin(), all.end(), Index{0});
  Pulse pulse({}, {}, 1);
  return refit(MatrixRows(matrix.values, matrix.features), all, weights, bounds, moments, pulse);
}

/// A heavy row that the second feature does not see and two light rows on either side: `right` + `left` = 1.25e-14.
const Matrix scales{2, {1, 0, 1, 1, 1, -1}};
const std::vector<double> on_the_scales{1, 1e-14, 0.25e-14};

TEST(Refit, TakesBackADisturbance) {
  for (const std::size_t rows : {4u, 9u, 10u, 11u, 40u}) {
    SCOPED_TRACE(rows);
    Random random(rows);
    const Matrix matrix = make_matrix(rows, 10, [&](std::size_t, std::size_t) { return random.uniform(-1, 1); });
    const std::vector<double> undisturbed = weights_over_decades(random, rows, -8, 7);
    std::vector<double> weights = undisturbed;
    for (double& weight : weights) weight *= 1 + 1e-6 * random.uniform(-1, 1);
    const std::vector<double> moments = moments_of(matrix, undisturbed);
    EXPECT_LE(refit_all(matrix, weights, {}, moments), 2 * epsilon);
    for (std::size_t i = 0; i < rows; ++i) EXPECT_GT(weights[i], 0);
  }
}

TEST(Refit, LeavesWhatIsExactAsItIs) {
  std::vector<double> weights = on_the_scales;
  EXPECT_LE(refit_all(scales, weights, {}, moments_of(scales, on_the_scales)), epsilon);
  EXPECT_EQ(weights, on_the_scales);
}

// The heavier of the light rows would take the change, and become negative.
TEST(Refit, AnotherRowTakesWhatWouldMakeAWeightNegative) {
  std::vector<double> weights = on_the_scales;
  EXPECT_LE(refit_all(scales, weights, {}, {1, -0.5e-14}), 2 * epsilon);
  EXPECT_EQ(weights[1], 1e-14);
  EXPECT_DOUBLE_EQ(weights[2], 1.5e-14);
}

TEST(Refit, AnotherRowTakesWhatWouldExceedABound) {
  std::vector<double> weights = on_the_scales;
  EXPECT_LE(refit_all(scales, weights, {2, 1.1e-14, 1}, {1, 0.9e-14}), 2 * epsilon);
  EXPECT_EQ(weights[1], 1e-14);
  EXPECT_DOUBLE_EQ(weights[2], 0.1e-14);
}

TEST(Refit, RowsAtTheirBoundKeepTheirWeight) {
  std::vector<double> weights = on_the_scales;
  EXPECT_LE(refit_all(scales, weights, {2, 1e-14, 1}, {1, 0.8e-14}), 2 * epsilon);
  EXPECT_EQ(weights[1], 1e-14);
  EXPECT_DOUBLE_EQ(weights[2], 0.2e-14);
}

// No weights >= 0 have such moments. What is left is said.
TEST(Refit, StatesWhatItCannotReach) {
  std::vector<double> weights{1, 1};
  const Matrix matrix{2, {1, 0, 1, 1}};
  const std::vector<double> moments{2, -0.5};
  const double residual = refit_all(matrix, weights, {}, moments);
  EXPECT_GT(weights[0], 0);
  EXPECT_GT(weights[1], 0);
  const double of_the_first = std::abs(2 - weights[0] - weights[1]) / (weights[0] + weights[1]);
  const double of_the_second = std::abs(-0.5 - weights[1]) / weights[1];
  EXPECT_DOUBLE_EQ(residual, std::max(of_the_first, of_the_second));
}

TEST(Refit, AFeatureThatIsGoneIsInfinitelyFar) {
  std::vector<double> weights{1, 1};
  const Matrix matrix{2, {1, 0, 1, 0}};
  EXPECT_EQ(refit_all(matrix, weights, {}, {2, 1e-30}), std::numeric_limits<double>::infinity());
  EXPECT_EQ(refit_all(matrix, weights, {}, {2, 0}), 0);
}

}  // namespace
}  // namespace momentset::test
