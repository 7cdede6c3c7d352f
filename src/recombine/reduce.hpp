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
  std::vector<std::size_t> counts = {};  ///< how many rows each of them stands for; empty: one

  std::size_t size() const { return rows.size(); }
  /// For how many rows those from `begin` to before `end` stand.
  std::size_t rows_in(std::size_t begin, std::size_t end) const;
  void move(std::size_t from, std::size_t to);
  void resize(std::size_t size);
  /// Drops the rows whose weight is zero.
  void drop_weightless();
};

/// What a reduction found out on its way.
struct Reduced {
  std::vector<double> moments;  ///< of the rows at first; empty if nothing had to be dropped
  std::size_t rank = 0;         ///< see recombine()
};

/// Means of so many groups for each feature are evaluated at once where there are many rows, and halved among
/// themselves: most rows are evaluated once.
inline constexpr std::size_t groups_per_feature = 8;

/// Whether there are rows enough for that, of n features each.
constexpr bool has_many_rows(std::size_t rows, std::size_t n, std::size_t target) {
  return rows / (8 * groups_per_feature) >= n && rows / (2 * groups_per_feature) >= target;
}

/// Halves the number of rows by recombining the means of groups of them, until `target` rows are left or the rank.
Reduced reduce_by_halves(const FeatureRows& rows, Survivors& alive, std::size_t target, Pulse& pulse);

/// Drops rows one by one inside the box 0 <= weight <= bound, until `target` are left or no more than the rank are
/// strictly inside. bounds: one for each row alive, not below its weight.
Reduced reduce_in_box(const FeatureRows& rows, Survivors& alive, std::span<const double> bounds, std::size_t target,
                      Pulse& pulse);

}  // namespace momentset
