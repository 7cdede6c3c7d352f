#include "recombine/sums.hpp"

#include <algorithm>
#include <cmath>

#include "momentset/recombine.hpp"
#include "simd.hpp"

namespace momentset {
namespace {

/// Number: double or Lanes.
template <class Number>
MOMENTSET_LOOP void add_exactly(const Number& term, Number& sum, Number& error) {
  const Number next = sum + term;
  const Number part = next - sum;
  error += (sum - (next - part)) + (term - part);
  sum = next;
}

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

struct WeightedSum {
  double difference, magnitude;
};

MOMENTSET_LOOP WeightedSum weighted_sum(const double* weights, const double* feature, std::size_t count,
                                        double expected) {
  Lanes sum = {}, error = {}, magnitude = {};
  const auto add_terms = [&](Lanes weight, Lanes value) __attribute__((always_inline)) {
    const Lanes product = weight * value;
    Lanes rest;
    for (std::size_t l = 0; l < simd_lanes; ++l) rest[l] = std::fma(weight[l], value[l], -product[l]);
    add_exactly(product, sum, error);
    error += rest;
    magnitude += absolute(product);
  };
  const std::size_t whole = count / simd_lanes * simd_lanes, rest = count - whole;
  for (std::size_t k = 0; k < whole; k += simd_lanes) add_terms(load(weights + k), load(feature + k));
  if (rest > 0) add_terms(load_some(weights + whole, rest), load_some(feature + whole, rest));
  double total = -expected, total_error = 0, total_magnitude = 0;
  for (std::size_t l = 0; l < simd_lanes; ++l) {
    add_exactly<double>(sum[l], total, total_error);
    total_error += error[l];
    total_magnitude += magnitude[l];
  }
  return {total + total_error, total_magnitude};
}

MOMENTSET_LOOP void weighted_sums_loop(const double* weights, const double* features, std::size_t count, std::size_t n,
                                       const double* expected, double* differences, double* magnitudes) {
  for (std::size_t f = 0; f < n; ++f, features += count) {
    const WeightedSum sum = weighted_sum(weights, features, count, expected[f]);
    differences[f] = sum.difference;
    magnitudes[f] = sum.magnitude;
  }
}
MOMENTSET_SIMD(void, weighted_sums_any, weighted_sums_loop,
               (const double* weights, const double* features, std::size_t count, std::size_t n, const double* expected,
                double* differences, double* magnitudes),
               (weights, features, count, n, expected, differences, magnitudes))

}  // namespace

void add(const double* terms, std::size_t count, double* sums) { add_any(terms, count, sums); }

void add_compensated(const double* terms, std::size_t count, double* sums, double* error) {
  add_compensated_any(terms, count, sums, error);
}

void add_across(const double* values, std::size_t n, std::size_t count, double* sums, double* error) {
  double row[recombine_block];
  for (std::size_t f = 0; f < n; ++f) {
    std::copy_n(values + f * count, count, row);
    for (std::size_t width = count; width > 1; width -= width / 2) {
      for (std::size_t k = 0; k < width / 2; ++k) row[k] += row[width - width / 2 + k];
    }
    add_exactly(row[0], sums[f], error[f]);
  }
}

void weighted_sums(const double* weights, const double* features, std::size_t count, std::size_t n,
                   const double* expected, double* differences, double* magnitudes) {
  weighted_sums_any(weights, features, count, n, expected, differences, magnitudes);
}

}  // namespace momentset
