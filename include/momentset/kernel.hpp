#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <vector>

#include "momentset/points.hpp"

namespace momentset {

struct KernelOptions {
  std::size_t size = 1;  ///< points to keep, 1 or more
  /// m factors >= 0 that make the columns comparable: one over their standard deviations, 0 for a constant column,
  /// which then does not count.
  std::span<const double> scale = {};
  /// Highest order of the moments that are kept exactly, 0 to highest_kernel_order. Unset: kernel_order().
  std::optional<int> order = {};
  /// Further columns of the points whose sums times the moments are kept exactly as well: see Companions. The kernel is
  /// one of the points' coordinates alone. None whose values may change.
  std::span<const Companions> companions = {};
  /// Smallest effective sample size (sum w)^2 / sum w^2 of the new weights, as a share of `size`, 0 to 1.
  double least_effective_share = 0;
  std::uint64_t seed = 0;                              ///< of the random candidates
  std::stop_token stop = {};                           ///< asked to stop: throws Cancelled
  std::function<void(double fraction)> progress = {};  ///< called from the calling thread alone
};

struct KernelSelection {
  std::vector<Index> rows;      ///< numbers of the points that are kept, ascending
  std::vector<double> weights;  ///< their new weights, > 0
  /// Highest order up to which all moments are kept as well as rounding allows; below the one asked for where the rows
  /// found cannot carry its moments with weights >= 0. -1 if not even the mass could be kept.
  int order = 0;
  std::size_t features = 0;  ///< n, moments of the order asked for, in columns that count, and those of companions
  std::size_t rank = 0;      ///< how many of these are independent on the points
  /// Largest of |sum_j w_j f(x_j) - sum_i c_i f(x_i)| / sum_i c_i |f(x_i)| over the moments f up to `order`.
  double residual = 0;
  double effective_sample_size = 0;  ///< (sum w)^2 / sum w^2
  double ridge = 0;                  ///< rho, by which the weights were drawn towards equal ones
  int rounds = 0;                    ///< rounds of exchange
};

/// Highest order of the moments that can be kept exactly beside the kernel means.
inline constexpr int highest_kernel_order = 2;

/// The order that is kept where none is stated: 2 in up to ten columns where its moments, those of companions included,
/// are at most a third of the size, else 1 where its are at most half of it, else 0.
int kernel_order(std::size_t dimension, std::size_t size, std::span<const Companions> companions = {});

/// Points and weights whose mean embedding is close to that of all points, in many columns, where moments of useful
/// orders are more than the points to be kept. The kernel is a sum of three Gaussians of standardised coordinates z in
/// R^m, k = a_1 g + a_2 g^4 + a_3 g^16 with g(z, z') = exp(-|z - z'|^2 / (2 m)), so that one exponential serves all
/// scales. With t(y) = sum_i c_i k(y, x_i) / sum_i c_i the squared maximum mean discrepancy of weights w that sum to 1
/// is w'K w - 2 t'w and a constant (Gretton et al. 2012). In steps:
///
/// 1. Candidates: max(8192, 16 s) points, and the ends of every column. Weighted ones by priority sampling (Duffield,
///    Lund and Thorup 2007).
/// 2. t at the candidates over 16,384 sampled points, corrected so that it is exact at 512 landmarks Z:
///    t(y) = t_T(y) + k(y, Z) (K_ZZ + 1e-6 I)^-1 (t(Z) - t_T(Z)).
/// 3. Kernel herding (Chen, Welling and Smola 2010) with a = (1, 0.3, 0.3), then at most three passes of swaps.
/// 4. Weights: minimise w'(K + rho I) w - 2 (t + rho / s)'w over w >= 0 with a = (1, 0.01, 0.01), rho = 1e-3 max(1, s /
/// 256), such that
///    the mass and the moments up to the order are exact. rho draws towards equal weights: without it other kernels
///    and the effective sample size suffer. It is raised where least_effective_share asks for it.
/// 5. Ten rounds of exchange: max(16, s / 16) candidates with the largest gain come in, one by one, and as many go,
/// each
///    time the one whose loss costs least, w_i^2 / H_ii with H the inverse of K + rho I on the plane of the exact
///    moments. The best round counts.
/// 6. Weights of the rows chosen once more, by their exact means: those at all candidates are estimates.
///
/// Points of zero weight are never kept. Exactly `size` points come out where so many have positive weight; with fewer,
/// these with their own weights. Fewer only where no weights > 0 of so many were found. The result does not depend on
/// the threads of the caller's TBB arena. Throws Error on invalid points or options; Cancelled.
/// O(q (n + (512 + s) m) + 16384 s' m + s^2 (s' + 10 s)) operations and about 8 s s' bytes, with s' the candidates:
/// meant for s up to some thousand.
KernelSelection kernel_exchange(const WeightedPoints& points, const KernelOptions& options);

}  // namespace momentset
