#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "merge_equal.hpp"
#include "momentset/compress.hpp"
#include "momentset/points.hpp"

namespace momentset {

/// Operations that an effort allows for so many points.
double allowed_operations(Effort effort, std::size_t rows);

/// What compress() would do to the points at each order that fits the size and the effort, ascending; only the stated
/// order if there is one. Each order is tried on a few of its cells: a few thousand points, with their neighbours,
/// taken from a sample of 4 points for each one to be kept. The errors that cells make of the means of test functions
/// are independent, so those of some cells tell that of all. Where a trial would cost more than a tenth of the effort,
/// the errors of the last orders are continued.
///
/// Runs in the caller's TBB arena; the result does not depend on its threads. Throws Cancelled. O(q + size m log size)
/// beside the trials, which together cost about a fifth of the effort at most.
/// @param scale  one over the standard deviation of each column
/// @param options size set; keep_rows distinct
std::vector<OrderTrial> try_orders(const WeightedPoints& points, const DistinctPoints& distinct,
                                   std::span<const double> scale, const CompressOptions& options);

/// The cheapest trial whose error, typical or largest, differs from the smallest by no more than the trials' scatter.
/// Orders that were not tried must promise clearly more than those that were.
const OrderTrial& best_of(const std::vector<OrderTrial>& trials, double OrderTrial::*error);

}  // namespace momentset
