#include "momentset/prune/theory_policy.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <vector>

#include "momentset/theory/pruning.hpp"
#include "support/expect_error.hpp"
#include "support/random.hpp"

namespace momentset::test {
namespace {

using namespace prune;

/// The labels that probes at an angle to a common teacher give to normal examples, row by row.
std::vector<Index> predictions(double theta_deg, std::size_t probes, std::size_t examples) {
  constexpr std::size_t dimension = 200;
  Random draw(13);
  const double theta = theta_deg * std::numbers::pi / 180;
  std::vector<double> weights;  // the teacher is the first axis
  for (std::size_t k = 0; k < probes; ++k) {
    std::vector<double> probe(dimension);
    double squares = 0;
    for (std::size_t a = 1; a < dimension; ++a) {
      probe[a] = draw.normal();
      squares += probe[a] * probe[a];
    }
    for (double& each : probe) each *= std::sin(theta) / std::sqrt(squares);
    probe[0] = std::cos(theta);
    weights.insert(weights.end(), probe.begin(), probe.end());
  }
  std::vector<Index> labels;
  std::vector<double> x(dimension);
  for (std::size_t i = 0; i < examples; ++i) {
    for (double& each : x) each = draw.normal();
    for (std::size_t k = 0; k < probes; ++k) {
      double margin = 0;
      for (std::size_t a = 0; a < dimension; ++a) margin += weights[k * dimension + a] * x[a];
      labels.push_back(margin > 0 ? 1 : 0);
    }
  }
  return labels;
}

TEST(TheoryPolicy, TheAngleIsToldByTheAgreementOfProbes) {
  for (const double theta : {5.0, 20.0, 40.0, 60.0}) {
    const ProbeAngle found = probe_angle(predictions(theta, 6, 3000), 6);
    EXPECT_EQ(found.probes, 6u);
    // Overlaps of 15 pairs in 200 dimensions scatter beside the examples: sin^2(theta) / sqrt(200 * 15) each.
    const double radian = theta * std::numbers::pi / 180;
    const double by_dimension =
        180 / std::numbers::pi * std::pow(std::sin(radian), 2) / std::sqrt(200.0 * 15) / std::sin(2 * radian);
    EXPECT_NEAR(found.theta_deg, theta, 4 * std::hypot(found.standard_error_deg, by_dimension)) << theta;
    EXPECT_GT(found.standard_error_deg, 0);
    EXPECT_LT(found.standard_error_deg, 2);
  }
}

TEST(TheoryPolicy, TheAgreementOfTwoPerceptronsIsTheirAngle) {
  // 10 of 100 disagree, both classes equally large: phi = 18 degrees, cos(theta)^2 = cos(18).
  std::vector<Index> labels;
  for (Index i = 0; i < 100; ++i) {
    const Index a = i % 2, b = i < 10 ? 1 - a : a;
    labels.insert(labels.end(), {a, b});
  }
  const ProbeAngle found = probe_angle(labels, 2);
  EXPECT_DOUBLE_EQ(found.agreement, 0.9);
  const double degree = std::numbers::pi / 180;
  EXPECT_NEAR(found.theta_deg, std::acos(std::sqrt(std::cos(18 * degree))) / degree, 1e-10);
  // The standard error of a share of 0.9, by the derivative of the same formula.
  const auto theta = [&](double share) { return std::acos(std::sqrt(std::cos(180 * (1 - share) * degree))) / degree; };
  const double slope = (theta(0.9 - 1e-6) - theta(0.9 + 1e-6)) / 2e-6;
  EXPECT_NEAR(found.standard_error_deg, slope * std::sqrt(0.9 * 0.1 / 100), 1e-5);
}

TEST(TheoryPolicy, ProbesThatAgreeInAllHaveNoAngle) {
  EXPECT_EQ(probe_angle(std::vector<Index>{0, 0, 1, 1, 2, 2}, 2).theta_deg, 0);
}

TEST(TheoryPolicy, ChoosesTheDirectionByTheAlphaThatIsLeft) {
  const TheoryChoice many = choose_by_theory({.examples_per_parameter = 50, .keep = 0.3});
  EXPECT_EQ(many.policy, Policy::hard);
  EXPECT_DOUBLE_EQ(many.alpha, 15);
  EXPECT_DOUBLE_EQ(many.predicted_error, theory::perceptron(15, theory::MarginDistribution::keep_hard(0.3)).error);
  EXPECT_LT(many.predicted_error, many.random_error);
  EXPECT_LT(many.full_error, many.random_error);
  const TheoryChoice few = choose_by_theory({.examples_per_parameter = 0.5, .keep = 0.3});
  EXPECT_NE(few.policy, Policy::hard);
  EXPECT_LE(few.predicted_error, few.random_error);
  EXPECT_NE(many.why(), few.why());
  EXPECT_NE(many.why().find("the hardest examples"), std::string::npos);
}

TEST(TheoryPolicy, AWindowSkipsWhatLiesBelowItsMargins) {
  const TheoryChoice choice = choose_by_theory({.examples_per_parameter = 4, .keep = 0.5});
  ASSERT_EQ(choice.policy, Policy::window);
  const theory::Window best = theory::optimal_window(2, 0.5);  // theory-notes: 0.4339 to 1.3905
  EXPECT_NEAR(choice.skip_hardest, std::erf(best.lower / std::numbers::sqrt2), 1e-12);
  EXPECT_NEAR(choice.predicted_error, 0.11266, 1e-5);
}

TEST(TheoryPolicy, ChoosesTheSmallestFractionThatDoes) {
  for (const double theta : {0.0, 20.0}) {
    const TheoryChoice choice =
        choose_by_theory({.examples_per_parameter = 20, .theta_deg = theta, .allowed_increase = 0.05});
    EXPECT_LT(choice.keep, 1);
    EXPECT_LE(choice.predicted_error, 1.05 * choice.full_error * (1 + 1e-9));
    const double less = choice.keep / 1.02;
    for (const auto& margins :
         {theory::MarginDistribution::keep_hard(less), theory::MarginDistribution::keep_easy(less)}) {
      EXPECT_GT(theory::perceptron(20 * less, margins, theta).error, 1.05 * choice.full_error);
    }
  }
  EXPECT_LT(choose_by_theory({.examples_per_parameter = 20}).keep,
            choose_by_theory({.examples_per_parameter = 20, .theta_deg = 20}).keep);
}

TEST(TheoryPolicy, BadInputIsNamed) {
  expect_error("probes", "1: must be at least 2", [] { probe_angle(std::vector<Index>{1, 0}, 1); });
  expect_error("predictions", "3 numbers", [] { probe_angle(std::vector<Index>{1, 0, 1}, 2); });
  expect_error("probes", "an agreement of 0.5", [] { probe_angle(std::vector<Index>{0, 0, 1, 1, 0, 1, 1, 0}, 2); });
  expect_error("probes", "an agreement of 1", [] { probe_angle(std::vector<Index>{0, 0, 0, 0}, 2); });
  expect_error("examples_per_parameter", "0", [] { choose_by_theory({}); });
  expect_error("theta_deg", "90", [] { choose_by_theory({.examples_per_parameter = 1, .theta_deg = 90}); });
  expect_error("fraction", "2", [] { choose_by_theory({.examples_per_parameter = 1, .keep = 2}); });
  expect_error("allowed_increase", "-1",
               [] { choose_by_theory({.examples_per_parameter = 1, .allowed_increase = -1}); });
}

}  // namespace
}  // namespace momentset::test
