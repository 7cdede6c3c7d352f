#include "certificate/columns.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "certificate/compensated.hpp"
#include "certificate/parallel.hpp"

namespace momentset::certificate {
namespace {

// So few that a plain sum over them loses nothing that a double could tell (64 * 2^-64).
constexpr std::size_t block_points = 64;

// Sums over the points of term(weight, t, axis) for each axis, t local to the box.
template <class Term>
std::vector<long double> sum_by_axis(const Selection& points, const Box& box, const Term& term) {
  using Sums = std::vector<CompensatedSum>;
  const std::size_t m = points.dimension;
  const auto add = [&](Sums& sums, std::size_t begin, std::size_t end) {
    std::vector<long double> block(m);
    while (begin < end) {
      std::fill(block.begin(), block.end(), 0);
      for (const std::size_t last = std::min(end, begin + block_points); begin < last; ++begin) {
        const double* x = points.point(begin);
        const long double weight = points.weight(begin);
        for (std::size_t axis = 0; axis < m; ++axis) block[axis] += term(weight, box.local(x[axis], axis), axis);
      }
      for (std::size_t axis = 0; axis < m; ++axis) sums[axis].add(block[axis]);
    }
  };
  const auto join = [&](Sums& left, const Sums& right) {
    for (std::size_t axis = 0; axis < m; ++axis) left[axis].add(right[axis]);
  };
  std::vector<long double> values;
  for (const CompensatedSum& sum : reduce(points, Sums(m), add, join)) values.push_back(sum.value());
  return values;
}

struct WeightSums {
  CompensatedSum mass, magnitude, squares;
  double smallest = std::numeric_limits<double>::infinity(), largest = -std::numeric_limits<double>::infinity();

  void add(double weight) {
    mass.add(weight);
    magnitude.add(std::fabs(weight));
    squares.add(static_cast<long double>(weight) * weight);
    smallest = std::min(smallest, weight);
    largest = std::max(largest, weight);
  }
  void join(const WeightSums& other) {
    mass.add(other.mass);
    magnitude.add(other.magnitude);
    squares.add(other.squares);
    smallest = std::min(smallest, other.smallest);
    largest = std::max(largest, other.largest);
  }
};

// The smallest of the numbers (ascending) that at least the given fraction of them do not exceed.
double quantile(const std::vector<long double>& sorted, double fraction) {
  const auto rank = std::size_t(std::ceil(fraction * double(sorted.size())));
  return finite(sorted[std::max<std::size_t>(rank, 1) - 1]);
}

}  // namespace

Extent extent(const Selection& points) {
  return reduce(
      points, Extent(points.dimension),
      [&](Extent& part, std::size_t begin, std::size_t end) {
        for (std::size_t k = begin; k < end; ++k) part.include(points.point(k), points.point(k));
      },
      [](Extent& left, const Extent& right) { left.include(right.lower.data(), right.upper.data()); });
}

Box bounding_box(const Extent& extent) {
  const std::size_t m = extent.lower.size();
  Box box{std::vector<long double>(m, 0), std::vector<long double>(m, 1), std::vector<long double>(m, 0)};
  for (std::size_t axis = 0; axis < m; ++axis) {
    const long double lower = extent.lower[axis], upper = extent.upper[axis];
    if (lower > upper) continue;
    box.centre[axis] = lower + (upper - lower) / 2;
    box.width[axis] = upper - lower;
    if (upper > lower) box.half[axis] = (upper - lower) / 2;
  }
  return box;
}

ColumnMoments column_moments(const Selection& points, const Box& box, long double mass) {
  // Local to the box.
  std::vector<long double> means =
      sum_by_axis(points, box, [](long double weight, long double t, std::size_t) { return weight * t; });
  for (long double& mean : means) mean /= mass;
  const auto second = sum_by_axis(points, box, [&](long double weight, long double t, std::size_t axis) {
    const long double difference = t - means[axis];
    return weight * difference * difference;
  });
  ColumnMoments columns;
  for (std::size_t axis = 0; axis < points.dimension; ++axis) {
    columns.mean.push_back(box.centre[axis] + box.half[axis] * means[axis]);
    columns.deviation.push_back(box.half[axis] * std::sqrt(second[axis] / mass));
  }
  return columns;
}

long double diameter(const Box& box, const ColumnMoments& columns) {
  long double squares = 0;
  for (std::size_t axis = 0; axis < box.width.size(); ++axis) {
    if (columns.deviation[axis] <= 0) continue;
    const long double side = box.width[axis] / columns.deviation[axis];
    squares += side * side;
  }
  return std::sqrt(squares);
}

WeightSummary summarise_weights(const Selection& points) {
  const WeightSums sums = reduce(
      points, WeightSums{},
      [&](WeightSums& part, std::size_t begin, std::size_t end) {
        for (std::size_t k = begin; k < end; ++k) part.add(points.weight(k));
      },
      [](WeightSums& left, const WeightSums& right) { left.join(right); });
  const long double mass = sums.mass.value(), squares = sums.squares.value();
  return {mass, sums.magnitude.value(), sums.smallest, sums.largest, squares > 0 ? finite(mass * mass / squares) : 0.0};
}

DiameterQuantiles quantiles(std::vector<long double> diameters) {
  std::sort(diameters.begin(), diameters.end());
  return {finite(diameters.front()), quantile(diameters, 0.5), quantile(diameters, 0.9), finite(diameters.back())};
}

}  // namespace momentset::certificate
