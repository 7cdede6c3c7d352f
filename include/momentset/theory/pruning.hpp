#pragma once

#include "momentset/theory/perceptron.hpp"

/// Which examples to keep, by the perceptron's theory (paper 003, appendices A.7 and A.8; docs/perceptron-theory.md).
/// Angles are in degrees, in [0, 90); alpha, in [1e-3, 1e4], counts kept examples per parameter. Every function throws
/// Error, naming the argument, outside these ranges.
namespace momentset::theory {

/// The fraction below which keeping the hardest examples of a probe at this angle gains no more (Eqs. 80, 81): of the
/// examples kept, the mean square margin to the probe is sin^2(theta), that of a random example to the teacher given
/// its margin to the probe. f_min(0) = 0, and f_min ~ sqrt(6 / pi) theta for small angles. A heuristic, not the
/// optimum.
double f_min(double theta_deg);

/// The kept examples' window lower < |z| < upper, and what it leads to.
struct Window {
  double lower = 0, upper = 0;
  Perceptron predicted;
};

/// The window of this fraction with the smallest error (A.8). Ends: lower = 0, keep the hardest; upper infinite, keep
/// the easiest. @param fraction in [1e-3, 1]
Window optimal_window(double alpha, double fraction, double theta_deg = 0);

enum class Policy { random, keep_easy, window, keep_hard };

/// What may be kept of a fraction, and which of it.
struct PolicyChoice {
  Policy policy = Policy::random;
  Window chosen;                  ///< of the policy
  Window best, easiest, hardest;  ///< the optimal window, and both ends
  double random_error = 0;        ///< of as many examples kept at random
};

/// Keeps the easiest or the hardest where the optimal window's error is less than a hundredth smaller, else that
/// window; at random where none of these is better. Never predicts more than `random_error`.
PolicyChoice adaptive_policy(double alpha, double fraction, double theta_deg = 0);

/// A fraction, and what keeping the hardest of it leads to.
struct FrontierPoint {
  double fraction = 1;
  Perceptron predicted;
};

/// The Pareto frontier of keeping the hardest examples, at one alpha: the fraction with the smallest error.
/// @param smallest_fraction of those compared, in [1e-3, 1]
FrontierPoint pareto_frontier(double alpha, double theta_deg = 0, double smallest_fraction = 0.01);

}  // namespace momentset::theory
