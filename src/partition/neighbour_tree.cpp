#include "momentset/partition/neighbour_tree.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <type_traits>
#include <utility>

#include "partition/squared_distance.hpp"

namespace momentset {
namespace {

constexpr Index leaf_size = 8;

/// box: lowest, then highest corner.
template <class Columns>
double squared_distance_to_box(const double* x, const double* box, Columns columns) {
  double sum = 0;
  for (std::size_t j = 0; j < columns; ++j) {
    const double outside = std::max({box[j] - x[j], x[j] - box[columns + j], 0.0});
    sum += outside * outside;
  }
  return sum;
}

class Single {
 public:
  explicit Single(Neighbour guess) : best_(guess) {}
  double reach() const { return best_.squared_distance; }
  void meet(Neighbour found) { best_ = std::min(best_, found); }
  Neighbour best() const { return best_; }

 private:
  Neighbour best_;
};

/// The nearest so far. Twice as many are gathered before the farther half goes: cheaper than to keep a heap.
class Several {
 public:
  Several(std::size_t count, std::vector<Neighbour>& found) : count_(count), found_(found) {
    found_.clear();
    found_.reserve(2 * count);
  }
  double reach() const { return reach_; }
  void meet(Neighbour neighbour) {
    found_.push_back(neighbour);
    if (found_.size() == 2 * count_) keep_nearest();
  }
  /// The farthest comes first.
  void finish() {
    if (found_.size() > count_) keep_nearest();
    if (!found_.empty()) std::iter_swap(found_.begin(), std::max_element(found_.begin(), found_.end()));
  }

 private:
  void keep_nearest() {
    const auto last = found_.begin() + std::ptrdiff_t(count_ - 1);
    std::nth_element(found_.begin(), last, found_.end());
    reach_ = last->squared_distance;
    found_.resize(count_);
  }

  std::size_t count_;
  std::vector<Neighbour>& found_;
  double reach_ = std::numeric_limits<double>::infinity();
};

}  // namespace

NeighbourTree::NeighbourTree(std::span<const double> coordinates, std::size_t dimension)
    : dimension_(dimension), order_(coordinates.size() / dimension), place_(order_.size()), in_(order_.size(), 1) {
  std::iota(order_.begin(), order_.end(), Index{0});
  build(0, Index(order_.size()), coordinates);
  coordinates_.resize(coordinates.size());
  for (std::size_t k = 0; k < order_.size(); ++k) {
    place_[order_[k]] = Index(k);
    std::copy_n(coordinates.begin() + order_[k] * dimension, dimension, coordinates_.begin() + k * dimension);
  }
}

Index NeighbourTree::build(Index begin, Index end, std::span<const double> coordinates) {
  const Index node = Index(nodes_.size());
  nodes_.push_back({.begin = begin, .end = end, .right = 0, .left = end - begin});
  const std::size_t m = dimension_, box = boxes_.size();
  boxes_.resize(box + 2 * m);
  std::size_t widest = 0;
  double width = 0;
  for (std::size_t a = 0; a < m; ++a) {
    double low = std::numeric_limits<double>::infinity(), high = -low;
    for (Index k = begin; k < end; ++k) {
      const double x = coordinates[order_[k] * m + a];
      low = std::min(low, x);
      high = std::max(high, x);
    }
    boxes_[box + a] = low;
    boxes_[box + m + a] = high;
    if (high - low > width) {
      width = high - low;
      widest = a;
    }
  }
  if (end - begin <= leaf_size || width == 0) return node;
  const Index middle = begin + (end - begin) / 2;
  std::nth_element(order_.begin() + begin, order_.begin() + middle, order_.begin() + end, [&](Index a, Index b) {
    return std::pair(coordinates[a * m + widest], a) < std::pair(coordinates[b * m + widest], b);
  });
  build(begin, middle, coordinates);
  const Index right = build(middle, end, coordinates);
  nodes_[node].right = right;
  return node;
}

void NeighbourTree::remove(Index point) {
  const Index place = place_[point];
  in_[place] = 0;
  for (Index node = 0;;) {
    --nodes_[node].left;
    const Index right = nodes_[node].right;
    if (right == 0) return;
    node = place < nodes_[right].begin ? node + 1 : right;
  }
}

template <class Columns, class Visitor>
void NeighbourTree::search(Columns columns, Index number, double to_box, const double* x, Visitor& visitor) const {
  const Node& node = nodes_[number];
  if (node.left == 0 || to_box > visitor.reach()) return;
  if (node.right == 0) {
    for (Index k = node.begin; k < node.end; ++k) {
      if (!in_[k]) continue;
      const double d = squared_distance(x, coordinates_.data() + k * columns, columns);
      if (d <= visitor.reach()) visitor.meet({d, order_[k]});
    }
    return;
  }
  Index near = number + 1, far = node.right;
  double to_near = squared_distance_to_box(x, boxes_.data() + near * 2 * columns, columns);
  double to_far = squared_distance_to_box(x, boxes_.data() + far * 2 * columns, columns);
  if (to_far < to_near) {
    std::swap(near, far);
    std::swap(to_near, to_far);
  }
  search(columns, near, to_near, x, visitor);
  search(columns, far, to_far, x, visitor);
}

template <class Visitor>
void NeighbourTree::search(const double* x, Visitor& visitor) const {
  switch (dimension_) {  // short loops of a length that the compiler knows take half the time
    case 1:
      return search(std::integral_constant<std::size_t, 1>(), 0, 0, x, visitor);
    case 2:
      return search(std::integral_constant<std::size_t, 2>(), 0, 0, x, visitor);
    case 3:
      return search(std::integral_constant<std::size_t, 3>(), 0, 0, x, visitor);
    case 4:
      return search(std::integral_constant<std::size_t, 4>(), 0, 0, x, visitor);
    default:
      return search(dimension_, 0, 0, x, visitor);
  }
}

void NeighbourTree::nearest(const double* x, std::size_t count, std::vector<Neighbour>& found) const {
  Several visitor(count, found);
  if (count > 0) search(x, visitor);
  visitor.finish();
}

Neighbour NeighbourTree::nearest(const double* x, Index guess) const {
  Single visitor({squared_distance(x, coordinates_.data() + place_[guess] * dimension_, dimension_), guess});
  search(x, visitor);
  return visitor.best();
}

}  // namespace momentset
