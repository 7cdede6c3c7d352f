// Columns of names, of any type, and coordinates whose missing values are filled.

#include "io/levels.hpp"

#include <cmath>
#include <limits>

#include "helpers.hpp"

namespace momentset::io::testing {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

class LevelsOfTables : public FileTest {};

TEST_F(LevelsOfTables, AreNumberedAsTheyComeFirst) {
  const Names zones{"b", "a", "b", "", "c"};
  save_parquet(path("a.parquet"), *table({"x", "zone"}, {integers({1, 2, 3, 4, 5}), texts(zones)}), 2);
  const Features features = read({path("a.parquet")}, {.groups = {"zone"}});
  ASSERT_EQ(features.levels.size(), 1U);
  EXPECT_EQ(features.levels[0].column, "zone");
  EXPECT_EQ(features.levels[0].names, (Names{"b", "a", "", "c"}));
  EXPECT_EQ(features.levels[0].of_points, (std::vector<Index>{0, 1, 0, 2, 3}));
  EXPECT_EQ(features.columns, Names{"x"});
}

TEST_F(LevelsOfTables, OfCsvAreMissingWhereACellIsEmpty) {
  put("a.csv", "x,zone,late,stars\n1,b,true,2\n2,,false,1\n3,a,true,2\n");
  EXPECT_EQ(
      read_error({path("a.csv")}, {.groups = {"zone"}}),
      "zone: empty: must have a value; --drop-invalid leaves such rows out (row 1, line 3 of " + path("a.csv") + ")");
  const Features features = read({path("a.csv")}, {.groups = {"zone", "late", "stars"}, .drop_invalid = true});
  EXPECT_EQ(features.dropped, 1U);
  EXPECT_EQ(features.levels[0].names, (Names{"b", "a"}));
  EXPECT_EQ(features.levels[1].names, Names{"true"});  // of the rows that are left
  EXPECT_EQ(features.levels[2].of_points, (std::vector<Index>{0, 0}));
}

TEST_F(LevelsOfTables, AreNoCoordinates) {
  save_parquet(path("a.parquet"), *table({"x", "zone"}, {integers({1, 2}), integers({7, 8})}));
  EXPECT_EQ(read_error({path("a.parquet")}, {.columns = {"x", "zone"}, .groups = {"zone"}}),
            "groups: zone: must not be a coordinate as well");
  EXPECT_EQ(read_error({path("a.parquet")}, {.groups = {"zone", "zone"}}), "groups: zone: must be named once");
  EXPECT_EQ(read_error({path("a.parquet")}, {.categories = {"zones"}}),
            "categories: zones: there is no such column; did you mean zone?");
}

TEST_F(LevelsOfTables, FilledCoordinatesAreTold) {
  save_parquet(path("a.parquet"), *table({"x", "y"}, {doubles({1, nan, 4, nan}), doubles({1, 2, 3, 4})}), 3);
  const Features features = read({path("a.parquet")}, {.fill_missing = true});
  EXPECT_EQ(features.columns, (Names{"x", "y", "x is missing"}));
  EXPECT_EQ(features.own_columns(), (Names{"x", "y"}));
  EXPECT_EQ(features.points.coordinates, (Doubles{1, 1, 0, 2.5, 2, 1, 4, 3, 0, 2.5, 4, 1}));
  EXPECT_TRUE(std::isnan(features.original(1, 0)));
  EXPECT_EQ(features.original(1, 1), 2);
  const Features as_another = read({path("a.parquet")}, {.fill_missing = true, .filled = {{{"x", 9}, {"y", 8}}}});
  EXPECT_EQ(as_another.points.coordinates[4], 9);
  EXPECT_EQ(as_another.columns.size(), 4U);
}

TEST(Texts, AreThoseThatArrowPrints) {
  const auto numbers = integers({12, -3});
  const Texts printed("file", "column", numbers, false);
  EXPECT_EQ(printed[0], "12");
  EXPECT_EQ(printed[1], "-3");
  EXPECT_FALSE(printed.is_missing(0));
  const Texts names("file", "column", texts({"a", ""}), true);
  EXPECT_TRUE(names.is_missing(1));
}

}  // namespace
}  // namespace momentset::io::testing
