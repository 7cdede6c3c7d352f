#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <stop_token>
#include <vector>

#include "momentset/points.hpp"
#include "partition/blocks.hpp"

namespace momentset {

/// A node's rows: numbers, and coordinates row by row.
struct Rows {
  Index* numbers;
  double* coordinates;
  std::size_t count, dimension;

  double* row(std::size_t i) const { return coordinates + i * dimension; }

  /// Rows are worked on in blocks, of as many as the first-level cache has room for.
  std::size_t block() const { return std::max<std::size_t>(16, 4096 / dimension); }
  std::size_t blocks() const { return (count + block() - 1) / block(); }
};

template <class Action>
void for_blocks(const Rows& rows, const std::stop_token& stop, const Action& action) {
  for_blocks(rows.count, rows.block(), stop, action);
}

/// The smallest box around some rows; around none at first.
class Box {
 public:
  Box() = default;
  explicit Box(std::size_t dimension) : dimension_(dimension), ends_(2 * dimension) {
    std::fill_n(low(), dimension, std::numeric_limits<double>::infinity());
    std::fill_n(high(), dimension, -std::numeric_limits<double>::infinity());
  }

  /// Half of the extent, which itself may exceed the largest double.
  double half(std::size_t axis) const { return ends_[dimension_ + axis] / 2 - ends_[axis] / 2; }

  void include(const Box& other) {
    for (std::size_t a = 0; a < dimension_; ++a) {
      ends_[a] = std::min(ends_[a], other.ends_[a]);
      ends_[dimension_ + a] = std::max(ends_[dimension_ + a], other.ends_[dimension_ + a]);
    }
  }

  void include(const Rows& rows, std::size_t begin, std::size_t end) {
    std::size_t i = begin;
    for (; i + 4 <= end; i += 4) include_next<4>(rows.row(i));
    for (; i < end; ++i) include_next<1>(rows.row(i));
  }

 private:
  /// Several rows at once, since waiting for the last result takes longer than computing the next.
  template <std::size_t Count>
  void include_next(const double* x) {
    const std::size_t m = dimension_;
    double *low = this->low(), *high = this->high();
    for (std::size_t a = 0; a < m; ++a) {
      double smallest = x[a], largest = x[a];
      for (std::size_t k = 1; k < Count; ++k) {
        const double next = x[k * m + a];
        smallest = next < smallest ? next : smallest;
        largest = next > largest ? next : largest;
      }
      low[a] = smallest < low[a] ? smallest : low[a];
      high[a] = largest > high[a] ? largest : high[a];
    }
  }

  double* low() { return ends_.data(); }
  double* high() { return ends_.data() + dimension_; }

  std::size_t dimension_ = 0;
  std::vector<double> ends_;  // the lower ones, then the upper ones
};

}  // namespace momentset
