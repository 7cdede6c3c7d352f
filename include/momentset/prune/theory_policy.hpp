#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "momentset/points.hpp"
#include "momentset/prune/selection.hpp"

namespace momentset::prune {

/// The angle between a probe and what would label all examples right.
struct ProbeAngle {
  double theta_deg = 0;           ///< in [0, 90)
  double standard_error_deg = 0;  ///< by the number of examples; says nothing of probes that err alike
  double agreement = 1;           ///< mean share of the examples that two probes give the same class
  std::size_t probes = 0;
};

/// Estimates the angle without the teacher, from the agreement of probes. Probes that stray from the teacher in
/// independent directions have the overlap cos(phi) = cos^2(theta), and two perceptrons at an angle phi disagree on the
/// share phi / pi of normal examples. For any number of classes phi = pi (1 - kappa) / 2, where kappa = 1 - (1 -
/// agreement) / (1 - agreement by chance) is Cohen's: for two equally large classes the same. Probes that were trained
/// on the same examples err alike, so that theta comes out too small: train each on a part of its own.
/// @param predictions row-major q x probes, the class that each probe gives each example @param probes 2 or more
/// Throws Error where they agree no more than by chance: theta would be 90 degrees.
ProbeAngle probe_angle(std::span<const Index> predictions, std::size_t probes);

/// What the theory of pruned perceptrons (theory/pruning.hpp) says to keep of P examples for N parameters.
struct TheoryChoice {
  Policy policy = Policy::random;  ///< hard, easy, window or random
  double keep = 1;                 ///< f
  double skip_hardest = 0;         ///< of a window
  double alpha = 0;                ///< f P / N
  double theta_deg = 0;
  double predicted_error = 0;  ///< probability of a wrong label
  double random_error = 0;     ///< of as many examples kept at random
  double full_error = 0;       ///< of all examples
  double f_min = 0;            ///< below which a probe at this angle gains no more by keeping the hardest
  bool solved = true;          ///< whether the equations of the choice are; else the errors do not hold

  std::string why() const;  ///< in words, one line
};

struct TheoryOptions {
  double examples_per_parameter = 0;  ///< P / N before pruning, in [1e-3, 1e4]; f P / N must be as well
  double theta_deg = 0;               ///< of the probe, in [0, 90)
  /// f, in [1e-3, 1]. Unset: the smallest one whose predicted error is at most (1 + allowed_increase) times that of all
  /// examples, by bisection to a hundredth of f.
  std::optional<double> keep = {};
  double allowed_increase = 0.05;  ///< 0 or more
};

/// Direction, and where it is not stated the fraction, by the theory. Throws Error, naming the argument, outside the
/// ranges. 3 ms at theta = 0, else up to a second.
TheoryChoice choose_by_theory(const TheoryOptions& options);

}  // namespace momentset::prune
