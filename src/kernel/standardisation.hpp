#pragma once

#include <cstddef>
#include <span>
#include <stop_token>
#include <vector>

#include "momentset/points.hpp"

namespace momentset::kernel {

/// Coordinates of points in units of `scale` from their weighted mean, in the columns that count.
struct Standardisation {
  std::vector<std::size_t> columns;  ///< those of positive scale
  std::vector<long double> centre;   ///< of these columns
  std::vector<double> scale;

  /// O(q m). Throws Cancelled.
  Standardisation(const WeightedPoints& points, std::span<const double> scale, const std::stop_token& stop);

  std::size_t dimension() const { return columns.size(); }

  /// z[0] to z[dimension() - 1] of one point. In long double: no difference of coordinates may overflow.
  void map(const double* x, double* z) const {
    for (std::size_t a = 0; a < columns.size(); ++a) z[a] = double((x[columns[a]] - centre[a]) * scale[a]);
  }
};

/// The sum of all weights. O(q).
long double mass_of(const WeightedPoints& points);

/// Points that one task adds up, so that there are at most some hundred tasks, whatever the threads.
inline std::size_t rows_of_a_block(std::size_t rows) { return rows / 256 > 4096 ? rows / 256 : 4096; }

}  // namespace momentset::kernel
