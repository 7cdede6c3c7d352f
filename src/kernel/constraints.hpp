#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <stop_token>
#include <vector>

#include "kernel/standardisation.hpp"
#include "momentset/kernel.hpp"
#include "momentset/points.hpp"

namespace momentset::kernel {

/// Largest of |sum_j w_j f(x_j) - mean of f| / mean of |f| over the moments f of each order; 0 where there are none.
using Residuals = std::array<double, highest_kernel_order + 1>;

/// Monomials of degree up to an order 0, 1 or 2 in m columns; and these with what companions add.
std::size_t feature_count(std::size_t m, int order);
std::size_t feature_count(std::size_t m, int order, std::span<const Companions> companions);

/// The moments up to an order 0, 1 or 2 as linear equations of the weights: sum_j w_j f(x_j) = mean of f over all
/// points, for f = 1, z_a, z_a z_b of the standardised coordinates, and u^d f for each companion column, u in [-1, 1],
/// its powers and the f up to its order. Of features that depend on others linearly, as
/// collinear columns do, the equations follow from those of the others and are left out. The rest is brought into a
/// basis that is orthonormal on some of the points, so that equations weigh alike.
class MomentConstraints {
 public:
  /// @param rows points on which the rank is decided: QR with column pivoting, threshold n eps
  /// O(q n + r n^2) operations, r = min(rows, 4096 + 4 n). Throws Cancelled.
  MomentConstraints(const WeightedPoints& points, const Standardisation& standardisation, int order,
                    std::span<const Companions> companions, std::span<const Index> rows, const std::stop_token& stop);

  std::size_t features() const { return features_; }  ///< n
  std::size_t rank() const { return independent_.size(); }

  /// Column-major rank() x rows.size(): the orthonormal features of some points.
  std::vector<double> values(std::span<const Index> rows) const;
  /// Their means over all points.
  std::span<const double> means() const { return orthonormal_means_; }

  /// Changes weights > 0 of some points by the least sum of (dw / w)^2 with which the equations hold to rounding, where
  /// the weights stay positive. Returns what is left, of all n features.
  Residuals refine(std::span<const Index> rows, std::vector<double>& weights) const;

 private:
  /// A companion column, centred and scaled to [-1, 1] over the points.
  struct Column {
    const double* values;
    std::size_t stride;
    double centre, half;
    int degree;
    std::size_t polynomials;  // first features by which its powers are multiplied
  };

  void add_columns(const Companions& companions);
  void evaluate(Index row, double* features) const;
  void add_up(const std::stop_token& stop);
  void decide_rank(std::span<const Index> rows);
  std::vector<long double> missing(const std::vector<double>& features, std::span<const double> weights) const;
  Residuals residuals(const std::vector<long double>& missing) const;

  const WeightedPoints& points_;
  const Standardisation& standardisation_;
  int order_;
  std::size_t features_;
  std::vector<Column> columns_;
  std::vector<std::size_t> degrees_;             // of each feature, without the power of the companion
  std::vector<long double> means_, magnitudes_;  // of all features over all points
  std::vector<std::size_t> independent_;         // features that others do not give
  std::vector<double> factor_;  // R, rank x rank, column-major, upper: features are R^T times the basis
  std::vector<double> orthonormal_means_;
};

}  // namespace momentset::kernel
