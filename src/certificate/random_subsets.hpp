#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "certificate/probe_functions.hpp"

namespace momentset::certificate {

/// Twenty random subsets of the numbers 0 .. count - 1, each of the same size, drawn without replacement, as one
/// mask a number: 4 bytes.
class RandomSubsets {
 public:
  /// size <= count < 2^32
  RandomSubsets(std::size_t count, std::size_t size, std::uint64_t seed);

  /// Bit r: does subset r contain number k?
  std::uint32_t mask(std::size_t k) const {
    std::uint32_t bits = 0;
    for (std::size_t plane = 0; plane < planes; ++plane) bits |= std::uint32_t(bits_[plane][k]) << (plane * per_plane);
    return bits;
  }

 private:
  // Planes of a byte a number: four threads draw at once, each in memory that fits its cache.
  static constexpr std::size_t planes = 4, per_plane = random_subsets / planes;

  std::array<std::vector<std::uint8_t>, planes> bits_;
};

}  // namespace momentset::certificate
