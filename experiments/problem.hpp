#pragma once

#include <cstddef>
#include <functional>
#include <random>
#include <vector>

#include "momentset/compress.hpp"
#include "momentset/points.hpp"

namespace momentset::experiments {

/// Numbers uniform in [-1, 1).
std::vector<double> uniform(std::mt19937_64& random, std::size_t count);

/// The same numbers every time.
std::vector<double> uniform(std::size_t count);

/// g of the symmetric function f(w_1, ..., w_d) = mean over i and a of g(<w_i, x_a>).
using Profile = std::function<long double(long double)>;

/// g(u) = 1 / (1 + exp(-u)): paper 000, Eq. 14, Figures 2 and 6.
Profile sigmoid();

/// g(u) = 1 / (m + 0.05 + u), whose pole lies 0.05 outside of the values that <w, x> takes in m columns: Figure 8 of
/// the paper's later version, where m is 1 or 2.
Profile reciprocal(std::size_t dimension);

/// d points and ten x_a, all uniform in [-1, 1)^m, and the values of f. Different for each m, d and trial, and the same
/// whatever is done with them, so that orders and methods are compared on the same problems.
class UniformProblem {
 public:
  /// O(10 d) evaluations of the profile, on all cores; 8 m + 16 bytes a point.
  UniformProblem(std::size_t dimension, std::size_t rows, int trial, const Profile& profile);

  WeightedPoints points() const { return {coordinates_, {}, dimension_}; }

  /// |weighted mean over the coreset - mean over all points| of f, in long double.
  double error(const Coreset& coreset) const;

 private:
  std::size_t dimension_;
  std::vector<double> coordinates_;
  std::vector<long double> values_;  // mean over a of g(<w_i, x_a>)
  long double mean_ = 0;
};

}  // namespace momentset::experiments
