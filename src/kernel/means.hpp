#pragma once

#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <vector>

#include "kernel/gaussian.hpp"
#include "kernel/standardisation.hpp"
#include "momentset/points.hpp"

namespace momentset::kernel {

/// t(y) = sum_i c_i g(x_i, y) / sum_i c_i at some points y, for each of the scales.
struct KernelMeans {
  std::array<std::vector<double>, scales> means;

  /// Those of a mixture.
  std::vector<double> of(const Mixture& mixture) const;
};

/// The means over all points, at a few places. O(q m) operations for each. Throws Cancelled.
KernelMeans exact_means(const WeightedPoints& points, const Standardisation& standardisation,
                        const KernelPoints& places, const std::stop_token& stop);

/// The means over all points at the candidates `rows`, which are in random order. Up to 16,384 points of positive
/// weight all of them count. Of more, t_T(y) over a sample of so many is corrected with 512 landmarks Z, the first of
/// the candidates, at which the means over all points are known:
///   t(y) = t_T(y) + k(y, Z) (K_ZZ + 1e-6 I)^-1 (t(Z) - t_T(Z)),
/// the least change in the kernel's own space. In trials the discrepancy of what was chosen by it was within 5 % of
/// what exact means lead to; without the correction it was 9 times as large in 3 columns.
/// O(512 q m + 16384 s' m) operations for s' candidates. Throws Cancelled.
KernelMeans kernel_means(const WeightedPoints& points, const Standardisation& standardisation,
                         std::span<const Index> rows, const KernelPoints& candidates, std::uint64_t seed,
                         const std::stop_token& stop);

}  // namespace momentset::kernel
