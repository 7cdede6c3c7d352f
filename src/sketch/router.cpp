#include "sketch/router.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>

#include "momentset/error.hpp"
#include "threads.hpp"

namespace momentset::sketch {
namespace {

struct Item {
  double key;
  std::uint32_t atom;
};

/// Key of the first item, in ascending order, up to which the masses sum to more than `mass`. Orders the items anew.
double weighted_quantile(std::span<Item> items, std::span<const double> masses, double mass) {
  while (items.size() > 1) {
    const std::size_t middle = items.size() / 2;
    std::nth_element(items.begin(), items.begin() + std::ptrdiff_t(middle), items.end(),
                     [](const Item& a, const Item& b) { return a.key < b.key; });
    double before = 0;
    for (const Item& item : items.first(middle)) before += masses[item.atom];
    if (before > mass) {
      items = items.first(middle);
    } else {
      mass -= before;
      items = items.subspan(middle);
    }
  }
  return items[0].key;
}

class Builder {
 public:
  Builder(const Atoms& atoms, std::size_t cells) : atoms_(atoms), masses_(atoms.masses), items_(atoms.size()) {
    for (std::uint32_t k = 0; k < items_.size(); ++k) items_[k].atom = k;
    cap(cells);
    find_spreads();
  }

  std::vector<Router::Node> build(std::size_t cells) { return divide(items_, cells); }

 private:
  double coordinate(const Item& item, std::size_t axis) const {
    return atoms_.coordinates[item.atom * atoms_.dimension + axis];
  }
  double mass(std::span<const Item> items) const {
    return std::accumulate(items.begin(), items.end(), 0.0,
                           [&](double sum, const Item& item) { return sum + masses_[item.atom]; });
  }

  /// What an atom weighs above a cell's share calls for no more cells. The share falls as masses are capped.
  void cap(std::size_t cells) {
    constexpr int passes = 4;
    for (int pass = 0; pass < passes; ++pass) {
      const double share = mass(items_) / double(cells);
      for (double& each : masses_) each = std::min(each, share);
    }
  }

  /// Between the outer tenths of the mass, so that far outliers do not make a column's cells long.
  void find_spreads() {
    const double all = mass(items_);
    for (std::size_t axis = 0; axis < atoms_.dimension; ++axis) {
      for (Item& item : items_) item.key = coordinate(item, axis);
      const double high = weighted_quantile(items_, masses_, 0.9 * all);
      const double low = weighted_quantile(items_, masses_, 0.1 * all);
      const auto [least, most] =
          std::minmax_element(items_.begin(), items_.end(), [](const Item& a, const Item& b) { return a.key < b.key; });
      const double inner = high / 2 - low / 2, outer = most->key / 2 - least->key / 2;
      spreads_.push_back(inner > 0 ? inner : outer > 0 ? outer : 1);
    }
  }

  struct Side {
    std::size_t axis = 0;
    double low = 0, high = 0;
  };

  Side widest(std::span<const Item> items) const {
    Side widest;
    double width = 0;
    for (std::size_t axis = 0; axis < atoms_.dimension; ++axis) {
      double low = std::numeric_limits<double>::infinity(), high = -low;
      for (const Item& item : items) {
        low = std::min(low, coordinate(item, axis));
        high = std::max(high, coordinate(item, axis));
      }
      const double side = (high / 2 - low / 2) / spreads_[axis];
      if (side > width || (width == 0 && high > low)) {
        widest = {axis, low, high};
        width = side;
      }
    }
    return widest;
  }

  /// The nodes of a tree of its own.
  std::vector<Router::Node> divide(std::span<Item> items, std::size_t cells) {
    const Side side = cells > 1 ? widest(items) : Side();
    if (!(side.low < side.high)) return {Router::Node()};
    for (Item& item : items) item.key = coordinate(item, side.axis);
    const double all = mass(items);
    double cut = weighted_quantile(items, masses_, all * double(cells / 2) / double(cells));
    if (cut == side.low) cut = next_key(items, cut);
    const auto right = std::partition(items.begin(), items.end(), [cut](const Item& item) { return item.key < cut; });
    const std::span first(items.begin(), right), second(right, items.end());
    const double share = std::round(mass(first) / all * double(cells));
    const std::size_t left_cells = std::size_t(std::clamp(share, 1.0, double(cells - 1)));
    std::vector<Router::Node> children[2];
    const auto divide_side = [&](std::size_t k) {
      children[k] = k == 0 ? divide(first, left_cells) : divide(second, cells - left_cells);
    };
    constexpr std::size_t items_for_two = 4096;  // fewer are done sooner than another thread has woken up
    if (items.size() >= items_for_two) {
      for_all(2, divide_side);
    } else {
      divide_side(0);
      divide_side(1);
    }
    return joined({std::uint32_t(side.axis), 0, cut}, std::move(children[0]), children[1]);
  }

  /// In preorder, cells numbered from left to right.
  static std::vector<Router::Node> joined(Router::Node root, std::vector<Router::Node> left,
                                          const std::vector<Router::Node>& right) {
    const std::uint32_t left_cells = std::uint32_t(left.size() / 2 + 1);
    const auto shift = [](Router::Node& node, std::uint32_t nodes, std::uint32_t cells) {
      (node.right == 0 ? node.axis : node.right) += node.right == 0 ? cells : nodes;
    };
    for (Router::Node& node : left) shift(node, 1, 0);
    root.right = std::uint32_t(1 + left.size());
    left.insert(left.begin(), root);
    for (Router::Node node : right) {
      shift(node, root.right, left_cells);
      left.push_back(node);
    }
    return left;
  }

  static double next_key(std::span<const Item> items, double key) {
    double next = std::numeric_limits<double>::infinity();
    for (const Item& item : items) {
      if (item.key > key) next = std::min(next, item.key);
    }
    return next;
  }

  const Atoms& atoms_;
  std::vector<double> masses_;  // capped
  std::vector<Item> items_;
  std::vector<double> spreads_;
};

}  // namespace

Router::Router(const Atoms& atoms, std::size_t cells) : tree_{Builder(atoms, cells).build(cells)} {}

Router::Router(std::vector<Node> nodes, std::size_t dimension) : tree_{std::move(nodes)} {
  if (!tree_.is_sound(dimension)) throw Error("sketch", "tree of cells", "must be a binary tree in preorder");
}

}  // namespace momentset::sketch
