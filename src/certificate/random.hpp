#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>

namespace momentset::certificate {

/// Random numbers that are the same on every platform: the standard fixes the engine, not the distributions.
class Random {
 public:
  /// Streams of one seed are independent of each other and of whatever the caller draws from the same seed.
  Random(std::uint64_t seed, std::uint64_t stream) : engine_(mixed(mixed(seed ^ 0x6d6f6d656e747365) + stream)) {}

  /// In [0, 1).
  double uniform() { return static_cast<double>(engine_() >> 11) * 0x1p-53; }

  /// Standard normal (Box and Muller 1958; one of the pair).
  double normal() {
    const double radius = std::sqrt(-2 * std::log(1 - uniform()));
    return radius * std::cos(2 * 3.14159265358979323846 * uniform());
  }

  /// Integer in [0, bound), without bias (Lemire 2019).
  std::uint32_t below(std::uint32_t bound) {
    std::uint64_t product = (engine_() >> 32) * bound;
    if (static_cast<std::uint32_t>(product) < bound) {
      const std::uint32_t threshold = (0U - bound) % bound;
      while (static_cast<std::uint32_t>(product) < threshold) product = (engine_() >> 32) * bound;
    }
    return static_cast<std::uint32_t>(product >> 32);
  }

 private:
  // The finaliser of splitmix64: neighbouring seeds become unrelated.
  static std::uint64_t mixed(std::uint64_t x) {
    x += 0x9e3779b97f4a7c15;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
  }

  std::mt19937_64 engine_;
};

}  // namespace momentset::certificate
