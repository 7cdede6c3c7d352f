#include "distill/linear_points.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "blas.hpp"
#include "distill/singular_values.hpp"

namespace momentset::distill {
namespace {

constexpr double unit = std::numeric_limits<double>::epsilon();

/// Row i of an orthogonal matrix of which another column is constant (Helmert 1876), column j.
double contrast(std::size_t i, std::size_t j) {
  const double root = std::sqrt(double(j + 1) * double(j + 2));
  return i <= j ? 1 / root : i == j + 1 ? -double(j + 1) / root : 0;
}

}  // namespace

ColumnDecomposition::ColumnDecomposition(std::span<const double> triangle, std::span<const double> origin,
                                         std::size_t columns, bool fit_intercept)
    : columns(columns), targets(origin.size() - 1 - columns), lengths(columns, 0.0), means(origin.size(), 0.0) {
  const std::size_t size = origin.size(), first = fit_intercept ? 1 : 0, count = 1 + columns - first;
  const double root = triangle[0];  // of the mass, with a sign
  // Row 0 of R holds what is constant: sqrt(W) (mean - origin).
  const auto entry = [&](std::size_t i, std::size_t j) {
    return triangle[j * size + i] + (i == 0 ? root * origin[j] : 0);
  };
  for (std::size_t j = 1; j < size; ++j) means[j] = triangle[j * size] / root + origin[j];
  std::vector<double> matrix(count * columns);  // column-major
  for (std::size_t j = 0; j < columns; ++j) {
    double* column = matrix.data() + j * count;
    for (std::size_t i = 0; i < count; ++i) column[i] = entry(i + first, 1 + j);
    const double length = cblas_dnrm2(int(count), column, 1);
    // About the mean, less than rounding of the numbers themselves is nothing.
    const double noise = fit_intercept ? 8 * unit * std::abs(root * means[1 + j]) : 0;
    const bool counts = length > noise;
    if (counts) lengths[j] = length;
    for (std::size_t i = 0; i < count; ++i) column[i] = counts ? column[i] / length : 0;
  }
  const SingularValues found(matrix, count, columns);
  rank = found.rank(4);
  // sigma_i v_i is u_i^T X, which keeps four times as much of X^T X: the matrix as it is, no product of three factors.
  const auto turned = [&](std::size_t i, std::size_t column) {
    double sum = 0;
    for (std::size_t k = 0; k < count; ++k) sum += found.left(k, i) * entry(k + first, column);
    return sum;
  };
  for (std::size_t i = 0; i < rank; ++i) {
    for (std::size_t j = 0; j < columns; ++j) rows.push_back(lengths[j] > 0 ? turned(i, 1 + j) : 0);
    for (std::size_t t = 0; t < targets; ++t) right.push_back(turned(i, 1 + columns + t));
  }
}

ExampleSet ColumnDecomposition::points(double mass, bool fit_intercept) const {
  const std::size_t count = std::max<std::size_t>(1, rank + (fit_intercept ? 1 : 0));
  const double stretch = std::sqrt(double(count) / mass);
  ExampleSet set{.target_count = targets};
  set.points.dimension = columns;
  set.points.weights.assign(count, mass / double(count));
  const auto combined = [&](std::size_t point, const std::vector<double>& of, std::size_t width, std::size_t column) {
    if (!fit_intercept) return rank == 0 ? 0 : stretch * of[point * width + column];
    double sum = 0;
    for (std::size_t i = 0; i < rank; ++i) sum += contrast(point, i) * of[i * width + column];
    return stretch * sum;
  };
  for (std::size_t point = 0; point < count; ++point) {
    for (std::size_t j = 0; j < columns; ++j) {
      const double mean = fit_intercept ? means[1 + j] : 0;
      set.points.coordinates.push_back(mean + combined(point, rows, columns, j));
    }
    for (std::size_t t = 0; t < targets; ++t) {
      const double mean = fit_intercept ? means[1 + columns + t] : 0;
      set.targets.push_back(mean + combined(point, right, targets, t));
    }
  }
  return set;
}

}  // namespace momentset::distill
