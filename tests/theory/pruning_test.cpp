#include "momentset/theory/pruning.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "support/expect_error.hpp"
#include "theory/normal_integrals.hpp"

namespace momentset::test {
namespace {

using namespace momentset::theory;

/// The g with 2 H(g) = 1 - f, by bisection.
double threshold(double fraction) {
  double below = 0, above = 40;
  for (int i = 0; i < 200; ++i) {
    const double g = (below + above) / 2;
    (2 * H(g) > 1 - fraction ? below : above) = g;
  }
  return below;
}

TEST(FMin, SolvesEquation80) {
  for (const double theta : {5.0, 20.0, 45.0, 70.0, 85.0}) {
    const double f = f_min(theta), g = threshold(f);
    const double variance = simpson(-g, g, 2000, [](double x) { return x * x * phi(x); }) / f;
    EXPECT_NEAR(variance / std::pow(std::sin(theta * std::numbers::pi / 180), 2), 1, 1e-9) << theta;
  }
}

TEST(FMin, HasTheValuesAndTheSlopeThatTheoryGives) {
  // Solved independently, see experiments/reference/README.md.
  const std::pair<double, double> known[] = {
      {1, 0.024117}, {5, 0.120173}, {10, 0.237815}, {20, 0.456306}, {40, 0.783212}};
  for (const auto& [theta, f] : known) EXPECT_NEAR(f_min(theta), f, 1e-6);
  EXPECT_EQ(f_min(0), 0);
  for (const double theta : {1e-9, 1e-4}) {
    EXPECT_NEAR(f_min(theta) / (std::sqrt(6 / std::numbers::pi) * theta * std::numbers::pi / 180), 1, 1e-9) << theta;
  }
  EXPECT_NEAR(f_min(89.9999), 1, 1e-9);
  EXPECT_LE(f_min(std::nextafter(90, 0)), 1);
}

TEST(OptimalWindow, IsTheOneFoundIndependently) {
  // See experiments/reference/README.md.
  const Window one = optimal_window(2, 0.5), other = optimal_window(1, 0.2);
  EXPECT_NEAR(one.lower, 0.4339, 2e-4);
  EXPECT_NEAR(one.upper, 1.3905, 4e-4);
  EXPECT_NEAR(one.predicted.error, 0.11266, 1e-5);
  EXPECT_NEAR(other.lower, 1.1457, 2e-4);
  EXPECT_NEAR(other.upper, 1.9436, 4e-4);
  EXPECT_NEAR(other.predicted.error, 0.12913, 1e-5);
  EXPECT_NEAR(perceptron(2, MarginDistribution::keep_easy(0.5)).error, 0.11731, 1e-5);
  EXPECT_NEAR(perceptron(2, MarginDistribution::keep_hard(0.5)).error, 0.13610, 1e-5);
  EXPECT_NEAR(perceptron(1, MarginDistribution::keep_easy(0.2)).error, 0.13459, 1e-5);
  EXPECT_NEAR(perceptron(1, MarginDistribution::keep_hard(0.2)).error, 0.41767, 1e-5);
}

TEST(OptimalWindow, HasTheFractionAndIsNoWorseThanItsNeighbours) {
  for (const double alpha : {0.3, 2.0, 6.0}) {
    const Window best = optimal_window(alpha, 0.3, 10);
    EXPECT_NEAR(2 * (H(best.lower) - H(best.upper)), 0.3, 1e-12);
    for (const double factor : {0.9, 1.1}) {
      if (factor * H(best.upper) > 0.35) continue;  // beyond the hardest
      const double above = factor * H(best.upper), lower = threshold(1 - 2 * (0.15 + above));
      const Window other{lower, threshold(1 - 2 * above), {}};
      EXPECT_LE(best.predicted.error,
                perceptron(alpha, MarginDistribution::window(other.lower, other.upper), 10).error + 1e-7);
    }
  }
}

TEST(OptimalWindow, MovesFromTheEasyToTheHard) {
  double last = HUGE_VAL;
  for (const double alpha : {0.1, 1.0, 2.0, 3.0, 5.0, 20.0}) {
    const Window best = optimal_window(alpha, 0.3);
    EXPECT_LE(best.lower, last) << alpha;
    last = best.lower;
  }
  EXPECT_LT(last, 0.02);
  const Window all = optimal_window(2, 1);
  EXPECT_EQ(all.lower, 0);
  EXPECT_TRUE(std::isinf(all.upper));
}

TEST(AdaptivePolicy, NeverPredictsMoreThanRandom) {
  for (const double alpha : {0.2, 2.0, 20.0}) {
    for (const double fraction : {0.1, 0.5, 1.0}) {
      for (const double theta : {0.0, 40.0}) {
        const PolicyChoice choice = adaptive_policy(alpha, fraction, theta);
        EXPECT_LE(choice.chosen.predicted.error, choice.random_error);
        EXPECT_LE(choice.best.predicted.error, choice.easiest.predicted.error);
        EXPECT_LE(choice.best.predicted.error, choice.hardest.predicted.error + 1e-9);
        EXPECT_EQ(choice.policy == Policy::random, std::isinf(choice.chosen.upper) && choice.chosen.lower == 0);
      }
    }
  }
}

TEST(AdaptivePolicy, GoesFromTheEasyOverAWindowToTheHard) {
  EXPECT_EQ(adaptive_policy(0.2, 0.3).policy, Policy::keep_easy);
  EXPECT_EQ(adaptive_policy(2, 0.3).policy, Policy::window);
  EXPECT_EQ(adaptive_policy(20, 0.3).policy, Policy::keep_hard);
  EXPECT_EQ(adaptive_policy(1, 1).policy, Policy::random);
}

TEST(ParetoFrontier, CrossesNoPruningWhereTheCurvesDo) {
  // Keeping the hardest beats no pruning from these alphas on, found independently (experiments/reference/README.md).
  const std::pair<double, double> crossings[] = {{0.6, 1.352}, {0.5, 1.453}, {0.3, 1.654}, {0.2, 1.760}};
  for (const auto& [fraction, alpha] : crossings) {
    const auto gain = [&, f = fraction](double at) {
      return perceptron(at, MarginDistribution::random()).error -
             perceptron(at, MarginDistribution::keep_hard(f)).error;
    };
    EXPECT_LT(gain(alpha - 0.001), 0) << fraction;
    EXPECT_GT(gain(alpha + 0.001), 0) << fraction;
  }
}

TEST(ParetoFrontier, IsNoWorseThanOtherFractions) {
  for (const double theta : {0.0, 20.0}) {
    const FrontierPoint best = pareto_frontier(4, theta, 0.02);
    for (const double fraction : {0.02, 0.1, 0.3, 0.6, 1.0}) {
      EXPECT_LE(best.predicted.error, perceptron(4, MarginDistribution::keep_hard(fraction), theta).error + 1e-9);
    }
  }
  EXPECT_GT(pareto_frontier(0.5).fraction, 0.99);  // too few examples: none to spare
}

TEST(Pruning, BadArgumentsAreNamed) {
  expect_error("theta_deg", "below 90", [] { f_min(90); });
  expect_error("theta_deg", "below 90", [] { f_min(-1); });
  expect_error("fraction", "at most 1", [] { optimal_window(1, 0); });
  expect_error("alpha", "0.001", [] { optimal_window(0, 0.5); });
  expect_error("theta_deg", "below 90", [] { adaptive_policy(1, 0.5, 90); });
  expect_error("smallest_fraction", "at most 1", [] { pareto_frontier(1, 0, 2); });
}

}  // namespace
}  // namespace momentset::test
