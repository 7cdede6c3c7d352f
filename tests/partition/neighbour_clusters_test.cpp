#include "momentset/partition/neighbour_clusters.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <set>
#include <stop_token>

#include "momentset/error.hpp"
#include "support/point_cases.hpp"
#include "support/threads.hpp"

namespace momentset::test {
namespace {

double squared_distance(const PointSet& points, Index a, Index b) {
  double sum = 0;
  for (std::size_t j = 0; j < points.dimension; ++j) {
    const double difference = points.view().point(a)[j] - points.view().point(b)[j];
    sum += difference * difference;
  }
  return sum;
}

/// Smallest radius, squared, of a cluster of `size` points around one of those in.
double tightest_radius(const PointSet& points, const std::set<Index>& in, std::size_t size) {
  double smallest = std::numeric_limits<double>::infinity();
  for (const Index centre : in) {
    std::vector<double> distances;
    for (const Index other : in) distances.push_back(squared_distance(points, centre, other));
    std::nth_element(distances.begin(), distances.begin() + (size - 1), distances.end());
    smallest = std::min(smallest, distances[size - 1]);
  }
  return smallest;
}

/// The radius of a set of points around the best of its own.
double radius_of(const PointSet& points, const std::vector<Index>& cluster) {
  double smallest = std::numeric_limits<double>::infinity();
  for (const Index centre : cluster) {
    double largest = 0;
    for (const Index other : cluster) largest = std::max(largest, squared_distance(points, centre, other));
    smallest = std::min(smallest, largest);
  }
  return smallest;
}

TEST(NeighbourClusters, TheFirstIsTheTightestOfAllAndNoneShareAPointWhilePointsAreRemoved) {
  for (const PointSet& points : {uniform_points(300, 2, 1), uniform_points(300, 1, 2), grid_points(6, 3, 3)}) {
    constexpr std::size_t size = 7;
    NeighbourClusters clusters(points.coordinates, points.dimension, size);
    std::set<Index> in;
    for (Index i = 0; i < points.view().size(); ++i) in.insert(i);
    for (std::size_t most = 1; clusters.size() >= size; most = most % 5 + 1) {
      const std::vector<std::vector<Index>> found = clusters.tightest(most);
      ASSERT_TRUE(found.size() >= 1 && found.size() <= most);
      EXPECT_DOUBLE_EQ(radius_of(points, found[0]), tightest_radius(points, in, size));
      std::set<Index> members;
      for (const std::vector<Index>& cluster : found) {
        ASSERT_EQ(cluster.size(), size);
        for (const Index point : cluster) {
          ASSERT_TRUE(in.contains(point)) << "was removed";
          ASSERT_TRUE(members.insert(point).second) << "is in two clusters";
        }
      }
      for (const std::vector<Index>& cluster : found) {
        in.erase(cluster.back());
        clusters.remove(cluster.back());
      }
    }
  }
}

TEST(NeighbourClusters, AreTheSameForAnyNumberOfThreads) {
  const PointSet points = uniform_points(3000, 3, 4);
  const auto sequence = [&] {
    NeighbourClusters clusters(points.coordinates, 3, 11);
    std::vector<std::vector<Index>> all;
    while (clusters.size() > 2000) {
      for (const std::vector<Index>& cluster : clusters.tightest(8)) {
        clusters.remove(cluster.back());
        all.push_back(cluster);
      }
    }
    return all;
  };
  const std::vector<std::vector<Index>> expected = with_threads(1, sequence);
  EXPECT_EQ(with_threads(2, sequence), expected);
  EXPECT_EQ(with_threads(8, sequence), expected);
}

TEST(NeighbourClusters, StopsWhenAsked) {
  const PointSet points = uniform_points(1000, 2, 5);
  std::stop_source source;
  NeighbourClusters clusters(points.coordinates, 2, 5, source.get_token());
  source.request_stop();
  EXPECT_THROW(clusters.tightest(1), Cancelled);
  EXPECT_THROW(NeighbourClusters(points.coordinates, 2, 5, source.get_token()), Cancelled);
}

}  // namespace
}  // namespace momentset::test
