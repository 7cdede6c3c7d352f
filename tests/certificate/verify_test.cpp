// What was tampered with must make the checks that concern it fail, and no check fails otherwise.

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "problems.hpp"

namespace momentset {
namespace {

using namespace certificate_test;

using Names = std::set<std::string>;

Names failures(const Certificate& stated, const Certificate& measured) {
  Names names;
  for (const Check& check : verify(stated, measured)) {
    EXPECT_FALSE(check.detail.empty());
    if (!check.passed) names.insert(check.name);
  }
  return names;
}

// Sixteen points, each four times; the output keeps one of each with four times the weight, which is exact.
class Verify : public testing::Test {
 protected:
  Verify() {
    for (int k = 0; k < 64; ++k) {
      points.coordinates.insert(points.coordinates.end(), {double(k % 4), double(k / 4 % 4) + 0.5 * (k % 4)});
    }
    for (Index row = 0; row < 16; ++row) rows.push_back(row), weights.push_back(4);
    for (std::size_t k = 0; k < 32; ++k) coordinates.push_back(points.coordinates[k]);
    options.order = 3;
    options.tree = {2, {{0, 2}}};
    options.seed = 3;
    stated = Certificate::from_json(measure().to_json());
  }

  Certificate measure() const { return certify(points.view(), rows, weights, options, coordinates); }

  PointSet points{{}, {}, 2};
  std::vector<Index> rows;
  std::vector<double> weights, coordinates;
  CertifyOptions options;
  Certificate stated;
};

TEST_F(Verify, AnUntouchedOutputPasses) {
  EXPECT_TRUE(stated.holds());
  EXPECT_EQ(failures(stated, measure()), Names{});
  EXPECT_EQ(verify(stated, measure()).size(), 15U);
}

TEST_F(Verify, SeesAChangedWeight) {
  weights[5] *= 1 + 1e-6;
  EXPECT_EQ(failures(stated, measure()),
            (Names{"output", "mass", "largest weight", "moments overall", "moments in cells", "probes"}));
}

TEST_F(Verify, SeesWeightMovedBetweenPoints) {
  weights[0] += 0.5, weights[2] -= 0.5;
  const Names names = failures(stated, measure());
  for (const char* name : {"output", "smallest weight", "largest weight", "effective sample size", "moments overall",
                           "moments in cells", "probes"}) {
    EXPECT_TRUE(names.contains(name)) << name;
  }
  EXPECT_FALSE(names.contains("mass"));
}

TEST_F(Verify, SeesAWeightChangedByOneBit) {
  weights[5] = std::nextafter(4.0, 5.0);
  EXPECT_EQ(failures(stated, measure()), Names{"output"});
}

TEST_F(Verify, SeesAMovedPoint) {
  coordinates[6] += 1e-6;
  EXPECT_EQ(failures(stated, measure()), (Names{"output", "points", "moments overall", "moments in cells", "probes"}));
}

TEST_F(Verify, SeesAMovedPointEvenWhenTheCertificateWasForged) {
  coordinates[6] += 1e-9;
  EXPECT_TRUE(failures(measure(), measure()).contains("points"));
  EXPECT_FALSE(measure().holds());
}

TEST_F(Verify, SeesAMissingRow) {
  rows.pop_back(), weights.pop_back(), coordinates.resize(30);
  const Names names = failures(stated, measure());
  for (const char* name : {"size", "output", "mass", "effective sample size", "moments overall", "moments in cells"}) {
    EXPECT_TRUE(names.contains(name)) << name;
  }
}

TEST_F(Verify, SeesANegativeWeight) {
  // The duplicate of row 5 takes what row 5 lost: all moments still agree.
  rows.push_back(21), weights.push_back(5), weights[5] = -1;
  coordinates.insert(coordinates.end(), {points.coordinates[42], points.coordinates[43]});
  const Certificate measured = measure();
  EXPECT_LE(measured.worst_residual(), measured.tolerance);
  EXPECT_FALSE(measured.holds());
  EXPECT_TRUE(failures(stated, measured).contains("weights not negative"));
  EXPECT_EQ(failures(measured, measured), Names{"weights not negative"});
}

TEST_F(Verify, SeesAnotherInput) {
  points.coordinates[127] += 1;
  EXPECT_TRUE(failures(stated, measure()).contains("input"));
  points.coordinates[127] -= 1;
  points.weights.assign(64, 1.0);
  EXPECT_EQ(failures(stated, measure()), Names{}) << "ones are the same as no weights";
  points.weights[63] = 2;
  EXPECT_TRUE(failures(stated, measure()).contains("input"));
}

TEST_F(Verify, SeesAnInputRowTooMany) {
  points.coordinates.insert(points.coordinates.end(), {1, 1});
  const Names names = failures(stated, measure());
  EXPECT_TRUE(names.contains("input"));
  EXPECT_TRUE(names.contains("rows"));
}

TEST_F(Verify, SeesFiguresThatWereTouchedUp) {
  const std::vector<std::pair<std::string, std::function<void(Certificate&)>>> touches{
      {"input", [](Certificate& c) { c.input_hash.back() ^= 1; }},
      {"rows", [](Certificate& c) { c.rows += 1; }},
      {"size", [](Certificate& c) { c.size -= 1; }},
      {"output", [](Certificate& c) { c.output_hash.back() ^= 1; }},
      {"order", [](Certificate& c) { c.order += 1; }},
      {"mass", [](Certificate& c) { c.mass_output *= 1.0001; }},
      {"mass", [](Certificate& c) { c.mass_input *= 1.0001; }},
      {"mass", [](Certificate& c) { c.mass_expected *= 1.0001; }},
      {"smallest weight", [](Certificate& c) { c.smallest_weight *= 1.0001; }},
      {"largest weight", [](Certificate& c) { c.largest_weight *= 1.0001; }},
      {"effective sample size", [](Certificate& c) { c.effective_sample_size *= 1.0001; }},
      {"diameters and Taylor bound", [](Certificate& c) { c.diameters.median *= 1.0001; }},
      {"diameters and Taylor bound", [](Certificate& c) { c.taylor_bound *= 0.9999; }},
      {"probes", [](Certificate& c) { c.probes[2].coreset += 1e-12; }},
      {"probes", [](Certificate& c) { c.probes[2].random *= 1.0001; }},
      {"probes", [](Certificate& c) { c.probes.pop_back(); }},
  };
  for (const auto& [name, touch] : touches) {
    Certificate forged = stated;
    touch(forged);
    EXPECT_EQ(failures(forged, measure()), Names{name});
  }
}

}  // namespace
}  // namespace momentset
