#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "support/matrix.hpp"
#include "support/random.hpp"

namespace momentset::test {

/// Singular values that fall evenly in logarithm from about 1 to about 1 / condition: a random matrix times
/// reflection, diagonal matrix, reflection. No column is constant.
Matrix ill_conditioned(Random& random, std::size_t rows, std::size_t features, double condition);

/// A random recombination problem that rounding makes hard, everything drawn from the seed.
struct AwkwardProblem {
  std::uint64_t seed = 0;
  double condition = 1;
  bool constant = false, near_duplicates = false, scaled_features = false, null_feature = false;
  std::string weighting;
  std::vector<double> weights;
  Matrix matrix;
  std::size_t target = 0;
  std::size_t rank_bound = 0;  ///< min(n, rows of positive weight)

  std::string text() const;  ///< enough to know it by; the seed rebuilds it
};

/// 1 to 120 rows, 1 to 24 features: condition number up to 1e12, rows that agree to 9 digits, features over 20 decades,
/// a null feature, weights over 15 decades or partly zero; targets below, at and above n.
AwkwardProblem awkward_problem(std::uint64_t seed);

}  // namespace momentset::test
