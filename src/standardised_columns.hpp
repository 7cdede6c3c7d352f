#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "momentset/points.hpp"

namespace momentset {

/// Companion columns that are kept beyond order 0, in units of their weighted standard deviation from their mean: by
/// what test functions are multiplied, so that orders are chosen for their sums as well.
class StandardisedColumns {
 public:
  /// Mean and deviation over the points `numbers` of positive weights. O(q p).
  StandardisedColumns(std::span<const Companions> companions, std::span<const Index> numbers,
                      std::span<const double> weights);

  std::size_t size() const { return columns_.size(); }
  /// Of one point; 0 in a constant column.
  double operator()(std::size_t column, std::size_t point) const {
    return of(column, columns_[column].values[point * columns_[column].stride]);
  }
  /// Of a row that is kept, whose values may have changed: `targets` are its new ones.
  double kept(std::size_t column, std::size_t point, const double* targets) const {
    const std::optional<std::size_t> place = columns_[column].relabelled;
    return place ? of(column, targets[*place]) : (*this)(column, point);
  }

 private:
  struct Column {
    const double* values;
    std::size_t stride;
    std::optional<std::size_t> relabelled;              // place among the columns that may change
    double centre = 0, half = 1, mean = 0, factor = 0;  // mean and factor in units of half the extent
  };

  double of(std::size_t column, double value) const {
    const Column& c = columns_[column];
    return ((value - c.centre) / c.half - c.mean) * c.factor;
  }

  std::vector<Column> columns_;
};

}  // namespace momentset
