#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>
#include <utility>
#include <vector>

#include "local_features.hpp"
#include "sketch/router.hpp"
#include "sketch/stream_rows.hpp"

namespace momentset::sketch {

/// What a stream's rows have become: those of late, buffered, and strata, each of them rows recombined, in the cells of
/// a tree.
class Strata {
 public:
  /// All that the future depends on beside the options and the buffer.
  struct Cells {
    Router router;
    std::vector<std::vector<StreamRows>> strata{1};  ///< of each cell, in the order in which they were made
    std::vector<double> shares{1.0};                 ///< of the mass in each cell when the tree was made
    double mass_when_made = 0;
    std::uint64_t trees = 0;  ///< made so far: each takes other random numbers
  };

  /// @param size     points of the coreset
  /// @param capacity points to be held at most
  /// @param parts    in which each cell is recombined when a tree is new: little is known of what comes then, and cells
  ///                 may have to be joined with others
  Strata(std::size_t dimension, int order, std::size_t size, std::size_t capacity, std::uint64_t seed,
         std::size_t parts = 4)
      : basis_(dimension, order), size_(size), capacity_(capacity), parts_(parts), seed_(seed) {}

  std::size_t held() const { return buffer_.size() + recombined_; }
  std::size_t room() const { return held() < capacity_ ? capacity_ - held() : 0; }
  const StreamRows& buffer() const { return buffer_; }
  const Cells& cells() const { return cells_; }

  /// The caller sees to it that there is room. Weights are positive; numbers, and threads, as in StreamRows::append().
  void append(const WeightedPoints& rows, std::span<const std::uint64_t> numbers, std::uint64_t first);

  // These three run in the caller's TBB arena; the result does not depend on its threads. Asked to stop, they throw
  // Cancelled and leave everything as it was.

  /// Recombines what is due, so that there is room again.
  void settle(const std::stop_token& stop);
  /// At most the size is held then.
  void compact(const std::stop_token& stop);
  /// At most `size` of the rows held, with the moments of all in every cell, ascending by number; and these cells.
  std::pair<StreamRows, CutTree> coreset(std::size_t size, const std::stop_token& stop) const;

  void scale(double factor);
  void restore(Cells cells, StreamRows buffer);

 private:
  struct Assignment;
  struct Result;
  enum class Which { due, all };

  std::size_t cells_for(std::size_t size) const { return std::max<std::size_t>(1, size / basis_.size()); }
  Assignment assign(std::size_t cells, const std::stop_token& stop) const;
  void assign_rows(Assignment& assignment, const std::stop_token& stop) const;
  void assign_strata(Assignment& assignment) const;
  bool balanced(const Assignment& assignment, std::size_t wanted) const;
  Atoms atoms(std::size_t cells) const;
  void sample_rows(std::size_t count, Atoms& atoms) const;

  std::vector<Result> recombine_cells(const Assignment& assignment, Which which, std::size_t size, std::size_t parts,
                                      const std::stop_token& stop) const;
  Result choose_due(const Assignment& assignment, std::size_t cell, std::size_t target, bool rows_alone) const;
  void recombine_parts(const Assignment& assignment, std::size_t cell, std::size_t target, std::size_t parts,
                       Result& result, const std::stop_token& stop) const;
  void take(Assignment assignment, std::vector<Result> results);
  std::vector<std::vector<Index>> divide(const std::vector<const StreamRows*>& strata, const JoinedRows& all,
                                         std::size_t parts) const;
  StreamRows unite(const JoinedRows& all, std::size_t target, const std::stop_token& stop) const;

  PolynomialBasis basis_;
  std::size_t size_, capacity_, parts_;
  std::uint64_t seed_;
  StreamRows buffer_;
  Cells cells_;
  std::size_t recombined_ = 0;  // points in strata
};

}  // namespace momentset::sketch
