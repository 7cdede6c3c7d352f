#pragma once

#include <cstddef>

namespace momentset {

/// sums[k] += terms[k], k < count.
void add(const double* terms, std::size_t count, double* sums);

/// The same with the rounding errors added to error[k] (Knuth's two-sum): sums + error is good to about eps^2.
void add_compensated(const double* terms, std::size_t count, double* sums, double* error);

/// sums[f] + error[f] += sum_k values[f * count + k], f < n: count <= recombine_block terms pairwise, then compensated.
void add_across(const double* values, std::size_t n, std::size_t count, double* sums, double* error);

/// For each of n features, column-major with `count` rows:
///   differences[f] = sum_j weights[j] features[f * count + j] - expected[f], as if computed in twice the precision,
///   magnitudes[f]  = sum_j |weights[j] features[f * count + j]|.
void weighted_sums(const double* weights, const double* features, std::size_t count, std::size_t n,
                   const double* expected, double* differences, double* magnitudes);

}  // namespace momentset
