#include "certificate/cell_moments.hpp"

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/parallel_reduce.h>

#include <algorithm>

#include "certificate/parallel.hpp"

namespace momentset::certificate {
namespace {

using Range = oneapi::tbb::blocked_range<std::size_t>;

std::vector<double> larger_of_each(std::vector<double> left, const std::vector<double>& right) {
  for (std::size_t k = 0; k < left.size(); ++k) left[k] = std::max(left[k], right[k]);
  return left;
}

}  // namespace

RowsByCell group_by_cell(const Selection& all, const CellTree& tree, const WeightedPoints& named,
                         std::span<const Index> numbers) {
  std::vector<Index> cell_of(all.size);
  oneapi::tbb::parallel_for(Range(0, all.size, chunk_rows), [&](const Range& range) {
    all.check_stop();
    for (std::size_t k = range.begin(); k < range.end(); ++k) {
      const std::size_t row = all.row(k);
      cell_of[k] = Index(tree.locate(all.point(k), named, numbers.empty() ? Index(row) : numbers[row]));
    }
  });

  // Counting sort; first[l + 1] serves as the place of the next row of cell l until it has become its end.
  RowsByCell rows{std::vector<Index>(all.size), std::vector<std::size_t>(tree.cells + 2, 0)};
  for (const Index cell : cell_of) ++rows.first[cell + 2];
  for (std::size_t l = 2; l < rows.first.size(); ++l) rows.first[l] += rows.first[l - 1];
  for (std::size_t k = 0; k < all.size; ++k) rows.numbers[rows.first[cell_of[k] + 1]++] = Index(all.row(k));
  rows.first.pop_back();
  return rows;
}

CellMeasures measure_cells(const Selection& input, const RowsByCell& input_rows, const Selection& output,
                           const RowsByCell& output_rows, const Monomials& monomials, const ColumnMoments& columns,
                           double mass_scale) {
  const std::size_t cells = input_rows.first.size() - 1;
  CellMeasures measures{{}, std::vector<long double>(cells), std::vector<long double>(cells)};
  const auto measure = [&](std::size_t l) {
    const Selection before = input_rows.cell(input, l);
    const Box box = bounding_box(before);
    const MomentSums sums = monomials.sums(before, box);
    measures.diameters[l] = diameter(box, columns);
    measures.masses[l] = sums.moments[0].value();
    return monomials.worst_residuals(sums, monomials.sums(output_rows.cell(output, l), box), mass_scale);
  };
  // The larger of two numbers does not depend on the order of comparison: any split into threads will do.
  measures.residuals = oneapi::tbb::parallel_reduce(
      Range(0, cells), std::vector<double>(std::size_t(monomials.order()) + 1, 0.0),
      [&](const Range& range, std::vector<double> worst) {
        for (std::size_t l = range.begin(); l < range.end(); ++l) worst = larger_of_each(std::move(worst), measure(l));
        return worst;
      },
      larger_of_each);
  return measures;
}

}  // namespace momentset::certificate
