#pragma once

#include <cmath>
#include <numbers>

/// The standard normal distribution. H(x) = 1 - Phi(x), as in paper 003.
namespace momentset::theory {

/// phi(x)
inline double density(double x) {
  return std::exp(-x * x / 2) * (std::numbers::inv_sqrtpi_v<double> / std::numbers::sqrt2);
}

/// Phi(x), to full relative accuracy in both tails.
inline double cumulative(double x) { return std::erfc(-x / std::numbers::sqrt2) / 2; }

/// H(x), to full relative accuracy in both tails.
inline double upper_tail(double x) { return cumulative(-x); }

/// H^-1(p). @param p in [0, 1]; infinite at the ends
double upper_quantile(double p);

/// log Phi(x), also where Phi(x) is no longer a double.
double log_cumulative(double x);

/// phi(x) / Phi(x), the derivative of log Phi(x), likewise.
double hazard(double x);

}  // namespace momentset::theory
