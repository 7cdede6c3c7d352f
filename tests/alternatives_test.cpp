// What the automatic method compares in many columns, and that it is then no worse than random rows.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "held_out_probes.hpp"
#include "momentset/compress.hpp"
#include "support/point_cases.hpp"
#include "support/random.hpp"
#include "support/same_coreset.hpp"

namespace momentset::test {
namespace {

/// Columns of one kind each: normal, heavy-tailed, two levels, nearly constant, multiples of others.
PointSet awkward_table(std::size_t count, std::size_t m, std::uint64_t seed) {
  Random random(seed);
  PointSet points{{}, {}, m};
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t a = 0; a < m; ++a) {
      const double normal = random.normal();
      const double kinds[] = {normal, std::pow(normal, 3), normal > 1 ? 1.0 : 0.0, std::exp(2 * normal),
                              a > 0 ? 1e6 * points.coordinates[i * m] : normal};
      points.coordinates.push_back(kinds[a % 5]);
    }
  }
  return points;
}

TEST(Alternatives, AreComparedInManyColumnsAndTheBestIsTaken) {
  const PointSet points = uniform_points(3000, 10, 1);
  const Coreset coreset = compress(points.view(), {.size = 150});
  std::set<std::string> names;
  for (const Alternative& each : coreset.alternatives) names.insert(each.name.substr(0, 7));
  EXPECT_EQ(names, (std::set<std::string>{"moments", "kernel ", "stratif", "random "}));
  for (std::size_t k = 1; k < coreset.alternatives.size(); ++k) {
    EXPECT_GE(coreset.alternatives[k].typical_error, coreset.alternatives[k - 1].typical_error);
  }
  EXPECT_EQ(coreset.by_kernel, coreset.alternatives.front().name == "kernel exchange");
  EXPECT_NE(coreset.choice().find(coreset.alternatives.front().name), std::string::npos) << coreset.choice();
  EXPECT_TRUE(coreset.certificate.holds());
  EXPECT_EQ(coreset.rows.size(), 150u);
}

/// y with half of its variance from waves in some directions, half of it noise.
std::vector<double> wavy_targets(const PointSet& points, std::uint64_t seed) {
  Random random(seed);
  std::vector<double> y;
  for (std::size_t i = 0; i < points.view().size(); ++i) {
    const double* x = points.view().point(i);
    y.push_back(std::sin(2 * x[0] + x[1]) + std::cos(x[2] - 2 * x[3]) + random.normal());
  }
  return y;
}

// With a target those two are compared that keep its sums.
TEST(Alternatives, KeepTheSumsOfTargets) {
  const PointSet points = uniform_points(3000, 10, 1);
  const std::vector<double> y = wavy_targets(points, 2);
  CompressOptions options{.size = 150};
  options.companions = {{.values = y, .columns = 1}};
  const Coreset coreset = compress(points.view(), options);
  ASSERT_EQ(coreset.alternatives.size(), 2u);
  EXPECT_EQ(coreset.by_kernel, coreset.alternatives.front().name == "kernel exchange");
  EXPECT_TRUE(coreset.certificate.holds()) << coreset.certificate.worst_residual();
  ASSERT_EQ(coreset.certificate.companions.size(), 1u);
}

TEST(Alternatives, AreNotComparedWhereMomentsFitOrWhereTheOrderIsStated) {
  EXPECT_TRUE(compress(uniform_points(3000, 5, 2).view(), {.size = 20}).alternatives.empty());
  const PointSet points = uniform_points(2000, 8, 3);
  CompressOptions stated{.size = 100};
  stated.order = 1;
  EXPECT_TRUE(compress(points.view(), stated).alternatives.empty());
  CompressOptions tree{.size = 100};
  tree.method = Method::tree;
  EXPECT_TRUE(compress(points.view(), tree).alternatives.empty());
}

// By the certificate's functions, of which the choice knows nothing; the mean over tables, since 48 functions scatter.
TEST(Alternatives, MakeTheResultNoWorseThanRandomRows) {
  double logarithms = 0;
  int tables = 0;
  for (const std::size_t m : {6u, 15u, 40u}) {
    for (const std::size_t size : {20u, 120u}) {
      const PointSet points = awkward_table(1500, m, m + size);
      const Coreset coreset = compress(points.view(), {.size = size});
      EXPECT_TRUE(coreset.certificate.holds()) << m << " columns to " << size;
      const double ratio = coreset.certificate.probe_coreset() / coreset.certificate.probe_random();
      EXPECT_LT(ratio, 1.15) << m << " columns to " << size << ": " << coreset.choice();
      logarithms += std::log(ratio);
      ++tables;
    }
  }
  EXPECT_LT(std::exp(logarithms / tables), 0.85);
}

TEST(Alternatives, DoNotDependOnThreads) {
  const PointSet points = uniform_points(2000, 12, 5);
  expect_same_coreset_with_any_threads(points.view(), {.size = 60});
}

// At the points' mean the arguments are the shifts alone, which tell functions apart.
TEST(Alternatives, ChooseByOtherFunctionsThanTheCertificateReports) {
  PointSet points{{-1, 1}, {}, 1};
  for (const std::uint64_t seed : {0u, 1u, 12345u}) {
    const HeldOutProbes choosing(points.view(), std::vector<double>{1.0}, seed);
    std::vector<double> chosen_by(choosing.size()), reported(certificate::probe_count);
    const double mean = 0, one = 1;
    choosing.add(&mean, &one, 1, chosen_by);
    certificate::evaluate_probes(certificate::draw_probe_functions(1, seed), &mean, 1, reported.data());
    for (const double value : reported) {
      for (const double other : chosen_by) EXPECT_GT(std::abs(value - other), 1e-12);
    }
  }
}

}  // namespace
}  // namespace momentset::test
