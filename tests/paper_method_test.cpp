// Method::paper through compress(): what it promises beside what every method does.

#include "paper_method.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <set>
#include <stop_token>
#include <thread>

#include "momentset/compress.hpp"
#include "support/coreset_moments.hpp"
#include "support/expect_error.hpp"
#include "support/point_cases.hpp"
#include "support/random.hpp"
#include "support/same_coreset.hpp"

namespace momentset::test {
namespace {

CompressOptions in_rounds(std::size_t size, std::optional<int> order = std::nullopt) {
  CompressOptions options;
  options.size = size;
  options.order = order;
  options.method = Method::paper;
  return options;
}

struct PaperCase {
  std::string name;
  PointSet points;
  std::size_t size;
  int order;
};

std::vector<PaperCase> paper_cases() {
  Random random(1);
  PointSet weighted = uniform_points(3000, 2, 2);
  weighted.weights = weights_over_decades(random, 3000, -6, 6);
  PointSet twice = uniform_points(1500, 2, 3);
  const std::vector<double> once = twice.coordinates;
  twice.coordinates.insert(twice.coordinates.end(), once.begin(), once.end());
  PointSet on_a_line{{}, {}, 3};
  for (int i = 0; i < 2000; ++i) {
    const double t = random.uniform();
    on_a_line.coordinates.insert(on_a_line.coordinates.end(), {t, 3 - t / 2, 2 * t});
  }
  PointSet wide = uniform_points(3000, 2, 4);
  for (std::size_t k = 0; k < wide.coordinates.size(); k += 2) wide.coordinates[k] *= 1e200;
  return {{"one_column", uniform_points(5000, 1, 5), 300, 5},
          {"three_columns", uniform_points(5000, 3, 6), 500, 3},
          {"many_columns", uniform_points(2000, 20, 7), 300, 1},
          {"order_0", uniform_points(1000, 2, 8), 50, 0},
          {"as_few_as_features", uniform_points(1500, 3, 9), 56, 5},
          {"one_less", uniform_points(400, 2, 10), 399, 4},
          {"weights_12_decades", weighted, 300, 4},
          {"every_point_twice", twice, 200, 4},
          {"on_a_line", on_a_line, 200, 3},
          {"wide", wide, 300, 4}};
}

class PaperMethod : public testing::TestWithParam<PaperCase> {};

TEST_P(PaperMethod, KeepsTheMomentsOfTheWholeInExactlySoManyPoints) {
  const PaperCase& problem = GetParam();
  const Coreset coreset = compress(problem.points.view(), in_rounds(problem.size, problem.order));
  EXPECT_EQ(coreset.rows.size(), problem.size);
  EXPECT_TRUE(std::is_sorted(coreset.rows.begin(), coreset.rows.end()));
  EXPECT_EQ(std::set<Index>(coreset.rows.begin(), coreset.rows.end()).size(), problem.size);
  EXPECT_TRUE(std::all_of(coreset.weights.begin(), coreset.weights.end(), [](double w) { return w > 0; }));
  EXPECT_LT(coreset_residuals(problem.points.view(), coreset).global, 1e-13);
  EXPECT_TRUE(coreset.certificate.holds()) << coreset.summary();
  EXPECT_EQ(coreset.certificate.tree.cells, 1u);
}

TEST_P(PaperMethod, GivesTheSameBytesForAnyNumberOfThreads) {
  const PaperCase& problem = GetParam();
  expect_same_coreset_with_any_threads(problem.points.view(), in_rounds(problem.size, problem.order));
}

INSTANTIATE_TEST_SUITE_P(Points, PaperMethod, testing::ValuesIn(paper_cases()),
                         [](const auto& info) { return info.param.name; });

// Equal weights on a lattice: weights vanish several at a time, so fewer points than asked for may be left.
TEST(PaperMethodLattice, KeepsTheMomentsAndSaysWhereFewerPointsAreLeft) {
  const PointSet points = grid_points(40, 2, 11);
  const Coreset coreset = compress(points.view(), in_rounds(160, 2));
  EXPECT_LE(coreset.rows.size(), 160u);
  EXPECT_GT(coreset.rows.size(), 150u);
  EXPECT_LT(coreset_residuals(points.view(), coreset).global, 1e-13);
  const bool said = std::any_of(coreset.notices.begin(), coreset.notices.end(), [](const std::string& notice) {
    return notice.find("size 160 cannot be met") != std::string::npos;
  });
  EXPECT_EQ(said, coreset.rows.size() < 160);
}

TEST(PaperMethodSmall, LeavesAloneWhatIsSmallEnough) {
  const Coreset one = compress(uniform_points(1, 3, 12).view(), in_rounds(5));
  EXPECT_EQ(one.rows, std::vector<Index>{0});
  const Coreset few = compress(uniform_points(30, 3, 13).view(), in_rounds(40, 2));
  EXPECT_EQ(few.rows.size(), 30u);
  const Coreset lowered = compress(uniform_points(30, 3, 14).view(), in_rounds(6));
  EXPECT_EQ(lowered.rows.size(), 6u);
  EXPECT_EQ(lowered.plan.order, 1);
}

// Scaled columns: what is measured in other units gives the same rows.
TEST(PaperMethodScale, DoesNotDependOnUnits) {
  const PointSet points = uniform_points(2000, 2, 15);
  PointSet other = points;
  for (std::size_t k = 0; k < other.coordinates.size(); k += 2) other.coordinates[k] *= 1024;
  const CompressOptions options = in_rounds(200, 3);
  EXPECT_EQ(compress(points.view(), options).rows, compress(other.view(), options).rows);
}

TEST(PaperMethodOptions, KeepsRows) {
  const PointSet points = uniform_points(2000, 2, 16);
  CompressOptions options = in_rounds(200, 3);
  options.keep_rows = {1999, 7, 3};
  const Coreset coreset = compress(points.view(), options);
  EXPECT_EQ(coreset.rows.size(), 200u);
  for (const Index row : options.keep_rows) {
    const auto found = std::find(coreset.rows.begin(), coreset.rows.end(), row);
    ASSERT_NE(found, coreset.rows.end());
    EXPECT_EQ(coreset.weights[std::size_t(found - coreset.rows.begin())], 1.0);
  }
  EXPECT_LT(coreset_residuals(points.view(), coreset).global, 1e-13);
}

TEST(PaperMethodOptions, FollowsTheSeed) {
  const PointSet points = uniform_points(2000, 2, 17);
  CompressOptions options = in_rounds(200, 3);
  const Coreset first = compress(points.view(), options);
  options.seed = 1;
  EXPECT_NE(compress(points.view(), options).rows, first.rows);
}

TEST(PaperMethodOptions, RefusesBounds) {
  const PointSet points = uniform_points(100, 2, 18);
  CompressOptions options = in_rounds(50, 1);
  options.max_weight = 3;
  expect_error("max_weight", "method paper", [&] { compress(points.view(), options); });
}

// Smaller by far than for the cells of one tree: the task of the paper's Fig. 2 at m = 2, k = 3.
TEST(PaperMethodError, IsBelowTheTreesOnASmoothFunction) {
  constexpr int trials = 15;
  std::map<Method, std::vector<double>> errors;
  for (int t = 0; t < trials; ++t) {
    const PointSet points = uniform_points(4000, 2, 100 + std::uint64_t(t));
    const auto mean = [&](const std::vector<Index>& rows, const std::vector<double>& weights) {
      long double sum = 0;
      for (std::size_t j = 0; j < rows.size(); ++j) {
        const double* x = points.view().point(rows[j]);
        sum += weights[j] / (1 + std::exp(-(0.7L * x[0] - 0.9L * x[1])));
      }
      return sum;
    };
    std::vector<Index> all(4000);
    for (Index i = 0; i < 4000; ++i) all[i] = i;
    const long double exact = mean(all, std::vector<double>(4000, 1.0));
    for (const Method method : {Method::tree, Method::paper}) {
      CompressOptions options = in_rounds(400, 3);
      options.method = method;
      const Coreset coreset = compress(points.view(), options);
      errors[method].push_back(double(std::abs(mean(coreset.rows, coreset.weights) - exact)));
    }
  }
  for (auto& [method, values] : errors) std::sort(values.begin(), values.end());
  EXPECT_LT(errors[Method::paper][trials / 2], errors[Method::tree][trials / 2]);
}

TEST(PaperMethodStop, StopsSoonAfterItWasAsked) {
  const PointSet points = uniform_points(200'000, 3, 19);
  std::stop_source source;
  CompressOptions options = in_rounds(20'000, 5);
  options.stop = source.get_token();
  std::chrono::steady_clock::time_point asked;
  options.progress = [&](std::string_view stage, double) {
    if (stage != "rounds" || source.stop_requested()) return;
    asked = std::chrono::steady_clock::now();
    source.request_stop();
  };
  EXPECT_THROW(compress(points.view(), options), Cancelled);
  EXPECT_LT(std::chrono::steady_clock::now() - asked, std::chrono::seconds(5));
}

}  // namespace
}  // namespace momentset::test
