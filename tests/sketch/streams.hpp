#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "momentset/points.hpp"
#include "momentset/sketch.hpp"
#include "support/point_cases.hpp"
#include "support/random.hpp"

namespace momentset::test {

inline std::vector<Index> all_rows(const PointSet& points) {
  std::vector<Index> rows(points.view().size());
  for (std::size_t k = 0; k < rows.size(); ++k) rows[k] = Index(k);
  return rows;
}

/// Rows begin to end - 1.
inline WeightedPoints part(const PointSet& points, std::size_t begin, std::size_t end) {
  const WeightedPoints all = points.view();
  return {all.coordinates.subspan(begin * all.dimension, (end - begin) * all.dimension),
          all.weights.empty() ? all.weights : all.weights.subspan(begin, end - begin), all.dimension};
}

/// In the order of the first column.
inline PointSet sorted_by_first(const PointSet& points, bool descending = false) {
  std::vector<Index> order = all_rows(points);
  std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) {
    const double x = points.view().point(a)[0], y = points.view().point(b)[0];
    return descending ? x > y : x < y;
  });
  PointSet sorted{{}, {}, points.dimension};
  for (const Index k : order) {
    const double* x = points.view().point(k);
    sorted.coordinates.insert(sorted.coordinates.end(), x, x + points.dimension);
    if (!points.weights.empty()) sorted.weights.push_back(points.weights[k]);
  }
  return sorted;
}

/// Streams that are hard for those who expect the next rows to be like the last ones, in two columns.
inline std::vector<PointCase> hard_streams(std::size_t count) {
  const PointSet uniform = uniform_points(count, 2, 1);
  std::vector<PointCase> cases{
      {"random", uniform}, {"ascending", sorted_by_first(uniform)}, {"descending", sorted_by_first(uniform, true)}};
  Random random(3);
  const auto add = [&](const std::string& name, const auto& row) {
    PointSet points{{}, {}, 2};
    for (std::size_t i = 0; i < count; ++i) {
      const double t = double(i) / double(count);
      const auto [x, y] = row(t);
      points.coordinates.insert(points.coordinates.end(), {x, y});
    }
    cases.push_back({name, std::move(points)});
  };
  add("spiral", [&](double t) {
    const double angle = 12 * std::numbers::pi * t, radius = t + 0.01 * random.normal();
    return std::pair(radius * std::cos(angle), radius * std::sin(angle));
  });
  add("growing", [&](double t) {
    const double scale = std::pow(10.0, 40 * t);
    return std::pair(scale * random.normal(), scale * random.normal());
  });
  add("drifting", [&](double t) { return std::pair(20 * t + random.normal(), random.normal()); });
  add("far_outliers", [&](double) {
    const double scale = random.chance(0.001) ? 1e9 : 1;
    return std::pair(scale * random.normal(), random.normal());
  });
  add("off_centre", [&](double) { return std::pair(1e9 + random.uniform(), -1e-3 + 1e-9 * random.uniform()); });
  add("all_equal", [&](double) { return std::pair(3.0, -4.0); });
  add("equal_at_first",
      [&](double t) { return std::pair(t < 0.3 ? 1.0 : random.normal(), t < 0.3 ? 2.0 : random.normal()); });
  add("few_values", [&](double) { return std::pair(double(random.below(40)), double(random.below(40))); });
  add("mostly_zero", [&](double) { return std::pair(random.chance(0.1) ? random.normal() : 0.0, random.uniform()); });
  PointSet heavy = uniform;
  heavy.weights = weights_over_decades(random, count, -12, 12);
  cases.push_back({"weights_over_decades", std::move(heavy)});
  PointSet light = uniform;
  for (std::size_t i = 0; i < count; ++i) light.weights.push_back(double(random.below(3)));
  cases.push_back({"zero_weights", std::move(light)});
  return cases;
}

}  // namespace momentset::test
