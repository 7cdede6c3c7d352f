#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "momentset/certificate/stream.hpp"
#include "momentset/points.hpp"

namespace momentset {

struct SketchOptions {
  std::size_t dimension = 0;              ///< m, columns of every batch; 1 or more
  std::vector<std::string> columns = {};  ///< their names, which merge() compares; empty: unnamed
  std::size_t size = 0;                   ///< points of the coreset, at least n = feature_count(dimension, order)
  int order = 5;                          ///< highest total degree K of the moments kept
  std::uint64_t seed = 0;                 ///< of the samples of rows by which cells are placed
  /// Bytes for buffered rows and strata, at least least_sketch_memory(): 10 m + 40 for each point held, of which there
  /// are at most 100 for each one of the coreset. Results depend on it, so the default is a number and not what the
  /// machine has.
  std::uint64_t memory = std::uint64_t(1) << 30;
  int threads = 0;  ///< 0: all cores. The result is the same for any number

  bool operator==(const SketchOptions&) const = default;
};

/// Bytes for 16 points held for each of `size` ones in m columns.
std::uint64_t least_sketch_memory(std::size_t dimension, std::size_t size);

/// What a sketch hands out: rows of the stream with new weights.
struct StreamCoreset {
  PointSet points;                  ///< the rows kept and their weights, > 0
  std::vector<std::uint64_t> rows;  ///< their numbers in the stream, ascending where no sketches were merged by name
  StreamCertificate certificate;
  /// The cells in which the rows were found. A stratum made under an earlier tree lies in the cell of its centre of
  /// mass.
  CutTree cells = {};
};

/// A weighted subset of a stream with the same moments up to order K, in bounded memory: update with batches, merge
/// with sketches of other parts, serialise, finish. Rows are never moved nor averaged.
///
/// Rows are buffered until as many are held as the memory allows. Then the cells of a kd-tree take them in: in each
/// cell with enough new rows, these are recombined to size / L points (see recombine()), L = size / n cells, together
/// with the strata of the cell that are no heavier. A stratum is a set of rows that few of them stand for, with the
/// same moments up to K; it is recombined as a whole or not at all, so that every stratum and the whole keep their
/// moments, whatever order rows come in. As strata grow by doubling, a row goes through as many recombinations as its
/// cell's mass has doubled. The tree is built from a weighted sample of the buffered rows and the centres of mass of
/// the strata; when a cell holds twice its share of the mass, as in sorted, drifting and growing data, a new one is
/// built.
///
/// The state depends on the sequence of rows, merges and decays alone: neither on how updates are cut into batches nor
/// on the number of threads. Not safe to use from several threads at once.
class Sketch {
 public:
  /// Throws Error where the size is below n, the memory below 16 points for each point of the coreset, or the names are
  /// not as many as columns.
  explicit Sketch(const SketchOptions& options);
  Sketch(const Sketch& other);
  Sketch& operator=(const Sketch& other);
  Sketch(Sketch&&) noexcept;
  Sketch& operator=(Sketch&&) noexcept;
  ~Sketch();

  const SketchOptions& options() const;
  std::uint64_t rows_seen() const;  ///< rows of all updates, and of the sketches merged
  std::size_t points_held() const;  ///< rows and survivors in memory
  double mass() const;              ///< sum of the weights, after decay

  /// Takes in rows; those of zero weight count as seen only. Each is numbered by the caller, or by its place in the
  /// stream: rows_seen() before it.
  /// Throws Error on another dimension, numbers that are not finite, negative weights, a total weight that overflows,
  /// or where some updates name rows and others do not; nothing has changed then. When asked to stop, throws Cancelled:
  /// the sketch is sound and has taken in part of the rows. Amortised O(n + n^2 log(100) / 100) a row.
  void update(const WeightedPoints& points, std::span<const std::uint64_t> rows = {}, const std::stop_token& stop = {});

  /// Takes in the weighted points of another sketch, as if its rows had followed. Row numbers that are places count on
  /// from rows_seen(). Strata of the other are rows here: sums over all rows are kept, and each stratum keeps those of
  /// the weighted points that it took in. Into a sketch without rows, the state is copied as it is.
  /// Throws Error, naming the difference, where columns, order or the way of numbering differ.
  void merge(const Sketch& other, const std::stop_token& stop = {});

  /// Multiplies all weights so far by a factor in (0, 1]: called before each batch, old rows are forgotten
  /// exponentially. O(points held).
  void decay(double factor);

  /// Back to the beginning, with the same options.
  void reset();

  /// Recombines until no more than options().size points are held: before it is stored or sent away.
  void compact(const std::stop_token& stop = {});

  /// `size` rows (0: as in the options), or all of them where fewer are held, with the moments of all rows; the sketch
  /// stays as it is. Throws Error where no row of positive weight was seen, or the size is below n or above that of the
  /// options.
  StreamCoreset coreset(std::size_t size = 0, const std::stop_token& stop = {}) const;
  StreamCertificate certificate(const std::stop_token& stop = {}) const;  ///< that of coreset()

  /// Layout: docs/format.md. About 8 m + 11 bytes for each point held: compact() first, unless the stream goes on.
  std::vector<std::uint8_t> to_bytes() const;
  /// Throws Error on anything that is not a sketch of a known version. Memory and time O(bytes.size()).
  /// @param threads SketchOptions::threads, which is not in the bytes
  static Sketch from_bytes(std::span<const std::uint8_t> bytes, int threads = 0);

 private:
  struct State;
  explicit Sketch(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace momentset
