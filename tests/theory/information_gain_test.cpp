#include "momentset/theory/information_gain.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "support/expect_error.hpp"
#include "theory/normal_integrals.hpp"

namespace momentset::test {
namespace {

using namespace momentset::theory;

TEST(InformationGain, HasTheValuesFoundIndependently) {
  // See experiments/reference/README.md.
  struct Known {
    double alpha, fraction, R, q, gain;
  };
  for (const Known& known : {Known{1, 1, 0.48626, 0.48626, 0.50655}, Known{1, 0.5, 0.37124, 0.55917, 0.83657},
                             Known{5, 1, 0.93206, 0.93206, 0.18736}, Known{5, 0.2, 0.99692, 0.99693, 0.20007}}) {
    const InformationGain found = information_gain(known.alpha, MarginDistribution::keep_hard(known.fraction));
    EXPECT_NEAR(found.R, known.R, 1e-5);
    EXPECT_NEAR(found.q, known.q, 1e-5);
    EXPECT_NEAR(found.gain, known.gain, 1e-5);
  }
}

TEST(InformationGain, IsEquation72WithoutPruning) {
  for (const double alpha : {0.1, 2.0, 50.0}) {
    const InformationGain found = information_gain(alpha, MarginDistribution::random());
    EXPECT_NEAR(found.R, found.q, 1e-9);
    const double slope = std::sqrt(found.R / (1 - found.R));
    const double gain = -2 * simpson(-12, 12, 20000, [&](double t) {
      const double h = H(slope * t);
      return h > 0 ? phi(t) * h * std::log(h) : 0;
    });
    EXPECT_NEAR(found.gain / gain, 1, 1e-8) << alpha;
  }
}

/// S of Eq. 65 at kappa = 0, at any R and q, for |z| < upper or beyond lower.
double entropy(double alpha, double lower, double upper, double R, double q) {
  const double f = 2 * (H(lower) - H(upper)), end = std::fmin(upper, 10);
  const double average = simpson(lower, end, 200, [&](double z) {
    return phi(z) / f * simpson(-10, 10, 200, [&](double t) {
             return phi(t) * std::log(H(-(std::sqrt(q - R * R) * t + R * z) / std::sqrt(1 - q)));
           });
  });
  return std::log(1 - q) / 2 + (q - R * R) / (1 - q) / 2 + 2 * alpha * average;
}

TEST(InformationGain, IsTheSlopeOfEquation65AtItsSaddlePoint) {
  for (const auto& [lower, upper] : {std::pair{0.0, 0.674}, std::pair{0.5, 1.5}}) {
    const double alpha = 2, step = 1e-3;
    const InformationGain at = information_gain(alpha, MarginDistribution::window(lower, upper));
    const double R = at.R, q = at.q, h = 1e-4;
    const auto S = [&, a = lower, b = upper](double of_R, double of_q) { return entropy(alpha, a, b, of_R, of_q); };
    EXPECT_NEAR((S(R + h, q) - S(R - h, q)) / (2 * h), 0, 1e-5);
    EXPECT_NEAR((S(R, q + h) - S(R, q - h)) / (2 * h), 0, 1e-5);
    const double slope =
        (entropy(alpha + step, lower, upper, R, q) - entropy(alpha - step, lower, upper, R, q)) / (2 * step);
    EXPECT_NEAR(at.gain, -slope, 1e-7);  // R and q may stay: S is stationary in them
  }
}

TEST(InformationGain, IsSolvedOnTheWholeRange) {
  for (const double fraction : {0.01, 0.3, 1.0}) {
    for (const bool hard : {true, false}) {
      const MarginDistribution margins =
          hard ? MarginDistribution::keep_hard(fraction) : MarginDistribution::keep_easy(fraction);
      for (const double alpha : {0.1, 1.9, 30.0, 1000.0}) {
        const InformationGain found = information_gain(alpha, margins);
        EXPECT_TRUE(found.solved()) << alpha << ", " << fraction << ", " << hard << ": " << found.residual;
        EXPECT_TRUE(found.gain > 0 && found.R >= 0 && found.q <= 1) << alpha << ", " << fraction;
      }
    }
  }
}

TEST(NextExampleGain, IsEquation72ForAnUnprunedExample) {
  const MarginDistribution all = MarginDistribution::random();
  EXPECT_NEAR(next_example_gain(3, all), information_gain(3, all).gain, 1e-10);
}

TEST(NextExampleGain, TendsToOneNat) {
  // Eq. 77 at R = 1: the mean of -log H(t) over normal t is the mean of -log of a uniform number.
  EXPECT_NEAR(next_example_gain(50, MarginDistribution::keep_hard(1e-3)), 1, 0.05);
  // Eq. 77 with R of the unpruned posterior.
  const double R = information_gain(2, MarginDistribution::random()).R;
  const double gain = -simpson(-10, 10, 2000, [&](double t) { return phi(t) * std::log(H(std::sqrt(R) * t)); });
  EXPECT_NEAR(next_example_gain(2, MarginDistribution::keep_hard(1e-3)), gain, 1e-3);
}

TEST(InformationGain, BadArgumentsAreNamed) {
  expect_error("alpha", "0.001", [] { information_gain(0, MarginDistribution::random()); });
  expect_error("alpha", "0.001", [] { next_example_gain(-1, MarginDistribution::random()); });
}

}  // namespace
}  // namespace momentset::test
