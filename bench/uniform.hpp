#pragma once

#include <cstddef>
#include <random>
#include <vector>

/// Numbers uniform in [-1, 1).
inline std::vector<double> uniform(std::mt19937_64& random, std::size_t count) {
  std::uniform_real_distribution<double> distribution(-1, 1);
  std::vector<double> values(count);
  for (double& value : values) value = distribution(random);
  return values;
}

/// The same numbers every time.
inline std::vector<double> uniform(std::size_t count) {
  std::mt19937_64 random(1);
  return uniform(random, count);
}
