#include "recombine/small_lu.hpp"

#include <algorithm>
#include <utility>

#include "recombine/combine.hpp"

namespace momentset {
namespace {

constexpr std::size_t panel_columns = simd_lanes;  // combine_four_loop() takes a panel's columns up to date together

/// The first place of the largest magnitude of a column that is shown in order, four rows at a time; the first one of
/// all where there are only zeros, or numbers that are none.
class PivotSearch {
 public:
  __attribute__((always_inline)) explicit PivotSearch(std::size_t first)
      : place_(all_lanes(double(first))), places_(Lanes{0, 1, 2, 3} + double(first)) {}

  __attribute__((always_inline)) void see(Lanes entries) {
    const Lanes size = absolute(entries);
    place_ = size > largest_ ? places_ : place_;
    largest_ = size > largest_ ? size : largest_;
    places_ += double(simd_lanes);
  }

  __attribute__((always_inline)) std::size_t row() const {
    double size = largest_[0], row = place_[0];
    for (std::size_t l = 1; l < simd_lanes; ++l) {
      const bool better = largest_[l] > size || (largest_[l] == size && place_[l] < row);
      size = better ? largest_[l] : size;
      row = better ? place_[l] : row;
    }
    return std::size_t(row);
  }

 private:
  Lanes largest_ = {}, place_, places_;
};

MOMENTSET_LOOP std::size_t pivot_row(const double* column, std::size_t rows) {
  PivotSearch search(0);
  std::size_t i = 0;
  for (; i + simd_lanes <= rows; i += simd_lanes) search.see(load(column + i));
  if (i < rows) search.see(load_some(column + i, rows - i));
  return search.row();
}

/// Divides what is below a pivot in row j by it and takes that out of the `others` columns to the right, in one pass.
/// Returns the row of the next column's pivot.
template <std::size_t others>
MOMENTSET_LOOP std::size_t eliminate(double* column, std::size_t p, std::size_t j, std::size_t rows) {
  const double pivot = column[j];
  double inverse = 1 / pivot;
  if (pivot < 0x1p-1000 && -pivot < 0x1p-1000) {  // the inverse would overflow
    for (std::size_t i = j + 1; i < rows; ++i) column[i] /= pivot;
    inverse = 1;
  }
  Lanes factors[others + 1] = {};
  for (std::size_t f = 1; f <= others; ++f) factors[f] = all_lanes(column[f * p + j]);
  PivotSearch search(j + 1);
  const auto step = [&](std::size_t i, std::size_t count) __attribute__((always_inline)) {
    const auto load_rows = [=](const double* from) __attribute__((always_inline)) {
      return count == simd_lanes ? load(from + i) : load_some(from + i, count);
    };
    const auto store_rows = [=](Lanes lanes, double* to) __attribute__((always_inline)) {
      count == simd_lanes ? store(lanes, to + i) : store_some(lanes, count, to + i);
    };
    const Lanes quotients = load_rows(column) * inverse;
    store_rows(quotients, column);
    for (std::size_t f = 1; f <= others; ++f) {
      const Lanes left = load_rows(column + f * p) - factors[f] * quotients;
      store_rows(left, column + f * p);
      if (f == 1) search.see(left);
    }
  };
  std::size_t i = j + 1;
  for (; i + simd_lanes <= rows; i += simd_lanes) step(i, simd_lanes);
  if (i < rows) step(i, rows - i);
  return search.row();
}

MOMENTSET_LOOP std::size_t eliminate(double* column, std::size_t p, std::size_t others, std::size_t j,
                                     std::size_t rows) {
  switch (others) {
    case 0:
      return eliminate<0>(column, p, j, rows);
    case 1:
      return eliminate<1>(column, p, j, rows);
    case 2:
      return eliminate<2>(column, p, j, rows);
    default:
      return eliminate<3>(column, p, j, rows);
  }
}

/// The factors of a panel of `rows` rows and up to four columns by themselves. swaps: within the panel.
MOMENTSET_LOOP void factorise_panel(double* panel, std::size_t p, std::size_t width, std::size_t rows,
                                    std::size_t* swaps) {
  std::size_t pivot = pivot_row(panel, rows);
  for (std::size_t j = 0; j < width; ++j) {
    double* const column = panel + j * p;
    swaps[j] = pivot;
    if (column[pivot] == 0) {
      if (j + 1 < width) pivot = j + 1 + pivot_row(column + p + j + 1, rows - j - 1);
      continue;
    }
    for (std::size_t f = 0; f < width; ++f) std::swap(panel[f * p + j], panel[f * p + pivot]);
    pivot = eliminate(column, p, width - j - 1, j, rows);
  }
}

/// Exchanges the rows first <= k < last of four columns with the rows swaps[k], one after the other.
MOMENTSET_LOOP void swap_rows(double* const columns[simd_lanes], std::size_t width, const std::size_t* swaps,
                              std::size_t first, std::size_t last) {
  if (width < simd_lanes) {
    for (std::size_t c = 0; c < width; ++c) {
      for (std::size_t k = first; k < last; ++k) std::swap(columns[c][k], columns[c][swaps[k]]);
    }
    return;
  }
  for (std::size_t k = first; k < last; ++k) {
    const std::size_t other = swaps[k];
    for (std::size_t c = 0; c < simd_lanes; ++c) std::swap(columns[c][k], columns[c][other]);
  }
}

/// L^-1 in the first four rows of four columns, for a panel that starts in the same row. negative: 4 x 4, what the rows
/// under these are to be combined with.
MOMENTSET_LOOP void solve_top(const double* panel, std::size_t p, double* const columns[simd_lanes], std::size_t row,
                              double* negative) {
  const auto across = [&](std::size_t i) __attribute__((always_inline)) {
    return Lanes{columns[0][row + i], columns[1][row + i], columns[2][row + i], columns[3][row + i]};
  };
  const auto lower = [&](std::size_t i, std::size_t j) __attribute__((always_inline)) {
    return all_lanes(panel[j * p + i]);
  };
  const Lanes first = across(0);
  const Lanes second = across(1) - lower(1, 0) * first;
  const Lanes third = across(2) - lower(2, 0) * first - lower(2, 1) * second;
  const Lanes fourth = across(3) - lower(3, 0) * first - lower(3, 1) * second - lower(3, 2) * third;
  for (std::size_t c = 0; c < simd_lanes; ++c) {
    columns[c][row + 1] = second[c], columns[c][row + 2] = third[c], columns[c][row + 3] = fourth[c];
    store(-Lanes{first[c], second[c], third[c], fourth[c]}, negative + c * small_lu_columns);
  }
}

/// Brings four columns up to date with the `before` columns on their left, a multiple of four.
MOMENTSET_LOOP void follow(const double* matrix, std::size_t p, std::size_t before, double* const columns[simd_lanes]) {
  double negative[small_lu_columns * simd_lanes];
  double* under[simd_lanes];
  const auto below = [&](std::size_t row) __attribute__((always_inline)) {
    for (std::size_t c = 0; c < simd_lanes; ++c) under[c] = columns[c] + row;
    return under;
  };
  for (std::size_t k = 0; k < before; k += panel_columns) {
    const std::size_t next = k + panel_columns;
    solve_top(matrix + k * p + k, p, columns, k, negative + k);
    combine_four_loop(matrix + k * p + next, p, negative + k, small_lu_columns, panel_columns, before - next,
                      below(next));
  }
  combine_four_loop(matrix + before, p, negative, small_lu_columns, before, p - before, below(before));
}

/// From left to right, each panel brought up to date with all before it: it stays in the nearest cache.
MOMENTSET_LOOP void factorise_loop(double* matrix, std::size_t p, std::size_t n, std::size_t* swaps) {
  for (std::size_t next = 0; next < n; next += panel_columns) {
    const std::size_t width = std::min(panel_columns, n - next);
    double* columns[panel_columns];
    for (std::size_t c = 0; c < panel_columns; ++c) columns[c] = matrix + (next + std::min(c, width - 1)) * p;
    swap_rows(columns, width, swaps, 0, next);
    if (next > 0) follow(matrix, p, next, columns);
    factorise_panel(matrix + next * p + next, p, width, p - next, swaps + next);
    for (std::size_t k = next; k < next + width; ++k) swaps[k] += next;
    for (std::size_t f = 0; f < next; f += simd_lanes) {
      double* const left[] = {matrix + f * p, matrix + (f + 1) * p, matrix + (f + 2) * p, matrix + (f + 3) * p};
      swap_rows(left, simd_lanes, swaps, next, next + width);
    }
  }
}
MOMENTSET_SIMD(void, factorise, factorise_loop, (double* matrix, std::size_t p, std::size_t n, std::size_t* swaps),
               (matrix, p, n, swaps))

/// From right to left, four columns at a time.
MOMENTSET_LOOP void divide_loop(double* rows, std::size_t count, const double* lower, std::size_t r,
                                std::size_t leading) {
  double negative[small_lu_columns * simd_lanes];
  for (std::size_t end = r, begin; end > 0; end = begin) {
    begin = end - std::min(end, simd_lanes);
    double* columns[simd_lanes];
    const double* divisors[simd_lanes];
    for (std::size_t c = 0; c < simd_lanes; ++c) {
      const std::size_t j = std::min(begin + c, end - 1);
      columns[c] = rows + j * count;
      divisors[c] = lower + j * leading;
    }
    for (std::size_t k = end; k < r; ++k) {
      for (std::size_t c = 0; c < simd_lanes; ++c) negative[c * small_lu_columns + k - end] = -divisors[c][k];
    }
    combine_four_loop(rows + end * count, count, negative, small_lu_columns, r - end, count, columns);
    for (std::size_t j = end - 1; j-- > begin;) {
      for (std::size_t k = j + 1; k < end; ++k) {
        const double coefficient = -lower[j * leading + k];
        combine_loop(rows + k * count, count, &coefficient, 1, 1, count, rows + j * count);
      }
    }
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
