#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "certificate/random.hpp"

namespace momentset::certificate {

/// Frequencies and phases of random Fourier features (see Features::fourier): all frequencies first, row by row.
struct FourierDraws {
  std::vector<double> frequencies, phases;

  FourierDraws(std::size_t dimension, std::size_t count, double length, std::uint64_t seed) {
    constexpr std::uint64_t stream = 5;
    constexpr double two_pi = 6.283185307179586;
    Random random(seed, stream);
    for (std::size_t k = 0; k < count * dimension; ++k) {
      frequencies.push_back(random.normal() / (length * std::sqrt(double(dimension))));
    }
    for (std::size_t k = 0; k < count; ++k) phases.push_back(two_pi * random.uniform());
  }
};

}  // namespace momentset::certificate
