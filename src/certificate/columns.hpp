#pragma once

#include <cstddef>
#include <vector>

#include "certificate/selection.hpp"

namespace momentset::certificate {

/// Bounding box of points in R^m: t = (x - centre) / half lies in [-1, 1]^m, and is 0 in constant columns.
struct Box {
  std::vector<long double> centre, half;  ///< half = 1 in constant columns
  std::vector<long double> width;         ///< 0 in constant columns

  long double local(double x, std::size_t axis) const { return (x - centre[axis]) / half[axis]; }
};

/// Of no points at all: the unit box around the origin with width 0.
Box bounding_box(const Selection& points);

/// Weighted mean and standard deviation of each coordinate (population, not sample).
struct ColumnMoments {
  std::vector<long double> mean, deviation;
};

/// Two passes in the local coordinates of the box, so that neither a large offset nor a huge or tiny unit costs
/// digits. `mass` is the sum of the weights.
ColumnMoments column_moments(const Selection& points, const Box& box, long double mass);

/// Diagonal of the box in units of the standard deviations; columns of deviation 0 do not count.
long double diameter(const Box& box, const ColumnMoments& columns);

/// What can be said of weights alone.
struct WeightSummary {
  long double mass = 0;       ///< sum
  long double magnitude = 0;  ///< sum of the absolute values
  double smallest = 0, largest = 0;
  double effective_sample_size = 0;  ///< mass^2 / sum of squares; 0 if all are 0
};

WeightSummary summarise_weights(const Selection& points);

}  // namespace momentset::certificate
