#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <stop_token>

#include "momentset/points.hpp"
#include "threads.hpp"

namespace momentset::certificate {

/// Some weighted points of an array, in a given order: what all measurements here read.
struct Selection {
  const double* coordinates = nullptr;  ///< row-major
  std::size_t dimension = 0;            ///< m
  const double* weights = nullptr;      ///< null: every point weighs 1
  const Index* numbers = nullptr;       ///< rows of the array; null: the first `size`
  std::size_t size = 0;
  const std::stop_token* stop = nullptr;  ///< asked between chunks of rows; null: never

  std::size_t row(std::size_t k) const { return numbers ? numbers[k] : k; }
  const double* point(std::size_t k) const { return coordinates + row(k) * dimension; }
  double weight(std::size_t k) const { return weights ? weights[row(k)] : 1.0; }

  /// Throws Cancelled once a stop was asked for.
  void check_stop() const {
    if (stop != nullptr) stop_if_asked(*stop);
  }

  /// The same array, other rows of it.
  Selection at(const Index* other_numbers, std::size_t other_size) const {
    return {coordinates, dimension, weights, other_numbers, other_size, stop};
  }
};

inline Selection all_of(const WeightedPoints& points, const std::stop_token* stop = nullptr) {
  return {points.coordinates.data(),
          points.dimension,
          points.weights.empty() ? nullptr : points.weights.data(),
          nullptr,
          points.size(),
          stop};
}

/// The number as a double, the largest one in place of what is too large or undefined: certificates hold finite
/// numbers only.
inline double finite(long double x) {
  constexpr double largest = std::numeric_limits<double>::max();
  if (!(x < largest)) return largest;
  return static_cast<double>(std::max<long double>(x, -largest));
}

}  // namespace momentset::certificate
