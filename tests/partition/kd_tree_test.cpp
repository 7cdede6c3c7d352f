// Beyond the contract: nodes so large that all threads work on them, equal points, and builds that are asked to stop.

#include "momentset/partition/kd_tree.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <numeric>
#include <stop_token>
#include <thread>

#include "momentset/error.hpp"
#include "support/point_cases.hpp"
#include "support/random.hpp"
#include "support/threads.hpp"

namespace momentset::test {
namespace {

std::vector<Index> all_numbers(const PointSet& points) {
  std::vector<Index> numbers(points.view().size());
  std::iota(numbers.begin(), numbers.end(), Index{0});
  return numbers;
}

Partition build(const PointSet& points, std::size_t cells, const std::stop_token& stop = {}) {
  const std::vector<double> scale(points.dimension, 1.0);
  return kd_tree(points.view(), all_numbers(points), {.cells = cells, .size = cells, .scale = scale, .stop = stop});
}

/// The first column, the widest, has two values.
PointSet two_sheets(std::size_t count) {
  Random random(31);
  PointSet points{{}, {}, 3};
  for (std::size_t i = 0; i < count; ++i) {
    points.coordinates.insert(points.coordinates.end(),
                              {double(random.below(2)) * 1000, double(random.below(100)), random.uniform(0, 1)});
  }
  return points;
}

class LargeKdTree : public testing::TestWithParam<PointCase> {};

TEST_P(LargeKdTree, SplitsRebuildEveryCellForAnyNumberOfThreads) {
  const PointSet& points = GetParam().points;
  const Partition first = build(points, 301);
  for (std::size_t c = 0; c < first.cells.size(); ++c) {
    for (std::size_t k = first.cells[c].begin; k < first.cells[c].end; ++k) {
      const double* x = points.view().point(first.order[k]);
      ASSERT_EQ(first.tree.locate(x, points.view()), c) << "position " << k;
    }
  }
  for (const int threads : {1, 2, 8}) {
    const Partition again = with_threads(threads, [&] { return build(points, 301); });
    EXPECT_EQ(again.order, first.order) << threads << " threads";
    EXPECT_EQ(again.coordinates, first.coordinates) << threads << " threads";
  }
}

INSTANTIATE_TEST_SUITE_P(All, LargeKdTree,
                         testing::Values(PointCase{"uniform", uniform_points(200'000, 3, 32)},
                                         PointCase{"grid", grid_points(55, 3, 33)},
                                         PointCase{"two_sheets", two_sheets(150'000)},
                                         PointCase{"many_columns", uniform_points(5000, 40, 34)}),
                         [](const testing::TestParamInfo<PointCase>& info) { return info.param.name; });

TEST(KdTreeOfEqualPoints, StillHoldsEachOnce) {
  for (const std::size_t count : {std::size_t{100}, std::size_t{100'000}}) {
    const PointSet points{std::vector<double>(2 * count, 7.0), {}, 2};
    const Partition partition = build(points, 13);
    std::vector<Index> sorted(partition.order.begin(), partition.order.end());
    std::sort(sorted.begin(), sorted.end());
    EXPECT_EQ(sorted, all_numbers(points));
  }
}

TEST(KdTreeStop, ThrowsCancelledWhenAskedBefore) {
  std::stop_source source;
  source.request_stop();
  for (const std::size_t cells : {1u, 5u}) {
    EXPECT_THROW(build(uniform_points(40, 2, 35), cells, source.get_token()), Cancelled);
  }
}

TEST(KdTreeStop, ThrowsCancelledWhenAskedDuringTheBuild) {
  const PointSet points = uniform_points(200'000, 3, 36);
  const Partition undisturbed = build(points, 300);
  std::atomic<bool> finished = false;
  std::thread bystander([&] {
    while (!finished) EXPECT_EQ(build(points, 300).order, undisturbed.order);
  });
  for (int milliseconds = 0; milliseconds < 40; milliseconds += 2) {  // at all stages
    std::stop_source source;
    std::thread asks([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
      source.request_stop();
    });
    const auto build_until_stopped = [&] {
      for (;;) build(points, 300, source.get_token());
    };
    with_threads(8, [&] { EXPECT_THROW(build_until_stopped(), Cancelled); });
    asks.join();
  }
  finished = true;
  bystander.join();
}

}  // namespace
}  // namespace momentset::test
