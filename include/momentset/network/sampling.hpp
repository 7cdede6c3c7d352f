#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "momentset/points.hpp"

namespace momentset::network {

/// One row for each number u of [0, 1), row j with probability c_j / sum c where u is uniform: the mini-batches of
/// training on weighted rows without weights in the loss (paper 000, appendix D). O((d + uniforms) log d).
/// Throws Error unless weights are finite and >= 0 with a positive sum, and each u is in [0, 1).
std::vector<Index> proportional_sample(std::span<const double> weights, std::span<const double> uniforms);

/// `count` rows, ascending: row j count c_j / sum c times, rounded up or down, on average over u exactly so often. The
/// rows at u, u + 1, ... of `count` in the running sum of weights: systematic sampling (Madow 1949), whose sums of a
/// function of the rows scatter less than those of independent draws. Shuffle before making batches. O(d + count log
/// d).
/// @param u in [0, 1), uniform
/// Throws Error as above.
std::vector<Index> systematic_sample(std::span<const double> weights, std::size_t count, double u);

}  // namespace momentset::network
