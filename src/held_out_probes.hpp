#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>
#include <vector>

#include "certificate/probe_functions.hpp"
#include "merge_equal.hpp"
#include "momentset/compress.hpp"
#include "momentset/points.hpp"
#include "standardised_columns.hpp"

namespace momentset {

/// Families of test functions: cosines of length 4, 2, 1 and 0.5, sigmoids of slope 1 and 4, and ReLU ridges, in units
/// of the columns' standard deviations.
inline constexpr std::size_t probe_families = certificate::probe_count / certificate::functions_per_family + 1;

/// By family: rms over its functions of the error of the weighted mean, over the rms of their standard deviations.
using FamilyErrors = std::array<double, probe_families>;

/// Geometric mean over the families that count for the smoothness.
double typical_error(const FamilyErrors& errors, Smoothness smoothness);

/// Largest over the families that count for the smoothness.
double largest_error(const FamilyErrors& errors, Smoothness smoothness);

/// Functions by which a subset is chosen, with slopes of length sqrt(m) over the cosine's length, or times the
/// sigmoid's slope. The certificate's are of the same families (but for the ridges), drawn independently: it judges by
/// functions that played no part.
class HeldOutProbes {
 public:
  /// Functions of the points' coordinates in units of their weighted mean and standard deviation. O(q m).
  /// @param inverse_spreads one over the standard deviation of each column, 0 for constant ones
  HeldOutProbes(const WeightedPoints& points, std::span<const double> inverse_spreads, std::uint64_t seed);

  std::size_t size() const { return probe_families * certificate::functions_per_family; }

  /// For a sample of the points that many are taken from.
  HeldOutProbes(const WeightedPoints& points, const DistinctPoints& distinct, std::span<const double> inverse_spreads,
                std::uint64_t seed);

  /// sums[f] += sum_k weights[k] f(x_k) over `count` points, row-major; weights may be negative. Safe to call from
  /// several threads at once.
  void add(const double* x, const double* weights, std::size_t count, std::span<double> sums) const;

  /// sum_k weights[k] f(x_rows[k]) of each function f. Runs in the caller's TBB arena, the same for any number of
  /// threads. Throws Cancelled.
  std::vector<double> sums(const WeightedPoints& points, std::span<const Index> rows, std::span<const double> weights,
                           const std::stop_token& stop) const;

  /// From the mean square error of each function's weighted mean.
  FamilyErrors errors(std::span<const double> mean_squares) const;

 private:
  certificate::ProbeFunctions functions_;
  std::vector<double> ridges_;  // m + 1 numbers each: slopes and shift
  std::vector<double> centre_, scale_;
  std::vector<double> variances_;  // of each function over the points
};

/// How well weighted rows stand for all points, on test functions of one seed, and on these times each standardised
/// companion that is kept beyond order 0.
class SubsetError {
 public:
  /// The arguments must outlive this, the spreads excepted. O(q m).
  /// @param options whose smoothness says which functions count; its stop is heeded
  SubsetError(const WeightedPoints& points, const DistinctPoints& distinct, std::span<const double> inverse_spreads,
              std::uint64_t seed, const CompressOptions& options);

  /// typical_error() of the functions' means.
  double of(std::span<const Index> rows, std::span<const double> weights) const;

 private:
  const WeightedPoints& points_;
  const CompressOptions& options_;
  HeldOutProbes probes_;
  StandardisedColumns columns_;
  std::vector<std::vector<double>> truth_;  // of the functions, then of these times each column
  double mass_;

  std::vector<double> sums(std::size_t factor, std::span<const Index> rows, std::span<const double> weights) const;
};

}  // namespace momentset
