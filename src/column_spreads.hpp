#pragma once

#include <vector>

#include "merge_equal.hpp"
#include "momentset/compress.hpp"
#include "momentset/points.hpp"

namespace momentset {

/// One over the weighted standard deviation of each column, over some of the points; 0 for a column without spread.
/// Runs in the caller's TBB arena; the result does not depend on its threads. O(q m).
std::vector<double> inverse_spreads(const WeightedPoints& points, const DistinctPoints& distinct);

/// What the coordinates are multiplied by before cells are formed: see Scale and CompressOptions::column_weights; 0 for
/// a column without spread. In the caller's TBB arena as above. O(q m), robust O(q m log q).
std::vector<double> column_factors(const WeightedPoints& points, const DistinctPoints& distinct,
                                   const CompressOptions& options);

}  // namespace momentset
