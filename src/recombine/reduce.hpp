#pragma once

#include <span>
#include <vector>

#include "momentset/recombine.hpp"
#include "recombine/pulse.hpp"

namespace momentset {

/// The rows still alive, ascending, and their weights > 0.
struct Survivors {
  std::vector<Index> rows;
  std::vector<double> weights;

  std::size_t size() const { return rows.size(); }
  /// Drops the rows whose weight is zero.
  void drop_weightless();
};

/// What a reduction found out on its way.
struct Reduced {
  std::vector<double> moments;  ///< of the rows at first; empty if nothing had to be dropped
  std::size_t rank = 0;         ///< see recombine()
};

/// Halves the number of rows by recombining the means of groups of them, until `target` rows are left or the rank.
Reduced reduce_by_halves(const FeatureRows& rows, Survivors& alive, std::size_t target, Pulse& pulse);

/// Drops rows one by one inside the box 0 <= weight <= bound, until `target` are left or no more than the rank are
/// strictly inside. bounds: one for each row alive, not below its weight.
Reduced reduce_in_box(const FeatureRows& rows, Survivors& alive, std::span<const double> bounds, std::size_t target,
                      Pulse& pulse);

}  // namespace momentset
