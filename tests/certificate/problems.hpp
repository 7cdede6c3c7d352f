#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <random>
#include <vector>

#include "momentset/certificate.hpp"

namespace momentset::certificate_test {

inline PointSet random_points(std::size_t count, std::size_t dimension, unsigned seed) {
  std::mt19937_64 engine(seed);
  std::uniform_real_distribution<double> uniform(0, 1);
  PointSet points{std::vector<double>(count * dimension), std::vector<double>(count), dimension};
  for (double& x : points.coordinates) x = uniform(engine) * 3 - 1;
  for (double& weight : points.weights) weight = uniform(engine) + 0.01;
  return points;
}

/// Splits at the middle of each node's points, axes in turn.
inline CellTree balanced_tree(const WeightedPoints& points, std::size_t cells) {
  std::vector<Index> order(points.size());
  std::iota(order.begin(), order.end(), Index(0));
  CellTree tree{cells, {}};
  const std::function<void(std::size_t, std::size_t, std::size_t, std::size_t)> split =
      [&](std::size_t begin, std::size_t end, std::size_t count, std::size_t depth) {
        if (count < 2) return;
        const std::size_t left = count / 2, middle = begin + (end - begin) * left / count;
        const std::size_t axis = depth % points.dimension;
        const auto at = [&](std::size_t k) { return order.begin() + std::ptrdiff_t(k); };
        std::nth_element(at(begin), at(middle), at(end), [&](Index a, Index b) {
          return precedes(points.point(a), points.point(b), axis, points.dimension);
        });
        tree.splits.push_back({std::uint32_t(axis), order[middle]});
        split(begin, middle, left, depth + 1);
        split(middle, end, count - left, depth + 1);
      };
  split(0, points.size(), cells, 0);
  return tree;
}

inline std::vector<Index> all_rows(const WeightedPoints& points) {
  std::vector<Index> rows(points.size());
  std::iota(rows.begin(), rows.end(), Index(0));
  return rows;
}

inline std::vector<double> own_weights(const WeightedPoints& points) {
  std::vector<double> weights;
  for (std::size_t i = 0; i < points.size(); ++i) weights.push_back(points.weight(i));
  return weights;
}

/// The whole input stands for itself.
inline Certificate certify_identity(const WeightedPoints& points, const CertifyOptions& options) {
  return certify(points, all_rows(points), own_weights(points), options);
}

}  // namespace momentset::certificate_test
