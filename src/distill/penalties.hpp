#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "momentset/distill/linear.hpp"

namespace momentset::distill {

/// What a penalised regression sees of its examples: X^T W X and X^T W y, about the means where there is an intercept,
/// and their mass.
struct NormalEquations {
  std::size_t columns = 0, targets = 0;
  std::vector<double> products;  ///< d x d
  std::vector<double> right;     ///< row-major, p x d: a row for each target
  double mass = 0;
};

/// Compares the coefficients of both over a grid of penalties.
struct PathComparison {
  const NormalEquations& full;
  const NormalEquations& small;
  std::span<const double> lengths;  ///< of the columns of `full`, > 0

  /// @param raw_lengths of the columns about zero; 0 where a column is left out of both
  /// @param target_lengths of the targets about zero
  /// @param full_rank whether no column depends on others
  std::vector<PenaltyCheck> checks(std::span<const double> raw_lengths, std::span<const double> target_lengths,
                                   bool full_rank) const;
};

}  // namespace momentset::distill
