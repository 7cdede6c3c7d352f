#include "momentset/theory/information_gain.hpp"

#include <cmath>
#include <numbers>

#include "theory/newton.hpp"
#include "theory/normal.hpp"
#include "theory/quadrature.hpp"
#include "theory/ranges.hpp"

namespace momentset::theory {
namespace {

constexpr double reach = 9.5;  // beyond, nothing of the normal distribution is left

/// Two students' part in common, in units of sqrt(1 - q): (R, sqrt(q - R^2)) / sqrt(1 - q). Of an example at margin z
/// to the teacher a student's output, in the same units, is x = along z + across t with t standard normal.
struct CommonPart {
  double along = 0, across = 0;
};

/// Averages over the kept examples of one label, times 2, with h = phi / Phi at x, h' and h'' its derivatives.
enum : std::size_t { of_hh, of_zh, of_h1, of_zhh1, of_thh1, of_zzh1, of_zth1, of_zh2, of_th2, of_log, outputs };

/// The mass, mean and mean square of a normal number within an interval, unnormalised.
struct Truncated {
  double mass, first, second;
};

Truncated truncated(double mean, double deviation, double lower, double upper) {
  const double from = (lower - mean) / deviation, to = (upper - mean) / deviation;
  const double mass = from > 0 ? upper_tail(from) - upper_tail(to) : cumulative(to) - cumulative(from);
  const double slope = density(from) - density(to);
  const double moment = (std::isfinite(from) ? from * density(from) : 0) - (std::isfinite(to) ? to * density(to) : 0);
  return {mass, mean * mass + deviation * slope,
          mean * mean * mass + 2 * mean * deviation * slope + deviation * deviation * (mass + moment)};
}

/// Given x, z is normal around x along / s^2 with the deviation across / s, s^2 = along^2 + across^2, within the band.
Sums<outputs> average_outputs(const MarginDistribution& margins, const CommonPart& common, double tolerance) {
  const double along = common.along, across = common.across, s = std::hypot(along, across);
  Sums<outputs> total{};
  for (const MarginBand& band : margins.bands()) {
    const auto integrand = [&](double x) -> Sums<outputs> {
      const Truncated z = truncated(along * x / (s * s), across / s, band.lower, band.upper);
      const double weight = density(x / s) / s, mass = weight * z.mass, first = weight * z.first;
      const double second = weight * z.second, t = (x * mass - along * first) / across;
      const double zt = (x * first - along * second) / across;
      const double h = hazard(x), h1 = -h * (x + h), h2 = -h1 * (x + h) - h * (1 + h1);
      return {mass * h * h, first * h,  mass * h1, first * 2 * h * h1,      t * 2 * h * h1, second * h1,
              zt * h1,      first * h2, t * h2,    mass * log_cumulative(x)};
    };
    const double upper = std::fmin(band.upper, upper_quantile(upper_tail(band.lower) * 1e-20));
    Breaks breaks(along * band.lower - reach * across, along * upper + reach * across);
    for (const double j : {-5.0, 0.0, 5.0}) {
      breaks.add(j);
      breaks.add(along * band.lower + j * across);
      breaks.add(along * upper + j * across);
    }
    add(total, 2 * band.keep / margins.fraction(), integrate<outputs>(integrand, breaks.sorted(), tolerance));
  }
  return total;
}

/// log along and log across.
using Common = Unknowns<2>;

CommonPart part(const Common& x) { return {std::exp(x[0]), std::exp(x[1])}; }

/// The saddle point of Eq. 65 at kappa = 0, with averages of one label times 2:
///     log(alpha (<z h> - along <h'>) / along) = 0,  log(alpha <h^2> / across^2) = 0.
Linearisation<2> saddle_point(const MarginDistribution& margins, double log_alpha, const Common& x, double tolerance) {
  const auto [along, across] = part(x);
  const Sums<outputs> mean = average_outputs(margins, {along, across}, tolerance);
  const double pull = mean[of_zh] - along * mean[of_h1];
  Linearisation<2> at;
  at.value = {log_alpha + std::log(pull / along), log_alpha + std::log(mean[of_hh] / (across * across))};
  at.derivatives[0] = {along * (mean[of_zzh1] - along * mean[of_zh2] - mean[of_h1]) / pull - 1,
                       across * (mean[of_zth1] - along * mean[of_th2]) / pull};
  at.derivatives[1] = {along * mean[of_zhh1] / mean[of_hh], across * mean[of_thh1] / mean[of_hh] - 2};
  return at;
}

/// At a small alpha h is h(0) = sqrt(2 / pi).
Common guess(const MarginDistribution& margins, double alpha) {
  double mean = 0;  // of |z|
  for (const MarginBand& band : margins.bands()) {
    mean += 2 * band.keep / margins.fraction() * (density(band.lower) - density(band.upper));
  }
  return {std::log(alpha * std::sqrt(2 / std::numbers::pi) * mean), std::log(std::sqrt(alpha * 2 / std::numbers::pi))};
}

Root<2> common_part(double alpha, const MarginDistribution& margins) {
  constexpr double tolerance = 1e-11;
  const auto system = [&](double log_alpha, const Common& x) { return saddle_point(margins, log_alpha, x, 1e-5); };
  const double first = std::fmin(alpha, 0.01), log_alpha = std::log(alpha);
  const Root<2> near = follow<2>(system, {std::log(first), guess(margins, first)}, log_alpha, 1e-3);
  const auto exact = [&](const Common& x) { return saddle_point(margins, log_alpha, x, tolerance); };
  return newton<2>(exact, near.x, tolerance, 30);
}

double gain(const MarginDistribution& margins, const Common& x) {
  return -average_outputs(margins, part(x), 1e-11)[of_log];
}

}  // namespace

InformationGain information_gain(double alpha, const MarginDistribution& margins) {
  require_alpha(alpha);
  const Root<2> root = common_part(alpha, margins);
  const auto [along, across] = part(root.x);
  const double inverse = 1 + along * along + across * across;  // 1 / (1 - q)
  return {along / std::sqrt(inverse), 1 - 1 / inverse, gain(margins, root.x), root.residual};
}

double next_example_gain(double alpha, const MarginDistribution& margins) {
  require_alpha(alpha);
  return gain(margins, common_part(alpha, MarginDistribution::random()).x);
}

}  // namespace momentset::theory
