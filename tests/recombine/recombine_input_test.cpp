#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "momentset/recombine.hpp"
#include "support/expect_error.hpp"

namespace momentset::test {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

TEST(MatrixRows, RefusesNoFeatures) {
  const std::vector<double> values{1, 2};
  expect_error("features", "at least one", [&] { MatrixRows(values, 0); });
}

TEST(MatrixRows, RefusesPartOfARow) {
  const std::vector<double> values{1, 2, 3, 4, 5};
  expect_error("matrix", "multiple of the 2 features", [&] { MatrixRows(values, 2); });
}

TEST(MatrixRows, RefusesWhatIsNotFinite) {
  for (const double bad : {infinity, -infinity, not_a_number}) {
    const std::vector<double> values{1, 2, 3, bad, 5, 6};
    expect_error("matrix", "row 1 must be finite", [&] { MatrixRows(values, 2); });
  }
}

TEST(MatrixRows, GivesScaledRowsFeatureByFeature) {
  const std::vector<double> values{1, 2, 3, 4, 5, 6};
  const MatrixRows rows(values, 2);
  EXPECT_EQ(rows.rows(), 3u);
  EXPECT_EQ(rows.features(), 2u);
  const std::vector<Index> wanted{2, 0, 2};
  const std::vector<double> scale{1, 10, 0.5};
  std::vector<double> out(6);
  rows.evaluate(wanted, scale.data(), out.data());
  EXPECT_EQ(out, (std::vector<double>{5, 10, 2.5, 6, 20, 3}));
}

TEST(RecombineInput, RefusesAnotherNumberOfWeights) {
  const std::vector<double> values{1, 2, 3};
  for (const std::size_t count : {0u, 2u, 4u}) {
    const std::vector<double> weights(count, 1.0);
    expect_error("weights", "one for each of the 3 rows", [&] { recombine(MatrixRows(values, 1), weights); });
  }
}

TEST(RecombineInput, RefusesWeightsThatAreNegativeOrNotFinite) {
  const std::vector<double> values{1, 2, 3};
  for (const double bad : {-1.0, -std::numeric_limits<double>::denorm_min(), infinity, not_a_number}) {
    const std::vector<double> weights{1, 0, bad};
    expect_error("weights", "row 2 must be finite and not negative",
                 [&] { recombine(MatrixRows(values, 1), weights); });
  }
}

TEST(RecombineInput, NothingHasWeightSoNothingIsLeft) {
  const std::vector<double> values{1, 2, 3}, weights{0, 0, 0};
  const Recombination result = recombine(MatrixRows(values, 1), weights, {.target = 2});
  EXPECT_TRUE(result.support.empty());
  EXPECT_TRUE(result.weights.empty());
  EXPECT_EQ(result.residual, 0);
}

TEST(RecombineInput, RowsUpToTheTargetKeepTheirWeights) {
  const std::vector<double> values{1, 2, 3, 4}, weights{0.25, 0, 3, 7};
  const Recombination result = recombine(MatrixRows(values, 1), weights, {.target = 3});
  EXPECT_EQ(result.support, (std::vector<Index>{0, 2, 3}));
  EXPECT_EQ(result.weights, (std::vector<double>{0.25, 3, 7}));
}

TEST(Recombination, SummaryNamesRowsRankAndResidual) {
  Recombination result;
  result.support = {1, 5, 9};
  result.rank = 3;
  result.residual = 2.5e-16;
  EXPECT_EQ(result.summary(), "3 rows kept, rank 3, residual 2.5e-16, above the tolerance 0.0e+00");
  result.tolerance = 1e-15;
  EXPECT_EQ(result.summary(), "3 rows kept, rank 3, residual 2.5e-16");
}

}  // namespace
}  // namespace momentset::test
