// The held-out functions and the random baseline, against direct evaluation and sampling theory.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>

#include "certificate/probe_functions.hpp"
#include "certificate/random_subsets.hpp"
#include "problems.hpp"

namespace momentset {
namespace {

using namespace certificate_test;
using namespace certificate;

constexpr std::size_t family_count = cosine_lengths.size() + sigmoid_slopes.size();

double direct_value(const ProbeFunctions& functions, std::size_t f, const double* z) {
  double u = functions.shift[f];
  for (std::size_t axis = 0; axis < functions.dimension; ++axis) {
    u += functions.slope[axis * probe_count + f] * z[axis];
  }
  return f < cosine_count ? std::cos(2 * std::numbers::pi * (u - std::round(u))) : 1 / (1 + std::exp(-u));
}

// Function values at all points, by the standard library: values[f][i].
std::vector<std::vector<double>> direct_values(const WeightedPoints& points, std::uint64_t seed) {
  const std::size_t m = points.dimension;
  std::vector<double> mean(m), deviation(m), z(m);
  double mass = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    mass += points.weight(i);
    for (std::size_t a = 0; a < m; ++a) mean[a] += points.weight(i) * points.point(i)[a];
  }
  for (double& each : mean) each /= mass;
  for (std::size_t i = 0; i < points.size(); ++i) {
    for (std::size_t a = 0; a < m; ++a) deviation[a] += points.weight(i) * std::pow(points.point(i)[a] - mean[a], 2);
  }
  for (double& each : deviation) each = std::sqrt(each / mass);

  const ProbeFunctions functions = draw_probe_functions(m, seed);
  std::vector<std::vector<double>> values(probe_count);
  for (std::size_t i = 0; i < points.size(); ++i) {
    for (std::size_t a = 0; a < m; ++a) z[a] = (points.point(i)[a] - mean[a]) / deviation[a];
    for (std::size_t f = 0; f < probe_count; ++f) values[f].push_back(direct_value(functions, f, z.data()));
  }
  return values;
}

TEST(ProbeFunctions, AreAccurateToRounding) {
  for (const std::size_t m : {1, 3, 20}) {
    const ProbeFunctions functions = draw_probe_functions(m, 5);
    std::mt19937_64 engine(1);
    std::normal_distribution<double> normal;
    for (const double spread : {0.0, 1.0, 30.0, 1e5}) {
      std::vector<double> z(40 * m), values(40 * probe_count);
      for (double& each : z) each = spread * normal(engine);
      evaluate_probes(functions, z.data(), 40, values.data());
      for (std::size_t i = 0; i < 40; ++i) {
        for (std::size_t f = 0; f < probe_count; ++f) {
          EXPECT_NEAR(values[i * probe_count + f], direct_value(functions, f, z.data() + i * m), 2e-15);
        }
      }
    }
  }
}

TEST(ProbeFunctions, DependOnTheSeedOnly) {
  EXPECT_EQ(draw_probe_functions(3, 1).slope, draw_probe_functions(3, 1).slope);
  EXPECT_NE(draw_probe_functions(3, 1).slope, draw_probe_functions(3, 2).slope);
  // Known values: drawing must be the same on every platform.
  const ProbeFunctions functions = draw_probe_functions(2, 0);
  EXPECT_NEAR(functions.shift[0], 0.8987557788527617, 1e-15);
  EXPECT_NEAR(functions.slope[probe_count - 1], 3.4954840710611057, 1e-13);
}

TEST(Probes, CoresetErrorAgreesWithDirectEvaluation) {
  const PointSet points = random_points(2000, 3, 12);
  std::vector<Index> rows;
  std::vector<double> weights;
  double mass = 0, output_mass = 0;
  for (Index row = 3; row < 2000; row += 11) rows.push_back(row), weights.push_back(5 * points.weights[row]);
  for (const double weight : points.weights) mass += weight;
  for (const double weight : weights) output_mass += weight;
  CertifyOptions options;
  options.seed = 77;
  const Certificate c = certify(points.view(), rows, weights, options);

  const auto values = direct_values(points.view(), options.seed);
  ASSERT_EQ(c.probes.size(), family_count);
  for (std::size_t family = 0; family < family_count; ++family) {
    double squares = 0;
    for (std::size_t f = family * functions_per_family; f < (family + 1) * functions_per_family; ++f) {
      double before = 0, after = 0;
      for (std::size_t i = 0; i < 2000; ++i) before += points.weights[i] * values[f][i] / mass;
      for (std::size_t j = 0; j < rows.size(); ++j) after += weights[j] * values[f][rows[j]] / output_mass;
      squares += (after - before) * (after - before);
    }
    EXPECT_EQ(c.probes[family].functions, int(functions_per_family));
    EXPECT_NEAR(c.probes[family].coreset, std::sqrt(squares / functions_per_family), 1e-14) << family;
  }
}

// Drawing s of q without replacement, equal weights: the mean's variance is (1 - s/q) S^2 / s for each function.
TEST(Probes, RandomErrorAgreesWithSamplingTheory) {
  PointSet points = random_points(3000, 2, 13);
  points.weights.clear();
  const auto values = direct_values(points.view(), 5);
  for (const std::size_t size : {150, 2400}) {
    std::vector<Index> rows;
    for (Index row = 0; row < size; ++row) rows.push_back(row);
    CertifyOptions options;
    options.seed = 5;
    const Certificate c = certify(points.view(), rows, std::vector<double>(size, 1.0), options);
    double all = 0;
    for (std::size_t family = 0; family < family_count; ++family) {
      double expected = 0;
      for (std::size_t f = family * functions_per_family; f < (family + 1) * functions_per_family; ++f) {
        double mean = 0, squares = 0;
        for (const double value : values[f]) mean += value / 3000;
        for (const double value : values[f]) squares += (value - mean) * (value - mean) / 2999;
        expected += (1 - double(size) / 3000) * squares / double(size) / functions_per_family;
      }
      all += expected / family_count;
      // 20 subsets, and at least two of the eight functions independent: a relative standard error of about 1/9.
      EXPECT_NEAR(c.probes[family].random, std::sqrt(expected), 0.35 * std::sqrt(expected)) << family;
    }
    EXPECT_NEAR(c.probe_random(), std::sqrt(all), 0.2 * std::sqrt(all)) << size;
  }
}

TEST(Probes, RoundingFloorIsLow) {
  const PointSet points = random_points(100'000, 2, 14);
  std::vector<Index> rows = all_rows(points.view());
  std::reverse(rows.begin(), rows.end());
  std::vector<double> weights(points.weights.rbegin(), points.weights.rend());
  const Certificate c = certify(points.view(), rows, weights, {});
  EXPECT_LT(c.probe_coreset(), 2e-16);
}

TEST(Probes, FarOutliersAndZeroWeightsDoNoHarm) {
  PointSet points = random_points(1000, 2, 15);
  for (std::size_t i = 0; i < 1000; i += 2) points.weights[i] = 0, points.coordinates[2 * i] = 1e200;
  std::vector<Index> rows;
  std::vector<double> weights;
  for (Index row = 1; row < 1000; row += 2) rows.push_back(row), weights.push_back(points.weights[row]);
  const Certificate c = certify(points.view(), rows, weights, {});
  EXPECT_LT(c.probe_coreset(), 1e-16);
  EXPECT_EQ(c.probe_random(), 0);  // the output has all the rows that count
  rows.pop_back(), weights.pop_back();
  EXPECT_GT(certify(points.view(), rows, weights, {}).probe_random(), 0);
}

TEST(RandomSubsets, HaveTheirSizeAndAreUniform) {
  for (const std::size_t size : {1, 30, 50, 51, 99, 100}) {
    const std::size_t count = 100, seeds = 200;
    std::vector<double> hits(count, 0.0);
    for (std::size_t seed = 0; seed < seeds; ++seed) {
      const RandomSubsets subsets(count, size, seed);
      std::array<std::size_t, random_subsets> sizes{};
      for (std::size_t k = 0; k < count; ++k) {
        EXPECT_EQ(subsets.mask(k) >> random_subsets, 0U);
        for (std::size_t r = 0; r < random_subsets; ++r) {
          const bool in = subsets.mask(k) >> r & 1;
          sizes[r] += in;
          hits[k] += in;
        }
      }
      for (const std::size_t each : sizes) EXPECT_EQ(each, size);
    }
    const double draws = double(seeds * random_subsets), share = double(size) / count;
    for (const double hit : hits) EXPECT_NEAR(hit, draws * share, 5 * std::sqrt(draws * share * (1 - share)));
  }
}

}  // namespace
}  // namespace momentset
