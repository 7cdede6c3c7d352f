#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace momentset {

/// What was measured of the coreset of a stream whose rows are gone: its moments against those of all rows, which were
/// summed as the rows went by. The sums share nothing with the sketch: monomials and sums in twice the
/// precision of doubles. What takes the rows themselves (cells, diameters, test functions) is not known here; certify() knows
/// it where the rows can be read again.
struct StreamCertificate {
  static constexpr int format_version = 1;

  std::string library_version;
  std::uint64_t rows = 0;  ///< rows that went by, those of zero weight included
  std::size_t size = 0;    ///< points out
  std::size_t dimension = 0;
  int order = 0;             ///< K
  std::size_t features = 0;  ///< n = C(m + K, K)
  std::uint64_t seed = 0;
  std::vector<std::string> columns;  ///< names of the m coordinates; empty if unnamed

  double mass_input = 0;   ///< sum_i c_i, after decay if there was any
  double mass_output = 0;  ///< sum_j c'_j
  double smallest_weight = 0, largest_weight = 0;
  double effective_sample_size = 0;  ///< (sum c')^2 / sum c'^2
  /// For each order 0..K the worst max_a |sum_j c'_j t_j^a - sum_i c_i t_i^a| / sum_j c'_j |t_j^a| over |a| = order, t
  /// in
  /// [-1, 1]^m: the box of all rows, centred and scaled. 0 where both vanish, 1 where only the denominator does.
  std::vector<double> residuals;
  double tolerance = 0;  ///< residuals above this fail: residual_tolerance()

  std::string output_hash;  ///< as in Certificate

  double worst_residual() const;
  bool holds() const;  ///< residuals and mass within tolerance, no negative weight
  std::string to_json() const;
};

}  // namespace momentset
