#pragma once

#include <vector>

#include "merge_equal.hpp"
#include "momentset/points.hpp"

namespace momentset {

/// One over the weighted standard deviation of each column, over some of the points; 0 for a column without spread.
/// Runs in the caller's TBB arena; the result does not depend on its threads. O(q m).
std::vector<double> inverse_spreads(const WeightedPoints& points, const DistinctPoints& distinct);

}  // namespace momentset
