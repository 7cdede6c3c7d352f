#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace momentset::sketch {

/// Places with masses, of which a tree is made: rows, and strata at their centres of mass.
struct Atoms {
  std::size_t dimension = 0;
  std::vector<double> coordinates;  ///< row-major
  std::vector<double> masses;

  std::size_t size() const { return masses.size(); }
  void append(const double* x, double mass) {
    coordinates.insert(coordinates.end(), x, x + dimension);
    masses.push_back(mass);
  }
};

/// A kd-tree that says to which cell a point belongs.
class Router {
 public:
  struct Node {
    std::uint32_t axis = 0;   ///< of a leaf: the number of its cell
    std::uint32_t right = 0;  ///< the right child; the left one follows the node. 0: a leaf
    double cut = 0;           ///< points with a smaller coordinate go left

    bool operator==(const Node&) const = default;
  };

  /// One cell for everything.
  Router() : nodes_(1) {}
  /// At most so many cells of about equal mass, by cuts at weighted medians across the widest side of the box, in units
  /// of the columns' spreads. Atoms heavier than a cell's share are cells of their own as far as they are alone.
  /// O(q m log(cells)).
  Router(const Atoms& atoms, std::size_t cells);
  /// Throws Error unless the nodes are those of a tree, in preorder, with cells numbered from left to right.
  Router(std::vector<Node> nodes, std::size_t dimension);

  const std::vector<Node>& nodes() const { return nodes_; }
  std::size_t cells() const { return nodes_.size() / 2 + 1; }
  std::size_t find(const double* x) const {
    const Node* node = nodes_.data();
    while (node->right != 0) node = x[node->axis] < node->cut ? node + 1 : nodes_.data() + node->right;
    return node->axis;
  }

 private:
  std::vector<Node> nodes_;  // preorder
};

}  // namespace momentset::sketch
