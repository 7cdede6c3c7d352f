// Missing numbers filled with means, and told by columns of their own.

#include "momentset/missing.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "support/expect_error.hpp"

namespace momentset::test {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

TEST(FillMissing, PutsWeightedMeansAndTellsWhere) {
  const FilledPoints filled = fill_missing({{1, 5, nan, 7, 3, nan, 4, nan}, {1, 2, 3, 0}, 2});
  EXPECT_EQ(filled.columns, (std::vector<std::size_t>{0, 1}));
  EXPECT_DOUBLE_EQ(filled.values[0], (1 * 1 + 3 * 3) / 4.0);  // the last row weighs nothing
  EXPECT_DOUBLE_EQ(filled.values[1], (1 * 5 + 2 * 7) / 3.0);
  EXPECT_EQ(filled.points.dimension, 4U);
  const double x = filled.values[0], y = filled.values[1];
  EXPECT_EQ(filled.points.coordinates, (std::vector<double>{1, 5, 0, 0, x, 7, 1, 0, 3, y, 0, 1, 4, y, 0, 1}));
  EXPECT_EQ(filled.points.weights, (std::vector<double>{1, 2, 3, 0}));
}

TEST(FillMissing, LeavesCompleteColumnsAlone) {
  const FilledPoints filled = fill_missing({{1, nan, 2, 4}, {}, 2});
  EXPECT_EQ(filled.columns, (std::vector<std::size_t>{1}));
  EXPECT_EQ(filled.points.coordinates, (std::vector<double>{1, 4, 1, 2, 4, 0}));
  const std::vector<double> complete{1, 3, 2, 4};
  EXPECT_EQ(fill_missing({complete, {}, 2}).points.coordinates, complete);
}

TEST(FillMissing, MeansOfHugeNumbersDoNotOverflow) {
  EXPECT_DOUBLE_EQ(fill_missing({{1.5e308, 1.5e308, 1.5e308, nan}, {}, 1}).values[0], 1.5e308);
}

TEST(FillMissing, AsAnotherTableWas) {
  const FilledPoints filled = fill_missing({{1, 2, nan, 4}, {}, 2}, {0, 1}, {10, 20});
  EXPECT_EQ(filled.points.coordinates, (std::vector<double>{1, 2, 0, 0, 10, 4, 1, 0}));
}

TEST(FillMissing, BadArgumentsAreNamed) {
  expect_error("points", "column 1: has no value", [] { fill_missing({{1, nan, 2, nan}, {}, 2}); });
  expect_error("y", "has no value", [] { fill_missing({{1, nan, 2, nan}, {}, 2}, {"x", "y"}); });
  expect_error("points", "column 0: has no value", [] { fill_missing({{1, nan}, {0, 1}, 1}); });
  expect_error("columns", "below the dimension", [] { fill_missing({{1, nan}, {}, 1}, {1}, {0}); });
  expect_error("values", "one for each of the 1", [] { fill_missing({{1, nan}, {}, 1}, {0}, {}); });
}

}  // namespace
}  // namespace momentset::test
