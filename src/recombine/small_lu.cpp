#include "recombine/small_lu.hpp"

#include <algorithm>
#include <utility>

#include "recombine/combine.hpp"

namespace momentset {
namespace {

constexpr std::size_t panel_columns = 8;

/// The first place, from `first` on, of the largest magnitude of a column of p entries.
MOMENTSET_LOOP std::size_t pivot_row(const double* column, std::size_t first, std::size_t p) {
  const double largest = largest_magnitude(column + first, p - first);
  for (std::size_t i = first; i < p; ++i) {
    if (column[i] == largest || column[i] == -largest) return i;
  }
  return first;  // not numbers
}

/// Divides what is below the pivot by it.
MOMENTSET_LOOP void scale_by_pivot(double* column, std::size_t count) {
  const double pivot = column[0], inverse = 1 / pivot;
  const bool tiny = pivot < 0x1p-1000 && -pivot < 0x1p-1000;  // the inverse would overflow
  for (std::size_t i = 1; i < count; ++i) column[i] = tiny ? column[i] / pivot : column[i] * inverse;
}

/// Brings a column up to date with `width` columns that start in the same row: L^-1 in its first rows, then the `below`
/// rows under these.
MOMENTSET_LOOP void follow(const double* panel, std::size_t p, std::size_t width, std::size_t below, double* column) {
  double top[panel_columns] = {};
  for (std::size_t i = 0; i < width; ++i) top[i] = column[i];
#pragma GCC unroll 8
  for (std::size_t j = 0; j + 1 < panel_columns; ++j) {
    if (j + 1 >= width) break;
#pragma GCC unroll 8
    for (std::size_t i = j + 1; i < panel_columns; ++i) {
      if (i < width) top[i] -= panel[j * p + i] * top[j];
    }
  }
  for (std::size_t i = 0; i < width; ++i) {
    column[i] = top[i];
    top[i] = -top[i];
  }
  combine_loop(panel + width, p, top, 1, width, below, column + width);
}

MOMENTSET_LOOP void factorise_loop(double* matrix, std::size_t p, std::size_t n, std::size_t* swaps) {
  for (std::size_t k = 0; k < n; k += panel_columns) {
    const std::size_t width = n - k < panel_columns ? n - k : panel_columns, next = k + width;
    double* const panel = matrix + k * p + k;
    for (std::size_t j = 0; j < width; ++j) {
      double* const column = panel + j * p;
      if (j > 0) follow(panel, p, j, p - k - j, column);
      const std::size_t pivot = pivot_row(column, j, p - k);
      swaps[k + j] = k + pivot;
      if (column[pivot] == 0) continue;
      for (std::size_t f = 0; f < width; ++f) std::swap(panel[f * p + j], panel[f * p + pivot]);
      scale_by_pivot(column + j, p - k - j);
    }
    for (std::size_t f = 0; f < n; ++f) {
      if (f >= k && f < next) continue;
      double* const column = matrix + f * p;
      for (std::size_t j = k; j < next; ++j) std::swap(column[j], column[swaps[j]]);
      if (f >= next) follow(panel, p, width, p - next, column + k);
    }
  }
}
MOMENTSET_SIMD(void, factorise, factorise_loop, (double* matrix, std::size_t p, std::size_t n, std::size_t* swaps),
               (matrix, p, n, swaps))

MOMENTSET_LOOP void divide_loop(double* rows, std::size_t count, const double* lower, std::size_t r,
                                std::size_t leading) {
  double negative[small_lu_columns];
  for (std::size_t j = r; j-- > 0;) {
    const std::size_t terms = r - j - 1;
    for (std::size_t k = 0; k < terms; ++k) negative[k] = -lower[j * leading + j + 1 + k];
    combine_loop(rows + (j + 1) * count, count, negative, 1, terms, count, rows + j * count);
  }
}
MOMENTSET_SIMD(void, divide, divide_loop,
               (double* rows, std::size_t count, const double* lower, std::size_t r, std::size_t leading),
               (rows, count, lower, r, leading))

}  // namespace

std::vector<std::size_t> factorise_small_lu(double* matrix, std::size_t p, std::size_t n) {
  std::vector<std::size_t> swaps(n);
  factorise(matrix, p, n, swaps.data());
  return swaps;
}

void divide_by_small_lower(double* rows, std::size_t count, const double* lower, std::size_t r, std::size_t leading) {
  divide(rows, count, lower, r, leading);
}

}  // namespace momentset
