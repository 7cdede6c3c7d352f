#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "momentset/distill/examples.hpp"

namespace momentset::distill {

/// X = U S V^T with columns of length 1, and what goes with it, from the triangular factor of weighted rows [1, x - a,
/// y - b].
struct ColumnDecomposition {
  std::size_t columns = 0, targets = 0, rank = 0;
  std::vector<double> lengths;  ///< of the columns of X, about the mean where there is an intercept; 0: all the same
  std::vector<double> rows;     ///< rank x d: sigma_i v_i = u_i^T X, in the columns' own units
  std::vector<double> right;    ///< rank x p: u_i^T y
  std::vector<double> means;    ///< 1 + d + p, of x and y; used with an intercept

  /// @param triangle R, column-major, of 1 + d + p columns  @param origin [0, a, b]
  ColumnDecomposition(std::span<const double> triangle, std::span<const double> origin, std::size_t columns,
                      bool fit_intercept);

  /// The points, each with the same share of the mass.
  ExampleSet points(double mass, bool fit_intercept) const;
};

}  // namespace momentset::distill
