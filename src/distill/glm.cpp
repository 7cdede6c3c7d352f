#include "momentset/distill/glm.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "distill/glm_fit.hpp"
#include "distill/losses.hpp"
#include "format.hpp"
#include "momentset/error.hpp"

namespace momentset::distill {
namespace {

/// Where a / (1 + e^a) is largest: (a - 1) e^a = 1. With this predictor the target of a ridge never leaves [0, 1].
double widest_predictor() {
  double a = 1.25;
  for (int step = 0; step < 6; ++step) a -= (a - 1 - std::exp(-a)) / (1 + std::exp(-a));
  return a;
}

/// Predictors where targets keep their digits, of the point and of a second one.
std::pair<double, double> balanced_predictors(Link link) {
  switch (link) {
    case Link::logit:
      return {widest_predictor(), -widest_predictor()};
    case Link::square_root:
    case Link::inverse:
      return {1, 2};
    case Link::negative_binomial:
      return {-1, -2};
    default:
      return {1, -1};
  }
}

/// The point x = scale theta of predictor eta, whose target makes the gradient of its loss `pull` times theta.
struct PointOnRay {
  double scale, eta, pull;
};

/// Points on the ray of theta. Where the gradients are to vanish,
///   without an intercept   w l'(y, eta) s = -L,
///   with one               w l'(y_s, eta_s) = -w l'(y_t, eta_t) = -L / (s - t).
std::vector<PointOnRay> points_on_ray(const GlmFit& fit, const GlmOptions& options, const Loss& loss,
                                      std::optional<double> scale) {
  double square = 0;
  for (const double theta : fit.coefficients) square += theta * theta;
  const auto [near, second] = balanced_predictors(loss.link());
  if (square == 0) return {{0, fit.intercept, 0}};
  if (!options.fit_intercept) {
    const double s = scale.value_or(near / square);
    return {{s, scale ? s * square : near, options.ridge / s}};
  }
  const double s = scale.value_or((near - fit.intercept) / square), t = scale ? 0 : (second - fit.intercept) / square;
  const double pull = options.ridge / (s - t);
  return {{s, scale ? fit.intercept + s * square : near, pull}, {t, scale ? fit.intercept : second, -pull}};
}

ExampleSet examples_of(const std::vector<PointOnRay>& points, const GlmFit& fit, const GlmOptions& options,
                       const Loss& loss, double mass) {
  ExampleSet set;
  set.points.dimension = fit.coefficients.size();
  const double weight = mass / double(points.size());
  for (const PointOnRay& point : points) {
    if (!loss.in_domain(point.eta)) {
      throw Error("link", std::string(name_of(loss.link())),
                  formatted("is not defined at the predictor {} of the point; another scale is needed", point.eta));
    }
    for (const double theta : fit.coefficients) set.points.coordinates.push_back(point.scale * theta);
    const double shift = point.pull == 0 ? 0 : point.pull / (weight * loss.target_factor(point.eta));
    const double target = loss.mean(point.eta) + shift;
    if (!loss.is_mean(target)) {
      throw Error("ridge", formatted("{}", options.ridge),
                  formatted("the target of the point would be {}, outside the range of the model {}", target,
                            name_of(options.family)));
    }
    set.points.weights.push_back(weight);
    set.targets.push_back(target);
  }
  return set;
}

double relative_distance(const GlmFit& a, const GlmFit& b) {
  double square = (a.intercept - b.intercept) * (a.intercept - b.intercept), length = b.intercept * b.intercept;
  for (std::size_t j = 0; j < a.coefficients.size(); ++j) {
    const double difference = a.coefficients[j] - b.coefficients[j];
    square += difference * difference;
    length += b.coefficients[j] * b.coefficients[j];
  }
  return square == 0 ? 0 : std::sqrt(square / length);
}

}  // namespace

GlmDistillation distil_glm(const Examples& examples, const GlmOptions& options, std::optional<double> scale) {
  if (scale && (*scale == 0 || !std::isfinite(*scale))) {
    throw Error("scale", formatted("{}", *scale), "must be finite and not 0");
  }
  GlmDistillation distilled;
  distilled.fit = fit_glm(examples, options);
  const Loss loss(options);
  long double mass = 0;
  for (std::size_t i = 0; i < examples.size(); ++i) mass += examples.points.weight(i);
  GlmCertificate& stated = distilled.certificate;
  stated = {.model = std::string(name_of(options.family)),
            .link = std::string(name_of(loss.link())),
            .dispersion = options.family == Family::negative_binomial ? options.dispersion : 0,
            .ridge = options.ridge,
            .fit_intercept = options.fit_intercept,
            .rows = examples.size(),
            .columns = examples.points.dimension,
            .mass_input = double(mass),
            .status = distilled.fit.status,
            .rank = distilled.fit.rank,
            .coefficients = distilled.fit.coefficients,
            .intercept = distilled.fit.intercept,
            .gradient = distilled.fit.gradient};
  distilled.set.points.dimension = examples.points.dimension;
  if (distilled.fit.status != FitStatus::converged) return distilled;
  distilled.set =
      examples_of(points_on_ray(distilled.fit, options, loss, scale), distilled.fit, options, loss, double(mass));
  for (const double weight : distilled.set.points.weights) stated.mass_output += weight;
  stated.points = distilled.set.view().size();
  const GlmFit again = fitted(distilled.set.view(), options, loss);
  stated.difference = again.status == FitStatus::converged ? relative_distance(again, distilled.fit)
                                                           : std::numeric_limits<double>::infinity();
  return distilled;
}

bool GlmCertificate::holds() const {
  return status == FitStatus::converged && gradient <= allowed && difference <= allowed;
}

}  // namespace momentset::distill
