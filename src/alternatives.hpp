#pragma once

#include <span>
#include <vector>

#include "reduction.hpp"

namespace momentset {

/// Whether the moments of the order chosen promise too little for them to be taken untested: more than 3 % of the error
/// of random rows, 1 / sqrt(size), in more than five columns. Kernel exchange reaches that at best. Below six columns
/// orders high enough fit nearly every size. Features that were asked for are not put in doubt, nor what only cells do: a bound of the weights, new
/// targets.
bool in_doubt(const Coreset& result, const CompressOptions& options);

/// The best of four ways to keep as many rows, by the typical error on test functions over all points: the survivors
/// found by moments, kernel exchange (where the effort allows for it), one random row of each of `size` cells of a
/// kd-tree with the cell's mass, and random rows (by priority sampling, where weights differ). Where companions are to
/// be kept, which the last two do not, it is the better of the first two, also on functions times these. The functions
/// are drawn from another seed than those of the trials and of the certificate, so that the certificate judges by
/// functions that played no part. Runs in the caller's TBB arena; the result does not depend on its threads. Throws
/// Cancelled.
/// @param result receives `alternatives`, and what the way taken says of itself
/// @param tree   receives the cells in which moments are kept
std::vector<Survivor> best_alternative(const WeightedPoints& points, const DistinctPoints& distinct,
                                       std::span<const double> scale, const CompressOptions& options,
                                       std::vector<Survivor> by_moments, Stopwatch& stopwatch, Coreset& result,
                                       CellTree& tree);

}  // namespace momentset
