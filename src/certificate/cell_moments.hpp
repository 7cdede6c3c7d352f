#pragma once

#include <span>
#include <vector>

#include "certificate/columns.hpp"
#include "certificate/moments.hpp"
#include "certificate/selection.hpp"
#include "momentset/cells.hpp"

namespace momentset::certificate {

/// Rows of an array sorted by cell: those of cell l are numbers[first[l]] .. numbers[first[l + 1]] - 1, ascending.
struct RowsByCell {
  std::vector<Index> numbers;
  std::vector<std::size_t> first;  ///< cells + 1

  Selection cell(const Selection& all, std::size_t l) const {
    return all.at(numbers.data() + first[l], first[l + 1] - first[l]);
  }
};

/// Finds the cell of each point by CellTree::locate; `named` are the points that the splits name, and `numbers` which
/// of them the rows of the array are (empty: all, in their order).
RowsByCell group_by_cell(const Selection& all, const CellTree& tree, const WeightedPoints& named,
                         std::span<const Index> numbers = {});

/// What is measured cell by cell.
struct CellMeasures {
  std::vector<double> residuals;       ///< orders 0..K, worst over the cells
  std::vector<long double> diameters;  ///< of the input's points in each cell
  std::vector<long double> masses;     ///< of the input in each cell
};

CellMeasures measure_cells(const Selection& input, const RowsByCell& input_rows, const Selection& output,
                           const RowsByCell& output_rows, const Monomials& monomials, const ColumnMoments& columns,
                           double mass_scale);

}  // namespace momentset::certificate
