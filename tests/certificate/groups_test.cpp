// What is measured in groups of points against values worked out by hand, and what verify and the file make of it.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>

#include "momentset/error.hpp"
#include "problems.hpp"
#include "support/expect_error.hpp"

namespace momentset {
namespace {

using namespace certificate_test;

const Check& groups_check(const std::vector<Check>& checks) {
  const auto found =
      std::find_if(checks.begin(), checks.end(), [](const Check& check) { return check.name == "groups"; });
  if (found == checks.end()) throw Error("checks", "", "groups is missing");
  return *found;
}

// Two groups of three points on a line each, which alternate: 0, 2, 4 and 1, 3, 5.
class GroupResiduals : public testing::Test {
 protected:
  GroupResiduals() {
    options.order = 1;
    options.groups = {of_points, {"even", "odd"}};
  }

  Certificate measure() { return certify(points.view(), rows, weights, options); }

  PointSet points{{0, 1, 2, 3, 4, 5}, {}, 1};
  std::vector<Index> of_points{0, 1, 0, 1, 0, 1};
  std::vector<Index> rows{0, 1, 4, 5};
  std::vector<double> weights{1.5, 1.5, 1.5, 1.5};
  CertifyOptions options;
};

TEST_F(GroupResiduals, OfGroupsThatKeepTheirMomentsAreZero) {
  const Certificate c = measure();
  ASSERT_EQ(c.groups.size(), 2U);
  EXPECT_EQ(c.groups[1].name, "odd");
  EXPECT_EQ(c.groups[1].rows, 3U);
  EXPECT_EQ(c.groups[1].size, 2U);
  EXPECT_EQ(c.groups[1].mass_input, 3);
  EXPECT_EQ(c.groups[1].mass_output, 3);
  EXPECT_EQ(c.groups[1].global, 0);
  EXPECT_TRUE(c.holds());
}

// Masses are kept; the first moments are 4 of 6 and 13 of 9. t is -1, 0, 1 in both groups.
TEST_F(GroupResiduals, OfMomentsThatMovedAreKnown) {
  rows = {0, 2, 3, 5};
  weights = {1, 2, 1, 2};
  const Certificate c = measure();
  EXPECT_EQ(c.groups[0].mass_output, 3);
  EXPECT_NEAR(c.groups[0].global, 0.5, 1e-15);  // -1 of a magnitude of 2
  EXPECT_NEAR(c.groups[1].global, 1, 1e-15);    // 2 of 2
  EXPECT_EQ(c.worst_residual(), c.groups[1].global);
  EXPECT_FALSE(c.holds());
}

// The whole keeps its mass, and each group has a sixth too much or too little.
TEST_F(GroupResiduals, OfMassThatMovedAreKnown) {
  options.order = 0;
  weights = {2, 1, 1.5, 1.5};
  const Certificate c = measure();
  EXPECT_EQ(c.residuals[0].global, 0);
  EXPECT_NEAR(c.groups[0].global, 0.5 / 3, 1e-15);
  EXPECT_FALSE(c.holds());
}

TEST_F(GroupResiduals, HaveOrdersAndCellsOfTheirOwn) {
  options.order = 0;
  rows = {0, 1, 2, 4, 5};
  weights = {1, 1.5, 1, 1, 1.5};
  options.group_claims = {{.order = 2, .tree = {2, {{0, 4}}}}, {.order = 1}};
  const Certificate c = measure();
  EXPECT_TRUE(c.holds());
  EXPECT_EQ(c.order, 0);
  EXPECT_EQ(c.features, 1U);
  EXPECT_EQ(c.tolerance, residual_tolerance(3));
  EXPECT_EQ(c.groups[0].order, 2);
  EXPECT_EQ(c.groups[0].tree.cells, 2U);
  // Cells of the points 0 and 2, 4 alone, and 1, 3 and 5; the columns' deviation is sqrt(35 / 12).
  const double deviation = std::sqrt(35.0 / 12);
  EXPECT_EQ(c.diameters.minimum, 0);
  EXPECT_NEAR(c.diameters.median, 2 / deviation, 1e-15);
  EXPECT_NEAR(c.diameters.maximum, 4 / deviation, 1e-15);
  const double even = 2 * std::pow(2 / deviation, 3) / 6, odd = 3 * std::pow(4 / deviation, 2) / 2;
  EXPECT_NEAR(c.taylor_bound, even + odd, 1e-14 * odd);
}

TEST_F(GroupResiduals, CompanionsCountInEach) {
  const std::vector<double> y{0, 0, 1, 0, 0, 0};  // lost in the group of even points
  options.companions = {{.values = y, .columns = 1, .order = 0}};
  const Certificate c = measure();
  EXPECT_GT(c.groups[0].global, 0.3);
  EXPECT_EQ(c.groups[1].global, 0);
  EXPECT_EQ(c.companions[0].cells, c.groups[0].global);
}

TEST_F(GroupResiduals, AreVerified) {
  const Certificate c = measure();
  EXPECT_TRUE(groups_check(verify(c, c)).passed);
  of_points = {0, 1, 0, 1, 1, 0};  // as many rows are kept of each, but others
  EXPECT_FALSE(groups_check(verify(c, measure())).passed);
  of_points = {0, 1, 1, 1, 0, 0};
  const Check other = groups_check(verify(c, measure()));
  EXPECT_FALSE(other.passed);
  EXPECT_NE(other.detail.find("even: found 3 of 3 rows"), std::string::npos) << other.detail;
  of_points = {0, 1, 0, 1, 0, 1};
  options.groups.names = {"even", "uneven"};
  EXPECT_FALSE(groups_check(verify(c, measure())).passed);
  options.groups = {};
  const Check missing = groups_check(verify(c, measure()));
  EXPECT_TRUE(missing.passed);
  EXPECT_EQ(missing.detail, "not checked: 2 groups that were not handed over");
}

TEST_F(GroupResiduals, AreWrittenAndRead) {
  options.group_claims = {{.order = 1, .tree = {2, {{0, 4}}}}, {.order = 1}};
  const Certificate c = measure();
  const Certificate back = Certificate::from_json(c.to_json());
  EXPECT_EQ(back.to_json(), c.to_json());
  ASSERT_EQ(back.groups.size(), 2U);
  EXPECT_EQ(back.groups[0].tree.splits[0].point, 4U);
  EXPECT_EQ(back.groups[1].name, "odd");
  for (const Check& check : verify(back, c)) {
    const bool about_quality = check.name.starts_with("moments") || check.name == "groups";  // a cell lost mass
    EXPECT_TRUE(check.passed || about_quality) << check.name << ": " << check.detail;
  }
}

TEST_F(GroupResiduals, DamageIsNamed) {
  const auto document = nlohmann::json::parse(measure().to_json());
  const std::vector<std::pair<std::string, std::function<void(nlohmann::json&)>>> damages{
      {"groups", [](auto& d) { d["groups"] = "two"; }},
      {"groups[1].name", [](auto& d) { d["groups"][1].erase("name"); }},
      {"groups[0].rows", [](auto& d) { d["groups"][0]["rows"] = 7; }},
      {"groups[0].size", [](auto& d) { d["groups"][0]["size"] = 4; }},
      {"groups[0].order", [](auto& d) { d["groups"][0]["order"] = 256; }},
      {"groups[0].global", [](auto& d) { d["groups"][0]["global"] = -1; }},
      {"groups[0].mass.input", [](auto& d) { d["groups"][0]["mass"]["input"] = -1; }},
      {"groups[0].tree.cells", [](auto& d) { d["groups"][0]["tree"]["cells"] = 4; }},
      {"groups[0].tree.axes", [](auto& d) { d["groups"][0]["tree"]["cells"] = 2; }},
      {"worst_residual", [](auto& d) { d["groups"][0]["cells"] = 1; }},
  };
  for (const auto& [field, damage] : damages) {
    nlohmann::json damaged = document;
    damage(damaged);
    test::expect_error(field, "", [&] { Certificate::from_json(damaged.dump()); });
  }
}

TEST_F(GroupResiduals, BadClaimsAreNamed) {
  options.group_claims = {{.order = 1}};
  test::expect_error("group_claims", "one for each of the 2 groups", [&] { measure(); });
  options.group_claims = {{.order = 1}, {.order = 256}};
  test::expect_error("order", "between 0 and 255", [&] { measure(); });
  options.group_claims = {{.order = 1}, {.order = 1, .tree = {2, {{0, 6}}}}};
  test::expect_error("tree.points", "below the number of points", [&] { measure(); });
  options.group_claims = {};
  of_points[3] = 6;
  test::expect_error("groups", "below the number of points", [&] { measure(); });
}

}  // namespace
}  // namespace momentset
