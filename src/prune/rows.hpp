#pragma once

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <string>

#include "momentset/error.hpp"
#include "momentset/prune/scores.hpp"
#include "theory/ranges.hpp"
#include "threads.hpp"

/// What the metrics and policies share: loops over rows, and what is asked of them.
namespace momentset::prune {

/// Calls action(i) for i below `rows`, many of them for each task.
template <class Action>
void for_rows(std::size_t rows, const Action& action) {
  constexpr std::size_t block = 4096;
  for_all((rows + block - 1) / block, [&](std::size_t b) {
    for (std::size_t i = b * block; i < std::min(rows, (b + 1) * block); ++i) action(i);
  });
}

/// The first row for which `wrong` holds, or `rows`: the same for any number of threads.
template <class Predicate>
std::size_t first_row(std::size_t rows, const Predicate& wrong) {
  std::atomic<std::size_t> first = rows;
  for_rows(rows, [&](std::size_t i) {
    if (i >= first.load(std::memory_order_relaxed) || !wrong(i)) return;
    std::size_t before = first.load();
    while (i < before && !first.compare_exchange_weak(before, i)) {
    }
  });
  return first;
}

inline std::string at_row(std::size_t row, const std::string& what) {
  return "row " + std::to_string(row) + ": " + what;
}

/// Throws Error unless there is at least one row, each whole, with finite numbers.
inline void require_finite(const char* name, const Matrix& matrix) {
  const std::size_t columns = matrix.columns;
  if (columns == 0 || matrix.values.empty() || matrix.values.size() % columns != 0) {
    throw Error(name, std::to_string(matrix.values.size()) + " numbers in " + std::to_string(columns) + " columns",
                "must have at least one row, and each of them all columns");
  }
  const std::size_t wrong = first_row(matrix.rows(), [&](std::size_t i) {
    return !std::all_of(matrix.row(i), matrix.row(i) + columns, [](double x) { return std::isfinite(x); });
  });
  if (wrong == matrix.rows()) return;
  const double* row = matrix.row(wrong);
  const double* value = std::find_if(row, row + columns, [](double x) { return !std::isfinite(x); });
  throw Error(name, at_row(wrong, theory::shown(*value)), "must be a finite number");
}

/// Throws Error unless there is one label for each row, below `classes`.
inline void require_labels(std::span<const Index> labels, std::size_t rows, std::size_t classes) {
  if (labels.size() != rows) {
    throw Error("labels", std::to_string(labels.size()),
                labels.empty() ? "must be given" : "must be one for each of the " + std::to_string(rows) + " rows");
  }
  const std::size_t wrong = first_row(rows, [&](std::size_t i) { return labels[i] >= classes; });
  if (wrong == rows) return;
  throw Error("labels", at_row(wrong, std::to_string(labels[wrong])),
              "must be the number of a column, below " + std::to_string(classes));
}

}  // namespace momentset::prune
