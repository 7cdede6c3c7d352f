// Residuals of further columns against values worked out by hand, and what verify and the file make of them.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "momentset/error.hpp"
#include "problems.hpp"

namespace momentset {
namespace {

using namespace certificate_test;

const Check& companions_check(const std::vector<Check>& checks) {
  const auto found =
      std::find_if(checks.begin(), checks.end(), [](const Check& check) { return check.name == "companions"; });
  if (found == checks.end()) throw Error("checks", "", "companions is missing");
  return *found;
}

// Rows in pairs of equal x: the output keeps one of each with twice the weight, so moments of x are exact and those of
// y are what y makes of it.
class CompanionResiduals : public testing::Test {
 protected:
  CompanionResiduals() { options.order = 1; }

  Certificate measure(std::vector<Companions> companions) {
    options.companions = std::move(companions);
    return certify(points.view(), rows, weights, options);
  }

  PointSet points{{-1, -1, 1, 1}, {}, 1};
  std::vector<Index> rows{0, 2};
  std::vector<double> weights{2, 2};
  CertifyOptions options;
};

TEST_F(CompanionResiduals, OfASumThatIsKeptAreZero) {
  const std::vector<double> y{3, 3, 7, 7};
  const Certificate c = measure({{.values = y, .columns = 1}});
  ASSERT_EQ(c.companions.size(), 1U);
  EXPECT_EQ(c.companions[0].order, 1);
  EXPECT_EQ(c.companions[0].global, 0);
  EXPECT_EQ(c.features, 4U);
  EXPECT_DOUBLE_EQ(c.tolerance, residual_tolerance(4));
  EXPECT_TRUE(c.holds());
}

// y is 0, 2, 4, 6, so u is -1, -1/3, 1/3, 1: its sum is 0 and becomes 2 (-1 + 1/3); with t it is 8/3 and stays.
TEST_F(CompanionResiduals, OfASumThatIsNotKeptAreKnown) {
  const std::vector<double> y{0, 2, 4, 6};
  const Certificate at_0 = measure({{.values = y, .columns = 1, .order = 0}});
  EXPECT_NEAR(at_0.companions[0].global, (4.0 / 3) / (8.0 / 3), 1e-15);
  EXPECT_EQ(at_0.companions[0].order, 0);
  EXPECT_EQ(at_0.features, 3U);
  EXPECT_FALSE(at_0.holds());
  EXPECT_EQ(at_0.residuals[1].global, 0);
  EXPECT_GT(at_0.worst_residual(), 0.4);
}

// u is -1, 0, 0, 1 and keeps its sum times {1, t} if rows 0 and 3 are kept; u^2 is 1, 0, 0, 1 and doubles.
TEST_F(CompanionResiduals, OfSquaresAreKnown) {
  const std::vector<double> y{4, 5, 5, 6};
  rows = {0, 3};
  const Certificate first = measure({{.values = y, .columns = 1, .order = 0, .degree = 1}});
  EXPECT_EQ(first.companions[0].global, 0);
  const Certificate second = measure({{.values = y, .columns = 1, .order = 0, .degree = 2}});
  EXPECT_NEAR(second.companions[0].global, 1, 1e-15);
  EXPECT_EQ(second.companions[0].degree, 2);
  EXPECT_EQ(second.features, 4U);
}

TEST_F(CompanionResiduals, InCellsSeeWhatMovedBetweenThem) {
  const std::vector<double> y{1, 0, 0, 1};
  rows = {0, 2};
  options.tree = {2, {{0, 2}}};
  const Certificate c = measure({{.values = y, .columns = 1, .order = 0}});
  EXPECT_EQ(c.companions[0].global, 0);
  EXPECT_NEAR(c.companions[0].cells, 1, 1e-15);
  EXPECT_FALSE(c.holds());
}

TEST_F(CompanionResiduals, OfAConstantColumnFollowTheMoments) {
  const std::vector<double> y(4, 1e300);
  EXPECT_TRUE(measure({{.values = y, .columns = 1}}).holds());
}

TEST_F(CompanionResiduals, EqualPointsAreToldApartByTheirNumbers) {
  points = {{2, 2, 2, 2}, {}, 1};
  const std::vector<double> y{1, 1, 5, 5};
  options.tree = {2, {{0, 2}}};
  const Certificate c = measure({{.values = y, .columns = 1}});
  EXPECT_EQ(c.companions[0].cells, 0);
  EXPECT_TRUE(c.holds());
}

TEST_F(CompanionResiduals, AreWrittenAndRead) {
  const std::vector<double> y{0, 2, 4, 6, 8, 1, 2, 3};
  Certificate c = measure({{.values = y, .columns = 2, .order = 0, .degree = 2}});
  c.companions[0].column =
      "Gr\xc3\xb6\xc3\x9f"
      "e, \"y\"";
  const Certificate back = Certificate::from_json(c.to_json());
  EXPECT_EQ(back.to_json(), c.to_json());
  ASSERT_EQ(back.companions.size(), 2U);
  EXPECT_EQ(back.companions[0].column, c.companions[0].column);
  EXPECT_EQ(back.companions[1].cells, c.companions[1].cells);
  EXPECT_EQ(back.companions[1].degree, 2);
}

TEST_F(CompanionResiduals, DamageIsNamed) {
  const std::vector<double> y{0, 2, 4, 6};
  const auto document = nlohmann::json::parse(measure({{.values = y, .columns = 1}}).to_json());
  const std::vector<std::pair<std::string, std::function<void(nlohmann::json&)>>> damages{
      {"companions", [](auto& d) { d["companions"] = 3; }},
      {"companions[0].column", [](auto& d) { d["companions"][0].erase("column"); }},
      {"companions[0].degree", [](auto& d) { d["companions"][0]["degree"] = 0; }},
      {"companions[0].order", [](auto& d) { d["companions"][0]["order"] = 2; }},
      {"companions[0].cells", [](auto& d) { d["companions"][0]["cells"] = -1; }},
      {"features", [](auto& d) { d["companions"].erase(0); }},
      {"features", [](auto& d) { d["companions"][0]["degree"] = 2; }},
      {"worst_residual", [](auto& d) { d["companions"][0]["global"] = 7; }},
  };
  for (const auto& [field, damage] : damages) {
    auto damaged = document;
    damage(damaged);
    try {
      Certificate::from_json(damaged.dump());
      ADD_FAILURE() << "accepted: " << field;
    } catch (const Error& error) {
      EXPECT_EQ(error.field(), field) << error.what();
    }
  }
}

TEST_F(CompanionResiduals, VerifyMeasuresThem) {
  const std::vector<double> kept{3, 3, 7, 7}, other{3, 4, 7, 7};
  const Certificate stated = measure({{.values = kept, .columns = 1}});
  EXPECT_TRUE(companions_check(verify(stated, stated)).passed);
  EXPECT_FALSE(companions_check(verify(stated, measure({{.values = other, .columns = 1}}))).passed);
  EXPECT_FALSE(companions_check(verify(stated, measure({{.values = kept, .columns = 1, .degree = 2}}))).passed);
  EXPECT_FALSE(companions_check(verify(stated, measure({{.values = kept, .columns = 1, .order = 0}}))).passed);
}

TEST_F(CompanionResiduals, VerifySaysWhereTheyWereNotHandedOver) {
  const std::vector<double> y{3, 3, 7, 7};
  const Certificate stated = measure({{.values = y, .columns = 1}});
  const Check check = companions_check(verify(stated, measure({})));
  EXPECT_TRUE(check.passed);
  EXPECT_TRUE(check.detail.starts_with("not checked")) << check.detail;
  EXPECT_EQ(verify(measure({}), measure({})).size(), verify(stated, stated).size() - 1);
}

TEST_F(CompanionResiduals, AreRefusedWhereTheyDoNotFit) {
  const std::vector<double> y{3, 3, 7};
  EXPECT_THROW(measure({{.values = y, .columns = 1}}), Error);
  const std::vector<double> one{3, 3, 7, 7};
  EXPECT_THROW(measure({{.values = one, .columns = 1, .degree = 1 << 20}}), Error);
}

}  // namespace
}  // namespace momentset
