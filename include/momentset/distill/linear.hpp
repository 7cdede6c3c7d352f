#pragma once

#include <cstddef>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "momentset/distill/examples.hpp"

namespace momentset::distill {

/// How far the coefficients of one penalised regression differ between all rows and the distilled points.
struct PenaltyCheck {
  std::string penalty;  ///< "least squares", "ridge", "lasso", "elastic net" (half of each) or "quartic"
  double strength = 0;  ///< alpha as scikit-learn has it; of quartic that of sum_j theta_j^2 / 2 + theta_j^4 / 4
  /// By how much rounding of the sums of products may move the coefficients, relative to the largest: with A the
  /// second derivatives of the problem among the coefficients that are not 0, penalty included, columns scaled to
  /// length 1 (about the mean, if there is an intercept) and l the lengths of columns and target about zero in these
  /// units,
  ///   max_i sum_j |A^-1|_ij l_j (sum_k l_k |theta_k| + l_y) / max_k |theta_k|
  /// (componentwise condition: Skeel 1979). At least 1; the largest over the targets.
  double condition = 1;
  double difference = 0;    ///< largest over coefficients and targets, both times the column's length, relative
  double by_condition = 0;  ///< largest over the targets of one's difference over its condition
  bool solved = true;       ///< false: no minimum was found for one of the two, which says nothing about them
};

/// What was measured of distilled points, by sums of products that share nothing with the factor they were made of.
struct LinearCertificate {
  std::size_t rows = 0;     ///< n, that were taken in (and not forgotten)
  std::size_t columns = 0;  ///< d
  std::size_t targets = 0;  ///< p
  std::size_t points = 0;   ///< that stand for them
  std::size_t rank = 0;     ///< of X, about its mean where there is an intercept
  bool fit_intercept = false;
  double mass_input = 0;   ///< sum of the weights of the rows
  double mass_output = 0;  ///< and of the points
  double gram_residual =
      0;  ///< largest difference of X^T W X, by the lengths of its two columns; with ones if intercept
  double cross_residual = 0;  ///< the same of X^T W y
  std::vector<PenaltyCheck> path;

  /// Largest difference of coefficients, and largest one by its condition and the rounding unit.
  double worst_difference() const;
  double worst_by_condition() const;
  /// What rounding may leave: residuals, and differences by the condition, in rounding units of 2^-52. Where rows were
  /// forgotten what is left keeps the rounding of what went, and it is 1e-12.
  double allowed_units = 100;
  /// Residuals, mass and differences within it, and each penalty solved.
  bool holds() const;
  std::string to_json() const;  ///< docs/distillation.md describes the fields
};

/// Few points that give the same model as all rows. They weigh the same, and together what the rows weigh.
struct LinearDistillation {
  ExampleSet set;
  LinearCertificate certificate;
};

/// What became of a request to forget rows.
enum class Forgetting {
  done,
  /// Refused, nothing changed: too little is left of what was taken in, in some column or direction, to tell it from
  /// rounding. Distil the rows that remain anew.
  ill_conditioned,
};

/// All numbers that a LinearDistiller holds, to be stored and restored: nothing is lost on the way. Long doubles are
/// sums of two doubles.
struct LinearState {
  std::size_t columns = 0, targets = 0, rows = 0;
  bool has_forgotten = false;
  double mass = 0, mass_rest = 0;
  std::vector<double> origin;                  ///< 1 + d + p; empty before the first row
  std::vector<std::vector<double>> triangles;  ///< each (1 + d + p)^2 or none
  std::vector<double> sums, sums_rest;         ///< (1 + d + p)^2
};

/// Distils linear regression exactly, in one pass (paper 004, Theorem 3): for every data-independent penalty, with or
/// without an intercept, and for unions with other data, the points give the same coefficients as all rows.
///
/// The state is the triangular factor R of the weighted rows [1 x y], (1 + d + p)^2 numbers, by Householder QR of
/// blocks of rows that are joined in pairs (TSQR: Demmel, Grigori, Hoemmen, Langou 2012), so rounding grows with the
/// logarithm of the number of rows and with the condition of X rather than its square. Beside it stand sums of products
/// in twice the accuracy, by which the certificate is made. It depends on the sequence of calls, not on the number of
/// threads.
class LinearDistiller {
 public:
  /// @param columns d >= 1 @param targets p >= 1. Throws Error where one is 0.
  LinearDistiller(std::size_t columns, std::size_t targets);
  /// Throws Error (state) where the numbers do not fit together or are not finite.
  explicit LinearDistiller(const LinearState& state);
  LinearDistiller(const LinearDistiller&);
  LinearDistiller& operator=(const LinearDistiller&);
  LinearDistiller(LinearDistiller&&) noexcept;
  LinearDistiller& operator=(LinearDistiller&&) noexcept;
  ~LinearDistiller();

  LinearState state() const;
  std::size_t columns() const;
  std::size_t targets() const;
  std::size_t rows() const;  ///< taken in and not forgotten
  double mass() const;       ///< sum of their weights

  /// Takes in rows. Throws Error where they do not fit (nothing has changed then), Cancelled when asked to stop.
  /// O(n (d + p)^2).
  void update(const Examples& examples, const std::stop_token& stop = {});

  /// Takes in the rows of another one. Throws Error where columns or targets differ in number. O((d + p)^3).
  void combine(const LinearDistiller& other);

  /// Takes out rows that were taken in before: R'^T R' = R^T R - D^T D, by the singular values of D R^+ (the block form
  /// of LINPACK's downdate: Stewart 1979). It is refused where rounding would exceed 1e-12 of the length of a column
  /// squared, or less than 1e-8 of some direction were left. Throws Error as update, and for more rows or more weight
  /// than there is.
  Forgetting forget(const Examples& examples, const std::stop_token& stop = {});

  /// The points: as many as X has rank, at least 1, and with an intercept one more. They are sigma_i v_i with targets
  /// u_i^T y, of the singular value decomposition of X with columns of length 1 (scaled back, so that no column loses
  /// digits to a longer one), divided by the root of their weight; with an intercept, of X about its mean, turned such
  /// that each point has the same share of the mass. Throws Error where no row of positive weight was taken in.
  /// O(s (d^3 + p d^2)), s = 50 penalties being compared for the certificate.
  LinearDistillation distil(bool fit_intercept) const;

  /// The certificate of any weighted examples that are to stand for the rows of `rows`, such as real rows that compress
  /// chose at order 2. Throws Error where the numbers of columns or targets differ. O(s (d^3 + p d^2)).
  friend LinearCertificate certify_linear(const LinearDistiller& rows, const Examples& small, bool fit_intercept);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

LinearCertificate certify_linear(const LinearDistiller& rows, const Examples& small, bool fit_intercept);

}  // namespace momentset::distill
