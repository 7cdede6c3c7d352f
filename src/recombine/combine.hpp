#pragma once

#include <cstddef>

#include "simd.hpp"

namespace momentset {

/// target += sum_k coefficients[k * stride] columns_k, k < terms, for columns of a matrix with leading dimension
/// `leading`: `count` entries of each.
MOMENTSET_LOOP void combine_loop(const double* columns, std::size_t leading, const double* coefficients,
                                 std::size_t stride, std::size_t terms, std::size_t count, double* target) {
  constexpr std::size_t strip = 4 * simd_lanes;
  std::size_t first = 0;
  for (; first + strip <= count; first += strip) {
    Lanes a = load(target + first), b = load(target + first + simd_lanes), c = load(target + first + 2 * simd_lanes),
          d = load(target + first + 3 * simd_lanes);
    const double* column = columns + first;
    for (std::size_t k = 0; k < terms; ++k, column += leading) {
      const Lanes coefficient = all_lanes(coefficients[k * stride]);
      a += coefficient * load(column);
      b += coefficient * load(column + simd_lanes);
      c += coefficient * load(column + 2 * simd_lanes);
      d += coefficient * load(column + 3 * simd_lanes);
    }
    store(a, target + first);
    store(b, target + first + simd_lanes);
    store(c, target + first + 2 * simd_lanes);
    store(d, target + first + 3 * simd_lanes);
  }
  for (; first + simd_lanes <= count; first += simd_lanes) {
    Lanes sum = load(target + first);
    for (std::size_t k = 0; k < terms; ++k) sum += coefficients[k * stride] * load(columns + k * leading + first);
    store(sum, target + first);
  }
  if (const std::size_t rest = count - first; rest > 0) {
    Lanes sum = load_some(target + first, rest);
    for (std::size_t k = 0; k < terms; ++k) {
      sum += coefficients[k * stride] * load_some(columns + k * leading + first, rest);
    }
    store_some(sum, rest, target + first);
  }
}

}  // namespace momentset
