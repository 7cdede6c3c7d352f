#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "momentset/cells.hpp"

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
  using Node = CutTree::Node;

  /// One cell for everything.
  Router() = default;
  /// At most so many cells of about equal mass, by cuts at weighted medians across the widest side of the box, in units
  /// of the columns' spreads. Atoms heavier than a cell's share are cells of their own as far as they are alone.
  /// O(q m log(cells)).
  Router(const Atoms& atoms, std::size_t cells);
  /// Throws Error unless the nodes are those of a tree, in preorder, with cells numbered from left to right.
  Router(std::vector<Node> nodes, std::size_t dimension);

  const CutTree& tree() const { return tree_; }
  std::size_t cells() const { return tree_.cells(); }
  std::size_t find(const double* x) const { return tree_.find(x); }

 private:
  CutTree tree_;
};

}  // namespace momentset::sketch
