#pragma once

#include <cstddef>
#include <functional>
#include <limits>
#include <span>
#include <stop_token>
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

  /// out[f * rows.size() + k] = scale[k] * A(rows[k], f). Called with at most `recombine_block` rows, among which
  /// numbers may repeat; for large problems from several threads at once.
  virtual void evaluate(std::span<const Index> rows, const double* scale, double* out) const = 0;
};

/// Rows handed to FeatureRows::evaluate at once.
inline constexpr std::size_t recombine_block = 16;

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
  /// u, an upper bound > 0 for the weight of each row, not below the weight that it comes with; empty: no bounds.
  std::span<const double> max_weights = {};
  /// Residual up to which the result counts as exact: Recombination::exact().
  double tolerance = 50 * std::numeric_limits<double>::epsilon();
  /// Threads for the sums over many rows; 0: as many as there are. The result is the same for any number.
  int threads = 0;
  /// When asked to stop, recombine() throws Cancelled within a tenth of a second (for n up to some 2,000).
  std::stop_token stop = {};
  /// Called ten times a second or more often with the fraction done in [0, 1], from any thread but never from two at
  /// once.
  std::function<void(double fraction)> progress = {};
};

struct Recombination {
  std::vector<Index> support;   ///< surviving rows, ascending
  std::vector<double> weights;  ///< their weights, > 0
  std::size_t rank = 0;         ///< of the features over the rows concerned: see recombine()
  /// max_f |sum_j c'_j A(j, f) - sum_i c_i A(i, f)| / sum_j c'_j |A(j, f)|, measured at the end.
  double residual = 0;
  double tolerance = 0;  ///< as asked for

  /// Whether the moments are kept as well as was asked for. If not, the residual says by how much.
  bool exact() const { return residual <= tolerance; }
  std::string summary() const;  ///< one line
};

/// Finds few rows with weights c' >= 0 such that A^T c' = A^T c (Tchakaloff, Caratheodory; paper 000, Theorem 2 and
/// Algorithm 2). Include a constant column in A to keep the mass.
///
/// Method: the q rows are put into at most 2n groups, each replaced by its weighted mean. An LU factorisation with
/// partial pivoting makes n groups basic and writes each other group as a combination T of them. Each other group is
/// then either driven to zero or exchanged for the basic group that hits zero first, of the two possible directions
/// the one with the larger pivot. Groups that end at zero are dropped, the members of the others are scaled, and the
/// survivors regrouped, until groups are single rows and `target` is reached. While there are many rows, 64 n and more,
/// the means are those of 8n groups, which are halved among themselves: so most rows are evaluated once, not twice. The
/// last step refits the surviving weights, by a small relative change within their bounds, to the moments of all rows.
///
/// With `max_weights` the walk stays inside the box 0 <= c' <= u (the flight phase of the cube method; Deville and
/// Tille 2004): rows are taken up in order, n at a time beside those that are still strictly inside. At the end at
/// most rank rows are strictly inside, all others at 0 or at their bound. So many rows are kept, at least, as carry the
/// mass under their bounds.
///
/// The support is at most max(target, rank), and exactly the target when at least max(target, rank) rows have positive
/// weight, unless two weights vanish in the same step; with `max_weights`, rank + the rows at their bound take the
/// place of the rank. The rank is counted with features scaled to largest entry 1 to 2: in a QR factorisation with
/// column pivoting of the last rows (2n at most), threshold 2 sqrt(n) eps, where the target is below n; otherwise in
/// the last LU factorisation, threshold n eps; min(q, n) where nothing had to be dropped. Rows of zero weight never
/// survive.
///
/// Deterministic. Throws Error if weights are not q finite numbers >= 0, or if max_weights are neither none nor q
/// positive numbers, or if their sum is below the mass, or one below the row's own weight. Throws Cancelled.
/// About 2 q n operations for the sums and 7 n^3 for each halving of the support; with bounds 6 q n^2. Memory:
/// recombine_memory().
Recombination recombine(const FeatureRows& rows, std::span<const double> weights, const RecombineOptions& options = {});

/// Bytes that recombine() allocates at most, beside its arguments and what the rows need for themselves, with q rows of
/// positive weight, n features, p = min(q, 2 n), s = min(q, max(target, n)) and T threads:
///   12 q (8 q more with bounds) + 8 (max(2.5 p, 4 s) n + 16 s + (300 + 64 T) n),
/// with 16 n in place of 2.5 p where q >= 64 n, 16 target without bounds, and 32768 n for sums over long lists (q n >=
/// 2^20), whose shares are kept side by side.
double recombine_memory(std::size_t rows, std::size_t features, const RecombineOptions& options = {});

}  // namespace momentset
