#pragma once

#include <span>
#include <vector>

#include "merge_equal.hpp"
#include "momentset/cells.hpp"
#include "momentset/compress.hpp"
#include "momentset/partition/kd_tree.hpp"
#include "momentset/points.hpp"
#include "stopwatch.hpp"

namespace momentset {

struct Survivor {
  Index row;
  double weight;
};

/// The survivors as points to work on, by number.
DistinctPoints as_points(std::vector<Survivor> survivors);

/// The weights of the points in the order of a partition. `rows` is the number of all points. O(q).
LargeVector<double> in_order_of(const Partition& partition, const DistinctPoints& distinct, std::size_t rows);

/// The bound of new weights that options.max_weight stands for; infinite where there is none.
double largest_weight(const DistinctPoints& distinct, const Plan& plan, const CompressOptions& options);

/// Reduces the distinct points to result.plan.size by the method asked for and returns the survivors, in any order.
/// Fewer only where weights vanish together whichever way the points are taken. Runs in the caller's TBB arena. Throws
/// Cancelled.
/// @param scale  one over the standard deviation of each column
/// @param result receives what was done: rounds_from, corrected_order, counts of cells, plan.cells if fewer are needed
/// @param tree   receives the cells in which the moments are kept; one where they are kept over all points
std::vector<Survivor> reduce_distinct(const WeightedPoints& points, const DistinctPoints& distinct,
                                      std::span<const double> scale, const CompressOptions& options,
                                      Stopwatch& stopwatch, Coreset& result, CellTree& tree);

}  // namespace momentset
