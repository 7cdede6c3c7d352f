#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <span>
#include <vector>

#include "momentset/points.hpp"

namespace momentset::test {

/// A dense matrix, row-major.
struct Matrix {
  std::size_t features = 1;
  std::vector<double> values;

  std::size_t rows() const { return values.size() / features; }
  double at(std::size_t row, std::size_t feature) const { return values[row * features + feature]; }
};

inline Matrix make_matrix(std::size_t rows, std::size_t features,
                          const std::function<double(std::size_t, std::size_t)>& entry) {
  Matrix matrix{features, std::vector<double>(rows * features)};
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t f = 0; f < features; ++f) matrix.values[i * features + f] = entry(i, f);
  }
  return matrix;
}

/// What "rounding level" means for moments.
inline constexpr long double rounding_level = 50 * std::numeric_limits<double>::epsilon();

/// A sum in long double with Neumaier's compensation: a plain one drifts by 40 eps of double over a million terms.
class LongSum {
 public:
  void add(long double term) {
    const long double next = sum_ + term;
    error_ += std::abs(sum_) >= std::abs(term) ? (sum_ - next) + term : (term - next) + sum_;
    sum_ = next;
  }
  long double value() const { return sum_ + error_; }

 private:
  long double sum_ = 0, error_ = 0;
};

/// max_f |sum_j c'_j A(j, f) - sum_i c_i A(i, f)| / magnitude_f in long double; 0 where the difference vanishes.
struct MomentMismatch {
  long double to_input = 0;  ///< magnitude_f = sum_i c_i |A(i, f)|
  /// magnitude_f = max(that, sum_j c'_j |A(j, f)|): where few rows carry more of a feature than all rows did, rounding
  /// their weights to double already costs eps times as much.
  long double to_larger = 0;
};

inline MomentMismatch moment_mismatch(const Matrix& matrix, std::span<const double> before,
                                      std::span<const Index> support, std::span<const double> after) {
  MomentMismatch worst;
  for (std::size_t f = 0; f < matrix.features; ++f) {
    LongSum sum;
    long double magnitude = 0, magnitude_after = 0;
    for (std::size_t i = 0; i < before.size(); ++i) {
      const long double term = static_cast<long double>(before[i]) * matrix.at(i, f);
      sum.add(-term);
      magnitude += std::abs(term);
    }
    for (std::size_t j = 0; j < support.size(); ++j) {
      const long double term = static_cast<long double>(after[j]) * matrix.at(support[j], f);
      sum.add(term);
      magnitude_after += std::abs(term);
    }
    const long double difference = std::abs(sum.value());
    if (difference == 0) continue;
    worst.to_input = std::max(worst.to_input, difference / magnitude);
    worst.to_larger = std::max(worst.to_larger, difference / std::max(magnitude, magnitude_after));
  }
  return worst;
}

/// Gauss-Jordan elimination with complete pivoting in long double, of vectors scaled to largest entry 1 in each
/// feature. Pivots below `caution` n eps of double count as zero: 1 is how far the entries themselves are known.
class Elimination {
 public:
  /// The columns are the rows `list` of the matrix.
  Elimination(const Matrix& matrix, std::span<const Index> list, long double caution = 1)
      : n_(matrix.features),
        count_(list.size()),
        smallest_pivot_(caution * static_cast<long double>(n_) * std::numeric_limits<double>::epsilon()),
        entries_(n_ * count_),
        pivot_row_(count_, none) {
    for (std::size_t f = 0; f < n_; ++f) {
      long double largest = 0;
      for (std::size_t k = 0; k < count_; ++k) {
        largest = std::max(largest, std::abs(static_cast<long double>(matrix.at(list[k], f))));
      }
      for (std::size_t k = 0; k < count_; ++k) at(f, k) = largest > 0 ? matrix.at(list[k], f) / largest : 0;
    }
    eliminate();
  }

  std::size_t rank() const { return rank_; }

  /// A vector v with sum_k v_k column_k = 0; empty if the columns are independent.
  std::vector<long double> null_vector() const {
    std::size_t free = 0;
    while (free < count_ && pivot_row_[free] != none) ++free;
    if (free == count_) return {};
    std::vector<long double> v(count_, 0);
    v[free] = 1;
    for (std::size_t k = 0; k < count_; ++k) {
      if (pivot_row_[k] != none) v[k] = -entries_[pivot_row_[k] * count_ + free];
    }
    return v;
  }

 private:
  static constexpr std::size_t none = std::numeric_limits<std::size_t>::max();

  long double& at(std::size_t row, std::size_t column) { return entries_[row * count_ + column]; }

  void eliminate() {
    std::vector<bool> used(n_, false);
    for (rank_ = 0; rank_ < std::min(n_, count_); ++rank_) {
      std::size_t row = none, column = none;
      long double largest = smallest_pivot_;
      for (std::size_t f = 0; f < n_; ++f) {
        for (std::size_t k = 0; k < count_ && !used[f]; ++k) {
          if (pivot_row_[k] != none || std::abs(at(f, k)) <= largest) continue;
          largest = std::abs(at(f, k));
          row = f;
          column = k;
        }
      }
      if (row == none) return;
      used[row] = true;
      pivot_row_[column] = row;
      clear_column(row, column);
    }
  }

  void clear_column(std::size_t row, std::size_t column) {
    const long double pivot = at(row, column);
    for (std::size_t k = 0; k < count_; ++k) at(row, k) /= pivot;
    for (std::size_t f = 0; f < n_; ++f) {
      const long double factor = at(f, column);
      if (f == row || factor == 0) continue;
      for (std::size_t k = 0; k < count_; ++k) at(f, k) -= factor * at(row, k);
    }
  }

  std::size_t n_, count_, rank_ = 0;
  long double smallest_pivot_;
  std::vector<long double> entries_;
  std::vector<std::size_t> pivot_row_;  // of each column, or none
};

}  // namespace momentset::test
