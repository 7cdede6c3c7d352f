#include "cell_compressor.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <vector>

#include "companion_features.hpp"
#include "local_features.hpp"

namespace momentset {

Recombination CellCompressor::solve(std::span<const double> coordinates, std::span<const Index> points,
                                    std::span<const double> weights, std::size_t target,
                                    std::function<void(double)> progress) const {
  std::vector<double> bounds;
  if (bounded()) {
    for (const double weight : weights) bounds.push_back(std::max(weight, max_weight_));
  }
  const LocalFeatures polynomials(basis_, LocalFrame(coordinates, basis_.dimension()), coordinates);
  const RecombineOptions options{
      .target = target, .max_weights = bounds, .stop = stop_, .progress = std::move(progress)};
  if (companions_.empty()) return recombine(polynomials, weights, options);
  return recombine(CompanionFeatures(polynomials, basis_, companions_, points), weights, options);
}

Recombination CellCompressor::solve_in_order(const Cell& cell, std::span<const Index> order, std::size_t target,
                                             std::function<void(double)> progress) const {
  const std::size_t m = basis_.dimension();
  std::vector<double> coordinates, weights;
  std::vector<Index> points;
  coordinates.reserve(order.size() * m);
  weights.reserve(order.size());
  points.reserve(order.size());
  for (const Index i : order) {
    const double* x = partition_.coordinates.data() + (cell.begin + i) * m;
    coordinates.insert(coordinates.end(), x, x + m);
    weights.push_back(weights_[cell.begin + i]);
    points.push_back(partition_.order[cell.begin + i]);
  }
  Recombination found = solve(coordinates, points, weights, target, std::move(progress));
  for (Index& row : found.support) row = order[row];
  return found;
}

LargeVector<Index> CellCompressor::neighbours_together(const Cell& cell) const {
  const std::size_t m = basis_.dimension(), leaves = std::max<std::size_t>(1, cell.size() / 2);
  const std::span coordinates = std::span(partition_.coordinates).subspan(cell.begin * m, cell.size() * m);
  std::vector<Index> numbers(cell.size());
  std::iota(numbers.begin(), numbers.end(), Index{0});
  return kd_tree({.coordinates = coordinates, .weights = {}, .dimension = m}, numbers,
                 {.cells = leaves, .size = leaves, .scale = scale_, .stop = stop_})
      .order;
}

Recombination CellCompressor::operator()(const Cell& cell, std::size_t target,
                                         std::function<void(double)> progress) const {
  if (bounded()) return solve_in_order(cell, neighbours_together(cell), target, std::move(progress));
  const std::size_t m = basis_.dimension();
  return solve(std::span(partition_.coordinates).subspan(cell.begin * m, cell.size() * m),
               std::span(partition_.order).subspan(cell.begin, cell.size()), weights_.subspan(cell.begin, cell.size()),
               target, std::move(progress));
}

Recombination CellCompressor::shuffled(const Cell& cell, std::size_t target, std::uint64_t seed) const {
  std::vector<Index> order(cell.size());
  std::iota(order.begin(), order.end(), Index{0});
  std::mt19937_64 random(seed);
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random() % i]);
  return solve_in_order(cell, order, target, {});
}

NewTargets CellCompressor::new_targets(const Cell& cell, const Recombination& survivors) const {
  const std::size_t m = basis_.dimension();
  return momentset::new_targets({std::span(partition_.coordinates).subspan(cell.begin * m, cell.size() * m),
                                 std::span(partition_.order).subspan(cell.begin, cell.size()),
                                 weights_.subspan(cell.begin, cell.size()), survivors.support, survivors.weights},
                                basis_, companions_);
}

void share_out_by_mass(Partition& partition, std::span<const double> weights, std::size_t size, std::size_t features,
                       double max_weight) {
  std::size_t needed = 0, room = 0;
  for (Cell& cell : partition.cells) {
    const std::span inside = weights.subspan(cell.begin, cell.size());
    const double mass = std::accumulate(inside.begin(), inside.end(), 0.0);
    cell.quota = std::min(cell.size(), std::size_t(std::ceil(mass / max_weight)) + features);
    needed += cell.quota;
    room += cell.size() - cell.quota;
  }
  const std::size_t rest = size > needed ? std::min(size - needed, room) : 0;
  std::size_t before = 0;  // room of the cells before this one
  for (Cell& cell : partition.cells) {
    const std::size_t after = before + cell.size() - cell.quota;
    if (room > 0) cell.quota += rest * after / room - rest * before / room;
    before = after;
  }
}

}  // namespace momentset
