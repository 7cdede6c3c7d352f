// New targets of the rows kept: their sums are those of all rows, on as many rows as the moments of x alone need.

#include "relabelling.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "support/coreset_moments.hpp"
#include "support/expect_error.hpp"
#include "support/point_cases.hpp"
#include "support/random.hpp"
#include "support/threads.hpp"

namespace momentset::test {
namespace {

struct RelabelCase {
  std::string name;
  PointSet points;
  std::vector<double> y;
  Companions companions;  // its values are set when it runs
  CompressOptions options;

  CompressOptions request() const {
    CompressOptions request = options;
    request.companions.insert(request.companions.begin(), companions);
    request.companions.front().values = y;
    request.companions.front().relabel = true;
    return request;
  }
};

void PrintTo(const RelabelCase& problem, std::ostream* out) { *out << problem.name; }

/// sin 2 x_0 + x_m and noise, for each of some columns.
std::vector<double> noisy_targets(const PointSet& points, std::size_t columns, std::uint64_t seed) {
  Random random(seed);
  std::vector<double> y;
  for (std::size_t i = 0; i < points.view().size(); ++i) {
    const double* x = points.view().point(i);
    for (std::size_t j = 0; j < columns; ++j) {
      y.push_back(std::sin(2 * x[0] + double(j)) + x[points.dimension - 1] + random.normal());
    }
  }
  return y;
}

RelabelCase relabel_case(const std::string& name, PointSet points, std::size_t size, std::optional<int> order,
                         Companions companions = {.columns = 1}) {
  RelabelCase problem{name, points, noisy_targets(points, companions.columns, 2), companions, {}};
  problem.options.size = size;
  problem.options.order = order;
  problem.options.effort = Effort::low;
  return problem;
}

std::vector<RelabelCase> relabel_cases() {
  const PointSet square = uniform_points(4000, 2, 1);
  const auto with_targets = [&](const std::string& name, double factor, double shift) {
    RelabelCase problem = relabel_case(name, square, 300, 2);
    for (double& target : problem.y) target = factor * target + shift;
    return problem;
  };
  std::vector<RelabelCase> cases{relabel_case("cells", square, 300, 2),
                                 relabel_case("as_few_rows_as_moments", square, 6, 2),
                                 relabel_case("one_cell_with_room", square, 20, 3),
                                 relabel_case("order_chosen", square, 200, {}),
                                 relabel_case("order_0", square, 50, 0),
                                 relabel_case("three_targets", square, 300, 3, {.columns = 3}),
                                 relabel_case("of_a_lower_order", square, 300, 4, {.columns = 1, .order = 1}),
                                 relabel_case("all_kept", square, 5000, 2),
                                 with_targets("huge", 1e300, 0),
                                 with_targets("tiny", 1e-300, 0),
                                 with_targets("far_from_zero", 1, 1e9),
                                 with_targets("zero", 0, 0)};
  cases.push_back(relabel_case("bounded_weights", square, 300, 2));
  cases.back().options.max_weight = 2;
  cases.push_back(relabel_case("rows_kept", square, 300, 2));
  cases.back().options.keep_rows = {17, 3999, 4};
  cases.push_back(relabel_case("mass_scaled", square, 300, 2));
  cases.back().options.mass_scale = 0.25;
  Random random(3);
  PointSet heavy = square;
  heavy.weights = weights_over_decades(random, 4000, -3, 3);
  for (std::size_t i = 0; i < 4000; i += 3) heavy.weights[i] = 0;
  cases.push_back(relabel_case("weights_of_decades", heavy, 300, 2));
  PointSet few = grid_points(5, 2, 9);
  const std::vector<double> places = few.coordinates;
  for (int k = 1; k < 60; ++k) few.coordinates.insert(few.coordinates.end(), places.begin(), places.end());
  cases.push_back(relabel_case("equal_points", few, 60, 2));
  return cases;
}

class Relabelling : public testing::TestWithParam<RelabelCase> {
 protected:
  static WeightedPoints points() { return GetParam().points.view(); }
  static Coreset kept() { return compress(points(), GetParam().request()); }
};

// In long double over the cells of the certificate's tree and over all points, beside the certificate's own word.
TEST_P(Relabelling, SumsAreThoseOfAllRowsOverallAndInEveryCell) {
  const Coreset coreset = kept();
  EXPECT_TRUE(coreset.certificate.holds()) << coreset.certificate.worst_residual();
  EXPECT_EQ(coreset.certificate.kind, "relabelled");
  const std::size_t columns = GetParam().companions.columns;
  const int order = GetParam().companions.order_beside(coreset.plan.order);
  ASSERT_EQ(coreset.targets.size(), coreset.rows.size() * columns);
  for (std::size_t j = 0; j < columns; ++j) {
    long double unit = 0;
    for (std::size_t k = j; k < GetParam().y.size(); k += columns) {
      unit = std::max<long double>(unit, std::abs(GetParam().y[k]));
    }
    for (const CellContent& cell : cell_contents(points(), coreset)) {
      const MonomialSums monomials(points(), cell.rows, order);
      std::vector<long double> before, after, magnitudes, unused;
      for (const Index row : cell.rows) {
        const long double u = unit > 0 ? GetParam().y[row * columns + j] / unit : 0;
        monomials.add(row, points().weight(row) * u, before, magnitudes);
      }
      after.assign(before.size(), 0), unused = after;
      for (std::size_t k = 0; k < cell.kept.size(); ++k) {
        const auto place = std::size_t(std::lower_bound(coreset.rows.begin(), coreset.rows.end(), cell.kept[k]) -
                                       coreset.rows.begin());
        const long double u = unit > 0 ? coreset.targets[place * columns + j] / unit : 0;
        monomials.add(cell.kept[k], cell.weights[k] * u / GetParam().options.mass_scale, after, unused);
      }
      for (std::size_t f = 0; f < before.size(); ++f) {
        EXPECT_LE(std::abs(after[f] - before[f]), 1e-12L * magnitudes[f]) << "sum " << f << " of column " << j;
      }
    }
  }
}

TEST_P(Relabelling, RowsAreThoseThatTheMomentsOfTheCoordinatesNeed) {
  const Coreset coreset = kept();
  EXPECT_EQ(coreset.plan.features, feature_count(points().dimension, coreset.plan.order));
  EXPECT_EQ(coreset.rows.size(), std::min(GetParam().options.size, points().size()));
  for (const Index row : GetParam().options.keep_rows) {
    const auto place = std::find(coreset.rows.begin(), coreset.rows.end(), row) - coreset.rows.begin();
    EXPECT_EQ(coreset.targets[std::size_t(place)], GetParam().y[row]) << "a row to keep is another";
  }
}

INSTANTIATE_TEST_SUITE_P(All, Relabelling, testing::ValuesIn(relabel_cases()),
                         [](const testing::TestParamInfo<RelabelCase>& info) { return info.param.name; });

// Of all targets with these sums those of least weighted norm: with room to spare a polynomial's own values.
TEST(NewTargets, OfAPolynomialAreItsValues) {
  const PointSet points = uniform_points(500, 2, 4);
  RelabelCase problem = relabel_case("", points, 30, 4, {.columns = 1, .order = 2});
  const auto polynomial = [&](std::size_t i) {
    const double* x = points.view().point(i);
    return 1 + x[0] - 3 * x[0] * x[1];
  };
  for (std::size_t i = 0; i < problem.y.size(); ++i) problem.y[i] = polynomial(i);
  const Coreset coreset = compress(points.view(), problem.request());
  for (std::size_t j = 0; j < coreset.rows.size(); ++j) {
    EXPECT_NEAR(coreset.targets[j], polynomial(coreset.rows[j]), 1e-11);
  }
}

TEST(NewTargets, AreTheSameForAnyNumberOfThreads) {
  const RelabelCase problem = relabel_case("", uniform_points(4000, 2, 1), 300, 2, {.columns = 2});
  CompressOptions with_8 = problem.request();
  with_8.threads = 8;
  const Coreset one = with_threads(1, [&] { return compress(problem.points.view(), problem.request()); });
  const Coreset eight = with_threads(8, [&] { return compress(problem.points.view(), with_8); });
  EXPECT_EQ(one.targets, eight.targets);
  EXPECT_EQ(one.certificate.to_json(), eight.certificate.to_json());
}

TEST(NewTargets, OfGroupsAreSolvedInEach) {
  RelabelCase problem = relabel_case("", uniform_points(4000, 2, 1), 100, 2);
  std::vector<Index> groups;
  for (std::size_t i = 0; i < 4000; ++i) groups.push_back(i < 6 ? 2 : i % 2);  // of the last, all are kept
  problem.options.groups = {groups, {}};
  const Coreset coreset = compress(problem.points.view(), problem.request());
  EXPECT_TRUE(coreset.certificate.holds()) << coreset.certificate.worst_residual();
  for (std::size_t j = 0; j < coreset.rows.size(); ++j) {
    if (coreset.rows[j] >= 6) continue;
    EXPECT_EQ(coreset.targets[j], problem.y[coreset.rows[j]]);
  }
}

/// Root mean square over some waves h of the error of the mean of h(x) y.
double error_of_waves(const RelabelCase& problem, const Coreset& coreset) {
  constexpr int waves = 20;
  Random random(8);
  double squares = 0;
  for (int w = 0; w < waves; ++w) {
    const double a = 2 * random.normal(), b = 2 * random.normal(), c = 6 * random.uniform(0, 1);
    const auto wave = [&](Index row) {
      const double* x = problem.points.view().point(row);
      return std::cos(a * x[0] + b * x[1] + c);
    };
    double error = 0;
    for (std::size_t i = 0; i < problem.y.size(); ++i) error -= wave(Index(i)) * problem.y[i];
    for (std::size_t j = 0; j < coreset.rows.size(); ++j) {
      const double target = coreset.targets.empty() ? problem.y[coreset.rows[j]] : coreset.targets[j];
      error += coreset.weights[j] * wave(coreset.rows[j]) * target;
    }
    squares += error * error / waves;
  }
  return std::sqrt(squares) / double(problem.y.size());
}

// As many rows make twice as many cells as with the rows' own targets (docs/quality.md has figures).
TEST(NewTargets, BringSumsOfSmoothFunctionsCloser) {
  const RelabelCase problem = relabel_case("", uniform_points(8000, 2, 1), 300, 3);
  CompressOptions own = problem.request();
  own.companions.front().relabel = false;
  const double with_own = error_of_waves(problem, compress(problem.points.view(), own));
  EXPECT_LT(2 * error_of_waves(problem, compress(problem.points.view(), problem.request())), with_own);
}

TEST(NewTargets, MeetATolerance) {
  RelabelCase problem = relabel_case("", uniform_points(8000, 2, 1), 0, {});
  problem.options.tolerance = 0.01;
  CompressOptions own = problem.request();
  own.companions.front().relabel = false;
  const Coreset coreset = compress(problem.points.view(), problem.request());
  EXPECT_LE(coreset.achieved_error.value(), 0.01);
  EXPECT_LT(coreset.rows.size(), compress(problem.points.view(), own).rows.size());
}

// y is 0 but at one place of a grid, in the middle of the cell: odd moments of y vanish there term by term.
TEST(NewTargets, OfSparseTargetsOnAGridHold) {
  PointSet grid{{}, {}, 2};
  for (int i = 0; i < 441; ++i) grid.coordinates.insert(grid.coordinates.end(), {double(i % 21), double(i / 21)});
  RelabelCase problem = relabel_case("", grid, 12, 2);
  std::fill(problem.y.begin(), problem.y.end(), 0);
  problem.y[220] = 1;
  const Coreset coreset = compress(problem.points.view(), problem.request());
  EXPECT_EQ(coreset.singular_cells, 0U);
  EXPECT_TRUE(coreset.certificate.holds()) << coreset.certificate.worst_residual();
}

// At the corners of a square two rows of a diagonal keep all moments of order 1, and tell three polynomials not apart.
TEST(NewTargets, ThatCannotBeSolvedAreTold) {
  RelabelCase problem = relabel_case("", PointSet{{0, 0, 0, 1, 1, 0, 1, 1}, {}, 2}, 3, 1);
  problem.y = {0, 1, 5, 2};
  const Coreset coreset = compress(problem.points.view(), problem.request());
  ASSERT_EQ(coreset.rows.size(), 2U);
  EXPECT_EQ(coreset.singular_cells, 1U);
  EXPECT_FALSE(coreset.certificate.holds());
  EXPECT_TRUE(std::any_of(coreset.notices.begin(), coreset.notices.end(),
                          [](const std::string& notice) { return notice.starts_with("in 1 cell the rows kept"); }));
}

TEST(NewTargets, ThatWouldOverflowAreLeftAsTheyWere) {
  RelabelCase problem = relabel_case("", uniform_points(4000, 2, 1), 300, 6);
  Random random(5);
  for (double& target : problem.y) target = random.chance(0.5) ? 1.7e308 : -1.7e308;
  const Coreset coreset = compress(problem.points.view(), problem.request());
  EXPECT_GT(coreset.overflown_cells, 0U);
  EXPECT_FALSE(coreset.certificate.holds());
  for (const double target : coreset.targets) EXPECT_TRUE(std::isfinite(target));
  EXPECT_TRUE(std::any_of(coreset.notices.begin(), coreset.notices.end(), [](const std::string& notice) {
    return notice.find("new targets would overflow") != std::string::npos;
  }));
}

TEST(NewTargets, NeedTheDegree1AndCells) {
  RelabelCase problem = relabel_case("", uniform_points(200, 2, 1), 50, 1, {.columns = 1, .degree = 2});
  const auto run = [&] { compress(problem.points.view(), problem.request()); };
  expect_error("companions", "must be 1 where values may change", run);
  problem.companions.degree = 1;
  problem.options.method = Method::paper;
  expect_error("relabel", "cannot be had with method paper", run);
  problem.options.method = Method::tree;
  problem.options.size = 2;
  expect_error("size", "order 1 in 2 columns needs a size of at least 3", run);
}

TEST(NewTargets, AreMeasuredAsHandedOver) {
  const PointSet pairs{{-1, -1, 1, 1}, {}, 1};
  const std::vector<double> y{0, 2, 4, 6};
  const std::vector<Index> rows{0, 2};
  const std::vector<double> weights{2, 2};
  CertifyOptions options{.order = 1, .companions = {{.values = y, .columns = 1, .relabel = true}}};
  expect_error("new_targets", "1 for each of 2 rows", [&] { certify(pairs.view(), rows, weights, options); });
  options.new_targets = {1, 5};
  const Certificate exact = certify(pairs.view(), rows, weights, options);
  EXPECT_LE(exact.companions.front().global, 1e-18);
  EXPECT_EQ(Certificate::from_json(exact.to_json()).to_json(), exact.to_json());
  options.new_targets = {1, 5.6};  // 2 times 0.6 too much, in units of 0 + 2 + 4 + 6
  EXPECT_NEAR(certify(pairs.view(), rows, weights, options).companions.front().global, 0.1, 1e-15);
}

}  // namespace
}  // namespace momentset::test
