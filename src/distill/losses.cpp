#include "distill/losses.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "format.hpp"
#include "momentset/error.hpp"

namespace momentset::distill {
namespace {

template <class Value, std::size_t N>
Value value_of(const char* field, const std::array<std::string_view, N>& names, std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found != names.end()) return Value(found - names.begin());
  const std::vector<std::string> known(names.begin(), names.end());
  throw Error(field, std::string(name), "must be one of " + joined(known, ", "));
}

constexpr std::array<std::string_view, 6> families{"linear",  "logistic", "binomial",
                                                   "poisson", "gamma",    "negative-binomial"};
constexpr std::array<std::string_view, 8> links{"canonical", "identity",    "logit",   "probit",
                                                "log",       "square-root", "inverse", "negative-binomial"};

Link canonical_link(Family family) {
  switch (family) {
    case Family::linear:
      return Link::identity;
    case Family::logistic:
    case Family::binomial:
      return Link::logit;
    case Family::poisson:
      return Link::log;
    case Family::gamma:
      return Link::inverse;
    case Family::negative_binomial:
      return Link::negative_binomial;
  }
  return Link::identity;
}

Link other_link(Family family) {
  switch (family) {
    case Family::linear:
      return Link::identity;
    case Family::logistic:
    case Family::binomial:
      return Link::probit;
    case Family::poisson:
      return Link::square_root;
    case Family::gamma:
    case Family::negative_binomial:
      return Link::log;
  }
  return Link::identity;
}

double logistic(double eta) {
  const double small = std::exp(-std::abs(eta));
  return (eta < 0 ? small : 1) / (1 + small);
}

double log_one_plus_exp(double eta) { return std::max(eta, 0.0) + std::log1p(std::exp(-std::abs(eta))); }

double normal_share(double eta) { return std::erfc(-eta / std::numbers::sqrt2) / 2; }

/// The normal density over its distribution function.
double mills(double eta) { return std::exp(-eta * eta / 2) / (std::sqrt(2 * std::numbers::pi) * normal_share(eta)); }

Loss::At probit(double y, double eta) {
  const double up = mills(eta), down = mills(-eta);
  return {-y * std::log(normal_share(eta)) - (1 - y) * std::log(normal_share(-eta)), -y * up + (1 - y) * down,
          y * up * (eta + up) + (1 - y) * down * (down - eta)};
}

}  // namespace

std::string_view name_of(Family family) { return families[std::size_t(family)]; }
std::string_view name_of(Link link) { return links[std::size_t(link)]; }
Family family_of(std::string_view name) { return value_of<Family>("model", families, name); }
Link link_of(std::string_view name) { return value_of<Link>("link", links, name); }

std::string_view name_of(FitStatus status) {
  constexpr std::array<std::string_view, 5> names{"converged", "separated", "diverges", "no start", "not converged"};
  return names[std::size_t(status)];
}

Loss::Loss(const GlmOptions& options)
    : family_(options.family),
      link_(options.link == Link::canonical ? canonical_link(options.family) : options.link),
      alpha_(options.dispersion) {
  if (link_ != canonical_link(family_) && link_ != other_link(family_)) {
    throw Error("link", std::string(name_of(link_)),
                formatted("must be canonical{}{} for the model {}", other_link(family_) == Link::identity ? "" : " or ",
                          other_link(family_) == Link::identity ? "" : name_of(other_link(family_)), name_of(family_)));
  }
  if (family_ == Family::negative_binomial && !(alpha_ > 0 && std::isfinite(alpha_))) {
    throw Error("dispersion", formatted("{}", alpha_), "must be positive and finite");
  }
}

Loss::At Loss::at(double y, double eta) const {
  switch (link_) {
    case Link::canonical:
    case Link::identity:
      return {(eta - y) * (eta - y) / 2, eta - y, 1};
    case Link::logit:
      return {log_one_plus_exp(eta) - y * eta, mean(eta) - y, logistic(eta) * logistic(-eta)};
    case Link::probit:
      return probit(y, eta);
    case Link::square_root:
      return {eta * eta - 2 * y * std::log(eta), 2 * (eta - y / eta), 2 + 2 * y / (eta * eta)};
    case Link::inverse:
      return {y * eta - std::log(eta), y - 1 / eta, 1 / (eta * eta)};
    case Link::negative_binomial: {
      const double mu = mean(eta);
      return {-y * eta - std::log(-std::expm1(eta)) / alpha_, mu - y, mu * (1 + alpha_ * mu)};
    }
    case Link::log:
      break;
  }
  const double mu = mean(eta);
  if (family_ == Family::poisson) return {mu - y * eta, mu - y, mu};
  if (family_ == Family::gamma) return {y / mu + eta, 1 - y / mu, y / mu};
  const double share = logistic(eta + std::log(alpha_)), trials = y + 1 / alpha_;
  return {trials * log_one_plus_exp(eta + std::log(alpha_)) - y * eta, trials * share - y,
          trials * share * (1 - share)};
}

double Loss::mean(double eta) const {
  switch (link_) {
    case Link::canonical:
    case Link::identity:
      return eta;
    case Link::logit:
      return logistic(eta);
    case Link::probit:
      return normal_share(eta);
    case Link::log:
      return std::exp(eta);
    case Link::square_root:
      return eta * eta;
    case Link::inverse:
      return 1 / eta;
    case Link::negative_binomial:
      return -std::exp(eta) / (alpha_ * std::expm1(eta));
  }
  return eta;
}

double Loss::linear_predictor(double mean) const {
  switch (link_) {
    case Link::canonical:
    case Link::identity:
      return mean;
    case Link::logit:
    case Link::probit:
      return 0;  // a start at 0 is as good as any
    case Link::log:
      return std::log(mean);
    case Link::square_root:
      return std::sqrt(mean);
    case Link::inverse:
      return 1 / mean;
    case Link::negative_binomial:
      return -std::log1p(1 / (alpha_ * mean));
  }
  return mean;
}

bool Loss::in_domain(double eta) const {
  switch (link_) {
    case Link::square_root:
    case Link::inverse:
      return eta > 0 && std::isfinite(eta);
    case Link::negative_binomial:
      return eta < 0 && std::isfinite(eta);
    case Link::probit:
      return std::abs(eta) < 37;  // beyond it the distribution function is 0 in doubles
    case Link::log:
      return std::abs(eta) < 700;
    default:
      return std::isfinite(eta);
  }
}

bool Loss::is_mean(double y) const {
  switch (family_) {
    case Family::linear:
      return std::isfinite(y);
    case Family::logistic:
    case Family::binomial:
      return y >= 0 && y <= 1;
    default:
      return y >= 0 && std::isfinite(y);
  }
}

bool Loss::recedes(double y, double step, double least) const {
  if (std::abs(step) <= least) return true;
  if (link_ == Link::logit || link_ == Link::probit) return (y == 1 && step > 0) || (y == 0 && step < 0);
  const bool counts = family_ == Family::poisson || family_ == Family::negative_binomial;
  return counts && link_ != Link::square_root && y == 0 && step < 0;
}

std::string Loss::broken_rule(double y) const {
  const bool count = y >= 0 && y == std::floor(y);
  switch (family_) {
    case Family::linear:
      return "";
    case Family::logistic:
      return y == 0 || y == 1 ? "" : "must be 0 or 1 (shares of successes: binomial)";
    case Family::binomial:
      return y >= 0 && y <= 1 ? "" : "must be a share of successes, between 0 and 1";
    case Family::gamma:
      return y > 0 ? "" : "must be positive";
    default:
      return count ? "" : "must be a count: 0, 1, 2, ...";
  }
}

}  // namespace momentset::distill
