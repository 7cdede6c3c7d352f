#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "momentset/points.hpp"

namespace momentset {

/// The rows of a q x n matrix A, evaluated on demand so that A need never be in memory as a whole.
class FeatureRows {
 public:
  virtual ~FeatureRows() = default;
  virtual std::size_t rows() const = 0;      ///< q
  virtual std::size_t features() const = 0;  ///< n >= 1

  /// out[f * rows.size() + k] = scale[k] * A(rows[k], f). Called from one thread at a time with at most
  /// `recombine_block` rows, among which numbers may repeat.
  virtual void evaluate(std::span<const Index> rows, const double* scale, double* out) const = 0;
};

/// Rows handed to FeatureRows::evaluate at once.
inline constexpr std::size_t recombine_block = 64;

/// A matrix in memory: row-major, rows x features.
class MatrixRows final : public FeatureRows {
 public:
  /// Throws Error unless features >= 1 divides values.size() and all values are finite.
  MatrixRows(std::span<const double> values, std::size_t features);
  std::size_t rows() const override { return values_.size() / features_; }
  std::size_t features() const override { return features_; }
  void evaluate(std::span<const Index> rows, const double* scale, double* out) const override;

 private:
  std::span<const double> values_;
  std::size_t features_;
};

struct RecombineOptions {
  /// Stop at this many rows. Fewer than the rank cannot carry the moments: then it stops at the rank.
  std::size_t target = 0;
};

struct Recombination {
  std::vector<Index> support;   ///< surviving rows, ascending
  std::vector<double> weights;  ///< their weights, > 0
  std::size_t rank = 0;         ///< of the features over the rows concerned: see recombine()
  /// max_f |sum_j c'_j A(j, f) - sum_i c_i A(i, f)| / sum_j c'_j |A(j, f)|, measured at the end.
  double residual = 0;

  std::string summary() const;  ///< one line
};

/// Finds few rows with weights c' >= 0 such that A^T c' = A^T c (Tchakaloff, Caratheodory; paper 000, Theorem 2 and
/// Algorithm 2). Include a constant column in A to keep the mass.
///
/// Method: the q rows are put into at most 2n groups, each replaced by its weighted mean. An LU factorisation with
/// partial pivoting makes n groups basic and writes each other group as a combination T of them. Each other group is
/// then either driven to zero or exchanged for the basic group that hits zero first, of the two possible directions
/// the one with the larger pivot. Groups that end at zero are dropped, the members of the others are scaled, and the
/// survivors regrouped, until groups are single rows and `target` is reached. The last step refits the surviving
/// weights, by the smallest relative change, to the moments of all rows.
///
/// The support is at most max(target, rank), and exactly the target when at least max(target, rank) rows have positive
/// weight, unless two weights vanish in the same step. The rank is counted with threshold n eps, features scaled to
/// largest entry 1: in a QR factorisation with column pivoting of the last rows (2n at most) where the target is below
/// n, otherwise in the last LU factorisation; min(q, n) where nothing had to be dropped. Rows of zero weight never
/// survive.
///
/// Deterministic. One thread. Throws Error if weights are not q finite numbers >= 0. About 2 q n operations for the
/// sums and 7 n^3 for each halving of the support; memory 6 n^2 + 2 q doubles.
Recombination recombine(const FeatureRows& rows, std::span<const double> weights, const RecombineOptions& options = {});

}  // namespace momentset
