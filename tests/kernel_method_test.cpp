// --method kernel through compress(): sizes, cells, exact moments, refusals.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "momentset/compress.hpp"
#include "momentset/error.hpp"
#include "support/coreset_moments.hpp"
#include "support/expect_error.hpp"
#include "support/point_cases.hpp"

namespace momentset::test {
namespace {

CompressOptions by_kernel(std::size_t size) {
  CompressOptions options;
  options.size = size;
  options.method = Method::kernel;
  return options;
}

TEST(KernelMethod, KeepsTheMomentsThatTheCertificateStates) {
  const PointSet points = uniform_points(2000, 4, 1);
  for (const std::optional<int> order : {std::optional<int>{}, std::optional<int>{0}, std::optional<int>{1}}) {
    CompressOptions options = by_kernel(100);
    options.order = order;
    const Coreset coreset = compress(points.view(), options);
    EXPECT_EQ(coreset.rows.size(), 100u);
    EXPECT_TRUE(coreset.by_kernel);
    EXPECT_EQ(coreset.certificate.order, order.value_or(2));
    EXPECT_TRUE(coreset.certificate.holds());
    EXPECT_LE(coreset_residuals(points.view(), coreset).global, 1e-13);
  }
}

/// A target of another function of x than the moments.
std::vector<double> target_of(const PointSet& points) {
  std::vector<double> y;
  for (std::size_t i = 0; i < points.view().size(); ++i) {
    y.push_back(1e3 + std::sin(3 * points.view().point(i)[0]) + double(i % 7));
  }
  return y;
}

TEST(KernelMethod, KeepsTheSumsOfTargetsAndCategories) {
  const PointSet points = uniform_points(1000, 6, 7);
  const std::vector<double> y = target_of(points);
  std::vector<double> rare(1000, 0);
  rare[11] = rare[999] = 1;
  CompressOptions options = by_kernel(60);
  options.companions = {{.values = y, .columns = 1}, {.values = rare, .columns = 1, .order = 0}};
  const Coreset coreset = compress(points.view(), options);
  EXPECT_EQ(coreset.rows.size(), 60u);
  EXPECT_EQ(coreset.plan.order, 1);  // 2 C(8, 2) + 1 = 57 are more than a third of 60
  EXPECT_EQ(coreset.plan.features, 15u);
  EXPECT_TRUE(coreset.certificate.holds()) << coreset.certificate.worst_residual();
  EXPECT_LE(coreset_residuals(points.view(), coreset).cells, 1e-13);
  EXPECT_LE(companion_residuals(points.view(), options.companions, coreset).cells, 1e-13);
}

TEST(KernelMethod, TakesCellsWhereManyRowsAreKept) {
  const PointSet points = uniform_points(2600, 2, 2);
  const std::vector<double> y = target_of(points);
  CompressOptions options = by_kernel(1200);
  options.companions = {{.values = y, .columns = 1}};
  const Coreset coreset = compress(points.view(), options);
  EXPECT_EQ(coreset.rows.size(), 1200u);
  EXPECT_EQ(coreset.certificate.tree.cells, 3u);
  EXPECT_EQ(coreset.certificate.order, 2);
  EXPECT_TRUE(coreset.certificate.holds());
  EXPECT_LE(coreset_residuals(points.view(), coreset).cells, 1e-13);
  EXPECT_LE(companion_residuals(points.view(), options.companions, coreset).cells, 1e-13);
}

TEST(KernelMethod, MergesEqualPointsAndKeepsStatedRows) {
  PointSet points = grid_points(12, 2, 3);
  const std::vector<double> once = points.coordinates;
  points.coordinates.insert(points.coordinates.end(), once.begin(), once.end());
  CompressOptions options = by_kernel(40);
  options.keep_rows = {7, 200};
  const Coreset coreset = compress(points.view(), options);
  EXPECT_EQ(coreset.rows.size(), 40u);
  EXPECT_TRUE(coreset.certificate.holds());
  for (const Index row : options.keep_rows) {
    const auto found = std::lower_bound(coreset.rows.begin(), coreset.rows.end(), row);
    ASSERT_TRUE(found != coreset.rows.end() && *found == row);
    EXPECT_EQ(coreset.weights[std::size_t(found - coreset.rows.begin())], 1);
  }
}

TEST(KernelMethod, ReachesTheEffectiveSizeOrSaysThatItCannot) {
  PointSet points = uniform_points(1000, 3, 4);
  CompressOptions options;
  options.size = 60;
  options.min_ess = 0.98;  // takes the method kernel
  const Coreset coreset = compress(points.view(), options);
  EXPECT_TRUE(coreset.by_kernel);
  EXPECT_GE(coreset.certificate.effective_sample_size, 0.98 * 60 * (1 - 1e-9));
  EXPECT_TRUE(coreset.certificate.holds());
  points.weights.assign(1000, 1.0);
  points.weights[3] = 2000;
  points.coordinates[9] = 10;
  options.order = 1;
  expect_error("min_ess", "cannot be reached", [&] { compress(points.view(), options); });
}

TEST(KernelMethod, RefusesWhatItCannot) {
  const PointSet points = uniform_points(500, 4, 5);
  CompressOptions options = by_kernel(50);
  options.order = 3;
  expect_error("order", "between 0 and 2 with method kernel", [&] { compress(points.view(), options); });
  options = by_kernel(12);
  options.order = 2;
  expect_error("size", "needs a size of at least 15", [&] { compress(points.view(), options); });
  options = by_kernel(50);
  options.max_weight = 2;
  expect_error("max_weight", "method kernel", [&] { compress(points.view(), options); });
  options = by_kernel(50);
  options.companions = {{.values = points.coordinates, .columns = 4, .relabel = true}};
  expect_error("relabel", "method kernel", [&] { compress(points.view(), options); });
  options = by_kernel(9);
  options.order = 1;
  options.companions = {{.values = std::span(points.coordinates).first(500), .columns = 1}};
  expect_error("size", "beside 1 companion needs a size of at least 10", [&] { compress(points.view(), options); });
  options = by_kernel(0);
  options.tolerance = 0.1;
  expect_error("tolerance", "not for the method kernel", [&] { compress(points.view(), options); });
  options = by_kernel(50);
  options.min_ess = 0;
  expect_error("min_ess", "above 0 and at most 1", [&] { compress(points.view(), options); });
  options.min_ess = 0.5;
  options.method = Method::tree;
  expect_error("min_ess", "needs a size and the method kernel", [&] { compress(points.view(), options); });
}

TEST(KernelMethod, StopsWhenAsked) {
  const PointSet points = uniform_points(3000, 6, 6);
  std::stop_source source;
  CompressOptions options = by_kernel(100);
  options.stop = source.get_token();
  options.progress = [&](std::string_view stage, double) {
    if (stage == "kernel exchange") source.request_stop();
  };
  EXPECT_THROW(compress(points.view(), options), Cancelled);
}

}  // namespace
}  // namespace momentset::test
