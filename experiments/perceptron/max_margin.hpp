#pragma once

#include <cstddef>
#include <vector>

namespace momentset::experiments {

/// The student of the largest margin, as the w of least norm with g_i . w >= 1 for every row g_i = y_i x_i; its margin
/// is 1 / |w|.
struct MaxMargin {
  std::vector<double> w;             ///< sum of multiplier * g over the support
  std::vector<std::size_t> support;  ///< rows with g_i . w = 1 that hold w, in the order in which they came in
  std::vector<double> multipliers;   ///< theirs, all > 0
  double violation = 0;              ///< largest 1 - g_i . w over all rows, and |1 - g_i . w| over the support
};

/// An exact active-set method for this quadratic program: Lawson and Hanson's (1974) for its dual as non-negative least
/// squares, min |sum l_i g_i|^2 + (1 - sum l_i)^2 over l >= 0, with an orthogonal factor that grows and shrinks with
/// the support. w = sum l_i g_i / (1 - sum l_i).
/// @param rows  g, one row after another, linearly separable @param dimension N
/// A step is O(N (rows + support)); there are somewhat more than the support is large, which is at most N.
MaxMargin max_margin(const std::vector<double>& rows, std::size_t dimension);

}  // namespace momentset::experiments
