#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "support/matrix.hpp"

namespace momentset::test {

/// A recombination problem whose outcome is known.
struct RecombineCase {
  std::string name;
  Matrix matrix;
  std::vector<double> weights;
  std::size_t target = 0;
  std::size_t rank = 0;  ///< of the rows with positive weight, by construction
  /// Weights in general position vanish one at a time, so the support has exactly max(target, rank) rows, or all.
  /// Where rows and weights are regular (grids with equal weights) two may vanish at once and it may be smaller.
  bool generic = true;

  std::size_t positive_rows() const;
};

void PrintTo(const RecombineCase& problem, std::ostream* out);

/// The contract's cases: full rank, rank loss, partially null rows, null features, duplicates, zero weights, one and
/// two points, q = n and q < n, huge and tiny numbers, weights over 15 decades, features over 200, more features than
/// rows, points on a line, a curve, a circle and a sphere, near-duplicates, clusters 1e-9 wide or 1e-9 apart, condition
/// numbers up to 1e12; each with targets around n, the rank and q.
std::vector<RecombineCase> recombine_cases();

}  // namespace momentset::test
