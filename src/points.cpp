#include "momentset/points.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "momentset/error.hpp"

namespace momentset {
namespace {

void require_finite_coordinates(const WeightedPoints& points) {
  for (std::size_t k = 0; k < points.coordinates.size(); ++k) {
    if (std::isfinite(points.coordinates[k])) continue;
    throw Error("points", std::to_string(points.coordinates[k]),
                "row " + std::to_string(k / points.dimension) + ", coordinate " + std::to_string(k % points.dimension) +
                    " must be finite");
  }
}

/// Returns the sum.
double require_usable_weights(const WeightedPoints& points) {
  double sum = 0;
  for (std::size_t i = 0; i < points.weights.size(); ++i) {
    const double weight = points.weights[i];
    if (!(weight >= 0) || !std::isfinite(weight)) {
      throw Error("weights", std::to_string(weight), "row " + std::to_string(i) + " must be finite and not negative");
    }
    sum += weight;
  }
  if (!std::isfinite(sum)) throw Error("weights", "", "their sum must be finite");
  return sum;
}

void require_shape(const WeightedPoints& points) {
  if (points.dimension == 0) throw Error("points", "0 columns", "at least one coordinate is needed");
  if (points.coordinates.size() % points.dimension != 0) {
    throw Error("points", std::to_string(points.coordinates.size()) + " coordinates",
                "must be a multiple of the dimension " + std::to_string(points.dimension));
  }
  if (!points.weights.empty() && points.weights.size() != points.size()) {
    throw Error("weights", std::to_string(points.weights.size()) + " weights",
                "one for each of the " + std::to_string(points.size()) + " points is needed");
  }
}

void require_valid(const Companions& companions, std::size_t rows) {
  if (companions.columns == 0) throw Error("companions", "0 columns", "at least one is needed");
  if (companions.values.size() != rows * companions.columns) {
    throw Error("companions", std::to_string(companions.values.size()) + " numbers",
                std::to_string(companions.columns) + " for each of the " + std::to_string(rows) + " points are needed");
  }
  if (companions.order.value_or(0) < 0) {
    throw Error("companions", "order " + std::to_string(*companions.order), "must not be negative");
  }
  if (companions.degree < 1) {
    throw Error("companions", "degree " + std::to_string(companions.degree), "must be at least 1");
  }
  if (companions.relabel && companions.degree > 1) {
    throw Error("companions", "degree " + std::to_string(companions.degree),
                "must be 1 where values may change: of new ones only what is linear in them can be kept");
  }
  for (std::size_t k = 0; k < companions.values.size(); ++k) {
    if (std::isfinite(companions.values[k])) continue;
    throw Error("companions", std::to_string(companions.values[k]),
                "row " + std::to_string(k / companions.columns) + ", column " + std::to_string(k % companions.columns) +
                    " must be finite");
  }
}

}  // namespace

void require_valid(std::span<const Companions> companions, std::size_t rows) {
  for (const Companions& each : companions) require_valid(each, rows);
}

std::size_t relabelled_columns(std::span<const Companions> companions) {
  std::size_t columns = 0;
  for (const Companions& each : companions) columns += each.relabel ? each.columns : 0;
  return columns;
}

std::size_t PointGroups::count() const {
  return empty() ? 0 : std::size_t(*std::max_element(of_points.begin(), of_points.end())) + 1;
}

std::string PointGroups::name(std::size_t group) const { return names.empty() ? std::to_string(group) : names[group]; }

// Counting sort; first[g + 1] serves as the place of the next point of group g until it has become its end.
GroupMembers::GroupMembers(const PointGroups& groups) : numbers(groups.of_points.size()), first(groups.count() + 2, 0) {
  for (const Index group : groups.of_points) ++first[std::size_t(group) + 2];
  for (std::size_t g = 2; g < first.size(); ++g) first[g] += first[g - 1];
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[first[std::size_t(groups.of_points[i]) + 1]++] = Index(i);
  first.pop_back();
}

void require_valid(const PointGroups& groups, std::size_t rows) {
  if (groups.empty() && groups.names.empty()) return;
  if (groups.of_points.size() != rows) {
    throw Error("groups", std::to_string(groups.of_points.size()) + " numbers",
                "one for each of the " + std::to_string(rows) + " points is needed");
  }
  for (std::size_t i = 0; i < rows; ++i) {
    if (groups.of_points[i] < rows) continue;
    throw Error("groups", std::to_string(groups.of_points[i]),
                "row " + std::to_string(i) + " must be below the number of points, " + std::to_string(rows));
  }
  std::vector<bool> has_point(groups.count(), false);
  for (const Index group : groups.of_points) has_point[group] = true;
  const auto empty = std::find(has_point.begin(), has_point.end(), false);
  if (empty != has_point.end()) {
    throw Error("groups", std::to_string(empty - has_point.begin()), "is the number of no point");
  }
  if (!groups.names.empty() && groups.names.size() != has_point.size()) {
    throw Error("groups", std::to_string(groups.names.size()) + " names",
                "one for each of the " + std::to_string(has_point.size()) + " groups is needed");
  }
}

void require_valid(const WeightedPoints& points) {
  require_shape(points);
  if (points.coordinates.empty()) throw Error("points", "0 rows", "at least one point is needed");
  if (points.size() >= std::numeric_limits<Index>::max()) {
    throw Error("points", std::to_string(points.size()) + " rows", "fewer than 2^32 - 1 fit in one call");
  }
  require_finite_coordinates(points);
  if (!points.weights.empty() && require_usable_weights(points) <= 0) {
    throw Error("weights", "", "at least one must be positive");
  }
}

void require_valid_batch(const WeightedPoints& points) {
  require_shape(points);
  require_finite_coordinates(points);
  require_usable_weights(points);
}

}  // namespace momentset
