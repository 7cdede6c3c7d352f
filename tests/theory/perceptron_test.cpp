#include "momentset/theory/perceptron.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "support/expect_error.hpp"
#include "theory/normal_integrals.hpp"

namespace momentset::test {
namespace {

using namespace momentset::theory;

constexpr double infinite = std::numeric_limits<double>::infinity();
const double degree = std::numbers::pi / 180;

/// Left side minus right side of Eqs. 1 to 3 of paper 003 as printed, for lower < |z| < upper, relative.
std::vector<double> printed_equations(const Perceptron& at, double alpha, double lower, double upper, double theta) {
  const double R = at.R, rho = at.rho, kappa = at.kappa, f = 2 * (H(lower) - H(upper));
  const double cosine = std::cos(theta), sine2 = std::sin(theta) * std::sin(theta), rest = 1 - rho * rho;
  const double lambda = std::sqrt(sine2 - R * R - rho * rho + 2 * rho * R * cosine);
  const auto over_t = [&](double z, int equation) {
    return simpson(kappa - 9, kappa, 400, [&](double t) {
      const double gamma = z * (rho * R - cosine) - t * (R - rho * cosine);
      const double delta =
          z * z * (rho * rho + cosine * cosine - 2 * rho * R * cosine) + 2 * t * z * (R * cosine - rho) + t * t * sine2;
      const double edge = std::exp(-delta / (2 * lambda * lambda));
      if (equation == 1) return edge * (kappa - t);
      const double bulk =
          phi((t - rho * z) / std::sqrt(rest)) / std::sqrt(rest) * H(gamma / (std::sqrt(rest) * lambda));
      if (equation == 2) return bulk * (kappa - t) * (kappa - t);
      return (bulk * (z - rho * t) / rest + edge / (2 * std::numbers::pi * lambda) * (rho * R - cosine) / rest) *
             (kappa - t);
    });
  };
  const auto average = [&](int equation) {
    return simpson(lower, upper, 200,
                   [&](double z) { return phi(z) / f * (over_t(z, equation) + over_t(-z, equation)); });
  };
  const double left1 = (R - rho * cosine) / sine2, left3 = (rho - R * cosine) / sine2;
  const double left2 = 1 - (rho * rho + R * R - 2 * rho * R * cosine) / sine2;
  return {left1 / (alpha / (std::numbers::pi * lambda) * average(1)) - 1, left2 / (2 * alpha * average(2)) - 1,
          left3 - 2 * alpha * average(3)};
}

TEST(Perceptron, SolvesEquations1To6AsPrinted) {
  struct Case {
    double alpha, lower, upper, theta_deg;
  };
  for (const Case& c : {Case{2, 0, 0.385, 20}, Case{5, 0, 1.5, 40}, Case{1, 0.5, 1.2, 30}, Case{4, 0, 0.6, 75}}) {
    const Perceptron found = perceptron(c.alpha, MarginDistribution::window(c.lower, c.upper), c.theta_deg);
    for (const double residual : printed_equations(found, c.alpha, c.lower, c.upper, c.theta_deg * degree)) {
      EXPECT_NEAR(residual, 0, 1e-7) << c.alpha << ", " << c.theta_deg;
    }
    EXPECT_NEAR(found.error, std::acos(found.R) / std::numbers::pi, 1e-9);
  }
}

TEST(Perceptron, SolvesTheCorrectedEquations85And86) {
  for (const double alpha : {0.5, 2.0, 8.0}) {
    for (const auto& [a, b] : {std::pair{0.0, 0.674}, std::pair{0.4339, 1.3905}, std::pair{1.1457, 12.0}}) {
      const Perceptron at = perceptron(alpha, MarginDistribution::window(a, b));
      const double R = at.R, kappa = at.kappa, f = 2 * (H(a) - H(b)), root = std::sqrt(1 - R * R);
      const auto integral = [&](const auto& kernel) {
        return simpson(kappa - 12, kappa, 4000, [&](double t) { return phi(t) * kernel(t); });
      };
      const double right85 = 2 * alpha / (f * std::sqrt(2 * std::numbers::pi) * root) * integral([&](double t) {
                               const double from = (a - R * t) / root, to = (b - R * t) / root;
                               return (std::exp(-from * from / 2) - std::exp(-to * to / 2)) * (kappa - t);
                             });
      const double right86 = 2 * alpha / f * integral([&](double t) {
                               return (H((a - R * t) / root) - H((b - R * t) / root)) * (kappa - t) * (kappa - t);
                             });
      EXPECT_NEAR(right85 / R, 1, 1e-8) << alpha << ", " << a;
      EXPECT_NEAR(right86 / (1 - R * R), 1, 1e-8) << alpha << ", " << a;
      EXPECT_DOUBLE_EQ(at.R, at.rho);
    }
  }
}

std::vector<MarginDistribution> distributions() {
  return {MarginDistribution::random(),       MarginDistribution::keep_hard(0.01),
          MarginDistribution::keep_hard(0.3), MarginDistribution::keep_easy(0.01),
          MarginDistribution::keep_easy(0.5), MarginDistribution::window(0.4339, 1.3905)};
}

TEST(Perceptron, DoesNotChangeWithTheTolerance) {
  const std::vector<double> alphas{0.1, 1.9, 40, 1000};
  for (const double theta : {0.0, 1e-3, 20.0, 89.0}) {
    const std::vector<MarginDistribution> cases = distributions();
    for (std::size_t k = 0; k < cases.size(); ++k) {
      const auto usual = perceptron_curve(alphas, cases[k], theta);
      const auto halved = perceptron_curve(alphas, cases[k], theta, {.tolerance = 0.5e-10});
      for (std::size_t i = 0; i < alphas.size(); ++i) {
        EXPECT_TRUE(usual[i].solved()) << k << ", " << theta << ", " << alphas[i] << ": " << usual[i].residual;
        EXPECT_NEAR(usual[i].error / halved[i].error, 1, 1e-8) << k << ", " << theta << ", " << alphas[i];
        EXPECT_NEAR(usual[i].kappa / halved[i].kappa, 1, 1e-8) << k << ", " << theta << ", " << alphas[i];
        EXPECT_NEAR(usual[i].R / halved[i].R, 1, 1e-8) << k << ", " << theta << ", " << alphas[i];
        EXPECT_NEAR(usual[i].rho, halved[i].rho, 1e-8) << k << ", " << theta << ", " << alphas[i];
      }
    }
  }
}

TEST(Perceptron, WithoutPruningTheProbeDoesNotMatter) {
  for (const double alpha : {0.1, 3.0, 300.0}) {
    const Perceptron straight = perceptron(alpha, MarginDistribution::random());
    for (const double theta : {1e-6, 5.0, 60.0, 89.9}) {
      const Perceptron turned = perceptron(alpha, MarginDistribution::keep_hard(1), theta);
      EXPECT_NEAR(turned.error / straight.error, 1, 1e-8) << alpha << ", " << theta;
      EXPECT_NEAR(turned.rho, straight.R * std::cos(theta * degree), 1e-8) << alpha << ", " << theta;
    }
  }
}

TEST(Perceptron, ASmallAngleIsNearNone) {
  for (const MarginDistribution& margins : distributions()) {
    for (const double alpha : {0.5, 5.0}) {
      const Perceptron straight = perceptron(alpha, margins), turned = perceptron(alpha, margins, 1e-7);
      EXPECT_NEAR(turned.error / straight.error, 1, 1e-6) << alpha << ", " << margins.fraction();
    }
  }
}

/// For large alpha only p(0) and the student's rest beside the teacher matter: with w = a u / r and m = k - w
/// the integral of (w - k) M1(m) over w > 0 vanishes, and error = p(0 | unpruned) f / (2 pi alpha p(0) integral of
/// M2(m)).
double error_times_alpha() {
  const auto moment = [](double k, int which) {
    return simpson(0, k + 12, 3000, [&](double w) {
      const double m = k - w, p = H(-m), first = m * p + phi(m);
      return which == 1 ? (w - k) * first : (m * m + 1) * p + m * phi(m);
    });
  };
  double below = 0, above = 5;
  while (above - below > 1e-12) {
    const double k = (below + above) / 2;
    (moment(k, 1) > 0 ? below : above) = k;
  }
  return 1 / (2 * std::numbers::pi * phi(0) * moment(below, 2));
}

TEST(Perceptron, LargeAlpha) {
  const double constant = error_times_alpha();
  EXPECT_NEAR(constant, 0.5005, 1e-4);  // the maximally stable perceptron's (Opper, Kinzel, Kleinz and Nehl 1990)
  for (const double theta : {0.0, 30.0}) {
    EXPECT_NEAR(1e4 * perceptron(1e4, MarginDistribution::random(), theta).error, constant, 1e-4);
  }
  EXPECT_NEAR(1e4 / 0.1 * perceptron(1e4, MarginDistribution::keep_hard(0.1)).error, constant, 1e-3);
}

TEST(Perceptron, BandsThatTouchAreOne) {
  const MarginDistribution whole = MarginDistribution::window(0.2, 1), parts({{0.2, 0.5, 1}, {0.5, 1, 1}});
  EXPECT_NEAR(whole.fraction(), parts.fraction(), 1e-15);
  for (const double theta : {0.0, 25.0}) {
    EXPECT_NEAR(perceptron(3, whole, theta).error, perceptron(3, parts, theta).error, 1e-10);
  }
  // Keeping a half of everything at random is keeping everything: alpha counts what is kept.
  const MarginDistribution half({{0, infinite, 0.5}});
  EXPECT_DOUBLE_EQ(half.fraction(), 0.5);
  EXPECT_NEAR(perceptron(3, half).error, perceptron(3, MarginDistribution::random()).error, 1e-12);
}

TEST(Perceptron, ACurveHasThePointsThatAreSolvedAlone) {
  const std::vector<double> alphas{0.1, 0.5, 2, 2, 50};
  for (const double theta : {0.0, 10.0}) {
    const auto curve = perceptron_curve(alphas, MarginDistribution::keep_hard(0.2), theta);
    ASSERT_EQ(curve.size(), alphas.size());
    for (std::size_t i = 0; i < alphas.size(); ++i) {
      const Perceptron alone = perceptron(alphas[i], MarginDistribution::keep_hard(0.2), theta);
      EXPECT_NEAR(curve[i].error / alone.error, 1, 1e-8);
    }
  }
}

TEST(PerceptronAtMargin, IsTheLimitOfNarrowWindows) {
  for (const double alpha : {0.3, 1.0, 1.7}) {
    const Perceptron one = perceptron_at_margin(alpha, 0.8);
    const Perceptron narrow = perceptron(alpha, MarginDistribution::window(0.799, 0.801));
    EXPECT_NEAR(one.R, narrow.R, 1e-4) << alpha;
    EXPECT_NEAR(one.kappa, narrow.kappa, 1e-4) << alpha;
    EXPECT_GT(perceptron_at_margin(alpha, 4).R, one.R);  // the best margin is infinite
  }
  EXPECT_EQ(perceptron_at_margin(2, 0.1).error, 0);
  EXPECT_LT(perceptron_at_margin(1.999999, 0.1).error, 0.01);
}

TEST(Perceptron, BadArgumentsAreNamed) {
  const MarginDistribution all = MarginDistribution::random();
  for (const double alpha : {0.0, -1.0, 1e-4, 2e4, double(NAN)}) {
    expect_error("alpha", "must be at least 0.001", [&] { perceptron(alpha, all); });
  }
  for (const double theta : {-1.0, 90.0, 180.0, double(NAN)}) {
    expect_error("theta_deg", "below 90", [&] { perceptron(1, all, theta); });
  }
  for (const double fraction : {0.0, -0.5, 1.5, double(NAN)}) {
    expect_error("fraction", "at most 1", [&] { MarginDistribution::keep_hard(fraction); });
    expect_error("fraction", "at most 1", [&] { MarginDistribution::keep_easy(fraction); });
  }
  expect_error("fraction", "at least 0.001", [] { MarginDistribution::keep_hard(1e-4); });
  expect_error("window", "above its lower end", [] { MarginDistribution::window(1, 1); });
  expect_error("window", "0 or more", [] { MarginDistribution::window(-1, 1); });
  expect_error("window", "must keep", [] { MarginDistribution::window(5, 6); });
  expect_error("bands", "ascending", [] { MarginDistribution({{0, 1, 1}, {0.5, 2, 1}}); });
  expect_error("keep", "at most 1", [] { MarginDistribution({{0, 1, 2}}); });
  expect_error("bands", "at least one", [] { MarginDistribution({}); });
  expect_error("alphas", "ascending", [&] { perceptron_curve(std::vector{2.0, 1.0}, all); });
  expect_error("tolerance", "1e-13", [&] { perceptron(1, all, 0, {.tolerance = 0}); });
  expect_error("margin", "finite", [] { perceptron_at_margin(1, 0); });
}

}  // namespace
}  // namespace momentset::test
