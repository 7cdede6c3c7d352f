#include "certificate/random_subsets.hpp"

#include <oneapi/tbb/parallel_for.h>

#include <algorithm>

#include "certificate/random.hpp"

namespace momentset::certificate {
namespace {

// Sets this bit in `size` different bytes (Floyd's algorithm, with the bits as the set of those drawn already).
void draw(std::vector<std::uint8_t>& bytes, std::size_t size, std::uint8_t bit, Random random) {
  for (std::size_t last = bytes.size() - size; last < bytes.size(); ++last) {
    const std::size_t k = random.below(static_cast<std::uint32_t>(last) + 1);
    bytes[(bytes[k] & bit) ? last : k] |= bit;
  }
}

}  // namespace

RandomSubsets::RandomSubsets(std::size_t count, std::size_t size, std::uint64_t seed) {
  const bool drop = size > count / 2;  // then it is quicker to draw those that are left out
  oneapi::tbb::parallel_for(std::size_t(0), planes, [&](std::size_t plane) {
    std::vector<std::uint8_t>& bytes = bits_[plane];
    bytes.resize(count);
    for (std::size_t r = 0; r < per_plane; ++r) {
      draw(bytes, drop ? count - size : size, std::uint8_t(1U << r), Random(seed, 1 + plane * per_plane + r));
    }
    if (!drop) return;
    for (std::uint8_t& byte : bytes) byte ^= (1U << per_plane) - 1;
  });
}

}  // namespace momentset::certificate
