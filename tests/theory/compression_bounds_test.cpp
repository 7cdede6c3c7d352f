#include "momentset/theory/compression_bounds.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "support/expect_error.hpp"

namespace momentset::test {
namespace {

using namespace momentset::theory;

/// The sum of paper 000, Eq. 42, over d: sum of N^(-(k+1)/m) for N from d' + 1 to d.
double summed_steps(std::size_t m, int k, double size, double rows) {
  double sum = 0;
  for (double points = size + 1; points <= rows; ++points) sum += std::pow(points, -(k + 1.0) / double(m));
  return sum;
}

TEST(CompressionBounds, ExponentIsThatOfTheSummedSteps) {
  for (const std::size_t m : {1u, 2u, 3u, 4u}) {
    for (int k = int(m) + 1; k <= 2 * int(m) + 2; ++k) {
      // d far above d', so that the sum's upper end does not show: it falls off as (d / d')^p.
      const double small = 200, large = 400, rows = 4e5;
      const double remainder = std::pow(rows / large, bound_exponent(m, k));
      const double slope = std::log2(summed_steps(m, k, large, rows) / summed_steps(m, k, small, rows));
      EXPECT_NEAR(slope, bound_exponent(m, k), 0.01 + 2 * remainder) << m << " columns, order " << k;
    }
  }
}

TEST(CompressionBounds, VanishesFromOrderMOn) {
  for (std::size_t m = 1; m <= 6; ++m) {
    for (int k = 0; k <= 12; ++k) {
      EXPECT_EQ(bound_vanishes(m, k), bound_exponent(m, k) < -1e-12) << m << ", " << k;
      EXPECT_EQ(bound_size(m, k, 0.1).has_value(), bound_vanishes(m, k)) << m << ", " << k;
    }
  }
}

TEST(CompressionBounds, LowestVanishingOrderIsWhereEquation12TurnsNegative) {
  for (std::size_t m = 1; m <= 5; ++m) {
    for (const double sigma : {0.26, 0.5, 0.77, 1.0}) {
      const int k = lowest_vanishing_order(m, sigma);
      EXPECT_LT(1 + sigma * (1 - (k + 1.0) / double(m)), 0) << m << ", " << sigma;
      EXPECT_GE(1 + sigma * (1 - k / double(m)), 0) << m << ", " << sigma;
    }
  }
  EXPECT_EQ(lowest_vanishing_order(3, 1), 6);  // k > 2 m - 1
}

TEST(CompressionBounds, BoundSizeMeetsTheBound) {
  for (const std::size_t m : {1u, 2u, 5u}) {
    for (const int k : {int(m), int(m) + 3}) {
      const double size = bound_size(m, k, 1e-6).value();
      EXPECT_NEAR(std::pow(size, 1 - (k + 1.0) / double(m)), 1e-6, 1e-15);
      EXPECT_NEAR(std::log(size), double(m) / (k - double(m) + 1) * std::log(1e6), 1e-9);  // Eq. 11
    }
  }
}

TEST(CompressionBounds, ObservedScalingHasTheObservedExponent) {
  EXPECT_DOUBLE_EQ(observed_exponent(3, 5), 2.5);
  EXPECT_DOUBLE_EQ(observed_exponent(4, 4), 1.75);
  for (const std::size_t m : {1u, 3u, 4u}) {
    for (const int k : {0, 2, 5}) {
      const double ratio = observed_scaling(m, k, 2e5, 2e4, 50) / observed_scaling(m, k, 1e5, 1e4, 50);
      EXPECT_NEAR(-std::log2(ratio), observed_exponent(m, k), 1e-12);
      EXPECT_NEAR(observed_scaling(m, k, 1e5, observed_size(m, k, 1e5, 50, 1e-9), 50), 1e-9, 1e-20);
      EXPECT_EQ(observed_size(m, k, 1e5, 50, 0.5), 50);  // no less than the moments
    }
  }
}

/// ln of Eq. 47 at a real order k: -k ln(rho) + (k+1)/m (ln(n + 1) - ln N), n = C(m + k, k).
double logarithm_of_step(double m, double k, double points, double rho) {
  const double features = std::exp(std::lgamma(m + k + 1) - std::lgamma(k + 1) - std::lgamma(m + 1));
  return -k * std::log(rho) + (k + 1) / m * (std::log1p(features) - std::log(points));
}

TEST(CompressionBounds, OptimalOrderMinimisesOneStep) {
  for (const std::size_t m : {1u, 2u, 3u}) {
    for (const double rho : {0.5, 1.0, 2.0}) {
      const double points = std::pow(400.0, double(m));  // the minimum is at large k: Eq. 50 holds up to O(1/k) in ln k
      double best = 1;
      for (double k = 1; k < 2000; k += 1) {
        if (logarithm_of_step(double(m), k, points, rho) < logarithm_of_step(double(m), best, points, rho)) best = k;
      }
      const double found = optimal_order(m, points, rho);
      EXPECT_NEAR(std::log(found / best), 0, 10.0 * double(m) / best)
          << m << ", " << rho << ": " << found << ", " << best;
    }
  }
}

TEST(CompressionBounds, OptimalOrderGrowsWithTheRootOfTheSize) {
  for (const std::size_t m : {1u, 2u, 4u}) {
    EXPECT_NEAR(optimal_order(m, 64e4) / optimal_order(m, 1e4), std::pow(64.0, 1 / double(m)), 1e-9);
  }
  EXPECT_NEAR(optimal_order(1, std::exp(1)), 1, 1e-12);
}

TEST(CompressionBounds, OptimalBoundIsTheIncompleteGammaFunctionsTail) {
  // Eq. 52 to 54: the integral of exp(-(m! N)^(1/m) / e) over N from d' on, against (d')^(1 - 1/m) exp(-k_opt), whose
  // ratio tends to a constant.
  for (const std::size_t m : {1u, 2u, 3u}) {
    const auto tail = [&](double size) {
      const double step = size / 20000;
      double sum = 0;
      for (double points = size + step / 2; points < 60 * size; points += step)
        sum += std::exp(-optimal_order(m, points));
      return sum * step;
    };
    const double small = std::pow(60.0, double(m)), large = std::pow(90.0, double(m));
    const double ratio = (tail(large) / optimal_bound(m, large)) / (tail(small) / optimal_bound(m, small));
    EXPECT_NEAR(ratio, 1, 0.06) << m;
  }
}

TEST(CompressionBounds, PolylogSizeMeetsTheStretchedExponential) {
  for (const std::size_t m : {1u, 2u, 3u}) {
    const double size = polylog_size(m, 1e-8, 1.5);
    EXPECT_NEAR(std::exp(-optimal_order(m, size, 1.5)) / 1e-8, 1, 1e-9);
    EXPECT_NEAR(polylog_size(m, 1e-16) / polylog_size(m, 1e-8), std::pow(2.0, double(m)), 1e-9);  // ln(d / omega)^m
  }
}

TEST(CompressionBounds, BadArgumentsAreNamed) {
  expect_error("dimension", "must", [] { bound_exponent(0, 1); });
  expect_error("order", "must", [] { observed_exponent(2, -1); });
  expect_error("sigma", "must", [] { lowest_vanishing_order(2, 0); });
  expect_error("sigma", "must", [] { lowest_vanishing_order(2, 1.5); });
  expect_error("tolerance", "must", [] { bound_size(2, 3, 0); });
  expect_error("tolerance", "must", [] { polylog_size(2, 2); });
  expect_error("size", "must", [] { optimal_order(2, 0.5); });
  expect_error("rho", "must", [] { optimal_order(2, 10, -1); });
  expect_error("rows", "must", [] { observed_scaling(2, 3, 0, 1, 1); });
  expect_error("features", "must", [] { observed_size(2, 3, 10, NAN, 1e-3); });
}

}  // namespace
}  // namespace momentset::test
