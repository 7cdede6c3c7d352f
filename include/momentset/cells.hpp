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

/// A kd-tree whose cuts are numbers, in preorder: it says to which cell any point belongs, without the points of which
/// it was made.
struct CutTree {
  struct Node {
    std::uint32_t axis = 0;   ///< of a leaf: the number of its cell, counted from the left
    std::uint32_t right = 0;  ///< the right child; the left one follows the node. 0: a leaf
    double cut = 0;           ///< points with a smaller coordinate go left

    bool operator==(const Node&) const = default;
  };

  std::vector<Node> nodes = std::vector<Node>(1);  ///< one cell for everything

  std::size_t cells() const { return nodes.size() / 2 + 1; }
  /// Whether the nodes are those of a tree in m columns, in preorder, with cells numbered from left to right: what
  /// find() takes for granted.
  bool is_sound(std::size_t dimension) const;
  /// O(log cells).
  std::size_t find(const double* x) const {
    Index cell = 0;
    find({x, 1, 1}, &cell);
    return cell;
  }
  /// A run of points in memory, `stride` numbers from one to the next.
  struct Run {
    const double* first;
    std::size_t count, stride;
  };
  /// The cell of each point to cells[0] on. Some go down side by side: one alone would wait for memory at each node.
  void find(const Run& points, Index* cells) const {
    constexpr std::size_t together = 8;
    std::size_t k = 0;
    for (; k + together <= points.count; k += together) find_some<together>(points, k, cells);
    for (; k < points.count; ++k) find_some<1>(points, k, cells);
  }

 private:
  template <std::size_t together>
  void find_some(const Run& points, std::size_t first, Index* cells) const {
    const double* x = points.first + first * points.stride;
    std::uint32_t at[together] = {};
    for (bool inside = true; inside;) {
      inside = false;
      for (std::size_t k = 0; k < together; ++k) {
        const Node& node = nodes[at[k]];
        // Without a branch: half of them would be guessed wrongly. All ones where there is a way down, and to the left.
        const std::uint32_t down = -std::uint32_t(node.right != 0);
        const std::uint32_t left = -std::uint32_t(x[k * points.stride + (down & node.axis)] < node.cut);
        const std::uint32_t child = (left & (at[k] + 1)) | (~left & node.right);
        at[k] = (down & child) | (~down & at[k]);
        inside |= down != 0;
      }
    }
    for (std::size_t k = 0; k < together; ++k) cells[first + k] = nodes[at[k]].axis;
  }
};

}  // namespace momentset
