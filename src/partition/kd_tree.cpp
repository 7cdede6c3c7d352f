#include "momentset/partition/kd_tree.hpp"

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>
#include <tbb/parallel_invoke.h>

#include <algorithm>
#include <array>
#include <string>

#include "momentset/error.hpp"

namespace momentset {
namespace {

/// Rows, number and coordinates together, in one of the two places between which they move.
struct Rows {
  std::vector<Index> numbers;
  std::vector<double> coordinates;
};

/// A node's share of everything.
struct Node {
  std::size_t begin, end;  // its rows
  std::size_t first_cell, cells;
  std::size_t first_split;  // its own place among the splits
  std::size_t quota;
  bool moved;  // whether its rows are in the second place

  std::size_t rows() const { return end - begin; }
};

/// The `rank`-th smallest of the keys (from 0), which are reordered. Almost always a few keys decide: those between
/// two quantiles of a sample that enclose the rank (Floyd and Rivest 1975).
double select(std::span<double> keys, std::size_t rank) {
  constexpr std::size_t worth_sampling = 8192, sample_size = 1024;
  const auto whole = [&] {
    std::nth_element(keys.begin(), keys.begin() + std::ptrdiff_t(rank), keys.end());
    return keys[rank];
  };
  if (keys.size() < worth_sampling) return whole();
  std::array<double, sample_size> sample;
  for (std::size_t k = 0; k < sample_size; ++k) sample[k] = keys[k * (keys.size() / sample_size)];
  std::sort(sample.begin(), sample.end());
  // Four standard deviations of a sample quantile at the median, 4 sqrt(1024) / 2, to either side.
  constexpr std::ptrdiff_t margin = 64;
  const auto centre = std::ptrdiff_t(double(rank) / double(keys.size()) * sample_size);
  const double low = sample[std::size_t(std::max<std::ptrdiff_t>(centre - margin, 0))];
  const double high = sample[std::size_t(std::min<std::ptrdiff_t>(centre + margin, sample_size - 1))];

  std::vector<double> between(keys.size());
  std::size_t below = 0, count = 0;
  for (const double key : keys) {
    between[count] = key;
    below += key < low;
    count += key >= low && key <= high;
  }
  if (rank < below || rank >= below + count) return whole();
  const auto middle = between.begin() + std::ptrdiff_t(rank - below);
  std::nth_element(between.begin(), middle, between.begin() + std::ptrdiff_t(count));
  return *middle;
}

/// Builds the tree by moving rows to and fro so that each node's rows are contiguous: all passes over a node read
/// memory in order.
class Builder {
 public:
  Builder(const WeightedPoints& points, std::vector<Index> numbers, const KdTreeOptions& options)
      : m_(points.dimension), scale_(options.scale) {
    const std::size_t rows = numbers.size();
    first_.numbers = std::move(numbers);
    first_.coordinates.resize(rows * m_);
    tbb::parallel_for(tbb::blocked_range<std::size_t>(0, rows, 16384), [&](const auto& range) {
      for (std::size_t i = range.begin(); i < range.end(); ++i) {
        std::copy_n(points.point(first_.numbers[i]), m_, first_.coordinates.data() + i * m_);
      }
    });
    second_.numbers.resize(rows);
    second_.coordinates.resize(rows * m_);
    cells_.resize(options.cells);
    tree_.cells = options.cells;
    tree_.splits.resize(options.cells - 1);
  }

  Partition build(std::size_t quota) && {
    divide({0, first_.numbers.size(), 0, cells_.size(), 0, quota, false});
    return {std::move(first_.numbers), std::move(first_.coordinates), std::move(cells_), std::move(tree_)};
  }

 private:
  void divide(const Node& node) {
    if (node.cells == 1) {
      if (node.moved) move_back(node);
      cells_[node.first_cell] = {node.begin, node.end, node.quota};
      return;
    }
    // Products of two numbers below 2^32 fit.
    const std::size_t left_cells = node.cells / 2;
    const std::size_t left_rows = node.rows() * left_cells / node.cells;
    const std::size_t left_quota = node.quota * left_cells / node.cells;
    const std::size_t axis = widest_side(node);
    const Index first_right = split(node, axis, left_rows);
    tree_.splits[node.first_split] = {std::uint32_t(axis), first_right};

    const std::size_t middle = node.begin + left_rows;
    const Node left{node.begin, middle, node.first_cell, left_cells, node.first_split + 1, left_quota, !node.moved};
    const Node right{middle,
                     node.end,
                     node.first_cell + left_cells,
                     node.cells - left_cells,
                     node.first_split + left_cells,
                     node.quota - left_quota,
                     !node.moved};
    constexpr std::size_t worth_a_task = 4096;
    if (node.rows() >= worth_a_task) {
      tbb::parallel_invoke([&] { divide(left); }, [&] { divide(right); });
    } else {
      divide(left);
      divide(right);
    }
  }

  const double* row(const Rows& rows, std::size_t i) const { return rows.coordinates.data() + i * m_; }

  std::size_t widest_side(const Node& node) const {
    const Rows& from = node.moved ? second_ : first_;
    std::vector<double> low(row(from, node.begin), row(from, node.begin) + m_), high = low;
    for (std::size_t i = node.begin; i < node.end; ++i) {
      const double* x = row(from, i);
      for (std::size_t a = 0; a < m_; ++a) {
        low[a] = x[a] < low[a] ? x[a] : low[a];
        high[a] = x[a] > high[a] ? x[a] : high[a];
      }
    }
    std::size_t widest = 0;
    double width = -1;
    for (std::size_t a = 0; a < m_; ++a) {
      const double side = (high[a] / 2 - low[a] / 2) * scale_[a];  // halves: the extent may exceed the largest double
      if (side > width) {
        width = side;
        widest = a;
      }
    }
    return widest;
  }

  /// Moves the node's rows so that the first `count` precede all others; returns the number of the first of those.
  Index split(const Node& node, std::size_t axis, std::size_t count) {
    const Rows& from = node.moved ? second_ : first_;
    Rows& to = node.moved ? first_ : second_;
    const auto move = [&](std::size_t source, std::size_t target) {
      to.numbers[target] = from.numbers[source];
      std::copy_n(row(from, source), m_, to.coordinates.data() + target * m_);
    };
    const std::span keys = std::span(to.coordinates).subspan(node.begin * m_, node.rows());  // free until rows move
    for (std::size_t k = 0; k < node.rows(); ++k) keys[k] = row(from, node.begin + k)[axis];
    const double key = select(keys, count);

    // Rows below the key go left, rows above go right; rows at the key, of which there may be many, are ordered by the
    // following coordinates and fill the left up.
    std::vector<std::size_t> ties;
    std::size_t left = node.begin, right = node.end;
    for (std::size_t i = node.begin; i < node.end; ++i) {
      const double value = row(from, i)[axis];
      if (value == key) {
        ties.push_back(i);
        continue;
      }
      const bool below = value < key;
      move(i, below ? left : right - 1);
      left += below;
      right -= !below;
    }
    const auto cut = ties.begin() + std::ptrdiff_t(node.begin + count - left);
    std::nth_element(ties.begin(), cut, ties.end(),
                     [&](std::size_t a, std::size_t b) { return precedes(row(from, a), row(from, b), axis, m_); });
    const Index first_right = from.numbers[*cut];
    for (const std::size_t i : ties) move(i, left++);
    return first_right;
  }

  void move_back(const Node& node) {
    std::copy_n(second_.numbers.data() + node.begin, node.rows(), first_.numbers.data() + node.begin);
    std::copy_n(row(second_, node.begin), node.rows() * m_, first_.coordinates.data() + node.begin * m_);
  }

  std::size_t m_;
  std::span<const double> scale_;
  Rows first_, second_;
  std::vector<Cell> cells_;
  CellTree tree_;
};

}  // namespace

Partition kd_tree(const WeightedPoints& points, std::vector<Index> numbers, const KdTreeOptions& options) {
  if (options.cells == 0 || options.cells > options.size || options.size > numbers.size()) {
    throw Error("cells", std::to_string(options.cells),
                "must be between 1 and the size " + std::to_string(options.size) + ", which must not exceed the " +
                    std::to_string(numbers.size()) + " points");
  }
  if (options.scale.size() != points.dimension) {
    throw Error("scale", std::to_string(options.scale.size()) + " factors", "one for each column is needed");
  }
  return Builder(points, std::move(numbers), options).build(options.size);
}

}  // namespace momentset
