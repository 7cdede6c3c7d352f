#include "momentset/missing.hpp"

#include <cmath>
#include <utility>

#include "momentset/error.hpp"

namespace momentset {
namespace {

/// Weighted mean of the numbers of a column that are there; running, so that no sum overflows.
class Mean {
 public:
  void add(double x, double weight) {
    if (std::isnan(x)) {
      is_partial_ = true;
    } else if (weight > 0) {
      mass_ += weight;
      mean_ += weight / mass_ * (x - mean_);
    }
  }
  bool is_partial() const { return is_partial_; }
  bool is_known() const { return mass_ > 0; }
  double value() const { return mean_; }

 private:
  double mass_ = 0, mean_ = 0;
  bool is_partial_ = false;
};

}  // namespace

FilledPoints fill_missing(PointSet points, const std::vector<std::string>& names) {
  const WeightedPoints view = points.view();
  std::vector<Mean> means(view.dimension);
  for (std::size_t i = 0; i < view.size(); ++i) {
    for (std::size_t a = 0; a < view.dimension; ++a) means[a].add(view.point(i)[a], view.weight(i));
  }
  std::vector<std::size_t> columns;
  std::vector<double> values;
  for (std::size_t a = 0; a < means.size(); ++a) {
    if (!means[a].is_partial()) continue;
    if (!means[a].is_known()) {
      throw Error(names.empty() ? "points" : names[a], names.empty() ? "column " + std::to_string(a) : "",
                  "has no value in any row of positive weight, so no mean to fill it with");
    }
    columns.push_back(a);
    values.push_back(means[a].value());
  }
  return fill_missing(std::move(points), std::move(columns), std::move(values));
}

FilledPoints fill_missing(PointSet points, std::vector<std::size_t> columns, std::vector<double> values) {
  if (values.size() != columns.size()) {
    throw Error("values", std::to_string(values.size()) + " numbers",
                "there must be one for each of the " + std::to_string(columns.size()) + " columns");
  }
  for (const std::size_t column : columns) {
    if (column < points.dimension) continue;
    throw Error("columns", std::to_string(column), "must be below the dimension " + std::to_string(points.dimension));
  }
  FilledPoints filled{{}, std::move(columns), std::move(values)};
  if (filled.columns.empty()) {
    filled.points = std::move(points);
    return filled;
  }
  const std::size_t m = points.dimension, wide = m + filled.columns.size(), rows = points.view().size();
  std::vector<double> coordinates(rows * wide);
  for (std::size_t i = 0; i < rows; ++i) {
    double* to = coordinates.data() + i * wide;
    for (std::size_t a = 0; a < m; ++a) to[a] = points.coordinates[i * m + a];
    for (std::size_t k = 0; k < filled.columns.size(); ++k) {
      double& x = to[filled.columns[k]];
      const bool missing = std::isnan(x);
      to[m + k] = missing ? 1 : 0;
      if (missing) x = filled.values[k];
    }
  }
  filled.points = {std::move(coordinates), std::move(points.weights), wide};
  return filled;
}

}  // namespace momentset
