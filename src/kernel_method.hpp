#pragma once

#include <span>
#include <vector>

#include "reduction.hpp"

namespace momentset {

/// Reduces the distinct points to result.plan.size by kernel_exchange(), in each of plan.cells cells of a kd-tree. Runs
/// in the caller's TBB arena; the result does not depend on its threads. Throws Cancelled.
/// @param result receives by_kernel, counts of cells, and in plan and notices a lower order where a cell found no
///               weights for the one planned
/// @param tree   receives the cells
std::vector<Survivor> reduce_by_kernel(const WeightedPoints& points, const DistinctPoints& distinct,
                                       std::span<const double> scale, const CompressOptions& options,
                                       Stopwatch& stopwatch, Coreset& result, CellTree& tree);

}  // namespace momentset
