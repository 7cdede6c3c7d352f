// Degenerate, huge, tiny and shifted input, invalid input, and independence from the number of threads.

#include <gtest/gtest.h>
#include <oneapi/tbb/global_control.h>

#include <cmath>
#include <limits>

#include "momentset/error.hpp"
#include "problems.hpp"

namespace momentset {
namespace {

using namespace certificate_test;

struct Subset {
  std::vector<Index> rows;
  std::vector<double> weights;
};

Subset every_third(const WeightedPoints& points) {
  Subset subset;
  for (std::size_t i = 0; i < points.size(); i += 3) {
    subset.rows.push_back(Index(i));
    subset.weights.push_back(3 * points.weight(i));
  }
  return subset;
}

Certificate certify_every_third(const WeightedPoints& points, int threads = 0) {
  const Subset subset = every_third(points);
  CertifyOptions options;
  options.order = 3;
  options.tree = balanced_tree(points, 5);
  options.seed = 11;
  options.threads = threads;
  return certify(points, subset.rows, subset.weights, options);
}

void expect_same_measures(const Certificate& a, const Certificate& b, double relative) {
  const auto near = [&](double x, double y, const char* what) { EXPECT_NEAR(x, y, relative * std::fabs(x)) << what; };
  ASSERT_EQ(a.residuals.size(), b.residuals.size());
  for (std::size_t k = 0; k < a.residuals.size(); ++k) {
    near(a.residuals[k].global, b.residuals[k].global, "global");
    near(a.residuals[k].cells, b.residuals[k].cells, "cells");
  }
  near(a.diameters.maximum, b.diameters.maximum, "diameter");
  near(a.effective_sample_size, b.effective_sample_size, "effective sample size");
  near(a.probe_coreset(), b.probe_coreset(), "probes");
  near(a.probe_random(), b.probe_random(), "random");
}

TEST(Scale, OfCoordinatesDoesNotMatter) {
  const PointSet points = random_points(400, 3, 3);
  const Certificate expected = certify_every_third(points.view());
  for (const int exponent : {1020, 300, -300, -960}) {
    PointSet scaled = points;
    for (double& x : scaled.coordinates) x = std::ldexp(x, exponent);
    expect_same_measures(expected, certify_every_third(scaled.view()), 0);
  }
}

TEST(Scale, OfWeightsDoesNotMatter) {
  const PointSet points = random_points(400, 2, 4);
  const Certificate expected = certify_every_third(points.view());
  for (const int exponent : {1010, 300, -300, -1000}) {
    PointSet scaled = points;
    for (double& weight : scaled.weights) weight = std::ldexp(weight, exponent);
    expect_same_measures(expected, certify_every_third(scaled.view()), 0);
  }
}

TEST(Scale, OffsetsCostNoDigits) {
  PointSet points = random_points(400, 3, 5);
  for (double& x : points.coordinates) x = std::round(x * 1000);
  const Certificate expected = certify_every_third(points.view());
  for (double& x : points.coordinates) x += 1e9;
  const Certificate shifted = certify_every_third(points.view());
  expect_same_measures(expected, shifted, 1e-9);
  EXPECT_EQ(expected.worst_residual(), shifted.worst_residual());
}

TEST(Scale, TheWholeRangeOfDoubles) {
  const double largest = std::numeric_limits<double>::max(), tiny = std::numeric_limits<double>::denorm_min();
  const PointSet points{{-largest, 0, largest, tiny, 0, -tiny, 1, 0}, {1, 1, 1, 1}, 2};
  CertifyOptions options;
  options.order = 4;
  const Certificate c = certify_identity(points.view(), options);
  EXPECT_TRUE(c.holds());
  EXPECT_EQ(Certificate::from_json(c.to_json()).to_json(), c.to_json());
}

TEST(Degenerate, OnePoint) {
  const PointSet points{{3, -7}, {2.5}, 2};
  CertifyOptions options;
  options.order = 3;
  const Certificate c = certify_identity(points.view(), options);
  EXPECT_TRUE(c.holds());
  EXPECT_EQ(c.worst_residual(), 0);
  EXPECT_EQ(c.diameters.maximum, 0);
  EXPECT_EQ(c.taylor_bound, 0);
  EXPECT_EQ(c.probe_coreset(), 0);
  EXPECT_EQ(c.effective_sample_size, 1);
}

TEST(Degenerate, ConstantColumnsAreIgnored) {
  const PointSet points = random_points(200, 2, 6);
  PointSet wider{{}, points.weights, 3};
  for (std::size_t i = 0; i < 200; ++i) {
    wider.coordinates.insert(wider.coordinates.end(), {points.coordinates[2 * i], points.coordinates[2 * i + 1], 0.1});
  }
  const Subset subset = every_third(points.view());
  CertifyOptions options;
  options.order = 3;
  const Certificate narrow = certify(points.view(), subset.rows, subset.weights, options);
  const Certificate wide = certify(wider.view(), subset.rows, subset.weights, options);
  for (std::size_t k = 0; k <= 3; ++k) EXPECT_EQ(narrow.residuals[k].global, wide.residuals[k].global);
  EXPECT_EQ(narrow.diameters.maximum, wide.diameters.maximum);
}

TEST(Degenerate, DuplicatesMayBeMerged) {
  const PointSet points{{1, 2, 1, 2, 1, 3}, {1, 2, 3, 4, 5, 6}, 1};
  const std::vector<Index> rows{0, 1, 5};
  const std::vector<double> weights{9, 6, 6};
  CertifyOptions options;
  options.order = 5;
  const Certificate c = certify(points.view(), rows, weights, options);
  EXPECT_TRUE(c.holds());
  EXPECT_LT(c.probe_coreset(), 1e-16);
}

TEST(Degenerate, WeightWhereTheInputHasNone) {
  const PointSet points{{0, 1, 2, 3}, {1, 1, 0, 0}, 1};
  CertifyOptions options;
  options.order = 1;
  options.tree = {2, {{0, 2}}};
  const std::vector<double> weights{1, 1, 0, 0.5};
  const Certificate c = certify(points.view(), all_rows(points.view()), weights, options);
  EXPECT_NEAR(c.residuals[0].global, 0.25, 1e-16);
  EXPECT_EQ(c.residuals[0].cells, 1);
}

TEST(Degenerate, EmptyCells) {
  const PointSet points{{0, 1, 2, 3}, {}, 1};
  CertifyOptions options;
  options.order = 2;
  options.tree = {3, {{0, 0}, {0, 0}}};  // nothing precedes the first point
  const Certificate c = certify_identity(points.view(), options);
  EXPECT_TRUE(c.holds());
  EXPECT_EQ(c.diameters.minimum, 0);
}

TEST(Degenerate, WeightsThatSumToNothing) {
  const PointSet points{{0, 1, 2, 3}, {}, 1};
  CertifyOptions options;
  for (const std::vector<double>& weights : {std::vector<double>{0, 0, 0, 0}, std::vector<double>{1, -1, 2, -2}}) {
    const Certificate c = certify(points.view(), all_rows(points.view()), weights, options);
    EXPECT_FALSE(c.holds());
    EXPECT_EQ(c.mass_output, 0);
    EXPECT_EQ(c.effective_sample_size, 0);
    EXPECT_EQ(Certificate::from_json(c.to_json()).to_json(), c.to_json());
  }
}

TEST(Threads, DoNotChangeAByte) {
  PointSet points = random_points(30'000, 3, 7);
  for (std::size_t i = 0; i < points.weights.size(); i += 5) points.weights[i] = 0;
  using Control = oneapi::tbb::global_control;
  const Control more_threads_than_cores(Control::max_allowed_parallelism, 8);
  const std::string one = certify_every_third(points.view(), 1).to_json();
  for (const int threads : {0, 2, 8}) EXPECT_EQ(certify_every_third(points.view(), threads).to_json(), one) << threads;
}

struct BadCall {
  std::string field;
  std::function<void(PointSet&, Subset&, CertifyOptions&, std::vector<double>&)> spoil;
};

TEST(BadCalls, NameTheFieldAtFault) {
  const double infinity = std::numeric_limits<double>::infinity();
  using P = PointSet;
  using S = Subset;
  using O = CertifyOptions;
  using V = std::vector<double>;
  const std::vector<BadCall> calls{
      {"points", [&](P& p, S&, O&, V&) { p.coordinates[3] = infinity; }},
      {"weights", [&](P& p, S&, O&, V&) { p.weights[3] = -1; }},
      {"rows", [&](P&, S& s, O&, V&) { s = {}; }},
      {"rows", [&](P&, S& s, O&, V&) { s.rows[1] = 12; }},
      {"rows", [&](P&, S& s, O&, V&) { s.rows[1] = s.rows[0]; }},
      {"weights", [&](P&, S& s, O&, V&) { s.weights.pop_back(); }},
      {"weights", [&](P&, S& s, O&, V&) { s.weights[0] = infinity; }},
      {"output coordinates", [&](P&, S&, O&, V& v) { v.pop_back(); }},
      {"output coordinates", [&](P&, S&, O&, V& v) { v[0] = infinity; }},
      {"tree.cells",
       [&](P&, S&, O& o, V&) {
         o.tree = {0, {}};
       }},
      {"tree.cells", [&](P&, S&, O& o, V&) { o.tree.cells = 13, o.tree.splits.resize(12); }},
      {"tree.splits", [&](P&, S&, O& o, V&) { o.tree.splits.pop_back(); }},
      {"tree.axes", [&](P&, S&, O& o, V&) { o.tree.splits[0].axis = 2; }},
      {"tree.points", [&](P&, S&, O& o, V&) { o.tree.splits[0].point = 12; }},
      {"order", [&](P&, S&, O& o, V&) { o.order = -1; }},
      {"order", [&](P&, S&, O& o, V&) { o.order = 256; }},
      {"mass_scale", [&](P&, S&, O& o, V&) { o.mass_scale = 0; }},
      {"mass_scale", [&](P&, S&, O& o, V&) { o.mass_scale = infinity; }},
      {"threads", [&](P&, S&, O& o, V&) { o.threads = -1; }},
  };
  for (const BadCall& call : calls) {
    PointSet points = random_points(12, 2, 8);
    Subset subset = every_third(points.view());
    CertifyOptions options;
    options.tree = balanced_tree(points.view(), 3);
    std::vector<double> coordinates(subset.rows.size() * 2, 0.5);
    call.spoil(points, subset, options, coordinates);
    try {
      certify(points.view(), subset.rows, subset.weights, options, coordinates);
      ADD_FAILURE() << "accepted a bad " << call.field;
    } catch (const Error& error) {
      EXPECT_EQ(error.field(), call.field) << error.what();
    }
  }
}

}  // namespace
}  // namespace momentset
