#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "momentset/cells.hpp"
#include "momentset/certificate.hpp"
#include "momentset/points.hpp"

namespace momentset {

/// What was measured of the coreset of a stream whose rows are gone: its moments against those of all rows, which were
/// summed as the rows went by. The sums share nothing with the sketch: monomials and sums in twice the precision of
/// doubles. What takes the rows themselves (diameters of cells, test functions) is told by a SecondPass over them.
struct StreamCertificate {
  static constexpr int format_version = 1;

  std::string library_version;
  std::uint64_t rows = 0;  ///< rows that went by, those of zero weight included
  std::size_t size = 0;    ///< points out
  std::size_t dimension = 0;
  int order = 0;             ///< K
  std::size_t features = 0;  ///< n = C(m + K, K)
  std::uint64_t seed = 0;
  std::vector<std::string> columns;            ///< names of the m coordinates; empty if unnamed
  std::map<std::string, std::string> options;  ///< whatever the caller wants to remember of how it was made

  double mass_input = 0;   ///< sum_i c_i, after decay if there was any
  double mass_output = 0;  ///< sum_j c'_j
  double smallest_weight = 0, largest_weight = 0;
  double effective_sample_size = 0;  ///< (sum c')^2 / sum c'^2
  /// For each order 0..K the worst max_a |sum_j c'_j t_j^a - sum_i c_i t_i^a| / sum_j c'_j |t_j^a| over |a| = order, t
  /// in [-1, 1]^m: the box of all rows, centred and scaled. 0 where both vanish, 1 where only the denominator does.
  std::vector<double> residuals;
  double tolerance = 0;  ///< residuals above this fail: residual_tolerance()

  std::string output_hash;  ///< as in Certificate, of row numbers up to 2^64 - 1

  // What a SecondPass measured.
  CutTree tree;                 ///< the sketch's last one
  std::size_t cells = 0;        ///< of this tree in which rows lie; 0: there was no second pass
  DiameterQuantiles diameters;  ///< of these cells: of the boxes of all rows that lie in them
  std::vector<ProbeError> probes;

  double worst_residual() const;
  double probe_coreset() const;  ///< rms over all probe functions
  double probe_random() const;
  bool holds() const;  ///< residuals and mass within tolerance, no negative weight

  std::string to_json() const;
  /// Whether the text is JSON that says to be such a certificate, sound or not.
  static bool is_in(std::string_view text);
  /// Throws Error, naming the field at fault, on anything that is not such a certificate of a known version.
  static StreamCertificate from_json(std::string_view text);
};

/// What StreamCertificate::output_hash is of rows that go by other numbers.
std::string hash_of_output(const WeightedPoints& output, std::span<const std::uint64_t> rows);

/// Measures what takes the rows of a stream themselves, as they go by a second time: errors of test functions, and
/// diameters of the cells of the sketch's last tree. Standard deviations are the coreset's, which from order 2 on are
/// those of all rows. The random subsets are drawn among all rows, those of zero weight included. Holds 160 bytes for
/// each point of the coreset and 16 m for each cell.
class SecondPass {
 public:
  /// @param coreset     must outlive this
  /// @param certificate of the coreset
  /// @param threads     0: all cores. The result is the same for any number
  SecondPass(const WeightedPoints& coreset, const StreamCertificate& certificate, CutTree cells, int threads = 0);
  SecondPass(SecondPass&&) noexcept;
  ~SecondPass();

  /// All rows, in the order of the first pass, in batches of any size. Throws Error on invalid points and where there
  /// are more of them than the first time. O(q m log L + 48 q m).
  void add(const WeightedPoints& rows, const std::stop_token& stop = {});

  /// Fills in what was measured. Throws Error where not all rows went by, or others than the first time as far as their
  /// number and weights tell.
  void measure(StreamCertificate& result) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Measures afresh what a stream certificate states, as all rows go by once more: sums of moments and, where the
/// certificate has them, test functions and diameters; and whether the rows kept are among them. Holds what a
/// SecondPass does and 16 bytes for each row kept, however many rows there are.
class StreamVerification {
 public:
  /// @param stated  must outlive this
  /// @param kept    the coreset as found; must outlive this. Negative weights are measured, not thrown
  /// @param numbers of its rows in the stream, as found; must outlive this
  /// @param threads 0: all cores. The result is the same for any number
  /// Throws Error where the rows kept are of another dimension than stated, or none.
  StreamVerification(const StreamCertificate& stated, const WeightedPoints& kept,
                     std::span<const std::uint64_t> numbers, int threads = 0);
  StreamVerification(StreamVerification&&) noexcept;
  ~StreamVerification();

  /// All rows in their order, in batches of any size, numbered by the caller or by their place. Throws Error on invalid
  /// points and on another dimension. O(q (n + log size)), and what a SecondPass takes.
  void add(const WeightedPoints& rows, std::span<const std::uint64_t> numbers = {}, const std::stop_token& stop = {});

  /// Every comparison, passed or not: docs/streams.md.
  std::vector<Check> checks() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace momentset
