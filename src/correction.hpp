#pragma once

#include <span>
#include <vector>

#include "merge_equal.hpp"
#include "momentset/compress.hpp"
#include "momentset/points.hpp"

namespace momentset {

/// What a correction did.
struct Correction {
  int order = 0;              ///< highest order of the moments that are kept over all points
  double largest_change = 0;  ///< of a weight, relative to what it was
};

/// Changes the weights of rows that survived, as little as it takes, so that over all points moments of higher orders
/// are kept too. How many orders is decided by the error on test functions; none where that gains nothing, or where a
/// weight would have to lose nine tenths of itself or become three times as large. Moments inside the cells change by
/// as little as the weights do.
///
/// The weights of s = 4 n survivors, evenly spread, or of all become c (1 + z), with the least sum c z^2: z = Phi^T
/// lambda with (Phi C Phi^T) lambda = r, for the n features Phi at these survivors, their weights C and the moments r
/// that are missing. Runs in the caller's TBB arena; the result does not depend on its threads. Throws Cancelled.
/// O(q n + s n^2) operations and 2 s n + n^2 doubles, for n up to half of the survivors, as many as 0.6 % of the effort
/// allow, and s n <= 2e7. Nothing is done where that reaches no order above 1.5 K.
/// @param scale    one over the standard deviation of each column
/// @param order    K, which the weights keep already
/// @param weights  of the rows; changed
Correction correct(const WeightedPoints& points, const DistinctPoints& distinct, std::span<const double> scale,
                   std::span<const Index> rows, std::span<double> weights, int order, const CompressOptions& options);

/// Bytes that correct() takes beyond the points and weights, for so many rows and survivors; 0 where it does nothing.
double correction_memory(std::size_t dimension, std::size_t rows, std::size_t survivors, int order,
                         const CompressOptions& options);

}  // namespace momentset
