#pragma once

#include <cstddef>
#include <functional>
#include <stop_token>
#include <utility>
#include <vector>

namespace momentset::distill {

/// Puts rows first .. first + count - 1 at `block`, column-major with leading dimension count.
using FillBlock = std::function<void(std::size_t first, std::size_t count, double* block)>;

/// The triangular factor R of a tall matrix A = QR that comes in blocks of rows: R^T R = A^T A, up to rounding in each
/// column relative to its length. Blocks are factorised by Householder reflections, each by itself, and joined in pairs
/// of equal numbers of blocks: rounding grows with the logarithm of their number.
class TriangularFactor {
 public:
  explicit TriangularFactor(std::size_t columns) : columns_(columns) {}
  /// Of `rows` rows, column-major.
  TriangularFactor(std::size_t columns, std::vector<double> rows);

  /// As levels() gave it.
  TriangularFactor(std::size_t columns, std::vector<std::vector<double>> levels)
      : columns_(columns), levels_(std::move(levels)) {}

  std::size_t columns() const { return columns_; }
  /// Factors of 2^k blocks at k, columns x columns each, or none.
  const std::vector<std::vector<double>>& levels() const { return levels_; }
  /// Appends rows. O(rows columns^2), in parallel; the result depends on the sequence of calls alone.
  void add(std::size_t rows, const FillBlock& fill, const std::stop_token& stop = {});
  void merge(const TriangularFactor& other);
  /// R, columns x columns, column-major, zero below the diagonal.
  std::vector<double> triangle() const;

 private:
  void join(std::vector<double> factor, std::size_t level);

  std::size_t columns_;
  std::vector<std::vector<double>> levels_;
};

/// Rows of a block: few enough that it stays in the cache, many enough that joining costs little.
std::size_t block_rows(std::size_t columns);

}  // namespace momentset::distill
