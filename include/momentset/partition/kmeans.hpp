#pragma once

#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <vector>

#include "momentset/points.hpp"

namespace momentset {

struct KmeansOptions {
  std::size_t clusters = 1;   ///< 1 or more; more than points count as many as points
  int iterations = 10;        ///< assignments of all points, at least 1; fewer if nothing moves any more
  std::uint64_t seed = 0;     ///< of the first centres, a random subset of the points
  std::stop_token stop = {};  ///< asked to stop: throws Cancelled
};

/// Clusters as runs of a list: cluster c holds the points order[begins[c]] to order[begins[c + 1] - 1], ascending.
struct Clusters {
  std::vector<Index> order;
  std::vector<std::size_t> begins;

  std::size_t count() const { return begins.size() - 1; }
  std::size_t size(std::size_t c) const { return begins[c + 1] - begins[c]; }
};

/// Weighted k-means (Lloyd 1982): every point belongs to the nearest centre, every centre is the weighted mean of its
/// points. Assignments are exact, by a tree of the centres. Clusters that lose all points are left out at the end.
///
/// Runs in the caller's TBB arena; the result does not depend on its threads. O(iterations q m log L) operations in few
/// dimensions, O(iterations q m L) in many, for q points and L clusters.
Clusters kmeans(const WeightedPoints& points, const KmeansOptions& options);

}  // namespace momentset
