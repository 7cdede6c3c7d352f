#include "momentset/theory/pruning.hpp"

#include <algorithm>
#include <boost/math/tools/minima.hpp>
#include <cmath>
#include <numbers>
#include <vector>

#include "momentset/error.hpp"
#include "theory/newton.hpp"
#include "theory/normal.hpp"
#include "theory/ranges.hpp"

namespace momentset::theory {
namespace {

/// The x in [grid.front(), grid.back()] where `error` is smallest: the best of the grid, then Brent's method (Boost)
/// between its neighbours. Of equals the first.
template <class Function>
double minimum(const Function& error, const std::vector<double>& grid) {
  std::size_t best = 0;
  double least = HUGE_VAL;
  for (std::size_t i = 0; i < grid.size(); ++i) {
    const double here = error(grid[i]);
    if (here < least) {
      least = here;
      best = i;
    }
  }
  const double lower = grid[best == 0 ? 0 : best - 1], upper = grid[std::min(best + 1, grid.size() - 1)];
  constexpr int bits = 20;  // an error is flat at its minimum: half of a double's digits, less what the error lacks
  const auto [x, value] = boost::math::tools::brent_find_minima(error, lower, upper, bits);
  return value < least ? x : grid[best];
}

/// `count` numbers from `first` to `last` with equal ratios.
std::vector<double> geometric(double first, double last, std::size_t count) {
  std::vector<double> grid(count);
  for (std::size_t i = 0; i < count; ++i) grid[i] = first * std::pow(last / first, double(i) / double(count - 1));
  grid.back() = last;
  return grid;
}

/// The window of a fraction that leaves `above` of each side beyond its upper end.
Window window_below(double fraction, double above) {
  return {std::fmax(0, upper_quantile(fraction / 2 + above)), upper_quantile(above), {}};
}

/// 1 / S of the series erf(g / sqrt 2) = 2 g phi(g) S, S = 1 + g^2/3 + g^4/15 + ..., whose terms are all positive: the
/// variance of a normal number within +-g is (S - 1) / S. Returns S - 1.
double series_less_one(double g) {
  double term = 1, sum = 0;
  for (int k = 1; term > 1e-18 * (1 + sum); ++k) sum += term *= g * g / (2 * k + 1);
  return sum;
}

}  // namespace

double f_min(double theta_deg) {
  require_theta(theta_deg);
  if (theta_deg == 0) return 0;
  const double theta = theta_deg * std::numbers::pi / 180, tangent = std::tan(theta);
  // log(S - 1) = 2 log(tan theta) by log g: (S - 1) / S = sin^2. S' = g S + (1 - S) / g.
  const auto equation = [&](const Unknowns<1>& log_g) -> Linearisation<1> {
    const double g = std::exp(log_g[0]), less_one = series_less_one(g);
    return {{std::log(less_one) - 2 * std::log(tangent)}, {{{(g * g * (1 + less_one) - less_one) / less_one}}}};
  };
  const double start = std::log(std::sqrt(3.0) * tangent);  // of the leading term
  const Root<1> root = newton<1>(equation, {std::fmin(start, 1)}, 1e-14, 100);
  return std::erf(std::exp(root.x[0]) / std::numbers::sqrt2);
}

Window optimal_window(double alpha, double fraction, double theta_deg) {
  return adaptive_policy(alpha, fraction, theta_deg).best;
}

PolicyChoice adaptive_policy(double alpha, double fraction, double theta_deg) {
  constexpr double close = 1.01;  // an end this close to the best window is taken instead, being simpler
  require_alpha(alpha);
  require_fraction("fraction", fraction);
  require_theta(theta_deg);
  const double outside = (1 - fraction) / 2;
  const auto of = [&](double s) {
    Window window = window_below(fraction, s * outside);
    if (s == 1) window.lower = 0;  // without rounding
    window.predicted = perceptron(alpha, MarginDistribution::window(window.lower, window.upper), theta_deg);
    return window;
  };
  PolicyChoice choice;
  choice.easiest = of(0);
  choice.hardest = of(1);
  choice.best = choice.easiest;
  if (fraction < 1) {
    std::vector<double> grid = geometric(1e-4, 1, 17);
    grid.insert(grid.begin(), 0);
    choice.best = of(minimum([&](double s) { return of(s).predicted.error; }, grid));
  }
  const Perceptron random = perceptron(alpha, MarginDistribution::random());
  choice.random_error = random.error;
  choice.chosen = {0, std::numeric_limits<double>::infinity(), random};
  if (fraction == 1) return choice;
  const double enough = std::fmin(close * choice.best.predicted.error, random.error);
  for (const auto& [policy, window] : {std::pair{Policy::window, choice.best},
                                       {Policy::keep_easy, choice.easiest},
                                       {Policy::keep_hard, choice.hardest}}) {
    if (window.predicted.error >= enough) continue;
    choice.policy = policy;
    choice.chosen = window;
  }
  return choice;
}

FrontierPoint pareto_frontier(double alpha, double theta_deg, double smallest_fraction) {
  require_alpha(alpha);
  require_fraction("smallest_fraction", smallest_fraction);
  require_theta(theta_deg);
  const auto at = [&](double fraction) {
    return perceptron(alpha, MarginDistribution::keep_hard(fraction), theta_deg);
  };
  const auto error = [&](double fraction) { return at(fraction).error; };
  const double fraction = smallest_fraction == 1 ? 1 : minimum(error, geometric(smallest_fraction, 1, 17));
  return {fraction, at(fraction)};
}

}  // namespace momentset::theory
