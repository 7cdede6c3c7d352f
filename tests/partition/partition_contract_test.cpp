#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>
#include <set>
#include <string>
#include <tuple>

#include "momentset/partition/kd_tree.hpp"
#include "support/expect_error.hpp"
#include "support/point_cases.hpp"
#include "support/threads.hpp"

namespace momentset::test {
namespace {

/// What every partitioner does: cells that hold the numbered points, with quotas that sum to `size`.
struct Partitioner {
  std::string name;
  std::function<Partition(const WeightedPoints&, std::span<const Index> numbers, std::size_t cells, std::size_t size)>
      run;
};

// A new partitioner is one line here.
const Partitioner partitioners[] = {
    {"kd_tree",
     [](const WeightedPoints& points, std::span<const Index> numbers, std::size_t cells, std::size_t size) {
       const std::vector<double> scale(points.dimension, 1.0);
       return kd_tree(points, numbers, {.cells = cells, .size = size, .scale = scale});
     }},
};

void PrintTo(const Partitioner& partitioner, std::ostream* out) { *out << partitioner.name; }

struct Request {
  std::size_t cells, size;
};

/// One cell, as many cells as points, all points to survive, and sizes that do not divide.
std::vector<Request> requests(std::size_t count) {
  std::vector<Request> all{{1, 1}, {1, count}, {count, count}};
  for (const std::size_t size : {count / 3, count / 10, count - 1}) {
    for (const std::size_t cells : {std::size_t{2}, std::size_t{7}, size / 4, size}) {
      if (cells >= 1 && cells <= size && size <= count) all.push_back({cells, size});
    }
  }
  return all;
}

std::vector<Index> all_numbers(const PointSet& points) {
  std::vector<Index> numbers(points.view().size());
  std::iota(numbers.begin(), numbers.end(), Index{0});
  return numbers;
}

class PartitionContract : public testing::TestWithParam<std::tuple<Partitioner, PointCase>> {
 protected:
  const PointSet& points() const { return std::get<1>(GetParam()).points; }
  Partition run(const Request& request) const {
    return std::get<0>(GetParam()).run(points().view(), all_numbers(points()), request.cells, request.size);
  }
  /// Runs the check for each request, naming it where it fails.
  void for_each_request(const std::function<void(const Request&, const Partition&)>& check) const {
    for (const Request& request : requests(points().view().size())) {
      SCOPED_TRACE(std::to_string(request.cells) + " cells, size " + std::to_string(request.size));
      check(request, run(request));
    }
  }
};

TEST_P(PartitionContract, OrderIsAPermutationAndCarriesTheCoordinates) {
  for_each_request([&](const Request&, const Partition& partition) {
    std::vector<Index> sorted(partition.order.begin(), partition.order.end());
    std::sort(sorted.begin(), sorted.end());
    EXPECT_EQ(sorted, all_numbers(points()));
    const std::size_t m = points().dimension;
    ASSERT_EQ(partition.coordinates.size(), partition.order.size() * m);
    for (std::size_t k = 0; k < partition.order.size(); ++k) {
      const double* original = points().view().point(partition.order[k]);
      EXPECT_TRUE(std::equal(original, original + m, &partition.coordinates[k * m])) << "position " << k;
    }
  });
}

TEST_P(PartitionContract, CellsFollowEachOtherAndQuotasSumToTheSize) {
  for_each_request([&](const Request& request, const Partition& partition) {
    ASSERT_EQ(partition.cells.size(), request.cells);
    std::size_t end = 0, quota = 0;
    for (const Cell& cell : partition.cells) {
      EXPECT_EQ(cell.begin, end);
      EXPECT_GE(cell.quota, 1u);
      EXPECT_LE(cell.quota, cell.size());
      end = cell.end;
      quota += cell.quota;
    }
    EXPECT_EQ(end, partition.order.size());
    EXPECT_EQ(quota, request.size);
  });
}

TEST_P(PartitionContract, SplitsRebuildEveryCell) {
  for_each_request([&](const Request& request, const Partition& partition) {
    EXPECT_EQ(partition.tree.cells, request.cells);
    ASSERT_EQ(partition.tree.splits.size(), request.cells - 1);
    for (std::size_t c = 0; c < partition.cells.size(); ++c) {
      for (std::size_t k = partition.cells[c].begin; k < partition.cells[c].end; ++k) {
        const double* x = points().view().point(partition.order[k]);
        ASSERT_EQ(partition.tree.locate(x, points().view()), c) << "position " << k;
      }
    }
  });
}

TEST_P(PartitionContract, ResultDoesNotDependOnThreads) {
  for_each_request([&](const Request& request, const Partition& first) {
    for (const int threads : {1, 2, 8}) {
      const Partition again = with_threads(threads, [&] { return run(request); });
      EXPECT_EQ(again.order, first.order) << threads << " threads";
      EXPECT_EQ(again.coordinates, first.coordinates) << threads << " threads";
      for (std::size_t k = 0; k < first.tree.splits.size(); ++k) {
        EXPECT_EQ(again.tree.splits[k].axis, first.tree.splits[k].axis);
        EXPECT_EQ(again.tree.splits[k].point, first.tree.splits[k].point);
      }
    }
  });
}

TEST_P(PartitionContract, TakesOnlyTheNumberedPoints) {
  std::vector<Index> some = all_numbers(points());
  std::erase_if(some, [](Index i) { return i % 3 == 1; });
  const std::size_t size = (some.size() + 1) / 2, cells = (size + 1) / 2;
  const Partition partition = std::get<0>(GetParam()).run(points().view(), some, cells, size);
  std::vector<Index> sorted(partition.order.begin(), partition.order.end());
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(sorted, some);
}

INSTANTIATE_TEST_SUITE_P(All, PartitionContract,
                         testing::Combine(testing::ValuesIn(partitioners), testing::ValuesIn(distinct_point_cases())),
                         [](const auto& info) {
                           return std::get<0>(info.param).name + "_" + std::get<1>(info.param).name;
                         });

// Beyond the contract: what the kd-tree promises of its own.

class KdTree : public testing::TestWithParam<PointCase> {};

TEST_P(KdTree, IsBalancedToRounding) {
  const PointSet& points = GetParam().points;
  const std::size_t count = points.view().size();
  for (const Request& request : requests(count)) {
    const Partition partition = partitioners[0].run(points.view(), all_numbers(points), request.cells, request.size);
    for (const Cell& cell : partition.cells) {
      EXPECT_GE(cell.size(), count / request.cells);
      EXPECT_LE(cell.size(), (count + request.cells - 1) / request.cells);
      EXPECT_GE(cell.quota, request.size / request.cells);
      EXPECT_LE(cell.quota, (request.size + request.cells - 1) / request.cells);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, KdTree, testing::ValuesIn(distinct_point_cases()),
                         [](const testing::TestParamInfo<PointCase>& info) { return info.param.name; });

TEST(KdTreeSplits, CutAcrossTheWidestSideAfterScaling) {
  const PointSet box{{0, 0, 10, 1, 3, 2, 7, 3, 5, 0.5, 1, 2.5}, {}, 2};  // 10 by 3
  const auto first_axis = [&](double a, double b) {
    const std::vector<double> scale{a, b};
    return kd_tree(box.view(), all_numbers(box), {.cells = 2, .size = 2, .scale = scale}).tree.splits[0].axis;
  };
  EXPECT_EQ(first_axis(1, 1), 0u);
  EXPECT_EQ(first_axis(0.1, 1), 1u);
  EXPECT_EQ(first_axis(0, 1e-300), 1u);
}

TEST(KdTreeOptions, AreRefusedWhereTheyContradictEachOther) {
  const PointSet points = uniform_points(10, 2, 1);
  const std::vector<double> scale{1, 1}, one_factor{1};
  const auto run = [&](std::size_t cells, std::size_t size, std::span<const double> factors) {
    return [&points, cells, size, factors] {
      kd_tree(points.view(), all_numbers(points), {.cells = cells, .size = size, .scale = factors});
    };
  };
  expect_error("cells", "between 1 and the size", run(0, 5, scale));
  expect_error("cells", "between 1 and the size 5", run(6, 5, scale));
  expect_error("cells", "10 points", run(2, 11, scale));
  expect_error("scale", "one for each column", run(2, 5, one_factor));
}

}  // namespace
}  // namespace momentset::test
