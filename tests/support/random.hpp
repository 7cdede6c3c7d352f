#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <vector>

namespace momentset::test {

/// SplitMix64 (Steele, Lea and Flood 2014). The distributions of the standard library differ from one library to the
/// next; these do not, so a seed printed by a failing test means the same problem everywhere.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t bits() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }

  double uniform() { return double(bits() >> 11) * 0x1p-53; }  ///< [0, 1)
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  std::size_t below(std::size_t count) { return std::size_t(bits() % count); }
  std::size_t between(std::size_t low, std::size_t high) { return low + below(high - low + 1); }  ///< both included
  bool chance(double probability) { return uniform() < probability; }

  /// Box and Muller's, the cosine half.
  double normal() {
    const double radius = std::sqrt(-2 * std::log(1 - uniform()));
    return radius * std::cos(2 * std::numbers::pi * uniform());
  }

 private:
  std::uint64_t state_;
};

inline std::vector<double> uniform_values(Random& random, std::size_t count, double low, double high) {
  std::vector<double> values(count);
  for (double& value : values) value = random.uniform(low, high);
  return values;
}

/// Log-uniform: as many weights in each decade of [10^low, 10^high].
inline std::vector<double> weights_over_decades(Random& random, std::size_t count, double low, double high) {
  std::vector<double> weights(count);
  for (double& weight : weights) weight = std::pow(10.0, random.uniform(low, high));
  return weights;
}

/// How many rows to keep: below, at or above the number of features.
inline std::size_t draw_target(Random& random, std::size_t rows, std::size_t features) {
  switch (random.below(5)) {
    case 0:
      return 1;
    case 1:
      return features;
    case 2:
      return random.between(1, features);
    case 3:
      return features + random.below(features + 1);
    default:
      return random.between(1, rows);
  }
}

}  // namespace momentset::test
