#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <vector>

#include "certificate/selection.hpp"
#include "momentset/certificate.hpp"

namespace momentset::certificate {

/// Bounding box of points in R^m: t = (x - centre) / half lies in [-1, 1]^m, and is 0 in constant columns.
struct Box {
  std::vector<long double> centre, half;  ///< half = 1 in constant columns
  std::vector<long double> width;         ///< 0 in constant columns

  long double local(double x, std::size_t axis) const { return (x - centre[axis]) / half[axis]; }
};

/// Smallest and largest value of each coordinate; infinity and its negative before there was any.
struct Extent {
  std::vector<double> lower, upper;

  explicit Extent(std::size_t dimension)
      : lower(dimension, std::numeric_limits<double>::infinity()),
        upper(dimension, -std::numeric_limits<double>::infinity()) {}

  void include(const double* low, const double* high) {
    for (std::size_t axis = 0; axis < lower.size(); ++axis) {
      lower[axis] = std::min(lower[axis], low[axis]);
      upper[axis] = std::max(upper[axis], high[axis]);
    }
  }
};

Extent extent(const Selection& points);

/// Of no points at all: the unit box around the origin with width 0.
Box bounding_box(const Extent& extent);
inline Box bounding_box(const Selection& points) { return bounding_box(extent(points)); }

/// Weighted mean and standard deviation of each coordinate (population, not sample).
struct ColumnMoments {
  std::vector<long double> mean, deviation;
};

/// Two passes in the local coordinates of the box, so that neither a large offset nor a huge or tiny unit costs
/// digits. `mass` is the sum of the weights.
ColumnMoments column_moments(const Selection& points, const Box& box, long double mass);

/// Diagonal of the box in units of the standard deviations; columns of deviation 0 do not count.
long double diameter(const Box& box, const ColumnMoments& columns);

/// Of the diameters of one cell at least.
DiameterQuantiles quantiles(std::vector<long double> diameters);

/// What can be said of weights alone.
struct WeightSummary {
  long double mass = 0;       ///< sum
  long double magnitude = 0;  ///< sum of the absolute values
  double smallest = 0, largest = 0;
  double effective_sample_size = 0;  ///< mass^2 / sum of squares; 0 if all are 0
};

WeightSummary summarise_weights(const Selection& points);

}  // namespace momentset::certificate
