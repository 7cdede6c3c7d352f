#include "theory/normal.hpp"

#include <boost/math/special_functions/erf.hpp>
#include <limits>

namespace momentset::theory {
namespace {

/// From here downwards Phi(x) = phi(x) / -x (1 - 1/x^2 + 3/x^4 - ...), whose terms fall for long enough.
constexpr double far = -20;

/// Phi(x) (-x) / phi(x) for x below `far`.
double tail_series(double x) {
  double term = 1, sum = 1;
  for (int k = 1; k <= 8; ++k) {
    term *= -(2 * k - 1) / (x * x);
    sum += term;
  }
  return sum;
}

}  // namespace

double upper_quantile(double p) {
  if (p <= 0) return std::numeric_limits<double>::infinity();
  if (p >= 1) return -std::numeric_limits<double>::infinity();
  return std::numbers::sqrt2 * boost::math::erfc_inv(2 * p);
}

double log_cumulative(double x) {
  if (x > far) return std::log(cumulative(x));
  return -x * x / 2 - std::log(-x * std::sqrt(2 * std::numbers::pi)) + std::log(tail_series(x));
}

double hazard(double x) { return x > far ? density(x) / cumulative(x) : -x / tail_series(x); }

}  // namespace momentset::theory
