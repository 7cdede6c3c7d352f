#include "certificate/probe_functions.hpp"

#include <bit>
#include <cmath>

#include "certificate/random.hpp"
#include "simd.hpp"

namespace momentset::certificate {
namespace {

constexpr double two_pi = 6.283185307179586476925286766559;

// Adding and subtracting this rounds |x| < 2^51 to the nearest integer, which then stands in the low bits of the sum.
constexpr double rounder = 0x1.8p52;

// (2 pi)^(2k+1) / (2k+1)! with alternating signs: sin(2 pi x) to x^21, truncation below 1e-17 for |x| <= 1/4.
constexpr auto sine_terms = [] {
  std::array<double, 11> terms{};
  long double term = 6.283185307179586476925286766559L;
  for (std::size_t k = 0; k < terms.size(); ++k) {
    terms[k] = static_cast<double>(term);
    term *= -39.478417604357434475337963999505L / ((2 * k + 2) * (2 * k + 3));
  }
  return terms;
}();

// 1 / k!: exp(x) to x^13, truncation below 1e-17 for |x| <= log(2) / 2.
constexpr auto exponential_terms = [] {
  std::array<double, 14> terms{};
  long double term = 1;
  for (std::size_t k = 0; k < terms.size(); term /= ++k) terms[k] = static_cast<double>(term);
  return terms;
}();

// The terms of a polynomial in x by Horner's rule.
template <std::size_t count>
MOMENTSET_LOOP Lanes polynomial(const std::array<double, count>& terms, Lanes x) {
  Lanes sum = all_lanes(terms.back());
  for (std::size_t k = count - 1; k-- > 0;) sum = sum * x + terms[k];
  return sum;
}

// cos(2 pi u). After reduction to r in [-1/2, 1/2] it is sin(2 pi (1/4 - |r|)), so the series needs half the range.
MOMENTSET_LOOP Lanes cosine_of_turns(Lanes u) {
  const Lanes r = u - ((u + rounder) - rounder);
  const Lanes x = 0.25 - absolute(r);
  return polynomial(sine_terms, x * x) * x;
}

// 1 / (1 + exp(-u)); beyond 700 it is 0 or 1 to more than double precision.
MOMENTSET_LOOP Lanes sigmoid(Lanes u) {
  constexpr double log2_e = 1.4426950408889634, log_2_head = 0x1.62e42fefap-1, log_2_tail = 0x1.cf79abc9e3b39p-40;
  using Bits = std::uint64_t __attribute__((vector_size(sizeof(Lanes))));
  Lanes x = -u;
  x = x > 700 ? all_lanes(700) : x;
  x = x < -700 ? all_lanes(-700) : x;
  const Lanes shifted = x * log2_e + rounder;
  const Lanes n = shifted - rounder;
  const Lanes r = (x - n * log_2_head) - n * log_2_tail;
  const Bits power = (std::bit_cast<Bits>(shifted) + 1023) << 52;  // 2^n
  return 1 / (1 + polynomial(exponential_terms, r) * std::bit_cast<Lanes>(power));
}

MOMENTSET_LOOP void evaluate_loop(const double* slope, const double* shift, std::size_t dimension, const double* z,
                                  std::size_t count, double* values) {
  static_assert(cosine_count % simd_lanes == 0 && probe_count % simd_lanes == 0);
  for (std::size_t i = 0; i < count; ++i, z += dimension, values += probe_count) {
    for (std::size_t f = 0; f < probe_count; f += simd_lanes) {
      Lanes u = load(shift + f);
      for (std::size_t axis = 0; axis < dimension; ++axis) u += load(slope + axis * probe_count + f) * z[axis];
      store(f < cosine_count ? cosine_of_turns(u) : sigmoid(u), values + f);
    }
  }
}
MOMENTSET_SIMD(void, evaluate, evaluate_loop,
               (const double* slope, const double* shift, std::size_t dimension, const double* z, std::size_t count,
                double* values),
               (slope, shift, dimension, z, count, values))

MOMENTSET_LOOP void add_to_all_loop(const double* values, const double* weights, std::size_t count, double* sum,
                                    double* error) {
  double block[probe_count] = {};
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t f = 0; f < probe_count; ++f) block[f] += weights[i] * values[i * probe_count + f];
  }
  for (std::size_t f = 0; f < probe_count; ++f) add_exactly(block[f], sum[f], error[f]);
}
MOMENTSET_SIMD(void, add_to_all, add_to_all_loop,
               (const double* values, const double* weights, std::size_t count, double* sum, double* error),
               (values, weights, count, sum, error))

MOMENTSET_LOOP void add_to_subsets_loop(const double* values, const double* weights, const std::uint32_t* masks,
                                        std::size_t count, double* subset, double* subset_mass) {
  for (std::size_t i = 0; i < count; ++i) {
    for (std::uint32_t mask = masks[i]; mask != 0; mask &= mask - 1) {
      const std::size_t r = std::size_t(std::countr_zero(mask));
      for (std::size_t f = 0; f < probe_count; ++f) {
        subset[r * probe_count + f] += weights[i] * values[i * probe_count + f];
      }
      subset_mass[r] += weights[i];
    }
  }
}
MOMENTSET_SIMD(void, add_to_subsets, add_to_subsets_loop,
               (const double* values, const double* weights, const std::uint32_t* masks, std::size_t count,
                double* subset, double* subset_mass),
               (values, weights, masks, count, subset, subset_mass))

}  // namespace

ProbeFunctions draw_probe_functions(std::size_t dimension, std::uint64_t seed) {
  Random random(seed, 0);
  ProbeFunctions functions{dimension, std::vector<double>(dimension * probe_count), {}};
  const auto draw_slopes = [&](std::size_t f, double factor) {
    for (std::size_t axis = 0; axis < dimension; ++axis) {
      functions.slope[axis * probe_count + f] = random.normal() * factor;
    }
  };
  for (std::size_t f = 0; f < cosine_count; ++f) {
    draw_slopes(f, 1 / (two_pi * cosine_lengths[f / functions_per_family]));
    functions.shift[f] = random.uniform();
  }
  for (std::size_t f = cosine_count; f < probe_count; ++f) {
    draw_slopes(f, sigmoid_slopes[(f - cosine_count) / functions_per_family]);
    functions.shift[f] = random.normal();
  }
  return functions;
}

void evaluate_probes(const ProbeFunctions& functions, const double* z, std::size_t count, double* values) {
  evaluate(functions.slope.data(), functions.shift.data(), functions.dimension, z, count, values);
}

void ProbeSums::add(const double* values, const double* weights, const std::uint32_t* masks, std::size_t count) {
  add_to_all(values, weights, count, sum.data(), error.data());
  if (masks) add_to_subsets(values, weights, masks, count, subset.data(), subset_mass.data());
}

void ProbeSums::join(const ProbeSums& other) {
  for (std::size_t f = 0; f < probe_count; ++f) {
    add_exactly(other.sum[f], sum[f], error[f]);
    error[f] += other.error[f];
  }
  for (std::size_t k = 0; k < subset.size(); ++k) subset[k] += other.subset[k];
  for (std::size_t r = 0; r < subset_mass.size(); ++r) subset_mass[r] += other.subset_mass[r];
}

}  // namespace momentset::certificate
