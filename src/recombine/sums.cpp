#include "recombine/sums.hpp"

#include <algorithm>
#include <cmath>

#include "momentset/recombine.hpp"
#include "simd.hpp"

namespace momentset {
namespace {

MOMENTSET_LOOP void add_loop(const double* terms, std::size_t count, double* sums) {
  for (std::size_t k = 0; k < count; ++k) sums[k] += terms[k];
}
MOMENTSET_SIMD(void, add_any, add_loop, (const double* terms, std::size_t count, double* sums), (terms, count, sums))

MOMENTSET_LOOP void add_compensated_loop(const double* terms, std::size_t count, double* sums, double* error) {
#pragma GCC ivdep
  for (std::size_t k = 0; k < count; ++k) add_exactly(terms[k], sums[k], error[k]);
}
MOMENTSET_SIMD(void, add_compensated_any, add_compensated_loop,
               (const double* terms, std::size_t count, double* sums, double* error), (terms, count, sums, error))

/// Lane l of each of four.
MOMENTSET_LOOP Lanes across(const Lanes* four, std::size_t l) {
  return Lanes{four[0][l], four[1][l], four[2][l], four[3][l]};
}

/// Sums of weight times value for four features at once, features[f] each: by rows side by side, then by features.
MOMENTSET_LOOP void four_weighted_sums(const double* weights, const double* const* features, std::size_t count,
                                       const double* expected, double* differences, double* magnitudes) {
  Lanes sum[simd_lanes] = {}, error[simd_lanes] = {}, magnitude[simd_lanes] = {};
  const auto add_terms = [&](std::size_t f, Lanes weight, Lanes value) __attribute__((always_inline)) {
    const Lanes product = weight * value;
    const Lanes rest = fused_multiply_add(weight, value, -product);
    add_exactly(product, sum[f], error[f]);
    error[f] += rest;
    magnitude[f] += absolute(product);
  };
  const std::size_t whole = count / simd_lanes * simd_lanes, rest = count - whole;
  for (std::size_t k = 0; k < whole; k += simd_lanes) {
    const Lanes weight = load(weights + k);
#pragma GCC unroll 4
    for (std::size_t f = 0; f < simd_lanes; ++f) add_terms(f, weight, load(features[f] + k));
  }
  if (rest > 0) {
    const Lanes weight = load_some(weights + whole, rest);
#pragma GCC unroll 4
    for (std::size_t f = 0; f < simd_lanes; ++f) add_terms(f, weight, load_some(features[f] + whole, rest));
  }
  Lanes total = -load(expected), total_error = {}, total_magnitude = {};
#pragma GCC unroll 4
  for (std::size_t l = 0; l < simd_lanes; ++l) {
    add_exactly(across(sum, l), total, total_error);
    total_error += across(error, l);
    total_magnitude += across(magnitude, l);
  }
  store(total + total_error, differences);
  store(total_magnitude, magnitudes);
}

MOMENTSET_LOOP void weighted_sums_loop(const double* weights, const double* features, std::size_t count, std::size_t n,
                                       const double* expected, double* differences, double* magnitudes) {
  for (std::size_t f = 0; f < n; f += simd_lanes) {
    const double* four[simd_lanes];
    double wanted[simd_lanes], difference[simd_lanes], magnitude[simd_lanes];
    for (std::size_t l = 0; l < simd_lanes; ++l) {  // where fewer are left, the last one repeats
      const std::size_t feature = f + l < n ? f + l : n - 1;
      four[l] = features + feature * count;
      wanted[l] = expected[feature];
    }
    four_weighted_sums(weights, four, count, wanted, difference, magnitude);
    for (std::size_t l = 0; l < simd_lanes && f + l < n; ++l) {
      differences[f + l] = difference[l];
      magnitudes[f + l] = magnitude[l];
    }
  }
}
MOMENTSET_SIMD(void, weighted_sums_any, weighted_sums_loop,
               (const double* weights, const double* features, std::size_t count, std::size_t n, const double* expected,
                double* differences, double* magnitudes),
               (weights, features, count, n, expected, differences, magnitudes))

MOMENTSET_LOOP void add_across_loop(const double* values, std::size_t n, std::size_t count, double* sums,
                                    double* error) {
  const std::size_t whole = count / simd_lanes * simd_lanes;
  for (std::size_t f = 0; f < n; f += simd_lanes) {
    const std::size_t features = n - f < simd_lanes ? n - f : simd_lanes;
    Lanes four[simd_lanes] = {};
    for (std::size_t l = 0; l < features; ++l, values += count) {
      for (std::size_t k = 0; k < whole; k += simd_lanes) four[l] += load(values + k);
      if (whole < count) four[l] += load_some(values + whole, count - whole);
    }
    const Lanes terms = (across(four, 0) + across(four, 2)) + (across(four, 1) + across(four, 3));
    if (features == simd_lanes) {
      Lanes sum = load(sums + f), rest = load(error + f);
      add_exactly(terms, sum, rest);
      store(sum, sums + f);
      store(rest, error + f);
    } else {
      for (std::size_t l = 0; l < features; ++l) add_exactly<double>(terms[l], sums[f + l], error[f + l]);
    }
  }
}
MOMENTSET_SIMD(void, add_across_any, add_across_loop,
               (const double* values, std::size_t n, std::size_t count, double* sums, double* error),
               (values, n, count, sums, error))

}  // namespace

void add(const double* terms, std::size_t count, double* sums) { add_any(terms, count, sums); }

void add_compensated(const double* terms, std::size_t count, double* sums, double* error) {
  add_compensated_any(terms, count, sums, error);
}

void add_across(const double* values, std::size_t n, std::size_t count, double* sums, double* error) {
  add_across_any(values, n, count, sums, error);
}

void weighted_sums(const double* weights, const double* features, std::size_t count, std::size_t n,
                   const double* expected, double* differences, double* magnitudes) {
  weighted_sums_any(weights, features, count, n, expected, differences, magnitudes);
}

}  // namespace momentset
