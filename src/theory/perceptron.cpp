#include "momentset/theory/perceptron.hpp"

#include <cmath>
#include <numbers>

#include "momentset/error.hpp"
#include "theory/margin_averages.hpp"
#include "theory/newton.hpp"
#include "theory/normal.hpp"
#include "theory/ranges.hpp"

namespace momentset::theory {
namespace {

/// log k, log a and arsinh b of StudentRatios: the first two are positive at the root, and all stay moderate.
using Student = Unknowns<3>;

StudentRatios ratios(const Student& x) { return {std::exp(x[0]), std::exp(x[1]), std::sinh(x[2])}; }

/// The saddle point equations in StudentRatios, with n^2 = 1 + a^2 + b^2 (docs/perceptron-theory.md):
///     log(alpha <M2>) = 0,  log(<w M1> n^2 / (a^2 k <M1>)) = 0,  <v M1> / <M1> - b k / n^2 = 0.
class Equations {
 public:
  Equations(const MarginDistribution& margins, double theta_deg) : margins_(margins) {
    const double theta = theta_deg * std::numbers::pi / 180;
    sine_ = std::sin(theta);
    cosine_ = std::cos(theta);
  }

  Linearisation<3> operator()(double log_alpha, const Student& x, double tolerance) const {
    const StudentRatios student = ratios(x);
    const double k = student.k, a = student.a, b = student.b;
    const Sums<margin_averages> mean = average_margins(margins_, sine_, cosine_, student, tolerance);
    const double n2 = 1 + a * a + b * b, scale = std::sqrt(1 + b * b), pull = b * k / n2;
    Linearisation<3> at;
    at.value = {log_alpha + std::log(mean[M2]), std::log(mean[wM1] / mean[M1] * n2 / (a * a * k)),
                mean[vM1] / mean[M1] - pull};
    // Each row by log k, log a and arsinh b.
    const Student of_M2{2 * k * mean[M1], -2 * mean[wM1], -2 * scale * mean[vM1]};
    const Student of_M1{k * mean[P], -mean[wP], -scale * mean[vP]};
    const Student of_uM1{k * mean[wP], -mean[wwP], -scale * mean[wvP]};  // times a, at a fixed factor a
    const Student of_vM1{k * mean[vP], -mean[wvP], -scale * mean[vvP]};
    const Student of_n2{0, 2 * a * a, 2 * b * scale}, of_bk{pull, 0, scale * k / n2};
    for (std::size_t i = 0; i < 3; ++i) {
      at.derivatives[0][i] = of_M2[i] / mean[M2];
      at.derivatives[1][i] = of_uM1[i] / mean[wM1] - of_M1[i] / mean[M1] + of_n2[i] / n2 - (i < 2 ? 1 : 0);
      at.derivatives[2][i] = (of_vM1[i] - mean[vM1] / mean[M1] * of_M1[i]) / mean[M1] - of_bk[i] + pull * of_n2[i] / n2;
    }
    return at;
  }

  /// A point near the root at a small alpha, where Phi(m) is nearly 1 and a student is the sum of its examples:
  /// alpha (k^2 + 1) = 1, a = E|u| n^2 / k, b likewise, with the moments of normal numbers of the same variances.
  Student guess(double alpha) const {
    double second = 0;  // of z
    for (const MarginBand& band : margins_.bands()) {
      const double above = std::isfinite(band.upper) ? band.upper * density(band.upper) + upper_tail(band.upper) : 0;
      second +=
          2 * band.keep / margins_.fraction() * (band.lower * density(band.lower) + upper_tail(band.lower) - above);
    }
    const double variance = second * cosine_ * cosine_ + sine_ * sine_;
    const double mean = std::sqrt(2 * variance / std::numbers::pi), k = std::sqrt(std::fmax(1 / alpha - 1, 0.1));
    return {std::log(k), std::log(mean / k), (second - 1) * sine_ * cosine_ / variance * mean / k};
  }

 private:
  const MarginDistribution& margins_;
  double sine_ = 0, cosine_ = 1;
};

/// @param b eta / r, @param theta_deg
Perceptron perceptron_of(const StudentRatios& student, double theta_deg, double residual) {
  const double theta = theta_deg * std::numbers::pi / 180, orthogonal = std::hypot(1, student.b);
  const double norm = std::hypot(orthogonal, student.a);
  Perceptron found;
  found.R = student.a / norm;
  found.rho = (student.a * std::cos(theta) + student.b * std::sin(theta)) / norm;
  found.kappa = student.k / norm;
  found.error = std::atan2(orthogonal, student.a) / std::numbers::pi;
  found.residual = residual;
  return found;
}

void require_ascending(std::span<const double> alphas) {
  for (std::size_t i = 0; i < alphas.size(); ++i) {
    require_alpha(alphas[i]);
    if (i > 0 && alphas[i] < alphas[i - 1]) throw Error("alphas", shown(alphas[i]), "must be ascending");
  }
}

}  // namespace

std::vector<Perceptron> perceptron_curve(std::span<const double> alphas, const MarginDistribution& margins,
                                         double theta_deg, const PerceptronOptions& options) {
  constexpr double path_tolerance = 1e-5;  // on the way
  require_ascending(alphas);
  require_theta(theta_deg);
  if (!(options.tolerance >= 1e-13 && options.tolerance <= 1e-4)) {
    throw Error("tolerance", shown(options.tolerance), "must be at least 1e-13 and at most 1e-4");
  }
  std::vector<Perceptron> curve;
  if (alphas.empty()) return curve;
  const Equations equations(margins, theta_deg);
  const auto on_the_way = [&](double log_alpha, const Student& x) { return equations(log_alpha, x, path_tolerance); };
  const double first = std::fmin(alphas[0], 0.1);
  CurvePoint<3> at{std::log(first), equations.guess(first)};
  for (const double alpha : alphas) {
    const double log_alpha = std::log(alpha);
    at = {log_alpha, follow<3>(on_the_way, at, log_alpha, 1e-3).x};
    const auto exact = [&](const Student& x) { return equations(log_alpha, x, options.tolerance); };
    // The root moves by some hundred times the residual where the student hardly sees across the teacher.
    const Root<3> root = newton<3>(exact, at.x, options.tolerance / 100, 30);
    at.x = root.x;
    curve.push_back(perceptron_of(ratios(root.x), theta_deg, root.residual));
  }
  return curve;
}

Perceptron perceptron(double alpha, const MarginDistribution& margins, double theta_deg,
                      const PerceptronOptions& options) {
  return perceptron_curve({&alpha, 1}, margins, theta_deg, options).front();
}

Perceptron perceptron_at_margin(double alpha, double margin) {
  require_alpha(alpha);
  if (!(margin > 0) || !std::isfinite(margin)) throw Error("margin", shown(margin), "must be above 0 and finite");
  if (alpha >= 2) return {.R = 1, .rho = 1, .kappa = margin, .error = 0, .residual = 0};
  // log alpha + log M2(x) = 0 by log x, from above: M2(x) >= x^2 + 1/2 there.
  const auto equation = [&](const Unknowns<1>& log_x) -> Linearisation<1> {
    const double x = std::exp(log_x[0]), p = cumulative(x), first = x * p + density(x), second = x * first + p;
    return {{std::log(alpha * second)}, {{{2 * x * first / second}}}};
  };
  const Root<1> root = newton<1>(equation, {-std::log(alpha) / 2}, 1e-14, 100);
  const double x = std::exp(root.x[0]), a = margin / x;
  return perceptron_of({x + a * margin, a, 0}, 0, root.residual);
}

}  // namespace momentset::theory
