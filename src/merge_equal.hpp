#pragma once

#include <span>
#include <stop_token>
#include <vector>

#include "momentset/partition/large_vector.hpp"
#include "momentset/points.hpp"

namespace momentset {

/// Distinct points of positive weight: the first of each set of equal ones stands for all, with their weights summed.
struct DistinctPoints {
  LargeVector<Index> numbers;   ///< ascending
  LargeVector<double> weights;  ///< of numbers[k], > 0
};

/// Points whose coordinates are all equal (0 and -0 are) are merged; those of zero weight and those with `skip[i]` set
/// (skip may be empty) are left out. Sums are compensated. Runs in the caller's TBB arena; the result does not depend
/// on its threads. Throws Cancelled when asked to stop. O(q m).
/// @param groups number of each point's group: those of different groups are not merged; empty: there are none
DistinctPoints merge_equal(const WeightedPoints& points, const std::vector<bool>& skip,
                           const std::stop_token& stop = {}, std::span<const Index> groups = {});

}  // namespace momentset
