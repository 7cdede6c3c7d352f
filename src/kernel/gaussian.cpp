#include "kernel/gaussian.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "blas.hpp"
#include "simd.hpp"
#include "threads.hpp"

namespace momentset::kernel {
namespace {

// Eight numbers at once, and no branches: the compiler does not find vectors in plain loops of this kind.
constexpr std::size_t lanes = 8;
using Singles = float __attribute__((vector_size(lanes * sizeof(float))));
using Doubles = double __attribute__((vector_size(lanes * sizeof(double))));
using Integers = std::uint32_t __attribute__((vector_size(lanes * sizeof(std::uint32_t))));

// Adding and subtracting this rounds |x| < 2^21 to the nearest integer, which then stands in the low bits of the sum.
constexpr float rounder = 0x1.8p23f;

// Smaller ones count as 0: their fourth powers would be denormal, on which processors are slow.
constexpr float smallest = 1e-9f;

MOMENTSET_LOOP Singles all(float value) { return Singles{} + value; }

/// exp(u), to 2e-7 of itself, with u > 0 taken for the rounding error of 0.
MOMENTSET_LOOP Singles exponential(Singles u) {
  constexpr float log2_e = 1.44269504f, log_2_head = 0.693359375f, log_2_tail = -2.12194440e-4f, least = -80;
  u = u > 0.0f ? all(0) : u;
  u = u < least ? all(least) : u;
  const Singles shifted = u * log2_e + rounder;
  const Singles n = shifted - rounder;
  const Singles r = (u - n * log_2_head) - n * log_2_tail;
  const Singles series =
      1.0f + r * (1.0f + r * (0.5f + r * (0x1.555556p-3f +
                                          r * (0x1.555556p-5f + r * (0x1.111112p-7f + r * 0x1.6c16c2p-10f)))));
  Integers bits;
  std::memcpy(&bits, &shifted, sizeof bits);
  bits = (bits + 127) << 23;  // 2^n
  Singles power;
  std::memcpy(&power, &bits, sizeof power);
  return series * power;
}

MOMENTSET_LOOP Singles fourth_power(Singles g) {
  const Singles kept = g < smallest ? all(0) : g;
  const Singles square = kept * kept;
  return square * square;
}

/// Calls action(k, count) for runs of 8 places, and at last for fewer.
template <class Action>
MOMENTSET_LOOP void by_lanes(std::size_t count, const Action& action) {
  std::size_t k = 0;
  for (; k + lanes <= count; k += lanes) action(k, lanes);
  if (k < count) action(k, count - k);
}

MOMENTSET_LOOP void mix_loop(float* u, std::size_t count, float wide, float middle, float narrow) {
  by_lanes(
      count, [&](std::size_t k, std::size_t some) __attribute__((always_inline)) {
        Singles exponents = {};
        std::memcpy(&exponents, u + k, some * sizeof(float));
        const Singles g = exponential(exponents), g4 = fourth_power(g), g16 = fourth_power(g4);
        const Singles mixed = wide * g + middle * g4 + narrow * g16;
        std::memcpy(u + k, &mixed, some * sizeof(float));
      });
}
MOMENTSET_SIMD(void, mix, mix_loop, (float* u, std::size_t count, float wide, float middle, float narrow),
               (u, count, wide, middle, narrow))

MOMENTSET_LOOP void add_lanes(Singles values, double weight, double* sums, std::size_t some) {
  Doubles before = {};
  std::memcpy(&before, sums, some * sizeof(double));
  before += weight * __builtin_convertvector(values, Doubles);
  std::memcpy(sums, &before, some * sizeof(double));
}

MOMENTSET_LOOP void add_row_loop(const float* u, std::size_t count, const double* weights, double* wide, double* middle,
                                 double* narrow) {
  by_lanes(
      count, [&](std::size_t k, std::size_t some) __attribute__((always_inline)) {
        Singles exponents = {};
        std::memcpy(&exponents, u + k, some * sizeof(float));
        const Singles g = exponential(exponents), g4 = fourth_power(g);
        add_lanes(g, weights[0], wide + k, some);
        add_lanes(g4, weights[1], middle + k, some);
        add_lanes(fourth_power(g4), weights[2], narrow + k, some);
      });
}
MOMENTSET_SIMD(void, add_row, add_row_loop,
               (const float* u, std::size_t count, const double* weights, double* wide, double* middle, double* narrow),
               (u, count, weights, wide, middle, narrow))

}  // namespace

KernelPoints::KernelPoints(const Standardisation& standardisation, const WeightedPoints& points,
                           std::span<const Index> rows)
    : count_(rows.size()),
      width_(standardisation.dimension() + 2),
      coordinates_(rows.size() * standardisation.dimension()),
      half_squares_(rows.size()),
      left_(rows.size() * width_),
      right_(rows.size() * width_) {
  const std::size_t m = standardisation.dimension();
  const double factor = 1 / std::sqrt(double(std::max<std::size_t>(m, 1)));
  for (std::size_t k = 0; k < count_; ++k) {
    double* y = coordinates_.data() + k * m;
    standardisation.map(points.point(rows[k]), y);
    for (std::size_t a = 0; a < m; ++a) {
      y[a] *= factor;
      half_squares_[k] += y[a] * y[a] / 2;
      left_[k * width_ + a] = right_[k * width_ + a] = float(y[a]);
    }
    left_[k * width_ + m] = right_[k * width_ + m + 1] = -float(half_squares_[k]);
    left_[k * width_ + m + 1] = right_[k * width_ + m] = 1;
  }
}

void KernelPoints::column(std::size_t centre, const Mixture& mixture, std::vector<float>& out) const {
  out.resize(count_);
  cblas_sgemv(CblasRowMajor, CblasNoTrans, int(count_), int(width_), 1, left_.data(), int(width_),
              right_.data() + centre * width_, 1, 0, out.data(), 1);
  mix(out.data(), count_, float(mixture[0]), float(mixture[1]), float(mixture[2]));
  out[centre] = float(mixture[0] + mixture[1] + mixture[2]);
}

std::vector<double> KernelPoints::matrix(std::span<const std::size_t> a, std::span<const std::size_t> b,
                                         const Mixture& mixture) const {
  const std::size_t m = width_ - 2;
  const auto gather = [&](std::span<const std::size_t> list) {
    std::vector<double> rows;
    rows.reserve(list.size() * m);
    for (const std::size_t k : list) {
      rows.insert(rows.end(), coordinates_.begin() + std::ptrdiff_t(k * m),
                  coordinates_.begin() + std::ptrdiff_t((k + 1) * m));
    }
    return rows;
  };
  std::vector<double> result(a.size() * b.size());
  const std::vector<double> left = gather(a), right = gather(b);
  if (m > 0) {
    cblas_dgemm(CblasColMajor, CblasTrans, CblasNoTrans, int(a.size()), int(b.size()), int(m), 1, left.data(), int(m),
                right.data(), int(m), 0, result.data(), int(a.size()));
  }
  for (std::size_t j = 0; j < b.size(); ++j) {
    for (std::size_t i = 0; i < a.size(); ++i) {
      double& entry = result[j * a.size() + i];
      const double exponent = entry - half_squares_[a[i]] - half_squares_[b[j]];
      const double g = a[i] == b[j] ? 1 : std::exp(std::min(0.0, exponent));
      const double g4 = g * g * g * g, g16 = g4 * g4 * g4 * g4;
      entry = mixture[0] * g + mixture[1] * g4 + mixture[2] * g16;
    }
  }
  return result;
}

std::array<std::vector<double>, scales> KernelPoints::sums(std::span<const float> others,
                                                           const std::array<std::span<const double>, scales>& weights,
                                                           const std::stop_token& stop) const {
  constexpr std::size_t columns = 256, rows = 64;  // whose exponents stay in a cache
  std::array<std::vector<double>, scales> sums;
  for (std::vector<double>& sum : sums) sum.resize(count_);
  const std::size_t all = others.size() / width_;
  for_all((count_ + columns - 1) / columns, [&](std::size_t block) {
    const std::size_t first = block * columns, width = std::min(columns, count_ - first);
    std::vector<float> exponents(rows * width);
    for (std::size_t begin = 0; begin < all; begin += rows) {
      if (begin % (64 * rows) == 0) stop_if_asked(stop);
      const std::size_t some = std::min(rows, all - begin);
      cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, int(some), int(width), int(width_), 1,
                  others.data() + begin * width_, int(width_), left_.data() + first * width_, int(width_), 0,
                  exponents.data(), int(width));
      for (std::size_t i = 0; i < some; ++i) {
        const double factors[scales] = {weights[0][begin + i], weights[1][begin + i], weights[2][begin + i]};
        add_row(exponents.data() + i * width, width, factors, sums[0].data() + first, sums[1].data() + first,
                sums[2].data() + first);
      }
    }
  });
  return sums;
}

}  // namespace momentset::kernel
