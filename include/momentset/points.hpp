#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace momentset {

/// Number of a row in memory. One call handles fewer than 2^32 - 1 rows; larger data are for sketches.
using Index = std::uint32_t;

/// Non-owning view of q weighted points in R^m: w_i with weights c_i >= 0.
struct WeightedPoints {
  std::span<const double> coordinates;  ///< row-major, q x m: coordinate a of point i at [i * m + a]
  std::span<const double> weights;      ///< q weights >= 0, or empty: every point weighs 1
  std::size_t dimension = 0;            ///< m

  std::size_t size() const { return dimension == 0 ? 0 : coordinates.size() / dimension; }
  const double* point(std::size_t i) const { return coordinates.data() + i * dimension; }
  double weight(std::size_t i) const { return weights.empty() ? 1.0 : weights[i]; }
};

/// Owner of weighted points, same layout as the view.
struct PointSet {
  std::vector<double> coordinates;
  std::vector<double> weights;  ///< may be empty: every point weighs 1
  std::size_t dimension = 0;

  WeightedPoints view() const { return {coordinates, weights, dimension}; }
};

/// Throws Error unless the view is usable: m >= 1, at least one point, fewer than 2^32 - 1, coordinates.size() a
/// multiple of m, as many weights as points (or none), all numbers finite, weights >= 0 with a positive finite sum.
/// O(q m).
void require_valid(const WeightedPoints& points);

}  // namespace momentset
