#pragma once

#include <cstddef>
#include <span>
#include <stop_token>
#include <vector>

#include "kernel/gaussian.hpp"

namespace momentset::kernel {

/// `size` different candidates, equally weighted, whose mean embedding follows t, the kernel's means at the candidates.
/// Kernel herding (Chen, Welling and Smola, UAI 2010, eq. 8): j times, the next one minimises
/// sum over the chosen of k(y, x) - (j + 1) t(y). Then up to three passes, in each of which every chosen one is taken
/// out and the best candidate for its place comes in; they end early where nothing changes.
/// O(size s' m) operations for s' candidates, and 4 size s' bytes. Throws Cancelled.
std::vector<std::size_t> herd(const KernelPoints& candidates, std::span<const double> means, const Mixture& mixture,
                              std::size_t size, const std::stop_token& stop);

}  // namespace momentset::kernel
