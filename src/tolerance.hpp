#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "merge_equal.hpp"
#include "momentset/compress.hpp"
#include "momentset/points.hpp"
#include "reduction.hpp"

namespace momentset {

/// The smallest size, to about a tenth, at which a trial (see try_orders) expects no family of test functions to err by
/// more than options.tolerance; the number of points if there is none. `trials` receives those at this size. Each size
/// asked about costs trials of a few cells, never a compression. Throws Error where the size would have to be below the
/// rows to keep; Cancelled.
std::size_t size_for_tolerance(const WeightedPoints& points, const DistinctPoints& distinct,
                               std::span<const double> scale, const CompressOptions& options,
                               std::vector<OrderTrial>& trials);

/// Largest error over the families that count for the smoothness, in units of their spread, of weighted rows that stand
/// for the distinct points; by other functions than the trials'. O(q m).
/// @param targets of the survivors, row-major, where companions may change: see relabel()
double achieved_error(const WeightedPoints& points, const DistinctPoints& distinct, std::span<const double> scale,
                      std::span<const Survivor> survivors, std::span<const double> targets,
                      const CompressOptions& options);

/// A size at which the tolerance can be expected after an error above it at this size: the error falls with the size to
/// the power (K + 1) / m + 1/2 (paper 000, Fig. 2).
std::size_t enlarged(std::size_t size, double error, double tolerance, const Plan& plan);

}  // namespace momentset
