#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "merge_equal.hpp"
#include "momentset/basis/polynomial.hpp"
#include "momentset/cells.hpp"
#include "momentset/compress.hpp"
#include "momentset/points.hpp"
#include "reduction.hpp"

namespace momentset {

/// The points of a cell, and those of them that are kept.
struct KeptOfCell {
  std::span<const double> coordinates;  ///< row-major, of all points of the cell
  std::span<const Index> points;        ///< their numbers, by which companions are found
  std::span<const double> weights;      ///< of these
  std::span<const Index> kept;          ///< which of these are kept
  std::span<const double> kept_weights;
};

/// What became of a cell's targets.
enum class Relabelled {
  exact,     ///< the sums are kept to rounding
  singular,  ///< not all: the points kept do not tell the polynomials apart
  overflown  ///< some new targets would not be finite: those columns are as they were
};

struct NewTargets {
  std::vector<double> values;  ///< row-major, points kept x columns of the companions that may change
  Relabelled outcome = Relabelled::exact;
};

/// New values y' of the columns that may change, at the points that a cell keeps with weights c', such that
///   sum_j c'_j phi(x_j) y'_j = sum_i c_i phi(x_i) y_i
/// for every polynomial phi up to the companions' order, of all such y' those of the least sum_j c'_j y'_j^2. With
/// d_j = sqrt(c'_j) y'_j that is the least-norm solution of a linear system of n rows, by a QR factorisation of its
/// transpose with column pivoting, and refined. Where the points kept have room, y' is so a polynomial of x, that of
/// the weighted least squares of y in the cell: without the noise of single rows. O(q n + s n^2) operations for each
/// order, s points kept.
NewTargets new_targets(const KeptOfCell& cell, const PolynomialBasis& basis, std::span<const Companions> companions);

/// New targets of all survivors, row-major in their order, by the cells of the tree; empty where no column may change.
/// Runs in the caller's TBB arena; the result does not depend on its threads. Throws Cancelled.
/// @param distinct the points that the survivors are of; not merged
/// @param result   receives counts of singular and overflown cells
std::vector<double> relabel(const WeightedPoints& points, const DistinctPoints& distinct,
                            std::span<const Survivor> survivors, const CellTree& tree, const CompressOptions& options,
                            Coreset& result);

/// The columns that may change as they are at some points, row-major.
std::vector<double> own_targets(std::span<const Survivor> survivors, std::span<const Companions> companions);

}  // namespace momentset
