#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <stop_token>
#include <vector>

#include "momentset/basis/polynomial.hpp"
#include "momentset/partition/kd_tree.hpp"
#include "momentset/recombine.hpp"
#include "relabelling.hpp"

namespace momentset {

/// Recombines the cells of a partition, each in its own frame. Safe to call from several threads at once.
class CellCompressor {
 public:
  /// @param weights    of the points, in the order of the partition
  /// @param scale      factors that make the columns' extents comparable
  /// @param max_weight upper bound of the new weights; a point that weighs more may keep its own weight. Infinity: none
  /// @param companions of the points that the partition is of, by number; must outlive this
  /// @param monomials whose sums are kept
  CellCompressor(const Partition& partition, std::span<const double> weights, std::span<const double> scale, int order,
                 double max_weight, std::stop_token stop, std::span<const Companions> companions = {},
                 const MonomialSet& monomials = {})
      : partition_(partition),
        weights_(weights),
        scale_(scale),
        basis_(scale.size(), order, monomials),
        max_weight_(max_weight),
        stop_(std::move(stop)),
        companions_(companions) {}

  /// Survivors of one cell; rows count within the cell, ascending unless weights are bounded.
  Recombination operator()(const Cell& cell, std::size_t target, std::function<void(double)> progress = {}) const;

  /// The same with the cell's rows visited in another order, which leads to another vertex. Rows are not ascending.
  Recombination shuffled(const Cell& cell, std::size_t target, std::uint64_t seed) const;

  /// Values of the companions that may change at the survivors of one cell.
  NewTargets new_targets(const Cell& cell, const Recombination& survivors) const;

 private:
  bool bounded() const { return max_weight_ < std::numeric_limits<double>::infinity(); }
  /// The cell's rows, sorted so that neighbours in the list are neighbours in space. Under bounds rows are settled in
  /// this order, and those settled together make up for each other: sorted, the error on smooth functions was 1.0 to 5
  /// times smaller (20,000 normal points to 2,000, order 2, 3 to 20 columns). Without bounds it did not pay.
  LargeVector<Index> neighbours_together(const Cell& cell) const;
  Recombination solve_in_order(const Cell& cell, std::span<const Index> order, std::size_t target,
                               std::function<void(double)> progress) const;
  Recombination solve(std::span<const double> coordinates, std::span<const Index> points,
                      std::span<const double> weights, std::size_t target, std::function<void(double)> progress) const;

  const Partition& partition_;
  std::span<const double> weights_, scale_;
  PolynomialBasis basis_;
  double max_weight_;
  std::stop_token stop_;
  std::span<const Companions> companions_;
};

/// Hands out `size` survivors among the cells where weights are bounded: each gets what its mass needs under the bound,
/// ceil(mass / max_weight) + features, and of the rest a share by its number of points.
void share_out_by_mass(Partition& partition, std::span<const double> weights, std::size_t size, std::size_t features,
                       double max_weight);

}  // namespace momentset
