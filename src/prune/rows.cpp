#include "prune/rows.hpp"

#include <algorithm>
#include <cmath>

#include "threads.hpp"

namespace momentset::prune {

void for_runs(std::size_t rows, std::size_t block, const std::function<void(std::size_t, std::size_t)>& action,
              const std::stop_token& stop) {
  for_all((rows + block - 1) / block, [&](std::size_t b) {
    stop_if_asked(stop);
    action(b * block, std::min(rows, (b + 1) * block));
  });
}

std::string at_row(std::size_t row, const std::string& what) { return "row " + std::to_string(row) + ": " + what; }

void require_finite(const char* name, const Matrix& matrix) {
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

void require_labels(std::span<const Index> labels, std::size_t rows, std::size_t classes) {
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
