#pragma once

#include <cstdint>
#include <vector>

#include "certificate/cell_moments.hpp"
#include "certificate/columns.hpp"
#include "certificate/fourier_draws.hpp"
#include "certificate/moments.hpp"
#include "certificate/selection.hpp"
#include "momentset/certificate.hpp"
#include "momentset/features.hpp"

namespace momentset::certificate {

/// The points in the directions of a map, row by row: the certificate's own evaluation of what FeatureMap says. O(q m
/// r).
std::vector<double> along_directions(const Selection& points, const FeatureMap& map);

/// The Fourier and kernel features of a map, in long double: of the kernel the k(z, z_j) themselves.
class MapColumns {
 public:
  /// @param input   all points of the input, of which landmarks are
  /// @param columns of these
  MapColumns(const FeatureMap& map, const WeightedPoints& input, const ColumnMoments& columns, std::uint64_t seed);

  std::size_t size() const { return map_.columns(); }

  /// Sums over the cells of input and output in turn: worst residual of a cell, and of all together. O(q m p).
  FeatureResidual residuals(const Selection& input, const RowsByCell& input_rows, const Selection& output,
                            const RowsByCell& output_rows, double mass_scale) const;

 private:
  void standardise(const double* x, long double* z) const;
  void evaluate(const double* x, long double* z, long double* values) const;
  MomentSums sums(const Selection& points) const;

  const FeatureMap& map_;
  const ColumnMoments& columns_;
  FourierDraws fourier_;
  std::vector<long double> places_;  // z of the landmarks, row by row
};

}  // namespace momentset::certificate
