#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace momentset::kernel {

/// Weights w of s points for the least
///   w'K w / 2 - q'w + |F w - b|^2 / (2 delta)   over w >= 0,
/// with delta = 1e-9: equations F w = b hold but for delta times their multipliers, and where no w >= 0 can meet them
/// there is still a solution, as close to them as can be. With
///   H = K^-1 - K^-1 F' (F K^-1 F' + delta I)^-1 F K^-1
/// the solution is w = w_0 + H mu for multipliers mu >= 0 of w >= 0, mu'w = 0: a linear complementarity problem. It is
/// solved by block principal pivoting (Portugal, Judice and Vicente, Math. Comp. 63(208), 1994), which takes a few
/// rounds where it ends; where it does not, as with equations that no weights >= 0 meet, by the active set method of
/// Lawson and Hanson (Solving Least Squares Problems, 1974, chapter 23), in which the function falls in every round.
class WeightProgram {
 public:
  /// @param kernel   K, s x s, positive definite
  /// @param linear   q, s numbers
  /// @param features F, column-major r x s
  /// @param moments  b, r numbers
  /// O(s^3 + s^2 r).
  WeightProgram(std::vector<double> kernel, std::vector<double> linear, std::vector<double> features,
                std::vector<double> moments);

  /// The best weights. With k of them 0: O(min(k, s - k)^3 + k s) for each of a few rounds, or of about s - k.
  void solve();

  /// Drops points one at a time until at most `count` have a weight above 0, always the one whose loss costs least,
  /// w_i^2 / (2 H_ii), among those whose loss makes no other weight negative; H is that of the points that are left.
  /// After solve(). O(s d^2) operations for d dropped or weightless points.
  void drop_to(std::size_t count);

  std::span<const double> weights() const { return weights_; }  ///< 0 for dropped points
  /// Of the function above; what does not depend on w is left out.
  double objective() const { return objective_; }
  /// (b - F w) / delta, the equations' multipliers. Of the solution before any drops.
  std::span<const double> multipliers() const { return multipliers_; }

  /// Of L further points, the matrix of the function's second derivatives when the weights of these s points follow:
  /// K_LL - (cross terms with them and with the equations). Column-major L x L. Only where all weights are above 0.
  /// @param between  k of each of the s points with each new one, s x L
  /// @param kernel   K_LL, L x L
  /// @param features r x L
  std::vector<double> curvature(const std::vector<double>& between, std::vector<double> kernel,
                                const std::vector<double>& features) const;

 private:
  void pivot_to(const std::vector<bool>& zero);
  void solve_among(const std::vector<std::size_t>& in, const std::vector<std::size_t>& out);
  bool pivot_in_blocks();  ///< false where it does not end
  void add_one_by_one();
  std::vector<double> column(std::size_t i) const;
  void remove(std::size_t i, const std::vector<double>& column);
  std::size_t cheapest(std::vector<double>& column) const;

  std::size_t size_, equations_;
  std::vector<double> kernel_, linear_, features_, moments_;
  std::vector<double> projected_;     // H
  std::vector<double> toward_;        // K^-1 F' S^-1, s x r
  std::vector<double> inverse_;       // S^-1, S = F K^-1 F' + delta I
  std::vector<double> free_weights_;  // w_0
  std::vector<double> weights_, forces_, multipliers_;
  double objective_ = 0;
  // H without dropped points is H less the squares of these columns; its diagonal.
  std::vector<std::vector<double>> dropped_columns_;
  std::vector<double> diagonal_;
  std::vector<bool> dropped_;
};

}  // namespace momentset::kernel
