#include "momentset/points.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "support/expect_error.hpp"

namespace momentset::test {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double largest = std::numeric_limits<double>::max();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

TEST(WeightedPoints, ReadsRowMajorCoordinates) {
  const PointSet set{{1, 2, 3, 4, 5, 6}, {0.5, 0, 2}, 2};
  const WeightedPoints points = set.view();
  EXPECT_EQ(points.size(), 3u);
  EXPECT_EQ(points.point(1)[0], 3);
  EXPECT_EQ(points.point(2)[1], 6);
  EXPECT_EQ(points.weight(2), 2);
}

TEST(WeightedPoints, WeighOneEachWithoutWeights) {
  const PointSet set{{1, 2, 3}, {}, 1};
  EXPECT_EQ(set.view().weight(2), 1);
  EXPECT_NO_THROW(require_valid(set.view()));
}

TEST(WeightedPoints, NoColumnsMeansNoPoints) { EXPECT_EQ((WeightedPoints{}).size(), 0u); }

TEST(RequireValid, AcceptsTheExtremesOfFiniteNumbers) {
  const PointSet set{{largest, -largest, 5e-324, -0.0}, {5e-324, 0, largest / 2, 1}, 1};
  EXPECT_NO_THROW(require_valid(set.view()));
}

struct InvalidPoints {
  std::string name, field, fragment;
  PointSet points;
};

void PrintTo(const InvalidPoints& invalid, std::ostream* out) { *out << invalid.name; }

class RequireValidRefuses : public testing::TestWithParam<InvalidPoints> {};

TEST_P(RequireValidRefuses, NamingFieldAndRule) {
  const InvalidPoints& invalid = GetParam();
  expect_error(invalid.field, invalid.fragment, [&] { require_valid(invalid.points.view()); });
}

INSTANTIATE_TEST_SUITE_P(
    All, RequireValidRefuses,
    testing::Values(
        InvalidPoints{"no_columns", "points", "0 columns", {{1, 2}, {}, 0}},
        InvalidPoints{"no_rows", "points", "0 rows", {{}, {}, 3}},
        InvalidPoints{"part_of_a_row", "points", "multiple of the dimension 2", {{1, 2, 3}, {}, 2}},
        InvalidPoints{"infinite", "points", "row 1, coordinate 0 must be finite", {{1, 2, infinity, 4}, {}, 2}},
        InvalidPoints{"minus_infinite", "points", "row 0, coordinate 1", {{1, -infinity, 3, 4}, {}, 2}},
        InvalidPoints{"not_a_number", "points", "row 1, coordinate 1", {{1, 2, 3, not_a_number}, {}, 2}},
        InvalidPoints{"few_weights", "weights", "one for each of the 3 points", {{1, 2, 3}, {1, 1}, 1}},
        InvalidPoints{"many_weights", "weights", "one for each of the 1 points", {{1, 2, 3}, {1, 1}, 3}},
        InvalidPoints{
            "negative_weight", "weights", "row 2 must be finite and not negative", {{1, 2, 3}, {1, 0, -1}, 1}},
        InvalidPoints{"infinite_weight", "weights", "row 0 must be finite", {{1, 2, 3}, {infinity, 0, 1}, 1}},
        InvalidPoints{"weight_not_a_number", "weights", "row 1 must be finite", {{1, 2, 3}, {1, not_a_number, 1}, 1}},
        InvalidPoints{
            "weights_sum_to_infinity", "weights", "sum must be finite", {{1, 2, 3}, {largest, largest, 1}, 1}},
        InvalidPoints{"no_weight_at_all", "weights", "at least one must be positive", {{1, 2, 3}, {0, 0, -0.0}, 1}}),
    [](const testing::TestParamInfo<InvalidPoints>& info) { return info.param.name; });

}  // namespace
}  // namespace momentset::test
