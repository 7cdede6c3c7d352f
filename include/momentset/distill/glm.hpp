#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "momentset/distill/examples.hpp"

namespace momentset::distill {

/// Distributions of y given the mean mu, and which targets they allow.
enum class Family {
  linear,             ///< normal: any number
  logistic,           ///< Bernoulli: 0 or 1
  binomial,           ///< share of successes in [0, 1]; the weight of a row is its number of trials
  poisson,            ///< counts 0, 1, 2, ...
  gamma,              ///< positive numbers
  negative_binomial,  ///< counts, of variance mu + alpha mu^2 with a fixed dispersion alpha
};

/// g in g(mu) = x^T theta.
enum class Link {
  canonical,  ///< identity, logit, logit, log, inverse and negative_binomial, in the order of the families
  identity,
  logit,
  probit,
  log,
  square_root,        ///< mu = eta^2, eta > 0
  inverse,            ///< mu = 1 / eta, eta > 0
  negative_binomial,  ///< log(alpha mu / (1 + alpha mu)) < 0
};

std::string_view name_of(Family family);  ///< "negative-binomial"
std::string_view name_of(Link link);      ///< "square-root"
/// Throw Error (model, link) for another name, saying which there are.
Family family_of(std::string_view name);
Link link_of(std::string_view name);

struct GlmOptions {
  Family family = Family::logistic;
  /// Besides the canonical link: probit (logistic, binomial), square_root (poisson), log (gamma, negative_binomial).
  Link link = Link::canonical;
  double dispersion = 1;       ///< alpha > 0 of negative_binomial
  double ridge = 0;            ///< L >= 0: L |theta|^2 / 2 is added to the sum of the losses; never of the intercept
  bool fit_intercept = false;  ///< a coefficient beside theta, of a column of ones
  std::stop_token stop = {};
};

/// How a fit ended; what is not `converged` has no model to distil.
enum class FitStatus {
  converged,
  separated,      ///< a plane separates the classes, perhaps touching some rows: the likelihood has no maximum
  diverges,       ///< the same for counts: the loss falls for ever in some direction
  no_start,       ///< no coefficients were found for which every row lies in the domain of the link
  not_converged,  ///< neither converged nor recognised as one of these in 200 steps
};

std::string_view name_of(FitStatus status);

/// Throws Error (targets) where one is outside the family's range, naming its row: `names` has the numbers of the rows
/// as the user knows them; empty: 0, 1, ... Throws Error for a link or dispersion that fit_glm refuses.
void require_in_range(std::span<const double> targets, const GlmOptions& options,
                      std::span<const std::size_t> names = {});

struct GlmFit {
  std::vector<double> coefficients;  ///< theta, d
  double intercept = 0;
  FitStatus status = FitStatus::not_converged;
  int iterations = 0;
  std::size_t rank = 0;  ///< of the rows, with ones if there is an intercept; where less than full, theta is shortest
  double gradient = 0;   ///< largest component there, each by the sum of its terms' absolute values
};

/// Minimises sum_i w_i l(y_i, x_i^T theta) + L |theta|^2 / 2, l being the negative log-likelihood, by Newton's method
/// with steps that are halved until the loss falls. Each step is a least-squares problem, solved by the triangular
/// factor of the weighted rows. Starts at 0 wherever the link allows it, and stays in the span of the rows, as gradient
/// descent would. Throws Error: examples that are not valid, more targets than one, a target outside the family's range
/// (with its row), a link that the family does not have here, a negative ridge, a dispersion that is not positive. O(n
/// d^2) a step.
GlmFit fit_glm(const Examples& examples, const GlmOptions& options);

struct GlmCertificate {
  std::string model, link;  ///< names
  double dispersion = 0;    ///< of negative-binomial, else 0
  double ridge = 0;
  bool fit_intercept = false;
  std::size_t rows = 0, columns = 0, points = 0;
  double mass_input = 0, mass_output = 0;
  FitStatus status = FitStatus::not_converged;
  std::size_t rank = 0;
  std::vector<double> coefficients;  ///< of the model; and its intercept
  double intercept = 0;
  double gradient = 0;    ///< of the loss over all rows, at the model: GlmFit::gradient
  double difference = 0;  ///< |theta' - theta| / |theta|, theta' fitted to the points anew; intercepts included

  static constexpr double allowed = 1e-8;  ///< of both
  bool holds() const;
  std::string to_json() const;
};

struct GlmDistillation {
  ExampleSet set;  ///< empty unless the fit converged
  GlmFit fit;
  GlmCertificate certificate;
};

/// One weighted point that gives the same model as all rows (paper 004, Theorem 1): x = s theta and y such that the
/// gradient vanishes at theta, y = g^-1(s |theta|^2) where there is no ridge. With an intercept two points, x = s theta
/// and t theta. Gradient descent on them from 0 ends at theta: docs/distillation.md proves it, ridge and intercept
/// included.
///
/// @param scale s; t is then 0. Unset: s |theta|^2 near 1, where y keeps its digits whatever theta is, and for a ridge
/// on
///              logistic regression such that y always lies in [0, 1].
/// Throws Error as fit_glm does; naming the link where s |theta|^2 is outside its domain; naming the ridge where y
/// would be outside the family's range.
GlmDistillation distil_glm(const Examples& examples, const GlmOptions& options, std::optional<double> scale = {});

}  // namespace momentset::distill
