#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "support/matrix.hpp"

namespace momentset::test {

/// A random recombination problem: the polynomials up to some order at random points, everything drawn from the seed.
struct PolynomialProblem {
  std::uint64_t seed = 0;
  std::string cloud, basis, weighting;
  std::size_t dimension = 1;
  int order = 0;
  std::vector<double> coordinates;  // in [-1, 1], row-major
  std::vector<double> weights;
  Matrix matrix;
  std::size_t target = 0;
  /// The rank is at most this: min(rows of positive weight that differ, polynomials in as many variables as the points
  /// span).
  std::size_t rank_bound = 0;

  std::string text() const;  ///< enough to know it by; the seed rebuilds it
};

/// m 1 to 6, order 0 to 6, 1 to 400 points: uniform, normal, clustered, on a regular grid, on a line or flat (with
/// constant columns), often with duplicates; weights equal, over 12 decades or partly zero; targets below, at and above
/// n.
PolynomialProblem polynomial_problem(std::uint64_t seed);

}  // namespace momentset::test
