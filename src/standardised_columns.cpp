#include "standardised_columns.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace momentset {

StandardisedColumns::StandardisedColumns(std::span<const Companions> companions, std::span<const Index> numbers,
                                         std::span<const double> weights) {
  const double mass = std::accumulate(weights.begin(), weights.end(), 0.0);
  std::size_t relabelled = 0;
  for (const Companions& each : companions) {
    const std::size_t first = relabelled;
    if (each.relabel) relabelled += each.columns;
    if (each.order.value_or(1) == 0) continue;
    for (std::size_t j = 0; j < each.columns; ++j) {
      Column column{each.values.data() + j, each.columns, {}};
      if (each.relabel) column.relabelled = first + j;
      const auto value = [&](std::size_t k) { return column.values[numbers[k] * column.stride]; };
      double low = value(0), high = low;
      for (std::size_t k = 1; k < numbers.size(); ++k) {
        low = std::min(low, value(k));
        high = std::max(high, value(k));
      }
      const double half = high / 2 - low / 2;  // no square may overflow: in units of half the extent from the centre
      column.centre = low + half;
      if (half > 0) column.half = half;
      double first = 0, second = 0;
      for (std::size_t k = 0; k < numbers.size(); ++k) {
        const double u = (value(k) - column.centre) / column.half, share = weights[k] / mass;
        first += share * u;
        second += share * u * u;
      }
      column.mean = first;
      if (half > 0) column.factor = 1 / std::sqrt(std::max(second - first * first, 1e-30));
      columns_.push_back(column);
    }
  }
}

}  // namespace momentset
