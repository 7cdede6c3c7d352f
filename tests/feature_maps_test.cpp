// Every map of features through the same cases.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <string>
#include <tuple>
#include <vector>

#include "basis/directions.hpp"
#include "basis/fourier.hpp"
#include "basis/nystroem.hpp"
#include "certificate/fourier_draws.hpp"
#include "momentset/compress.hpp"
#include "support/expect_error.hpp"
#include "support/point_cases.hpp"
#include "support/same_coreset.hpp"

namespace momentset::test {
namespace {

constexpr int order = 2;
constexpr std::uint64_t seed = 5;

/// A new map is one row here.
struct MapCase {
  std::string name;
  std::function<Features(std::uint32_t columns)> features;
};

const std::vector<MapCase> maps = {
    {"total", [](auto) { return Features{}; }},
    {"degrees", [](auto m) { return Features{.monomials = {.degrees = std::vector<int>(m, 1)}}; }},
    {"weights", [](auto m) { return Features{.monomials = {.weights = std::vector<double>(m, 1.5)}}; }},
    {"interactions",
     [](auto m) {
       return Features{.monomials = {.interactions = {m > 1 ? std::vector{0U, m - 1} : std::vector{0U}}}};
     }},
    {"principal", [](auto m) { return Features{.directions = std::min(m, 2U)}; }},
    {"supervised", [](auto m) { return Features{.directions = std::min(m, 2U), .supervised = true}; }},
    {"fourier", [](auto) { return Features{.fourier = 10}; }},
    {"nystroem", [](auto) { return Features{.nystroem = 8, .length = 0.5}; }},
};

/// Those of up to three columns, and what only weights make hard.
std::vector<PointCase> point_cases() {
  std::vector<PointCase> cases = distinct_point_cases();
  std::erase_if(cases,
                [](const PointCase& each) { return each.points.dimension > 3 || each.points.view().size() > 1000; });
  PointSet twice = uniform_points(150, 2, 31);
  twice.coordinates.insert(twice.coordinates.end(), twice.coordinates.begin(), twice.coordinates.begin() + 200);
  cases.push_back({"duplicates", twice});
  PointSet weightless = uniform_points(200, 2, 32);
  for (std::size_t i = 0; i < 200; ++i) weightless.weights.push_back(i % 3 == 0 ? 0 : double(i % 7) + 0.5);
  cases.push_back({"zero_weights", weightless});
  return cases;
}

/// Monomials of the map in the box of all points, and its other features, in long double, with nothing of the library
/// but what the certificate states of the map.
class Reference {
 public:
  Reference(const WeightedPoints& points, const FeatureMap& map)
      : points_(points), map_(map), draws_(points.dimension, map.fourier, map.length, seed) {
    for (std::size_t a = 0; a < points.dimension; ++a) {
      long double mean = 0, square = 0, mass = 0;
      for (std::size_t i = 0; i < points.size(); ++i) mass += points.weight(i);
      for (std::size_t i = 0; i < points.size(); ++i) mean += points.weight(i) / mass * points.point(i)[a];
      for (std::size_t i = 0; i < points.size(); ++i) {
        const long double centred = points.point(i)[a] - mean;
        square += points.weight(i) / mass * centred * centred;
      }
      mean_.push_back(mean);
      deviation_.push_back(varies(a) ? std::sqrt(square) : 0);
    }
    low_.assign(map.variables(points.dimension), std::numeric_limits<long double>::infinity());
    high_ = low_;
    for (long double& each : high_) each = -each;
    for (std::size_t i = 0; i < points.size(); ++i) {
      const std::vector<long double> u = variables(i);
      for (std::size_t a = 0; a < u.size(); ++a) {
        low_[a] = std::min(low_[a], u[a]);
        high_[a] = std::max(high_[a], u[a]);
      }
    }
  }

  std::vector<long double> at(std::size_t row) const {
    std::vector<long double> t = variables(row), found;
    for (std::size_t a = 0; a < t.size(); ++a) {
      t[a] = high_[a] > low_[a] ? (t[a] - low_[a]) / (high_[a] - low_[a]) * 2 - 1 : 0;
    }
    for (std::size_t a = 0; a <= t.size(); ++a) {  // a product of two of 1, t_1, ..., t_m
      for (std::size_t b = a; b <= t.size(); ++b) {
        if (kept(a, b)) found.push_back((a == 0 ? 1 : t[a - 1]) * (b == 0 ? 1 : t[b - 1]));
      }
    }
    const std::vector<long double> z = standardised(row);
    for (std::size_t f = 0; f < map_.fourier; ++f) {
      long double angle = draws_.phases[f];
      for (std::size_t a = 0; a < z.size(); ++a) angle += draws_.frequencies[f * z.size() + a] * z[a];
      found.push_back(std::cos(angle));
    }
    for (const Index landmark : map_.landmarks) {
      const std::vector<long double> other = standardised(landmark);
      long double square = 0;
      for (std::size_t a = 0; a < z.size(); ++a) square += (z[a] - other[a]) * (z[a] - other[a]);
      found.push_back(std::exp(-square / (2 * double(z.size()) * map_.length * map_.length)));
    }
    return found;
  }

 private:
  bool varies(std::size_t a) const {
    for (std::size_t i = 1; i < points_.size(); ++i) {
      if (points_.point(i)[a] != points_.point(0)[a]) return true;
    }
    return false;
  }

  /// Columns a and b, counted from 1; 0 for none.
  bool kept(std::size_t a, std::size_t b) const {
    const MonomialSet& set = map_.monomials;
    if (b == 0) return true;
    if (!set.degrees.empty() && a == b && set.degrees[a - 1] < 2) return false;
    if (!set.weights.empty() && set.weights[b - 1] + (a > 0 ? set.weights[a - 1] : 0) > order) return false;
    if (set.interactions.empty() || a == 0) return true;
    const auto& only = set.interactions.front();
    return (a - 1 == only.front() || a - 1 == only.back()) && (b - 1 == only.front() || b - 1 == only.back());
  }

  std::vector<long double> variables(std::size_t row) const {
    const double* x = points_.point(row);
    if (map_.directions.empty()) return {x, x + points_.dimension};
    std::vector<long double> u(map_.variables(points_.dimension));
    for (std::size_t k = 0; k < map_.directions.size(); ++k) {
      const std::size_t a = k % points_.dimension;
      u[k / points_.dimension] += map_.directions[k] * (static_cast<long double>(x[a]) - map_.centre[a]);
    }
    return u;
  }

  std::vector<long double> standardised(std::size_t row) const {
    std::vector<long double> z;
    for (std::size_t a = 0; a < points_.dimension; ++a) {
      z.push_back(deviation_[a] > 0 ? (points_.point(row)[a] - mean_[a]) / deviation_[a] : 0);
    }
    return z;
  }

  const WeightedPoints& points_;
  const FeatureMap& map_;
  certificate::FourierDraws draws_;
  std::vector<long double> mean_, deviation_, low_, high_;
};

/// Worst of the features' sums over the coreset less those over all points, in units of the sums of magnitudes.
double worst_mismatch(const WeightedPoints& points, const Coreset& coreset) {
  const Reference reference(points, coreset.certificate.feature_map);
  std::vector<long double> sums, magnitudes;
  const auto add = [&](std::size_t row, long double weight) {
    const std::vector<long double> values = reference.at(row);
    sums.resize(values.size());
    magnitudes.resize(values.size());
    for (std::size_t f = 0; f < values.size(); ++f) {
      sums[f] += weight * values[f];
      magnitudes[f] += std::abs(weight * values[f]);
    }
  };
  for (std::size_t i = 0; i < points.size(); ++i) add(i, points.weight(i));
  for (std::size_t j = 0; j < coreset.rows.size(); ++j) add(coreset.rows[j], -coreset.weights[j]);
  double worst = 0;
  for (std::size_t f = 0; f < sums.size(); ++f) {
    if (magnitudes[f] > 0) worst = std::max(worst, double(std::abs(sums[f]) / magnitudes[f]));
  }
  return worst;
}

class FeatureMaps : public testing::TestWithParam<std::tuple<MapCase, PointCase>> {
 protected:
  FeatureMaps() {
    for (std::size_t i = 0; i < points().size(); ++i) target_.push_back(double(i * i % 17));
  }

  WeightedPoints points() const { return std::get<1>(GetParam()).points.view(); }
  CompressOptions options() const {
    CompressOptions options;
    options.size = 40;
    options.order = order;
    options.seed = seed;
    options.effort = Effort::low;
    options.features = std::get<0>(GetParam()).features(std::uint32_t(points().dimension));
    if (options.features.supervised) options.companions = {{.values = target_, .columns = 1}};
    return options;
  }

  std::vector<double> target_;
};

TEST_P(FeatureMaps, SumsAndMassAreKeptAndTheCertificateSaysSo) {
  const Coreset small = compress(points(), options());
  const Certificate& certificate = small.certificate;
  EXPECT_TRUE(certificate.holds()) << certificate.worst_residual() << " above " << certificate.tolerance;
  EXPECT_LE(small.rows.size(), std::max<std::size_t>(40, certificate.features));
  EXPECT_LE(worst_mismatch(points(), small), 4 * certificate.tolerance);
  double mass = 0;
  for (std::size_t i = 0; i < points().size(); ++i) mass += points().weight(i);
  EXPECT_NEAR(std::accumulate(small.weights.begin(), small.weights.end(), 0.0), mass, 1e-12 * mass);
  EXPECT_EQ(certificate.feature_map.is_default(), options().features.is_default());
}

TEST_P(FeatureMaps, WhatTheCertificateStatesIsMeasuredAgain) {
  const Coreset small = compress(points(), options());
  const Certificate stated = Certificate::from_json(small.certificate.to_json());
  EXPECT_EQ(stated.to_json(), small.certificate.to_json());
  CertifyOptions claim{.order = stated.order, .tree = stated.tree, .seed = stated.seed};
  claim.companions = options().companions;
  claim.features = stated.feature_map;
  for (const Check& check : verify(stated, certify(points(), small.rows, small.weights, claim))) {
    EXPECT_TRUE(check.passed) << check.name << ": " << check.detail;
  }
}

std::string name_of(const testing::TestParamInfo<std::tuple<MapCase, PointCase>>& info) {
  return std::get<0>(info.param).name + "_" + std::get<1>(info.param).name;
}

INSTANTIATE_TEST_SUITE_P(All, FeatureMaps, testing::Combine(testing::ValuesIn(maps), testing::ValuesIn(point_cases())),
                         name_of);

class EachFeatureMap : public testing::TestWithParam<MapCase> {};

TEST_P(EachFeatureMap, SameBytesForAnyNumberOfThreadsAndACertificateThatSeesAChangedWeight) {
  const PointSet points = uniform_points(3000, 3, 33);
  std::vector<double> target;
  for (std::size_t i = 0; i < 3000; ++i) target.push_back(points.view().point(i)[0] + points.view().point(i)[2]);
  CompressOptions options;
  options.size = 120;
  options.order = order;
  options.effort = Effort::low;
  options.features = GetParam().features(3);
  if (options.features.supervised) options.companions = {{.values = target, .columns = 1}};
  expect_same_coreset_with_any_threads(points.view(), options);

  const Coreset small = compress(points.view(), options);
  std::vector<double> weights = small.weights;
  weights[0] *= 1.5;
  weights[1] -= small.weights[0] / 2;  // the mass stays
  CertifyOptions claim{.order = order, .tree = small.certificate.tree, .features = small.certificate.feature_map};
  EXPECT_FALSE(certify(points.view(), small.rows, weights, claim).holds());
}

INSTANTIATE_TEST_SUITE_P(All, EachFeatureMap, testing::ValuesIn(maps),
                         [](const auto& info) { return info.param.name; });

TEST(PrincipalDirections, AreThoseInWhichPointsWereLaidOut) {
  const double c = 0.6, s = 0.8;
  PointSet points{{}, {}, 3};  // pairs along (c, s, 0), (-s, c, 0) and the third axis
  const double axes[3][3] = {{3 * c, 3 * s, 0}, {-2 * s, 2 * c, 0}, {0, 0, 1}};
  for (const auto& axis : axes) {
    for (const double sign : {-1, 1}) {
      for (const double x : axis) points.coordinates.push_back(sign * x);
    }
  }
  CompressOptions options;
  options.size = 6;
  options.scale = Scale::none;
  options.features = {.directions = 2};
  const FeatureMap map = compress(points.view(), options).certificate.feature_map;
  ASSERT_EQ(map.variables(3), 2u);
  EXPECT_NEAR(map.directions[0] / map.directions[1], c / s, 1e-12);
  EXPECT_NEAR(map.directions[2], 0, 1e-12);
  EXPECT_NEAR(map.directions[3] / map.directions[4], -s / c, 1e-12);
}

// Of columns without correlation, the covariances with the target, and nothing is left for a second direction.
TEST(SupervisedDirections, AreTheTargetsOwnWhereColumnsAreUncorrelated) {
  const std::vector<double> identity = {1, 0, 0, 0, 1, 0, 0, 0, 1};
  const std::vector<double> found = supervised_directions(identity, std::vector<double>{0.6, 0, -0.8}, 3, 2);
  ASSERT_EQ(found.size(), 3u);
  EXPECT_NEAR(found[0], -0.6, 1e-15);  // the largest entry is positive
  EXPECT_NEAR(found[2], 0.8, 1e-15);
}

StandardColumns plain_columns(std::size_t m) {
  return {std::vector<long double>(m, 0), std::vector<long double>(m, 1)};
}

// 2 cos(a) cos(b) = cos(a - b) + cos(a + b), the mean of which over w and b is the kernel (Rahimi and Recht 2007).
TEST(FourierFeatures, EstimateTheGaussianKernel) {
  constexpr std::size_t m = 3, count = 40'000;
  constexpr double length = 0.7;
  certificate::FourierDraws draws(m, count, length, 1);
  const FourierFeatures features(plain_columns(m), draws.frequencies, draws.phases);
  const double x[m] = {0.3, -1, 0.5}, y[m] = {0.9, -0.4, 0.1};
  std::vector<double> at_x(count), at_y(count);
  features.evaluate(x, at_x.data());
  features.evaluate(y, at_y.data());
  const double estimate = 2 * std::inner_product(at_x.begin(), at_x.end(), at_y.begin(), 0.0) / count;
  EXPECT_NEAR(estimate, std::exp(-(0.36 + 0.36 + 0.16) / (2 * m * length * length)), 5 / std::sqrt(double(count)));
}

TEST(NystroemFeatures, HaveTheKernelAsInnerProductsAtTheLandmarks) {
  const PointSet points = uniform_points(12, 2, 34);
  std::vector<Index> all(12);
  std::iota(all.begin(), all.end(), Index{0});
  const NystroemFeatures features(plain_columns(2), points.view(), all, 12, 0.3);
  ASSERT_EQ(features.size(), 12u);
  std::vector<std::vector<double>> values(12, std::vector<double>(12));
  for (std::size_t i = 0; i < 12; ++i) features.evaluate(points.view().point(i), values[i].data());
  for (std::size_t i = 0; i < 12; ++i) {
    for (std::size_t j = 0; j < 12; ++j) {
      const double *x = points.view().point(i), *y = points.view().point(j);
      const double square = (x[0] - y[0]) * (x[0] - y[0]) + (x[1] - y[1]) * (x[1] - y[1]);
      EXPECT_NEAR(std::inner_product(values[i].begin(), values[i].end(), values[j].begin(), 0.0),
                  std::exp(-square / (4 * 0.3 * 0.3)), 1e-8);
    }
  }
}

TEST(FeatureMapsRefused, WithWhatCannotHaveThem) {
  const PointSet points = uniform_points(300, 3, 35);
  const auto refused = [&](const std::string& field, const std::string& fragment, Features features, Method method) {
    CompressOptions options;
    options.size = 100;
    options.method = method;
    options.features = std::move(features);
    expect_error(field, fragment, [&] { compress(points.view(), options); });
  };
  refused("features", "cannot be had with method paper", {.fourier = 5}, Method::paper);
  refused("features", "cannot be had with method kernel", {.monomials = {.degrees = {1, 1, 1}}}, Method::kernel);
  refused("features", "needs a target", {.directions = 2, .supervised = true}, Method::tree);
  refused("features", "there are 3 columns only", {.directions = 4}, Method::tree);
  refused("features", "one for each of the 3 columns", {.monomials = {.weights = {1, 2}}}, Method::tree);
  refused("size", "needs a size of at least 201", {.fourier = 200}, Method::tree);
}

}  // namespace
}  // namespace momentset::test
