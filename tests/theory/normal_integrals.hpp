#pragma once

#include <cmath>
#include <numbers>

/// What the theory's tests compute for themselves, by other means than the library: Simpson's rule on fine grids.
namespace momentset::test {

inline double phi(double x) { return std::exp(-x * x / 2) / std::sqrt(2 * std::numbers::pi); }
inline double H(double x) { return std::erfc(x / std::numbers::sqrt2) / 2; }

template <class Function>
double simpson(double lower, double upper, int halves, const Function& function) {
  const double step = (upper - lower) / (2 * halves);
  double sum = function(lower) + function(upper);
  for (int i = 1; i < 2 * halves; ++i) sum += (i % 2 == 1 ? 4 : 2) * function(lower + i * step);
  return sum * step / 3;
}

}  // namespace momentset::test
