#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "momentset/points.hpp"

namespace momentset::kernel {

/// Some of the points, with the shares of the mass that they stand for.
struct Sample {
  std::vector<Index> rows;     ///< in random order, but heavy points rather first
  std::vector<double> shares;  ///< sum to 1
};

/// `count` different points of positive weight, or all of them: those with the largest priorities c_i / u_i, u_i
/// uniform in (0, 1]. With tau the next priority, max(c_i, tau) are unbiased weights for any sum (Duffield, Lund and
/// Thorup, J. ACM 54(6), 2007). Equal weights make it a random subset. O(q + count log count).
Sample priority_sample(const WeightedPoints& points, std::size_t count, std::uint64_t seed);

/// For each column that counts the points of positive weight at its ends. O(q m).
std::vector<Index> ends_of_columns(const WeightedPoints& points, const std::vector<std::size_t>& columns);
/// The same for the columns of companions. O(q p).
std::vector<Index> ends_of_columns(const WeightedPoints& points, const Companions& companions);

}  // namespace momentset::kernel
