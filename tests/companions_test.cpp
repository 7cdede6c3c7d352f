// Sums of further columns: kept in every cell, counted wherever features are counted, and worth it.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string>

#include "momentset/compress.hpp"
#include "support/coreset_moments.hpp"
#include "support/expect_error.hpp"
#include "support/point_cases.hpp"
#include "support/random.hpp"
#include "support/threads.hpp"

namespace momentset::test {
namespace {

/// Points, columns that the companions view, and what is asked for.
struct CompanionsCase {
  std::string name;
  PointSet points;
  std::vector<std::vector<double>> values;
  std::vector<Companions> companions;  // their values are set when it runs
  CompressOptions options;

  CompressOptions request() const {
    CompressOptions request = options;
    request.companions = companions;
    for (std::size_t g = 0; g < values.size(); ++g) request.companions[g].values = values[g];
    return request;
  }
};

void PrintTo(const CompanionsCase& problem, std::ostream* out) { *out << problem.name; }

/// y = wave(x) + noise.
std::vector<double> regression(const PointSet& points, double noise, std::uint64_t seed) {
  Random random(seed);
  std::vector<double> y;
  for (std::size_t i = 0; i < points.view().size(); ++i) {
    const double* x = points.view().point(i);
    y.push_back(std::sin(2 * x[0]) + x[points.dimension - 1] + noise * random.normal());
  }
  return y;
}

/// y = x_0^2 - x_1: with K = 2 its sum is among the moments.
std::vector<double> polynomial(const PointSet& points) {
  std::vector<double> y;
  for (std::size_t i = 0; i < points.view().size(); ++i) {
    const double* x = points.view().point(i);
    y.push_back(x[0] * x[0] - x[1]);
  }
  return y;
}

std::vector<double> mapped(std::vector<double> values, const std::function<double(double)>& map) {
  for (double& value : values) value = map(value);
  return values;
}

CompressOptions options(std::size_t size, std::optional<int> order) {
  CompressOptions options;
  options.size = size;
  options.order = order;
  options.effort = Effort::low;
  return options;
}

CompanionsCase target(const std::string& name, PointSet points, std::vector<double> y, CompressOptions options,
                      Companions companions = {.columns = 1}) {
  return {name, std::move(points), {std::move(y)}, {companions}, options};
}

PointSet repeated(const PointSet& points, std::size_t times) {
  PointSet all{{}, {}, points.dimension};
  for (std::size_t k = 0; k < times; ++k) {
    all.coordinates.insert(all.coordinates.end(), points.coordinates.begin(), points.coordinates.end());
  }
  return all;
}

PointSet weighted(PointSet points, double zeros, std::uint64_t seed) {
  Random random(seed);
  points.weights = weights_over_decades(random, points.view().size(), -3, 3);
  for (double& weight : points.weights) weight = random.chance(zeros) ? 0 : weight;
  return points;
}

std::vector<CompanionsCase> companions_cases() {
  const PointSet square = uniform_points(6000, 2, 1);
  const std::vector<double> y = regression(square, 1, 2);
  std::vector<CompanionsCase> cases{
      target("noisy", square, y, options(400, 2)),
      target("order_chosen", square, y, options(400, {})),
      target("order_0", square, y, options(100, 0)),
      target("order_below_that_of_x", square, y, options(400, 4), {.columns = 1, .order = 1}),
      target("squares_too", square, y, options(400, 2), {.columns = 1, .degree = 2}),
      target("cubes_too", square, y, options(400, 1), {.columns = 1, .degree = 3}),
      target("constant", square, std::vector<double>(6000, -0.7), options(400, 2)),
      target("polynomial", square, polynomial(square), options(400, 2)),
      target("polynomial_of_higher_order", square, polynomial(square), options(400, 1)),
      target("huge", square, mapped(y, [](double v) { return 1e300 * v; }), options(400, 2)),
      target("tiny", square, mapped(y, [](double v) { return 1e-300 * v; }), options(400, 2)),
      target("far_from_zero", square, mapped(y, [](double v) { return 1e9 + v; }), options(400, 2)),
      target("two_values", square, mapped(y, [](double v) { return v > 0 ? 1 : 0; }), options(400, 2)),
      target("mostly_zero", square, mapped(y, [](double v) { return v > 3 ? v : 0; }), options(400, 2)),
      target("weights_of_decades", weighted(square, 0, 3), y, options(400, 2)),
      target("zero_weights", weighted(square, 0.4, 4), y, options(400, 2)),
      target("one_cell", square, y, options(12, 2)),
      target("fine_grid", grid_points(80, 2, 5), regression(grid_points(80, 2, 5), 1, 6), options(400, 2)),
      target("colours", colours(20'000, 7), regression(colours(20'000, 7), 10, 8), options(500, 2)),
  };
  const PointSet few = repeated(grid_points(5, 2, 9), 240);  // 25 places, each with 240 rows
  cases.push_back(target("equal_points", few, regression(few, 1, 10), options(400, 2)));
  cases.push_back(target("equal_rows", few, regression(few, 0, 0), options(400, 2)));
  cases.push_back(target("one_place", repeated(PointSet{{1, 2}, {}, 2}, 500), uniform_points(500, 1, 11).coordinates,
                         options(40, 2)));
  cases.push_back(target("bounded", square, y, options(600, 2)));
  cases.back().options.max_weight = 2;
  cases.push_back(target("rows_kept", square, y, options(400, 2)));
  cases.back().options.keep_rows = {17, 5999, 4};
  cases.push_back(target("mass_scaled", square, y, options(400, 2)));
  cases.back().options.mass_scale = 1.0 / 6000;
  cases.push_back({"two_targets_and_features_of_order_0",
                   square,
                   {uniform_points(6000, 2, 12).coordinates, uniform_points(6000, 5, 13).coordinates},
                   {{.columns = 2}, {.columns = 5, .order = 0}},
                   options(400, 2)});
  return cases;
}

class CompressCompanions : public testing::TestWithParam<CompanionsCase> {
 protected:
  static WeightedPoints points() { return GetParam().points.view(); }
  static CompressOptions request() { return GetParam().request(); }
};

TEST_P(CompressCompanions, SumsAreKeptOverallAndInEveryCell) {
  const Coreset coreset = compress(points(), request());
  const CoresetResiduals found = companion_residuals(points(), request().companions, coreset, request().mass_scale);
  EXPECT_LE(found.cells, 1e-12);
  EXPECT_LE(found.global, 1e-12);
  const CoresetResiduals moments = coreset_residuals(points(), coreset, request().mass_scale);
  EXPECT_LE(moments.cells, 1e-12);
  EXPECT_LE(moments.global, 1e-12);
}

TEST_P(CompressCompanions, CertificateSaysSo) {
  const Coreset coreset = compress(points(), request());
  const Certificate& certificate = coreset.certificate;
  EXPECT_TRUE(certificate.holds()) << certificate.worst_residual() << " against " << certificate.tolerance;
  std::size_t columns = 0;
  for (const Companions& each : request().companions) columns += each.columns;
  EXPECT_EQ(certificate.companions.size(), columns);
  EXPECT_EQ(certificate.features, coreset.plan.features);
  EXPECT_EQ(certificate.tree.cells, coreset.plan.cells);
}

TEST_P(CompressCompanions, KeepsExactlyTheRequestedNumberOfRowsOfPositiveWeight) {
  const Coreset coreset = compress(points(), request());
  EXPECT_EQ(coreset.rows.size(), request().size);
  for (std::size_t j = 0; j < coreset.rows.size(); ++j) {
    EXPECT_GT(coreset.weights[j], 0);
    EXPECT_GT(points().weight(coreset.rows[j]), 0) << "row " << coreset.rows[j];
  }
}

TEST_P(CompressCompanions, PlanCountsTheirFeatures) {
  const Plan plan = compress(points(), request()).plan;
  std::size_t expected = feature_count(plan.dimension, plan.order);
  for (const Companions& each : request().companions) {
    const int order = std::min(plan.order, each.order.value_or(plan.order));
    expected += each.columns * std::size_t(each.degree) * feature_count(plan.dimension, order);
  }
  EXPECT_EQ(plan.features, expected);
  EXPECT_GE(plan.size / plan.cells, plan.features);
}

TEST_P(CompressCompanions, SameBytesForAnyNumberOfThreads) {
  const Coreset one = with_threads(1, [] { return compress(points(), request()); });
  CompressOptions with_8 = request();
  with_8.threads = 8;
  const Coreset eight = with_threads(8, [&] { return compress(points(), with_8); });
  EXPECT_EQ(one.rows, eight.rows);
  EXPECT_EQ(one.weights, eight.weights);
  EXPECT_EQ(one.certificate.to_json(), eight.certificate.to_json());
}

INSTANTIATE_TEST_SUITE_P(All, CompressCompanions, testing::ValuesIn(companions_cases()),
                         [](const testing::TestParamInfo<CompanionsCase>& info) { return info.param.name; });

TEST(CompanionsOutcome, OrdersAreTriedWithTheirFeatures) {
  const PointSet square = uniform_points(6000, 2, 20);
  const CompanionsCase problem = target("", square, regression(square, 0.1, 21), options(100, {}));
  const Coreset coreset = compress(square.view(), problem.request());
  EXPECT_EQ(coreset.trials.back().order, 8);  // 2 C(10, 2) = 90; order 9 needs 110
  for (const OrderTrial& trial : coreset.trials) EXPECT_EQ(trial.features, 2 * feature_count(2, trial.order));
}

TEST(CompanionsOutcome, AToleranceCountsThemAsWell) {
  const PointSet square = uniform_points(20'000, 2, 22);
  CompanionsCase problem = target("", square, regression(square, 1, 23), options(0, {}));
  problem.options.tolerance = 0.01;
  const Coreset with = compress(square.view(), problem.request());
  CompressOptions plain = problem.options;
  const Coreset without = compress(square.view(), plain);
  ASSERT_TRUE(with.achieved_error && without.achieved_error);
  EXPECT_LE(*with.achieved_error, 0.01);
  EXPECT_GT(with.rows.size(), without.rows.size());
}

// A student's gradient of the squared loss, sum_i c_i (f(x_i) - y_i) df/dtheta(x_i) / sum_i c_i, is linear in y.
struct Student {
  static constexpr std::size_t width = 50;
  bool smooth;  // units are tanh; else ReLU
  std::vector<double> slope, shift, factor;

  Student(bool smooth, Random& random)
      : smooth(smooth),
        slope(uniform_values(random, 2 * width, -2, 2)),
        shift(uniform_values(random, width, -2, 2)),
        factor(uniform_values(random, width, -0.2, 0.2)) {}

  double unit(std::size_t h, const double* x) const {
    const double z = slope[2 * h] * x[0] + slope[2 * h + 1] * x[1] + shift[h];
    return smooth ? std::tanh(z) : std::max(0.0, z);
  }
  double operator()(const double* x) const {
    double sum = 0;
    for (std::size_t h = 0; h < width; ++h) sum += factor[h] * unit(h, x);
    return sum;
  }
  void add_gradient(const double* x, double y, double weight, std::vector<double>& sum) const {
    const double error = weight * ((*this)(x)-y);
    for (std::size_t h = 0; h < width; ++h) {
      const double value = unit(h, x);
      const double slope_of_unit = smooth ? 1 - value * value : double(value > 0);
      const double inner = error * factor[h] * slope_of_unit;
      sum[4 * h] += error * value;
      sum[4 * h + 1] += inner;
      sum[4 * h + 2] += inner * x[0];
      sum[4 * h + 3] += inner * x[1];
    }
  }
};

/// rms over random students and their parameters of the gradient's error.
double gradient_error(bool smooth, const PointSet& x, const std::vector<double>& y, const Coreset& coreset) {
  constexpr std::size_t students = 6;
  Random random(31);
  double square = 0;
  const double mass = double(y.size());
  for (std::size_t s = 0; s < students; ++s) {
    const Student student(smooth, random);
    std::vector<double> error(4 * Student::width);
    for (std::size_t i = 0; i < y.size(); ++i) student.add_gradient(x.view().point(i), y[i], -1 / mass, error);
    for (std::size_t j = 0; j < coreset.rows.size(); ++j) {
      const Index row = coreset.rows[j];
      student.add_gradient(x.view().point(row), y[row], coreset.weights[j] / mass, error);
    }
    for (const double each : error) square += each * each / double(students * error.size());
  }
  return std::sqrt(square);
}

// The paper's teacher-student task (section 4.2), an eighth of the rows: moments of x times {1, y} against joint
// moments of order 6. What ReLU students gain is limited by the kinks of their gradients: twice at full size
// (docs/quality.md).
TEST(CompanionsOutcome, GradientsOfTheSquaredLossAreCloserThanWithJointMoments) {
  const PointSet x = uniform_points(16'384, 2, 30);
  Random random(32);
  const Student teacher(false, random);
  std::vector<double> y;
  PointSet joint{{}, {}, 3};
  for (std::size_t i = 0; i < x.view().size(); ++i) {
    const double* point = x.view().point(i);
    y.push_back(teacher(point) + 3 * random.normal());
    joint.coordinates.insert(joint.coordinates.end(), {point[0], point[1], y.back()});
  }
  const Coreset plain = compress(joint.view(), options(724, 6));
  const CompanionsCase problem = target("", x, y, options(724, 4));
  const Coreset with_target = compress(x.view(), problem.request());
  EXPECT_LT(5 * gradient_error(true, x, y, with_target), gradient_error(true, x, y, plain));
  EXPECT_LT(gradient_error(false, x, y, with_target), gradient_error(false, x, y, plain));
}

TEST(CompanionsInvalid, AreNamed) {
  const PointSet square = uniform_points(200, 2, 40);
  const auto with = [&](std::vector<double> values, Companions companions, CompressOptions options) {
    return [&square, problem = target("", square, std::move(values), options, companions)] {
      compress(square.view(), problem.request());
    };
  };
  std::vector<double> y(200, 1.0);
  expect_error("companions", "one is needed", with(y, {.columns = 0}, options(50, 1)));
  expect_error("companions", "3 for each of the 200 points", with(y, {.columns = 3}, options(50, 1)));
  expect_error("companions", "must not be negative", with(y, {.columns = 1, .order = -1}, options(50, 1)));
  expect_error("companions", "at least 1", with(y, {.columns = 1, .degree = 0}, options(50, 1)));
  CompressOptions paper = options(50, 1);
  paper.method = Method::paper;
  expect_error("companions", "method paper", with(y, {.columns = 1}, paper));
  expect_error("size", "order 2 in 2 columns beside 1 companion needs a size of at least 12; order 1",
               with(y, {.columns = 1}, options(11, 2)));
  expect_error("size", "beside 1 companion needs a size of at least 2", with(y, {.columns = 1}, options(1, {})));
  for (const double bad : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    y[123] = bad;
    expect_error("companions", "row 123, column 0 must be finite", with(y, {.columns = 1}, options(50, 1)));
  }
}

}  // namespace
}  // namespace momentset::test
