#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "momentset/points.hpp"

namespace momentset::distill {

/// Non-owning view of n weighted examples of a regression: rows x_i in R^d with targets y_i in R^p.
struct Examples {
  WeightedPoints points;            ///< n x d, and weights >= 0 (empty: every example weighs 1)
  std::span<const double> targets;  ///< row-major, n x p
  std::size_t target_count = 1;     ///< p >= 1

  std::size_t size() const { return points.size(); }
  const double* target(std::size_t i) const { return targets.data() + i * target_count; }
};

/// Owner of examples, same layout as the view.
struct ExampleSet {
  PointSet points;
  std::vector<double> targets;
  std::size_t target_count = 1;

  Examples view() const { return {points.view(), targets, target_count}; }
};

/// Throws Error unless d >= 1, p >= 1, there are as many targets and weights as rows, all numbers are finite and no
/// weight is negative; rows may be none and weights all 0. O(n (d + p)).
void require_valid_batch(const Examples& examples);

}  // namespace momentset::distill
