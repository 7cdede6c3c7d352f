#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "local_features.hpp"
#include "momentset/basis/polynomial.hpp"
#include "momentset/points.hpp"
#include "momentset/recombine.hpp"

namespace momentset {

/// The polynomial features of a cell's points in its frame, and these times companion columns: y^d P(x) for d = 1 to
/// the degree and every P up to the companions' order. Each column is centred and scaled to [-1, 1] over the cell, and
/// its powers are taken as Legendre polynomials. With the polynomials themselves that spans the same: the companions'
/// order is at most K. Those whose values may change make no features: see relabelling.hpp.
class CompanionFeatures final : public FeatureRows {
 public:
  /// @param polynomials of the cell's points, all in their order
  /// @param basis       the same that they are of; must outlive this
  /// @param points      number of each of these points, by which companions are found
  CompanionFeatures(const LocalFeatures& polynomials, const PolynomialBasis& basis,
                    std::span<const Companions> companions, std::span<const Index> points);

  std::size_t rows() const override { return polynomials_.rows(); }
  std::size_t features() const override { return features_; }
  void evaluate(std::span<const Index> rows, const double* scale, double* out) const override;

 private:
  /// Columns that are kept up to the same order.
  struct Group {
    std::vector<double> values;  // row-major, cell's points x columns, in [-1, 1]
    std::size_t columns;
    int degree;
    std::vector<std::size_t> polynomials;  // features of this order at most
  };

  const LocalFeatures& polynomials_;
  std::vector<Group> groups_;
  std::size_t features_;
};

}  // namespace momentset
