#pragma once

#include <span>
#include <vector>

#include "basis/feature_columns.hpp"
#include "momentset/features.hpp"

namespace momentset {

/// The directions of a map: u = v.(x - centre), as FeatureMap says.
class Directions final : public FeatureColumns {
 public:
  explicit Directions(const FeatureMap& map) : map_(map) {}
  std::size_t size() const override { return map_.directions.size() / map_.centre.size(); }
  void evaluate(const double* x, double* out) const override;

 private:
  const FeatureMap& map_;
};

/// Orthonormal eigenvectors of a covariance of m columns, those of the largest eigenvalues first, row by row; no more
/// than `most`, and none where the eigenvalue is below 1e-12 of the sum of all. The largest entry of each is positive.
/// O(m^3).
std::vector<double> principal_directions(std::span<const double> covariance, std::size_t columns, std::size_t most);

/// Directions of length one in which columns z vary most with targets y, one after another so that the scores are
/// uncorrelated: partial least squares from covariances (Dayal and MacGregor 1997, modified kernel algorithm 2). No
/// more than `most`, and none that explains less than 1e-12 of the covariances. O(m^2 r + m t^2 r).
/// @param with_targets covariances of each column with each target, column by column of z: m x t, row-major
std::vector<double> supervised_directions(std::span<const double> covariance, std::span<const double> with_targets,
                                          std::size_t columns, std::size_t most);

}  // namespace momentset
