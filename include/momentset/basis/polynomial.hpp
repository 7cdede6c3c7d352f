#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "momentset/features.hpp"
#include "momentset/points.hpp"

namespace momentset {

/// From P_k to P_{k+1} = last t P_k - before P_{k-1}, and what makes P_k orthonormal: sqrt(2k + 1).
struct LegendreStep {
  double norm, last, before;
};

/// All polynomials of total degree <= K in m variables, or those of a lower set of monomials, spanned by products of
/// Legendre polynomials that are orthonormal for the uniform probability on [-1, 1]^m. The span is that of the
/// monomials, so matching these features matches all moments up to order K; the products stay of order 1 where
/// monomials would lose digits.
class PolynomialBasis {
 public:
  /// @param dimension m >= 1
  /// @param order     K >= 0
  /// @param monomials of m variables
  PolynomialBasis(std::size_t dimension, int order, const MonomialSet& monomials = {});

  std::size_t dimension() const { return dimension_; }
  int order() const { return order_; }
  std::size_t size() const { return orders_.size(); }  ///< n, C(m + K, K) where all monomials are kept
  /// Of a feature: the smallest K at which it belongs, its total degree where all monomials are kept.
  int order_of(std::size_t feature) const { return orders_[feature]; }

  /// Evaluates every feature at `count` points, each scaled: out[f * count + i] = scale[i] * phi_f(t_i).
  /// @param local   m x count, coordinate a of point i at [a * count + i]; in [-1, 1]
  /// @param scale   count factors
  /// @param scratch at least scratch_size(count) doubles
  /// @param out     n x count
  /// One multiplication per feature and point.
  void evaluate(const double* local, const double* scale, std::size_t count, double* scratch, double* out) const;

  std::size_t scratch_size(std::size_t count) const { return dimension_ * std::size_t(order_ + 1) * count; }

 private:
  std::size_t dimension_;
  int order_;
  // Feature f = feature parents_[f] times the one-dimensional polynomial number polynomials_[f] = axis * (K + 1) +
  // degree. The first stands for the constant.
  std::vector<std::uint32_t> parents_, polynomials_;
  std::vector<int> orders_;
  std::vector<LegendreStep> steps_;
};

/// The box of a set of points, centred and scaled to [-1, 1]^m. Columns without extent map to 0.
class LocalFrame {
 public:
  /// The box around `rows` points, row-major with m columns.
  LocalFrame(std::span<const double> coordinates, std::size_t dimension);

  std::size_t dimension() const { return centre_.size(); }

  /// Maps `count` points in place, coordinate a of point i at [a * count + i].
  void map(double* points, std::size_t count) const;

 private:
  std::vector<double> centre_, half_;  // half_ is 1 for a column without extent, where x is the centre
};

}  // namespace momentset
