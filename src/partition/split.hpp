#pragma once

#include <stop_token>

#include "partition/rows.hpp"

namespace momentset {

/// What a split leaves of a node.
struct Halves {
  Box left, right;
  Index first_right = 0;  // the number of the first row on the right
};

/// Moves rows to as many other places: those that come first in the order of `precedes` with this axis to the first
/// `left` places, the others behind them; otherwise both keep their order. 0 < left < from.count.
Halves split(const Rows& from, const Rows& to, std::size_t axis, std::size_t left, const std::stop_token& stop);

}  // namespace momentset
