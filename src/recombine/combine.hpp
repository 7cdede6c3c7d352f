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

/// Rows [i, i + 4 vectors) of combine_four_loop(): sums stay in registers.
template <std::size_t vectors>
MOMENTSET_LOOP void combine_four_rows(const double* columns, std::size_t leading, const double* coefficients,
                                      std::size_t stride, std::size_t terms, std::size_t i,
                                      double* const targets[simd_lanes]) {
  Lanes sums[simd_lanes][vectors] = {};
#pragma GCC unroll 4
  for (std::size_t c = 0; c < simd_lanes; ++c) {
#pragma GCC unroll 2
    for (std::size_t v = 0; v < vectors; ++v) sums[c][v] = load(targets[c] + i + v * simd_lanes);
  }
  const double* column = columns + i;
  for (std::size_t k = 0; k < terms; ++k, column += leading) {
#pragma GCC unroll 4
    for (std::size_t c = 0; c < simd_lanes; ++c) {
#pragma GCC unroll 2
      for (std::size_t v = 0; v < vectors; ++v) {
        sums[c][v] += all_lanes(coefficients[c * stride + k]) * load(column + v * simd_lanes);
      }
    }
  }
#pragma GCC unroll 4
  for (std::size_t c = 0; c < simd_lanes; ++c) {
#pragma GCC unroll 2
    for (std::size_t v = 0; v < vectors; ++v) store(sums[c][v], targets[c] + i + v * simd_lanes);
  }
}

/// combine_loop() for four targets at once, coefficients[c * stride + k] columns_k to target c: every entry of the
/// columns is read once for all of them. Targets may stand several times, with equal coefficients.
MOMENTSET_LOOP void combine_four_loop(const double* columns, std::size_t leading, const double* coefficients,
                                      std::size_t stride, std::size_t terms, std::size_t count,
                                      double* const targets[simd_lanes]) {
  std::size_t i = 0;
  for (; i + 2 * simd_lanes <= count; i += 2 * simd_lanes) {
    combine_four_rows<2>(columns, leading, coefficients, stride, terms, i, targets);
  }
  for (; i + simd_lanes <= count; i += simd_lanes) {
    combine_four_rows<1>(columns, leading, coefficients, stride, terms, i, targets);
  }
  for (; i < count; ++i) {
    double sums[simd_lanes];
    for (std::size_t c = 0; c < simd_lanes; ++c) {
      sums[c] = targets[c][i];
      for (std::size_t k = 0; k < terms; ++k) sums[c] += coefficients[c * stride + k] * columns[k * leading + i];
    }
    for (std::size_t c = 0; c < simd_lanes; ++c) targets[c][i] = sums[c];
  }
}

}  // namespace momentset
