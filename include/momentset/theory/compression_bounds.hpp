#pragma once

#include <cstddef>
#include <optional>

/// What paper 000 proves and observes of compressing d points in R^m to d' of them with the moments up to order k kept,
/// as scalings without the constants, which depend on the function that is averaged.
///
/// The paper's f = h(sum_i g(w_i)) sums over d points, so its errors carry a factor d. Here errors are relative to that
/// sum's mass, as those of weighted means are: E / d.
///
/// Theorem 4. One greedy step at N points left takes n + 1 of them within a diameter r = O(N^(-1/m)) and errs by
/// r^(k+1) (Theorem 3, mass d). Summing over N from d down to d' (Eq. 42)
///     E / d = O( (d')^(1 - (k+1)/m) - d^(1 - (k+1)/m) ),  k + 1 != m,
/// hence (Eq. 10) E / d = O((d')^p) with p = 1 - (k+1)/m, which vanishes for k + 1 > m. Solved for d' (Eq. 11):
///     d' = Omega( (d / omega)^(m / (k - m + 1)) )  for an error E of at most omega.
///
/// Theorem 7. With all factors kept and a radius of convergence rho of g (Eq. 47)
///     step / d = rho^(-k) ((n + 1) / N)^((k+1)/m),  n = C(m + k, k),
/// whose logarithm is k ln(k) - k ln(rho) - (k/m) ln(m! N) + ... and smallest at k_opt = rho (m! N)^(1/m) / e; there
/// the step is exp(-k_opt) (Eq. 51), hence (Eq. 45)
///     E / d = O( (d')^(1 - 1/m) exp(-rho (m! d')^(1/m) / e) ),
/// and solved for d' without the first factor (Eq. 56): d' = (e ln(d / omega) / rho)^m / m! = Omega(ln(d / omega)^m).
/// The paper prints rho inside the root from Eq. 48 on, which agrees for rho = 1. Lengths, and with them rho, are in
/// units of the points' extent.
///
/// Every function throws Error, naming the argument, on m = 0, a negative order, or an argument out of the range
/// stated.
namespace momentset::theory {

/// p of Theorem 4's E / d = O((d')^p): 1 - (k+1)/m. Positive or 0 for k + 1 <= m, where the theorem promises nothing.
double bound_exponent(std::size_t dimension, int order);

/// Whether the bound on E / d vanishes as d' grows: k + 1 > m.
bool bound_vanishes(std::size_t dimension, int order);

/// The lowest order at which even E, d times as much, vanishes for d' = d^sigma (Eq. 12): the smallest k with
/// k > (1 + 1/sigma) m - 1. @param sigma in (0, 1]
int lowest_vanishing_order(std::size_t dimension, double sigma);

/// alpha of E / d ~ d^(-alpha) as the paper's Fig. 2 finds it where a fixed share of the points is kept:
/// (k+1)/m + 1/2. The bound has (k+1)/m - 1: errors of different cells have random signs, which the bound leaves out.
double observed_exponent(std::size_t dimension, int order);

/// The law that has the observed exponent where d' is a share of d, and the radius of Eq. 47:
/// d^(-1/2) (n / d')^((k+1)/m). @param rows d, 1 or more @param size d', 1 or more @param features n, 1 or more
double observed_scaling(std::size_t dimension, int order, double rows, double size, double features);

/// The d' at which observed_scaling is `tolerance`, no less than n. @param tolerance above 0
double observed_size(std::size_t dimension, int order, double rows, double features, double tolerance);

/// Theorem 4, part 2: the d' at which (d')^p is `tolerance` = omega / d, that is tolerance^(-m/(k - m + 1)). None where
/// the bound does not vanish. @param tolerance in (0, 1]
std::optional<double> bound_size(std::size_t dimension, int order, double tolerance);

/// Theorem 7: k_opt = rho (m! d')^(1/m) / e, which is Theta((d')^(1/m)). @param size d', 1 or more @param rho above 0
double optimal_order(std::size_t dimension, double size, double rho = 1);

/// Theorem 7, part 1: (d')^(1 - 1/m) exp(-k_opt).
double optimal_bound(std::size_t dimension, double size, double rho = 1);

/// Theorem 7, part 2: (e ln(1 / tolerance) / rho)^m / m!, tolerance = omega / d. @param tolerance in (0, 1]
double polylog_size(std::size_t dimension, double tolerance, double rho = 1);

}  // namespace momentset::theory
