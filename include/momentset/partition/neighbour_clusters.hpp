#pragma once

#include <cstddef>
#include <span>
#include <stop_token>
#include <vector>

#include "momentset/partition/neighbour_tree.hpp"
#include "momentset/points.hpp"

namespace momentset {

/// The clusters that a point forms with its s - 1 nearest neighbours, for every point of a set from which points are
/// removed one by one, the tightest ones first. A cluster's radius is the distance from its centre to its farthest
/// member, which is between half its diameter and its diameter.
///
/// Without a point a cluster can only grow. So the radius that was found for it once stays a lower bound, and nothing
/// has to be done for the clusters that a removed point belonged to until they come up again. Half as many neighbours
/// again as a cluster has are found at once and stand in for members that are gone. Memory: 6 s bytes for each centre,
/// beside the points and their tree.
class NeighbourClusters {
 public:
  /// @param coordinates  q x m, row-major, finite; copied. q >= cluster_size
  /// @param dimension    m >= 1
  /// @param cluster_size s >= 1
  /// @param every        1: every point is a centre, as said above. k: every k-th one, which takes a k-th of the time;
  ///                     all others come in when no centre is left
  /// Runs in the caller's TBB arena, as tightest() does; results do not depend on its threads. Throws Cancelled.
  NeighbourClusters(std::span<const double> coordinates, std::size_t dimension, std::size_t cluster_size,
                    std::stop_token stop = {}, std::size_t every = 1);

  std::size_t size() const { return tree_.size(); }  ///< points that are left

  /// Takes a point out; it must be in. O(log q).
  void remove(Index point) { tree_.remove(point); }

  /// At least one and at most `most` clusters without common points: the tightest of all comes first, each further one
  /// is the tightest of those that share nothing with the ones before it. Fewer than `most` where more than 8 `most`
  /// would have to be looked at. Needs size() >= cluster_size and most >= 1. Throws Cancelled.
  std::vector<std::vector<Index>> tightest(std::size_t most);

 private:
  struct Centre {
    double squared_radius = 0;  // or less
    Index point = 0;
    bool operator>(const Centre& other) const {
      return squared_radius > other.squared_radius || (squared_radius == other.squared_radius && point > other.point);
    }
  };

  void wait_for_centres(std::size_t every);
  std::vector<Centre> next_centres(std::size_t most);
  void measure(std::vector<Centre>& centres);
  void find(const double* x, std::vector<Index>& near) const;

  std::size_t cluster_size_;
  std::stop_token stop_;
  std::vector<double> coordinates_;
  NeighbourTree tree_;
  std::size_t every_ = 1;
  std::vector<std::vector<Index>> near_;  // by centre: its nearest points when last found, the nearest first
  std::vector<Centre> waiting_;           // a heap, the tightest on top
  std::vector<unsigned char> taken_;      // scratch of tightest(): by point
};

}  // namespace momentset
