#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace momentset::certificate {

// The functions: cosines first, then sigmoids, each family's side by side.
inline constexpr std::size_t functions_per_family = 8;
inline constexpr std::array<double, 4> cosine_lengths{4, 2, 1, 0.5};
inline constexpr std::array<double, 2> sigmoid_slopes{1, 4};
inline constexpr std::size_t cosine_count = functions_per_family * cosine_lengths.size();
inline constexpr std::size_t sigmoid_count = functions_per_family * sigmoid_slopes.size();
inline constexpr std::size_t probe_count = cosine_count + sigmoid_count;

inline constexpr std::size_t random_subsets = 20;

/// Smooth functions of standardised coordinates z in R^m: cos(2 pi u) and 1 / (1 + exp(-u)) with
/// u = shift[f] + sum_axis slope[axis * probe_count + f] z[axis].
struct ProbeFunctions {
  std::size_t dimension = 0;
  std::vector<double> slope;
  std::array<double, probe_count> shift{};
};

/// cos(omega.z / l + b) and 1 / (1 + exp(-(s omega.z + b))), omega standard normal, b uniform in [0, 2 pi) for the
/// cosines and standard normal for the sigmoids.
ProbeFunctions draw_probe_functions(std::size_t dimension, std::uint64_t seed);

/// values[i * probe_count + f] = function f at z[i * m] .. z[i * m + m - 1]; |z| <= 2^20. Errors of about 1e-15; only
/// additions, multiplications and divisions are used, so that the bytes do not depend on the processor.
void evaluate_probes(const ProbeFunctions& functions, const double* z, std::size_t count, double* values);

/// Running sums of c f(z) for all functions.
struct ProbeSums {
  std::array<double, probe_count> sum{}, error{};  ///< over all points: the value is sum + error
  std::vector<double> subset;                      ///< random_subsets x probe_count; empty if there are no subsets
  std::vector<double> subset_mass;

  /// Adds points with such function values. Bit r of masks[i] says whether subset r contains point i; null: no
  /// subsets.
  void add(const double* values, const double* weights, const std::uint32_t* masks, std::size_t count);
  void join(const ProbeSums& other);
};

}  // namespace momentset::certificate
