#include "momentset/partition/kd_tree.hpp"

#include <tbb/parallel_invoke.h>

#include <algorithm>
#include <limits>
#include <string>

#include "momentset/error.hpp"

namespace momentset {
namespace {

/// A node's share of everything: its rows are [begin, end) of the order.
struct Node {
  std::size_t begin, end;
  std::size_t first_cell, cells;
  std::size_t first_split;  // its own place among the splits
  std::size_t quota;

  std::size_t rows() const { return end - begin; }
};

/// Builds the tree by moving rows (number and coordinates together) so that each node's rows are contiguous: all passes
/// over a node read memory in order.
class Builder {
 public:
  Builder(const WeightedPoints& points, std::vector<Index> numbers, const KdTreeOptions& options)
      : m_(points.dimension), scale_(options.scale) {
    result_.order = std::move(numbers);
    const std::size_t rows = result_.order.size();
    result_.coordinates.resize(rows * m_);
    for (std::size_t i = 0; i < rows; ++i) std::copy_n(points.point(result_.order[i]), m_, row(i));
    result_.cells.resize(options.cells);
    result_.tree.cells = options.cells;
    result_.tree.splits.resize(options.cells - 1);
    spare_order_.resize(rows);
    spare_coordinates_.resize(rows * m_);
  }

  Partition build(std::size_t quota) && {
    divide({0, result_.order.size(), 0, result_.cells.size(), 0, quota});
    return std::move(result_);
  }

 private:
  double* row(std::size_t i) { return result_.coordinates.data() + i * m_; }

  void divide(const Node& node) {
    if (node.cells == 1) {
      result_.cells[node.first_cell] = {node.begin, node.end, node.quota};
      return;
    }
    const std::size_t left_cells = node.cells / 2;
    // 128 bits are not needed: fewer than 2^32 rows in fewer than 2^32 cells.
    const std::size_t left_rows = node.rows() * left_cells / node.cells;
    const std::size_t left_quota = node.quota * left_cells / node.cells;
    const std::size_t axis = widest_side(node);
    const Index first_right = split(node, axis, left_rows);
    result_.tree.splits[node.first_split] = {std::uint32_t(axis), first_right};

    const std::size_t middle = node.begin + left_rows;
    const Node left{node.begin, middle, node.first_cell, left_cells, node.first_split + 1, left_quota};
    const Node right{middle,
                     node.end,
                     node.first_cell + left_cells,
                     node.cells - left_cells,
                     node.first_split + left_cells,
                     node.quota - left_quota};
    constexpr std::size_t worth_a_task = 4096;
    if (node.rows() >= worth_a_task) {
      tbb::parallel_invoke([&] { divide(left); }, [&] { divide(right); });
    } else {
      divide(left);
      divide(right);
    }
  }

  std::size_t widest_side(const Node& node) {
    std::size_t widest = 0;
    double width = -1;
    for (std::size_t a = 0; a < m_; ++a) {
      double low = row(node.begin)[a], high = low;
      for (std::size_t i = node.begin; i < node.end; ++i) {
        low = std::min(low, row(i)[a]);
        high = std::max(high, row(i)[a]);
      }
      const double side = (high / 2 - low / 2) * scale_[a];
      if (side > width) {
        width = side;
        widest = a;
      }
    }
    return widest;
  }

  /// Reorders the node's rows so that the first `count` precede all others; returns the number of the first of those.
  Index split(const Node& node, std::size_t axis, std::size_t count) {
    const double key = key_at(node, axis, count);
    // Rows below the key go left, rows above go right; rows at the key, of which there may be many, are ordered by the
    // following coordinates and fill the left up.
    std::vector<std::size_t> ties;
    std::size_t below = 0, above = node.rows();
    for (std::size_t i = node.begin; i < node.end; ++i) {
      const double value = row(i)[axis];
      if (value < key) {
        set_aside(i, node.begin + below++);
      } else if (value > key) {
        set_aside(i, node.begin + --above);
      } else {
        ties.push_back(i);
      }
    }
    const auto cut = ties.begin() + std::ptrdiff_t(count - below);
    std::nth_element(ties.begin(), cut, ties.end(),
                     [&](std::size_t a, std::size_t b) { return precedes(row(a), row(b), axis, m_); });
    const Index first_right = result_.order[*cut];
    for (const std::size_t i : ties) set_aside(i, node.begin + below++);

    std::copy_n(spare_order_.data() + node.begin, node.rows(), result_.order.data() + node.begin);
    std::copy_n(spare_coordinates_.data() + node.begin * m_, node.rows() * m_, row(node.begin));
    return first_right;
  }

  /// The `count`-th smallest coordinate (from 0).
  double key_at(const Node& node, std::size_t axis, std::size_t count) {
    double* keys = spare_coordinates_.data() + node.begin * m_;  // free until rows are set aside
    for (std::size_t k = 0; k < node.rows(); ++k) keys[k] = row(node.begin + k)[axis];
    std::nth_element(keys, keys + count, keys + node.rows());
    return keys[count];
  }

  void set_aside(std::size_t from, std::size_t to) {
    spare_order_[to] = result_.order[from];
    std::copy_n(row(from), m_, spare_coordinates_.data() + to * m_);
  }

  std::size_t m_;
  std::span<const double> scale_;
  Partition result_;
  std::vector<Index> spare_order_;
  std::vector<double> spare_coordinates_;
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
