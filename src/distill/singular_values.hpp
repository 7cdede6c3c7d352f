#pragma once

#include <cstddef>
#include <vector>

namespace momentset::distill {

/// The thin singular value decomposition U S V^T of a matrix, values descending.
struct SingularValues {
  std::size_t rows = 0, columns = 0, count = 0;  ///< count = min(rows, columns)
  std::vector<double> values;

  /// @param matrix column-major. O(rows columns min(rows, columns)).
  SingularValues(std::vector<double> matrix, std::size_t rows, std::size_t columns);

  double left(std::size_t row, std::size_t i) const { return left_[i * rows + row]; }
  double right(std::size_t i, std::size_t column) const { return right_[column * count + i]; }
  /// How many values are above rounding: `units` times 2^-52, times the longer side and the largest value.
  std::size_t rank(double units) const;

 private:
  std::vector<double> left_, right_;
};

}  // namespace momentset::distill
