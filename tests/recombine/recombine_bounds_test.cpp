// Upper bounds for the weights: at most as many rows as the rank are strictly between 0 and their bound.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "momentset/recombine.hpp"
#include "support/expect_error.hpp"
#include "support/matrix.hpp"
#include "support/random.hpp"
#include "support/recombine_cases.hpp"

namespace momentset::test {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double epsilon = std::numeric_limits<double>::epsilon();

/// Bounds for a contract's case, as multiples of the mean weight that `target` rows would have.
std::vector<double> bounds_for(const RecombineCase& problem, double multiple) {
  const double mass = std::accumulate(problem.weights.begin(), problem.weights.end(), 0.0);
  const double mean = mass / double(std::max<std::size_t>(1, problem.target));
  std::vector<double> bounds;
  for (const double weight : problem.weights) bounds.push_back(std::max(weight, multiple * mean));
  for (double& bound : bounds) bound = bound > 0 ? bound : 1;
  return bounds;
}

using Parameter = std::tuple<double, RecombineCase>;

class RecombineBounds : public testing::TestWithParam<Parameter> {
 protected:
  void SetUp() override {
    bounds_ = bounds_for(problem(), std::get<0>(GetParam()));
    result_ = recombine(MatrixRows(problem().matrix.values, problem().matrix.features), problem().weights,
                        {.target = problem().target, .max_weights = bounds_});
  }
  const RecombineCase& problem() const { return std::get<1>(GetParam()); }

  std::size_t inside() const {
    std::size_t count = 0;
    for (std::size_t j = 0; j < result_.support.size(); ++j) count += result_.weights[j] < bounds_[result_.support[j]];
    return count;
  }

  std::vector<double> bounds_;
  Recombination result_;
};

TEST_P(RecombineBounds, KeepsMoments) {
  EXPECT_LE(moment_mismatch(problem().matrix, problem().weights, result_.support, result_.weights).to_input,
            rounding_level);
}

TEST_P(RecombineBounds, WeightsArePositiveAndWithinTheirBounds) {
  ASSERT_EQ(result_.weights.size(), result_.support.size());
  for (std::size_t j = 0; j < result_.support.size(); ++j) {
    EXPECT_GT(result_.weights[j], 0);
    EXPECT_LE(result_.weights[j], bounds_[result_.support[j]]);
  }
}

TEST_P(RecombineBounds, SupportIsAnAscendingSubsetOfTheRowsWithWeight) {
  EXPECT_TRUE(std::is_sorted(result_.support.begin(), result_.support.end(), std::less_equal<>()));
  for (const Index row : result_.support) EXPECT_GT(problem().weights[row], 0);
}

TEST_P(RecombineBounds, EitherTheTargetIsMetOrNoMoreThanTheRankAreInside) {
  const std::size_t wanted = std::max<std::size_t>(1, problem().target);
  if (result_.support.size() > wanted) {
    const std::size_t most = problem().target < problem().matrix.features ? problem().rank : problem().matrix.features;
    EXPECT_LE(inside(), most);
  } else if (problem().generic) {
    EXPECT_EQ(result_.support.size(), std::min(problem().positive_rows(), wanted));
  }
}

TEST_P(RecombineBounds, SameBytesEveryTime) {
  const Recombination again = recombine(MatrixRows(problem().matrix.values, problem().matrix.features),
                                        problem().weights, {.target = problem().target, .max_weights = bounds_});
  EXPECT_EQ(again.support, result_.support);
  EXPECT_EQ(again.weights, result_.weights);
}

INSTANTIATE_TEST_SUITE_P(All, RecombineBounds,
                         testing::Combine(testing::Values(1.0, 1.5, 4.0, 1e300), testing::ValuesIn(recombine_cases())),
                         [](const testing::TestParamInfo<Parameter>& info) {
                           return std::get<1>(info.param).name + "_bound_" + std::to_string(info.index);
                         });

/// Random rows with a constant column.
Matrix random_matrix(std::size_t rows, std::size_t features, std::uint64_t seed) {
  Random random(seed);
  return make_matrix(rows, features, [&](std::size_t, std::size_t f) { return f == 0 ? 1.0 : random.uniform(-1, 1); });
}

// With the mass alone to keep, u just above the mean leaves weights that are all u but one.
TEST(RecombineBoundsOfTheMass, AllButOneRowAreAtTheBound) {
  const std::vector<double> ones(1000, 1.0), bounds(1000, 9.75);
  const Recombination result = recombine(MatrixRows(ones, 1), ones, {.target = 1, .max_weights = bounds});
  EXPECT_EQ(result.support.size(), 103u);  // 1000 / 9.75 = 102.56
  EXPECT_EQ(std::count(result.weights.begin(), result.weights.end(), 9.75), 102);
  EXPECT_NEAR(std::accumulate(result.weights.begin(), result.weights.end(), 0.0), 1000, 1000 * 50 * epsilon);
}

TEST(RecombineBoundsThatBind, NearlyEqualWeightsAtExactlyTheTarget) {
  const Matrix matrix = random_matrix(4000, 12, 7);
  const std::vector<double> weights(4000, 1.0), bounds(4000, 1.1 * 4000.0 / 400);
  const MatrixRows rows(matrix.values, 12);
  const Recombination bounded = recombine(rows, weights, {.target = 400, .max_weights = bounds});
  EXPECT_EQ(bounded.support.size(), 400u);
  EXPECT_TRUE(bounded.exact()) << bounded.summary();
  const auto effective_size = [](const std::vector<double>& some) {
    double sum = 0, squares = 0;
    for (const double weight : some) sum += weight, squares += weight * weight;
    return sum * sum / squares;
  };
  // All but 12 of 400 at one of two values: 0.9 of 400 is a floor that unbounded weights do not reach.
  EXPECT_GT(effective_size(bounded.weights), 0.85 * 400);
}

TEST(RecombineBoundsThatDoNotBind, InfiniteBoundsEndAtAVertex) {
  const Matrix matrix = random_matrix(300, 15, 8);
  const std::vector<double> weights(300, 1.0), bounds(300, infinity);
  const Recombination result = recombine(MatrixRows(matrix.values, 15), weights, {.target = 15, .max_weights = bounds});
  EXPECT_EQ(result.support.size(), 15u);
  EXPECT_TRUE(result.exact()) << result.summary();
}

TEST(RecombineBoundsRefuse, AnotherNumberThanRows) {
  const std::vector<double> ones(3, 1.0), bounds(2, 5.0);
  expect_error("max_weights", "one for each of the 3 rows",
               [&] { recombine(MatrixRows(ones, 1), ones, {.target = 1, .max_weights = bounds}); });
}

TEST(RecombineBoundsRefuse, ASumBelowTheMass) {
  const std::vector<double> ones(3, 1.0), bounds(3, 0.5);
  expect_error("max_weights", "must not be below the mass 3",
               [&] { recombine(MatrixRows(ones, 1), ones, {.target = 1, .max_weights = bounds}); });
}

TEST(RecombineBoundsRefuse, ABoundBelowTheRowsOwnWeightOrNotPositive) {
  const std::vector<double> ones(3, 1.0);
  for (const double bad : {0.5, -1.0, std::numeric_limits<double>::quiet_NaN()}) {
    const std::vector<double> bounds{5, bad, 5};
    expect_error("max_weights", bad == bad ? "row 1 must have a bound" : "row 1",
                 [&] { recombine(MatrixRows(ones, 1), ones, {.target = 1, .max_weights = bounds}); });
  }
}

}  // namespace
}  // namespace momentset::test
