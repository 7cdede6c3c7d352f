#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <vector>

#include "momentset/compress.hpp"

namespace momentset::test {

/// Sums of weighted monomials of total degree <= K in long double, in the box of the points they are of.
class MonomialSums {
 public:
  MonomialSums(const WeightedPoints& points, const std::vector<Index>& rows, int order)
      : points_(points), order_(order), centre_(points.dimension), half_(points.dimension) {
    for (std::size_t a = 0; a < points.dimension; ++a) {
      long double low = points.point(rows[0])[a], high = low;
      for (const Index row : rows) {
        low = std::min<long double>(low, points.point(row)[a]);
        high = std::max<long double>(high, points.point(row)[a]);
      }
      centre_[a] = (low + high) / 2;
      half_[a] = high > low ? (high - low) / 2 : 1;
    }
  }

  /// Adds weight * t^e and its magnitude for every exponent e.
  void add(Index row, long double weight, std::vector<long double>& sums, std::vector<long double>& magnitudes) const {
    std::size_t next = 0;
    add(row, 0, order_, weight, next, sums, magnitudes);
  }

 private:
  void add(Index row, std::size_t axis, int degrees, long double product, std::size_t& next,
           std::vector<long double>& sums, std::vector<long double>& magnitudes) const {
    if (axis == points_.dimension) {
      if (next == sums.size()) {
        sums.push_back(0);
        magnitudes.push_back(0);
      }
      sums[next] += product;
      magnitudes[next++] += std::abs(product);
      return;
    }
    const long double t = (points_.point(row)[axis] - centre_[axis]) / half_[axis];
    for (int e = 0; e <= degrees; ++e, product *= t) add(row, axis + 1, degrees - e, product, next, sums, magnitudes);
  }

  WeightedPoints points_;
  int order_;
  std::vector<long double> centre_, half_;
};

/// A further factor of each monomial at a row.
using RowFactor = std::function<long double(Index)>;

/// Worst over the monomials, times the factor, of |sums over the coreset / mass_scale - sums over the rows| / the
/// larger sum of magnitudes.
inline double moment_residual(
    const WeightedPoints& points, const std::vector<Index>& rows, const std::vector<Index>& kept,
    const std::vector<double>& weights, int order, double mass_scale,
    const RowFactor& factor = [](Index) { return 1; }) {
  const MonomialSums monomials(points, rows, order);
  std::vector<long double> before, after, magnitudes_before, magnitudes_after;
  for (const Index row : rows) monomials.add(row, points.weight(row) * factor(row), before, magnitudes_before);
  after.assign(before.size(), 0);
  magnitudes_after = after;
  for (std::size_t j = 0; j < kept.size(); ++j) {
    monomials.add(kept[j], weights[j] * factor(kept[j]) / mass_scale, after, magnitudes_after);
  }
  double worst = 0;
  for (std::size_t f = 0; f < before.size(); ++f) {
    const long double magnitude = std::max(magnitudes_before[f], magnitudes_after[f]);
    if (after[f] != before[f]) worst = std::max(worst, double(std::abs(after[f] - before[f]) / magnitude));
  }
  return worst;
}

struct CoresetResiduals {
  double global = 0, cells = 0;
};

struct CellContent {
  std::vector<Index> rows, kept;
  std::vector<double> weights;
};

/// Rows of positive weight and survivors in each cell of the certificate's tree, and at the end all of them.
inline std::vector<CellContent> cell_contents(const WeightedPoints& points, const Coreset& coreset) {
  const CellTree& tree = coreset.certificate.tree;
  CellContent all;
  std::vector<CellContent> cells(tree.cells);
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (points.weight(i) <= 0) continue;
    all.rows.push_back(Index(i));
    cells[tree.locate(points.point(i), points, Index(i))].rows.push_back(Index(i));
  }
  for (std::size_t j = 0; j < coreset.rows.size(); ++j) {
    CellContent& cell = cells[tree.locate(points.point(coreset.rows[j]), points, coreset.rows[j])];
    cell.kept.push_back(coreset.rows[j]);
    cell.weights.push_back(coreset.weights[j]);
  }
  all.kept = coreset.rows;
  all.weights = coreset.weights;
  cells.push_back(std::move(all));
  return cells;
}

/// Over all points, and the worst over the cells of the certificate's tree, at the plan's order.
inline CoresetResiduals coreset_residuals(const WeightedPoints& points, const Coreset& coreset, double mass_scale = 1) {
  CoresetResiduals result;
  for (const CellContent& cell : cell_contents(points, coreset)) {
    result.cells = std::max(result.cells, result.global);
    result.global = moment_residual(points, cell.rows, cell.kept, cell.weights, coreset.plan.order, mass_scale);
  }
  return result;
}

/// The same for the companions: y^d times monomials, y centred and scaled over the rows concerned.
inline CoresetResiduals companion_residuals(const WeightedPoints& points, const std::vector<Companions>& companions,
                                            const Coreset& coreset, double mass_scale = 1) {
  CoresetResiduals result;
  for (const CellContent& cell : cell_contents(points, coreset)) {
    result.cells = std::max(result.cells, result.global);
    result.global = 0;
    for (const Companions& each : companions) {
      for (std::size_t j = 0; j < each.columns; ++j) {
        const auto value = [&](Index row) { return (long double)each.values[row * each.columns + j]; };
        long double low = value(cell.rows[0]), high = low;
        for (const Index row : cell.rows) low = std::min(low, value(row)), high = std::max(high, value(row));
        const long double centre = (low + high) / 2, half = high > low ? (high - low) / 2 : 1;
        for (int d = 1; d <= each.degree; ++d) {
          const double residual =
              moment_residual(points, cell.rows, cell.kept, cell.weights, each.order_beside(coreset.plan.order),
                              mass_scale, [&](Index row) { return std::pow((value(row) - centre) / half, d); });
          result.global = std::max(result.global, residual);
        }
      }
    }
  }
  return result;
}

}  // namespace momentset::test
