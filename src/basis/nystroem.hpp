#pragma once

#include <stop_token>
#include <vector>

#include "basis/feature_columns.hpp"
#include "momentset/points.hpp"

namespace momentset {

/// Nystroem features of the Gaussian kernel k(z, z') = exp(-|z - z'|^2 / (2 m l^2)) at landmarks z_j, as
/// L^-1 (k(z, z_1), ..., k(z, z_p)) with L L^T the kernel's matrix at the landmarks: of the same span as the k(z, z_j),
/// and far from dependent. Landmarks are the pivots of a Cholesky factorisation of the kernel among candidates, each
/// where the ones before leave most of it (Fine and Scheinberg, JMLR 2, 2001); none where they leave less than 1e-8.
class NystroemFeatures final : public FeatureColumns {
 public:
  /// @param candidates numbers of the points that may become landmarks
  /// @param most       landmarks
  /// O(candidates most (m + most)). Throws Cancelled.
  NystroemFeatures(StandardColumns columns, const WeightedPoints& points, std::vector<Index> candidates,
                   std::size_t most, double length, const std::stop_token& stop = {});
  std::size_t size() const override { return landmarks_.size(); }
  void evaluate(const double* x, double* out) const override;

  const std::vector<Index>& landmarks() const { return landmarks_; }

 private:
  double kernel(const double* z, const double* other) const;

  StandardColumns columns_;
  double length_;
  std::vector<Index> landmarks_;
  std::vector<double> places_;  // z of the landmarks, row by row
  std::vector<double> factor_;  // L, its rows one after another without the zeros
};

}  // namespace momentset
