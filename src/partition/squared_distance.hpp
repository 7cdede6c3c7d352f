#pragma once

#include <cstddef>

namespace momentset {

/// Between two points of so many columns: std::size_t, or std::integral_constant where the compiler knows it.
template <class Columns>
double squared_distance(const double* a, const double* b, Columns columns) {
  double sum = 0;
  for (std::size_t j = 0; j < columns; ++j) sum += (a[j] - b[j]) * (a[j] - b[j]);
  return sum;
}

}  // namespace momentset
