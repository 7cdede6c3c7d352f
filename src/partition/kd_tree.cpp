#include "momentset/partition/kd_tree.hpp"

#include <tbb/parallel_invoke.h>

#include <array>
#include <bit>
#include <string>

#include "momentset/error.hpp"
#include "partition/rows.hpp"
#include "partition/split.hpp"

namespace momentset {
namespace {

/// Memory for all rows.
struct Place {
  LargeVector<Index> numbers;
  LargeVector<double> coordinates;
};

/// A node's share of everything.
struct Node {
  std::size_t begin, end;  // its rows
  std::size_t first_cell, cells;
  std::size_t first_split;  // its own place among the splits
  std::size_t quota;
  std::size_t place;  // where its rows are

  std::size_t rows() const { return end - begin; }
};

/// Builds the tree by moving rows to and fro between two places, so that each node's rows are contiguous: all passes
/// over a node read memory in order.
class Builder {
 public:
  Builder(const WeightedPoints& points, std::span<const Index> numbers, const KdTreeOptions& options)
      : points_(points), numbers_(numbers), options_(options), cells_(options.cells) {
    for (Place& place : places_) {
      place.numbers.resize(numbers.size());
      place.coordinates.resize(numbers.size() * points.dimension);
    }
    tree_.cells = options.cells;
    tree_.splits.resize(options.cells - 1);
  }

  Partition build() && {
    // Most cells are as deep as the deepest: those end in the first place, where they are to be.
    const std::size_t place = std::size_t(std::bit_width(options_.cells - 1)) % 2;
    const Node root{0, numbers_.size(), 0, options_.cells, 0, options_.size, place};
    divide(root, fetch(rows_of(root, place)));
    return {std::move(places_[0].numbers), std::move(places_[0].coordinates), std::move(cells_), std::move(tree_)};
  }

 private:
  Rows rows_of(const Node& node, std::size_t place) {
    const std::size_t m = points_.dimension;
    return {places_[place].numbers.data() + node.begin, places_[place].coordinates.data() + node.begin * m, node.rows(),
            m};
  }

  /// Copies all points; returns their box.
  Box fetch(const Rows& rows) const {
    std::vector<Box> boxes(rows.blocks());
    for_blocks(rows, options_.stop, [&](std::size_t b, std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        rows.numbers[i] = numbers_[i];
        std::copy_n(points_.point(numbers_[i]), rows.dimension, rows.row(i));
      }
      boxes[b] = Box(rows.dimension);
      boxes[b].include(rows, begin, end);
    });
    for (const Box& box : boxes) boxes[0].include(box);
    return boxes[0];
  }

  void divide(const Node& node, const Box& box) {
    if (node.cells == 1) return finish(node);
    // Products of two numbers below 2^32 fit.
    const std::size_t left_cells = node.cells / 2;
    const std::size_t left_rows = node.rows() * left_cells / node.cells;
    const std::size_t left_quota = node.quota * left_cells / node.cells;
    const std::size_t axis = widest_side(box), place = 1 - node.place;
    const Halves halves = split(rows_of(node, node.place), rows_of(node, place), axis, left_rows, options_.stop);
    tree_.splits[node.first_split] = {std::uint32_t(axis), halves.first_right};

    const std::size_t middle = node.begin + left_rows;
    const Node left{node.begin, middle, node.first_cell, left_cells, node.first_split + 1, left_quota, place};
    const Node right{middle,
                     node.end,
                     node.first_cell + left_cells,
                     node.cells - left_cells,
                     node.first_split + left_cells,
                     node.quota - left_quota,
                     place};
    constexpr std::size_t worth_a_task = 4096;
    if (node.rows() >= worth_a_task) {
      tbb::parallel_invoke([&] { divide(left, halves.left); }, [&] { divide(right, halves.right); });
    } else {
      divide(left, halves.left);
      divide(right, halves.right);
    }
  }

  std::size_t widest_side(const Box& box) const {
    std::size_t widest = 0;
    double width = -1;
    for (std::size_t a = 0; a < points_.dimension; ++a) {
      const double side = box.half(a) * options_.scale[a];
      if (side > width) {
        width = side;
        widest = a;
      }
    }
    return widest;
  }

  void finish(const Node& node) {
    cells_[node.first_cell] = {node.begin, node.end, node.quota};
    if (node.place == 0) return;
    const Rows from = rows_of(node, node.place), to = rows_of(node, 0);
    for_blocks(from, options_.stop, [&](std::size_t, std::size_t begin, std::size_t end) {
      std::copy_n(from.numbers + begin, end - begin, to.numbers + begin);
      std::copy_n(from.row(begin), (end - begin) * from.dimension, to.row(begin));
    });
  }

  const WeightedPoints& points_;
  std::span<const Index> numbers_;
  const KdTreeOptions& options_;
  std::array<Place, 2> places_;
  std::vector<Cell> cells_;
  CellTree tree_;
};

}  // namespace

Partition kd_tree(const WeightedPoints& points, std::span<const Index> numbers, const KdTreeOptions& options) {
  if (options.cells == 0 || options.cells > options.size || options.size > numbers.size()) {
    throw Error("cells", std::to_string(options.cells),
                "must be between 1 and the size " + std::to_string(options.size) + ", which must not exceed the " +
                    std::to_string(numbers.size()) + " points");
  }
  if (options.scale.size() != points.dimension) {
    throw Error("scale", std::to_string(options.scale.size()) + " factors", "one for each column is needed");
  }
  return Builder(points, numbers, options).build();
}

}  // namespace momentset
