#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "momentset/partition/large_vector.hpp"
#include "momentset/points.hpp"

namespace momentset::sketch {

/// Weighted rows of a stream with their numbers.
struct StreamRows {
  LargeVector<double> coordinates;  ///< row-major
  LargeVector<double> weights;
  LargeVector<std::uint64_t> numbers;

  std::size_t size() const { return weights.size(); }
  WeightedPoints view(std::size_t dimension) const { return {coordinates, weights, dimension}; }

  double mass() const;
  std::vector<double> centre(std::size_t dimension) const;  ///< of mass

  void reserve(std::size_t count, std::size_t dimension);
  void append(const double* x, std::size_t dimension, double weight, std::uint64_t number);
  void append(const StreamRows& other);
  /// Rows with these numbers, or with those from `first` on where there are none. In the caller's TBB arena.
  void append(const WeightedPoints& rows, std::span<const std::uint64_t> numbers, std::uint64_t first);
  /// Keeps the rows for which `keep(row)` holds.
  template <class Keep>
  void filter(std::size_t dimension, const Keep& keep);
  /// Ascending; rows of one number stay in their order.
  void sort_by_number(std::size_t dimension);
};

template <class Keep>
void StreamRows::filter(std::size_t dimension, const Keep& keep) {
  std::size_t kept = 0;
  for (std::size_t k = 0; k < size(); ++k) {
    if (!keep(k)) continue;
    for (std::size_t a = 0; a < dimension; ++a) coordinates[kept * dimension + a] = coordinates[k * dimension + a];
    weights[kept] = weights[k];
    numbers[kept++] = numbers[k];
  }
  coordinates.resize(kept * dimension);
  weights.resize(kept);
  numbers.resize(kept);
}

/// Sets of rows one behind the other, and some rows of a buffer after them: what is recombined to few. Numbers, of
/// which only those of the few are wanted, stay where they are.
class JoinedRows {
 public:
  /// @param buffer must outlive this, as `rows` of it and the sets
  JoinedRows(const std::vector<const StreamRows*>& sets, const StreamRows& buffer, std::span<const Index> rows,
             std::size_t dimension);
  /// Some of the rows of another one, which must outlive this.
  JoinedRows(const JoinedRows& all, std::vector<Index> members);

  std::size_t size() const { return weights_.size(); }
  WeightedPoints view() const { return {coordinates_, weights_, dimension_}; }
  std::uint64_t number(std::size_t k) const {
    if (all_ != nullptr) return all_->number(members_[k]);
    return k < numbers_.size() ? numbers_[k] : buffer_.numbers[rows_[k - numbers_.size()]];
  }

 private:
  void gather(std::size_t first);

  const StreamRows& buffer_;
  std::span<const Index> rows_;
  std::size_t dimension_;
  LargeVector<double> coordinates_, weights_;
  std::vector<std::uint64_t> numbers_;  // of the sets
  const JoinedRows* all_ = nullptr;     // of which these are the members
  std::vector<Index> members_;
};

}  // namespace momentset::sketch
