#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "momentset/points.hpp"
#include "parts.hpp"

namespace momentset {

/// What a group asks for: a share in proportion to its claim, within bounds.
struct Demand {
  double claim = 0;  ///< 0 or more
  std::size_t least = 0, most = 0;
};

/// Whole numbers that sum to `size`, which lies between the sums of the least and of the most: in proportion to the
/// claims where the bounds allow it, the largest remainders rounded up. Of equal remainders the first.
std::vector<std::size_t> shares(std::size_t size, std::span<const Demand> demands);

/// Sets part.request.size of each part, the groups of the options; see GroupSizes. Where a size is not below the
/// points, all get what they have. Throws Error where it is below what the groups need, naming a size that is not.
/// Runs in the caller's TBB arena; the result does not depend on its threads. O(q m).
void share_out(const WeightedPoints& points, std::vector<Part>& parts, const CompressOptions& options);

}  // namespace momentset
