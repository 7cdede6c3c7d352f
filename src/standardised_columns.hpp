#pragma once

#include <cstddef>
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
    const Column& c = columns_[column];
    return ((c.values[point * c.stride] - c.centre) / c.half - c.mean) * c.factor;
  }

 private:
  struct Column {
    const double* values;
    std::size_t stride;
    double centre = 0, half = 1, mean = 0, factor = 0;  // mean and factor in units of half the extent
  };

  std::vector<Column> columns_;
};

}  // namespace momentset
