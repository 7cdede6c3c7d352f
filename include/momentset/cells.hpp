#pragma once

#include <cstddef>
#include <limits>
#include <vector>

#include "momentset/points.hpp"

namespace momentset {

/// True if a comes before b in the order that starts with coordinate `axis` and breaks ties with the following
/// coordinates, cyclically. Total on distinct points, so a split never depends on how equal keys were arranged.
inline bool precedes(const double* a, const double* b, std::size_t axis, std::size_t dimension) {
  for (std::size_t k = 0, j = axis; k < dimension; ++k, j = (j + 1 == dimension ? 0 : j + 1)) {
    if (a[j] != b[j]) return a[j] < b[j];
  }
  return false;
}

/// A binary tree of L cells, kept as its L - 1 splits in preorder. The shape is implied: a node with L > 1 cells
/// gives L / 2 (rounded down) to its left child and the rest to its right child, so the left child's splits follow
/// the node's at once and the right child's start L / 2 places after the node. Cells are numbered from left to right.
///
/// A split names one of the points by number: points that precede it (see `precedes`) go left, as do those that are
/// equal to it and have a lower number; it and all others go right. With the points at hand this rebuilds every cell
/// exactly.
struct CellTree {
  struct Split {
    std::uint32_t axis = 0;  ///< coordinate compared first
    Index point = 0;         ///< number of the separating point
  };

  std::size_t cells = 1;      ///< L >= 1
  std::vector<Split> splits;  ///< L - 1, in preorder

  /// The cell of x (m coordinates), point number `number` if it is one; `points` are the points that the splits name.
  /// O(m log L).
  std::size_t locate(const double* x, const WeightedPoints& points,
                     Index number = std::numeric_limits<Index>::max()) const {
    std::size_t node = 0, first = 0, count = cells;
    while (count > 1) {
      const Split& split = splits[node];
      const std::size_t left = count / 2;
      const double* separating = points.point(split.point);
      if (precedes(x, separating, split.axis, points.dimension) ||
          (number < split.point && !precedes(separating, x, split.axis, points.dimension))) {
        node += 1;
        count = left;
      } else {
        node += left;
        first += left;
        count -= left;
      }
    }
    return first;
  }
};

}  // namespace momentset
