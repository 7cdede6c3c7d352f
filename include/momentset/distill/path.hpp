#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "momentset/distill/glm.hpp"

namespace momentset::distill {

/// Strengths L of a ridge, 0 < smallest <= largest.
struct RidgeRange {
  double smallest = 0, largest = 0;
};

struct PathOptions {
  /// Family, link, dispersion, intercept and stop token. Its ridge is not used.
  GlmOptions model = {};
  double tolerance = 0.01;  ///< eps, above 0 and below 1
  /// Unset: 1e-4 to 1 times the mean over columns of sum_i w_i x_ij^2.
  std::optional<RidgeRange> ridges = {};
  /// Batches that the set is made for unions with, beside itself; as many others are for checking. Each is the quarter
  /// of the rows that lies furthest along a random direction. 0: unions are not considered.
  std::size_t batches = 0;
  std::uint64_t seed = 0;  ///< of the directions
};

/// |theta_full - theta_small| / |theta_full|, intercepts included, at one ridge.
struct PathCheck {
  double ridge = 0;
  bool node = false;      ///< whether the gradients were matched at this ridge, or it lies between two such
  std::size_t batch = 0;  ///< 0: of the rows alone; else of their union with this batch, which the search has not seen
  double difference = 0;  ///< infinite where the small problem has no solution
};

/// Kernel ridge regression: the kernel exp(-|z - z'|^2 / (2 m l^2)) of m standardised columns z.
struct KernelRidge {
  double length = 1;            ///< l > 0
  std::size_t landmarks = 256;  ///< most landmarks of the reference, 1 or more
};

/// What was measured of a weighted subset that stands for all rows along a range of ridges, by fitting both.
struct PathCertificate {
  std::string model, link;  ///< names; "kernel" and none for kernel ridge regression
  double dispersion = 0;    ///< of negative-binomial, else 0
  bool fit_intercept = false;
  std::size_t rows = 0, columns = 0, points = 0;
  double mass_input = 0, mass_output = 0;
  double tolerance = 0;
  RidgeRange ridges;
  /// Of the fits to all rows: where one has not converged there is no path, and no set.
  FitStatus status = FitStatus::not_converged;
  std::size_t nodes = 0, batches = 0;
  std::vector<PathCheck> path;
  double length = 0;           ///< of a kernel, else 0
  std::size_t landmarks = 0;   ///< of a kernel
  double kernel_residual = 0;  ///< of a kernel: largest k(x, x) - k_landmarks(x, x) over the rows, k(x, x) being 1

  double worst_at_nodes() const;  ///< of the rows alone
  double worst_between() const;
  double worst_combined() const;    ///< of unions
  double worst_difference() const;  ///< of all checks
  /// Converged, all checks within the tolerance, the mass kept.
  bool holds() const;
  std::string to_json() const;  ///< docs/distillation.md describes the fields
};

/// Rows with new weights > 0, which sum to those of all rows.
struct PathDistillation {
  std::vector<Index> rows;  ///< ascending; none where there is no path
  std::vector<double> weights;
  PathCertificate certificate;
};

/// The smallest weighted set of rows found whose model is within the tolerance of that of all rows for every ridge of a
/// range: paper 004, Theorem 4, rules out exactness for logistic regression, and asks for this.
///
/// With g_i(L) the gradient of the loss of row i at theta(L), the model of all rows, and H its second derivatives, the
/// model of weights w' differs by H^-1 sum_i (w_i - w'_i) g_i(L) to first order, and by nothing where the sum is 0,
/// however few rows there are. So features f_i(L) = H^-1 g_i(L) / |theta(L)| at a few ridges, the nodes, and a constant
/// for the mass are matched: min |sum_i w'_i f_i - sum_i w_i f_i| over w' >= 0, whose solutions by the method of Lawson
/// and Hanson (1974) are ever larger sets of rows. The smallest of these is taken that the check allows, which fits the
/// model to the set at each node and at three ridges between two neighbours; where none does, nodes are added, 9, 17
/// and 33, and at last all rows are kept. Of more than some 8,000 rows recombine() makes that many first, with the same
/// sums. For unions with other data the gradients at the models of unions with batches are matched as well.
///
/// Throws Error as fit_glm does, for a tolerance outside (0, 1) and a range that is none; Cancelled. Time: 33 fits to
/// all rows, O(q K d) for each row kept, K nodes in d columns and q <= 8192 (or twice K d) candidates; memory 8 q K d
/// bytes.
PathDistillation distil_path(const Examples& examples, const PathOptions& options);

/// The certificate of any weighted rows for the same demand, such as random ones. Throws Error as distil_path does, and
/// where the numbers of columns differ.
PathCertificate certify_path(const Examples& examples, const Examples& small, const PathOptions& options);

/// The same for kernel ridge regression, sum_i w_i (y_i - f(x_i))^2 / 2 + L |f|^2 / 2 (Theorem 2 rules out exactness).
/// Both f are fitted in Nystroem features of landmarks, which pivoted Cholesky factorisation chooses until they leave
/// 1e-8 of the kernel, or there are as many as allowed. What is measured is not coefficients but predictions at all
/// rows, (sum_i w_i (f_full - f_small)^2(x_i) / sum_i w_i f_full^2(x_i))^(1/2). Of the options' model only the stop
/// token is used; the range is by default 1e-6 to 1e-2 times the mass.
PathDistillation distil_kernel_path(const Examples& examples, const KernelRidge& kernel, const PathOptions& options);

}  // namespace momentset::distill
