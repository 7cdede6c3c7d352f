#pragma once

#include <cstddef>
#include <span>
#include <stop_token>
#include <vector>

#include "momentset/cells.hpp"
#include "momentset/partition/large_vector.hpp"
#include "momentset/points.hpp"

namespace momentset {

/// A run of the partition's order with the number of points that are to survive in it.
struct Cell {
  std::size_t begin = 0, end = 0;  ///< positions in Partition::order
  std::size_t quota = 0;

  std::size_t size() const { return end - begin; }
};

struct Partition {
  LargeVector<Index> order;         ///< numbers of the points, cell by cell
  LargeVector<double> coordinates;  ///< the points in that order, row-major
  std::vector<Cell> cells;          ///< from left to right in the tree
  CellTree tree;
};

struct KdTreeOptions {
  std::size_t cells = 1;          ///< L >= 1
  std::size_t size = 1;           ///< points to survive in all, L to the number of points
  std::span<const double> scale;  ///< m factors: a side is its extent times the factor of its column
  std::stop_token stop = {};      ///< asked to stop: throws Cancelled
};

/// Balanced kd-tree over points: a node with L cells, q points and quota s cuts across the widest side of its
/// box and gives the left child L / 2 cells (rounded down) and the same share of points and quota, rounded down. So
/// every cell has size() / L points and quota / L survivors, rounded either way, and never more survivors than points.
///
/// `numbers` picks the points that take part, ascending; equal points are told apart by their numbers. Splits name
/// points of `points`. Runs in the caller's TBB arena; the result does not depend on its threads. O(q m log L)
/// operations, q (2 m + 1) doubles.
Partition kd_tree(const WeightedPoints& points, std::span<const Index> numbers, const KdTreeOptions& options);

}  // namespace momentset
