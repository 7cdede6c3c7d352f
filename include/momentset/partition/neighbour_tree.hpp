#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "momentset/points.hpp"

namespace momentset {

struct Neighbour {
  double squared_distance = 0;
  Index point = 0;

  bool operator==(const Neighbour&) const = default;
  /// Nearer first; equally near ones by number. Distances are never NaN, which a defaulted <=> would look for.
  bool operator<(const Neighbour& other) const {
    return squared_distance < other.squared_distance ||
           (squared_distance == other.squared_distance && point < other.point);
  }
};

/// Exact nearest neighbours among points that can be removed one by one: a kd-tree whose nodes count what is left below
/// them. Queries may run at the same time as each other, not as remove().
class NeighbourTree {
 public:
  /// @param coordinates q x m, row-major, finite; copied. q >= 1
  /// @param dimension   m >= 1
  /// O(q m log q).
  NeighbourTree(std::span<const double> coordinates, std::size_t dimension);

  std::size_t size() const { return nodes_[0].left; }                   ///< points that are left
  bool contains(Index point) const { return in_[place_[point]] != 0; }  ///< whether it is left

  /// Takes a point out; it must be in. O(log q).
  void remove(Index point);

  /// The min(count, size()) nearest points to x (m coordinates), in no particular order but fixed by the points alone;
  /// the farthest comes first. The buffer is reused. About O(log q + count) node visits in few dimensions, all of them
  /// in many.
  void nearest(const double* x, std::size_t count, std::vector<Neighbour>& found) const;

  /// The nearest point to x. `guess` is a point that is in and likely near: a good one saves time, any gives the same
  /// result.
  Neighbour nearest(const double* x, Index guess) const;

 private:
  struct Node {
    Index begin = 0, end = 0;  // places in order_
    Index right = 0;           // number of the right child, 0 for a leaf; the left one follows at once
    Index left = 0;            // points left of those
  };

  Index build(Index begin, Index end, std::span<const double> coordinates);
  template <class Visitor>
  void search(const double* x, Visitor& visitor) const;
  /// Visits what may be nearer than `reach()` allows, near children first. Columns: their number where it is known to
  /// the compiler.
  template <class Columns, class Visitor>
  void search(Columns columns, Index node, double to_box, const double* x, Visitor& visitor) const;

  std::size_t dimension_;
  std::vector<Index> order_, place_;  // point at each place, and back
  std::vector<double> coordinates_;   // by place
  std::vector<unsigned char> in_;     // by place
  std::vector<Node> nodes_;           // preorder
  std::vector<double> boxes_;         // 2 m for each node: lowest, highest corner
};

}  // namespace momentset
