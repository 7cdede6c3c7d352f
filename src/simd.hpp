#pragma once

// Plain loops, compiled once for each instruction set below and chosen at run time: one binary runs everywhere and uses
// what the processor has. The library is compiled with -ffp-contract=off: all paths round alike, std::fma included.
//
//   MOMENTSET_LOOP void add_loop(const double* terms, std::size_t count, double* sums) { for (...) ... }
//   MOMENTSET_SIMD(void, add, add_loop, (const double* terms, std::size_t count, double* sums), (terms, count, sums))
//
// defines add(), which runs add_loop() on the chosen path.

#include <cmath>
#include <cstddef>
#include <cstring>

namespace momentset {

/// Four numbers at once: one register of AVX2, which GCC compares without a detour. Running results of a loop are
/// kept so: four of them on every path, since the bytes must not depend on it.
inline constexpr std::size_t simd_lanes = 4;
using Lanes = double __attribute__((vector_size(simd_lanes * sizeof(double))));

/// count, rounded up to a multiple of simd_lanes.
inline std::size_t whole_lanes(std::size_t count) { return (count + simd_lanes - 1) / simd_lanes * simd_lanes; }

enum class SimdPath { baseline, avx2, avx512 };

/// The best path that this processor can take.
SimdPath best_simd_path();

/// The path in use: the best one unless a test chose another.
SimdPath simd_path();

/// For tests, which run every path. A path beyond the best becomes the best.
void use_simd_path(SimdPath path);

}  // namespace momentset

#if defined(__x86_64__) && defined(__GNUC__)

#define MOMENTSET_LOOP static inline __attribute__((always_inline))
#define MOMENTSET_SIMD(result, name, loop, parameters, arguments)                                          \
  __attribute__((target("avx512f,fma"))) static result name##_avx512 parameters { return loop arguments; } \
  __attribute__((target("avx2,fma"))) static result name##_avx2 parameters { return loop arguments; }      \
  static result name##_baseline parameters { return loop arguments; }                                      \
  static inline result name parameters {                                                                   \
    switch (::momentset::simd_path()) {                                                                    \
      case ::momentset::SimdPath::avx512:                                                                  \
        return name##_avx512 arguments;                                                                    \
      case ::momentset::SimdPath::avx2:                                                                    \
        return name##_avx2 arguments;                                                                      \
      default:                                                                                             \
        return name##_baseline arguments;                                                                  \
    }                                                                                                      \
  }

#else  // arm64 and others: the compiler's own baseline has what there is

#define MOMENTSET_LOOP static inline
#define MOMENTSET_SIMD(result, name, loop, parameters, arguments) \
  static inline result name parameters { return loop arguments; }

#endif

namespace momentset {

MOMENTSET_LOOP Lanes load(const double* values) {
  Lanes lanes;
  std::memcpy(&lanes, values, sizeof lanes);
  return lanes;
}

/// The first `count` values, 1 to 3, and zeros.
MOMENTSET_LOOP Lanes load_some(const double* values, std::size_t count) {
  if (count == 1) return Lanes{values[0], 0, 0, 0};
  return count == 2 ? Lanes{values[0], values[1], 0, 0} : Lanes{values[0], values[1], values[2], 0};
}

MOMENTSET_LOOP void store(Lanes lanes, double* values) { std::memcpy(values, &lanes, sizeof lanes); }

/// The first `count` lanes, 1 to 3.
MOMENTSET_LOOP void store_some(Lanes lanes, std::size_t count, double* values) {
  values[0] = lanes[0];
  if (count > 1) values[1] = lanes[1];
  if (count > 2) values[2] = lanes[2];
}

MOMENTSET_LOOP Lanes all_lanes(double value) { return Lanes{value, value, value, value}; }

MOMENTSET_LOOP Lanes absolute(Lanes x) { return x < 0 ? -x : x; }

/// a b + c, rounded once.
MOMENTSET_LOOP Lanes fused_multiply_add(Lanes a, Lanes b, Lanes c) {
  Lanes result;
  for (std::size_t l = 0; l < simd_lanes; ++l) result[l] = std::fma(a[l], b[l], c[l]);
  return result;
}

/// sum += term, and to `error` what rounding took (Knuth's two-sum, without a branch). Number: double or Lanes.
template <class Number>
MOMENTSET_LOOP void add_exactly(const Number& term, Number& sum, Number& error) {
  const Number next = sum + term;
  const Number part = next - sum;
  error += (sum - (next - part)) + (term - part);
  sum = next;
}

/// The largest magnitude of `count` values.
MOMENTSET_LOOP double largest_magnitude(const double* values, std::size_t count) {
  Lanes largest = {};
  const auto take = [&](Lanes next) __attribute__((always_inline)) {
    next = absolute(next);
    largest = largest < next ? next : largest;
  };
  const std::size_t whole = count / simd_lanes * simd_lanes;
  for (std::size_t k = 0; k < whole; k += simd_lanes) take(load(values + k));
  if (whole < count) take(load_some(values + whole, count - whole));
  double result = 0;
  for (std::size_t l = 0; l < simd_lanes; ++l) result = result < largest[l] ? largest[l] : result;
  return result;
}

}  // namespace momentset
