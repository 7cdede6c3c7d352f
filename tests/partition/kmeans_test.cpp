#include "momentset/partition/kmeans.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <stop_token>

#include "momentset/error.hpp"
#include "support/point_cases.hpp"
#include "support/random.hpp"
#include "support/threads.hpp"

namespace momentset::test {
namespace {

std::vector<double> mean_of(const WeightedPoints& points, const Clusters& clusters, std::size_t c) {
  std::vector<double> mean(points.dimension);
  double mass = 0;
  for (std::size_t k = clusters.begins[c]; k < clusters.begins[c + 1]; ++k) {
    const Index i = clusters.order[k];
    mass += points.weight(i);
    for (std::size_t a = 0; a < mean.size(); ++a) mean[a] += points.weight(i) * points.point(i)[a];
  }
  for (double& value : mean) value /= mass;
  return mean;
}

double squared_distance(const double* a, const double* b, std::size_t m) {
  double sum = 0;
  for (std::size_t j = 0; j < m; ++j) sum += (a[j] - b[j]) * (a[j] - b[j]);
  return sum;
}

/// Weighted sum of squared distances to the clusters' means, which k-means makes smaller.
double inertia(const WeightedPoints& points, const Clusters& clusters) {
  double sum = 0;
  for (std::size_t c = 0; c < clusters.count(); ++c) {
    const std::vector<double> mean = mean_of(points, clusters, c);
    for (std::size_t k = clusters.begins[c]; k < clusters.begins[c + 1]; ++k) {
      const Index i = clusters.order[k];
      sum += points.weight(i) * squared_distance(points.point(i), mean.data(), points.dimension);
    }
  }
  return sum;
}

void expect_every_point_once(const Clusters& clusters, std::size_t count) {
  ASSERT_EQ(clusters.begins.front(), 0u);
  ASSERT_EQ(clusters.begins.back(), count);
  std::vector<Index> sorted = clusters.order, expected(count);
  std::sort(sorted.begin(), sorted.end());
  std::iota(expected.begin(), expected.end(), Index{0});
  EXPECT_EQ(sorted, expected);
  for (std::size_t c = 0; c < clusters.count(); ++c) {
    EXPECT_GT(clusters.size(c), 0u);
    EXPECT_TRUE(
        std::is_sorted(clusters.order.begin() + clusters.begins[c], clusters.order.begin() + clusters.begins[c + 1]));
  }
}

TEST(Kmeans, HoldsEveryPointOnce) {
  for (const PointSet& points : {uniform_points(1000, 3, 1), uniform_points(500, 1, 2), grid_points(9, 2, 3)}) {
    for (const std::size_t clusters : {1u, 2u, 17u, 81u}) {
      const Clusters found = kmeans(points.view(), {.clusters = clusters});
      expect_every_point_once(found, points.view().size());
      EXPECT_LE(found.count(), clusters);
    }
  }
  const PointSet few = uniform_points(5, 2, 4);
  EXPECT_EQ(kmeans(few.view(), {.clusters = 100}).count(), 5u);
}

// Run to the end, Lloyd's iteration stops where every point is nearest to the mean of its own cluster.
TEST(Kmeans, EndsWhereEveryPointIsNearestToItsOwnMean) {
  PointSet points = uniform_points(600, 2, 5);
  Random random(6);
  points.weights = weights_over_decades(random, 600, -2, 2);
  const Clusters clusters = kmeans(points.view(), {.clusters = 12, .iterations = 10'000});
  std::vector<std::vector<double>> means;
  for (std::size_t c = 0; c < clusters.count(); ++c) means.push_back(mean_of(points.view(), clusters, c));
  for (std::size_t c = 0; c < clusters.count(); ++c) {
    for (std::size_t k = clusters.begins[c]; k < clusters.begins[c + 1]; ++k) {
      const double* x = points.view().point(clusters.order[k]);
      for (const std::vector<double>& mean : means) {
        EXPECT_LE(squared_distance(x, means[c].data(), 2), squared_distance(x, mean.data(), 2) * (1 + 1e-12));
      }
    }
  }
}

TEST(Kmeans, MoreIterationsAreNoWorse) {
  const PointSet points = uniform_points(4000, 3, 7);
  double before = inertia(points.view(), kmeans(points.view(), {.clusters = 60, .iterations = 1}));
  for (const int iterations : {2, 4, 8, 32}) {
    const double now = inertia(points.view(), kmeans(points.view(), {.clusters = 60, .iterations = iterations}));
    EXPECT_LT(now, before);
    before = now;
  }
}

TEST(Kmeans, SeparatesWhatLiesFarApart) {
  PointSet points{{}, {}, 1};
  for (int i = 0; i < 100; ++i) points.coordinates.push_back(i % 2 == 0 ? i * 1e-3 : 1000 + i * 1e-3);
  const Clusters clusters = kmeans(points.view(), {.clusters = 2, .iterations = 100});
  ASSERT_EQ(clusters.count(), 2u);
  for (std::size_t c = 0; c < 2; ++c) {
    EXPECT_EQ(clusters.size(c), 50u);
    for (std::size_t k = clusters.begins[c]; k < clusters.begins[c + 1]; ++k) {
      EXPECT_EQ(clusters.order[k] % 2, clusters.order[clusters.begins[c]] % 2);
    }
  }
}

TEST(Kmeans, IsTheSameForAnyNumberOfThreadsAndFollowsTheSeed) {
  const PointSet points = uniform_points(20'000, 3, 8);
  const auto found = [&](std::uint64_t seed) { return kmeans(points.view(), {.clusters = 300, .seed = seed}); };
  const Clusters expected = with_threads(1, [&] { return found(1); });
  for (const int threads : {2, 8}) {
    const Clusters again = with_threads(threads, [&] { return found(1); });
    EXPECT_EQ(again.order, expected.order);
    EXPECT_EQ(again.begins, expected.begins);
  }
  EXPECT_NE(found(2).order, expected.order);
}

TEST(Kmeans, StopsWhenAsked) {
  std::stop_source source;
  source.request_stop();
  const PointSet points = uniform_points(1000, 2, 9);
  EXPECT_THROW(kmeans(points.view(), {.clusters = 10, .stop = source.get_token()}), Cancelled);
}

}  // namespace
}  // namespace momentset::test
