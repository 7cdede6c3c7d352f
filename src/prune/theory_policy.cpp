#include "momentset/prune/theory_policy.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <vector>

#include "format.hpp"
#include "momentset/error.hpp"
#include "momentset/theory/pruning.hpp"
#include "theory/ranges.hpp"

namespace momentset::prune {
namespace {

/// Mean agreement of two probes, its standard error, and what it would be by chance.
struct Agreement {
  double mean = 0, error = 0, by_chance = 0;
};

Agreement agreement_of(std::span<const Index> predictions, std::size_t probes) {
  const std::size_t rows = predictions.size() / probes;
  const double pairs = double(probes) * double(probes - 1) / 2;
  std::vector<std::map<Index, double>> shares(probes);
  double sum = 0, squares = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    const Index* row = predictions.data() + i * probes;
    double agreeing = 0;
    for (std::size_t a = 0; a < probes; ++a) {
      shares[a][row[a]] += 1 / double(rows);
      agreeing += double(std::count(row, row + a, row[a]));
    }
    sum += agreeing / pairs;
    squares += std::pow(agreeing / pairs, 2);
  }
  Agreement found;
  found.mean = sum / double(rows);
  found.error = std::sqrt(std::fmax(0, squares / double(rows) - found.mean * found.mean) / double(rows));
  for (std::size_t a = 0; a < probes; ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      for (const auto& [name, share] : shares[a]) {
        const auto other = shares[b].find(name);
        if (other != shares[b].end()) found.by_chance += share * other->second / pairs;
      }
    }
  }
  return found;
}

Policy policy_of(theory::Policy policy) {
  switch (policy) {
    case theory::Policy::keep_hard:
      return Policy::hard;
    case theory::Policy::keep_easy:
      return Policy::easy;
    case theory::Policy::window:
      return Policy::window;
    default:
      return Policy::random;
  }
}

/// The smallest fraction at which the hardest or the easiest do, with an error of at most `allowed`.
double smallest_fraction(const TheoryOptions& options, double allowed) {
  constexpr double close = 1.01;
  const double total = options.examples_per_parameter;
  const auto does = [&](double fraction) {
    for (const auto& margins :
         {theory::MarginDistribution::keep_hard(fraction), theory::MarginDistribution::keep_easy(fraction)}) {
      if (theory::perceptron(fraction * total, margins, options.theta_deg).error <= allowed) return true;
    }
    return false;
  };
  double low = std::fmin(1, std::fmax(theory::smallest_fraction, 1e-3 / total)), high = 1;
  if (does(low)) return low;
  while (high > close * low) {
    const double middle = std::sqrt(low * high);
    (does(middle) ? high : low) = middle;
  }
  return high;
}

/// With three digits.
std::string words_of(Policy policy) {
  switch (policy) {
    case Policy::hard:
      return "the hardest examples, since there are many for each parameter and the easy ones tell nothing new";
    case Policy::easy:
      return "the easiest examples, since with so few for each parameter the hard ones mislead";
    case Policy::window:
      return "a window of examples that are neither the hardest nor the easiest";
    default:
      return "random examples, since by the theory no choice does better";
  }
}

}  // namespace

ProbeAngle probe_angle(std::span<const Index> predictions, std::size_t probes) {
  if (probes < 2) throw Error("probes", std::to_string(probes), "must be at least 2: an angle is told by agreement");
  if (predictions.empty() || predictions.size() % probes != 0) {
    throw Error("predictions", std::to_string(predictions.size()) + " numbers",
                "must be one of each of the " + std::to_string(probes) + " probes for each example");
  }
  const Agreement found = agreement_of(predictions, probes);
  const double room = 1 - found.by_chance, kappa = room > 0 ? 1 - (1 - found.mean) / room : 0;
  if (!(kappa > 0)) {
    throw Error("probes", "an agreement of " + theory::shown(found.mean),
                "must be above that by chance, " + theory::shown(found.by_chance));
  }
  // cos(phi) = cos^2(theta) as sin(theta) = sqrt(2) sin(phi / 2), which keeps its digits at small angles.
  const double phi = std::numbers::pi * (1 - kappa) / 2, degrees = 180 / std::numbers::pi;
  const double slope = std::cos(phi / 2) / (std::numbers::sqrt2 * std::sqrt(std::cos(phi)));
  return {.theta_deg = degrees * std::asin(std::numbers::sqrt2 * std::sin(phi / 2)),
          .standard_error_deg = degrees * slope * std::numbers::pi / 2 * found.error / room,
          .agreement = found.mean,
          .probes = probes};
}

TheoryChoice choose_by_theory(const TheoryOptions& options) {
  const double total = options.examples_per_parameter;
  if (!(total >= 1e-3 && total <= 1e4)) {
    throw Error("examples_per_parameter", theory::shown(total), "must be at least 0.001 and at most 10000");
  }
  if (!(options.allowed_increase >= 0)) {
    throw Error("allowed_increase", theory::shown(options.allowed_increase), "must be 0 or more");
  }
  theory::require_theta(options.theta_deg);
  TheoryChoice choice;
  choice.theta_deg = options.theta_deg;
  choice.full_error = theory::perceptron(total, theory::MarginDistribution::random()).error;
  choice.keep =
      options.keep ? *options.keep : smallest_fraction(options, (1 + options.allowed_increase) * choice.full_error);
  choice.alpha = choice.keep * total;
  const theory::PolicyChoice found = theory::adaptive_policy(choice.alpha, choice.keep, options.theta_deg);
  choice.policy = policy_of(found.policy);
  if (choice.policy == Policy::window) {
    choice.skip_hardest = std::fmin(std::erf(found.chosen.lower / std::numbers::sqrt2), 1 - choice.keep);
  }
  choice.predicted_error = found.chosen.predicted.error;
  choice.random_error = found.random_error;
  choice.f_min = theory::f_min(options.theta_deg);
  choice.solved = found.chosen.predicted.solved();
  return choice;
}

std::string TheoryChoice::why() const {
  std::string text = formatted(
      "keep {:.3g} of the examples, {}: predicted error {:.3g}, of as many at random {:.3g}, of all {:.3g}; {:.3g} "
      "kept "
      "examples for each parameter, probe at {:.3g} degrees",
      keep, words_of(policy), predicted_error, random_error, full_error, alpha, theta_deg);
  if (policy == Policy::hard && keep < f_min) {
    text += formatted("; below {:.3g} such a probe hardly gains by keeping the hardest", f_min);
  }
  return text;
}

}  // namespace momentset::prune
