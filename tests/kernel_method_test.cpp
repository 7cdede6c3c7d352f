// --method kernel through compress(): sizes, cells, exact moments, refusals.

#include <gtest/gtest.h>

#include <algorithm>
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

TEST(KernelMethod, TakesCellsWhereManyRowsAreKept) {
  const PointSet points = uniform_points(2600, 2, 2);
  const Coreset coreset = compress(points.view(), by_kernel(1200));
  EXPECT_EQ(coreset.rows.size(), 1200u);
  EXPECT_EQ(coreset.certificate.tree.cells, 3u);
  EXPECT_EQ(coreset.certificate.order, 2);
  EXPECT_TRUE(coreset.certificate.holds());
  EXPECT_LE(coreset_residuals(points.view(), coreset).cells, 1e-13);
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
  options.companions = {{.values = points.coordinates, .columns = 4}};
  expect_error("companions", "method kernel", [&] { compress(points.view(), options); });
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
