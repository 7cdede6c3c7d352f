#include "alternatives.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>

#include "certificate/random.hpp"
#include "format.hpp"
#include "held_out_probes.hpp"
#include "kernel/sample.hpp"
#include "kernel_method.hpp"
#include "order_choice.hpp"

namespace momentset {
namespace {

/// One way, done, with what the result would say of it.
struct Candidate {
  std::string name;
  std::vector<Survivor> survivors;
  Coreset result;
  CellTree tree = {};
  double typical_error = 0;
};

/// The result so far, for rows that keep nothing but the mass.
Coreset of_rows_alone(const Coreset& result) {
  Coreset copy = result;
  copy.plan.order = 0;
  copy.plan.features = copy.plan.cells = 1;
  copy.rounds_from = copy.rank_deficient_cells = copy.inexact_cells = 0;
  copy.corrected_order = 0;
  return copy;
}

std::vector<Survivor> random_rows(const DistinctPoints& distinct, std::size_t size, std::uint64_t seed) {
  const std::vector<double> unused(distinct.weights.size());  // the sample goes by weights alone
  const kernel::Sample sample = kernel::priority_sample({unused, distinct.weights, 1}, size, seed);
  const double mass = std::accumulate(distinct.weights.begin(), distinct.weights.end(), 0.0);
  std::vector<Survivor> rows;
  for (std::size_t k = 0; k < sample.rows.size(); ++k) {
    rows.push_back({distinct.numbers[sample.rows[k]], sample.shares[k] * mass});
  }
  return rows;
}

/// One row of each cell, drawn in proportion to the weights, with the cell's mass.
std::vector<Survivor> stratified_rows(const WeightedPoints& points, const DistinctPoints& distinct,
                                      std::span<const double> scale, std::size_t size, const CompressOptions& options) {
  constexpr std::uint64_t stream = 4;
  const Partition partition =
      kd_tree(points, distinct.numbers, {.cells = size, .size = size, .scale = scale, .stop = options.stop});
  const LargeVector<double> weights = in_order_of(partition, distinct, points.size());
  certificate::Random random(~options.seed, stream);
  std::vector<Survivor> rows;
  for (const Cell& cell : partition.cells) {
    const double mass =
        std::accumulate(weights.begin() + std::ptrdiff_t(cell.begin), weights.begin() + std::ptrdiff_t(cell.end), 0.0);
    double left = random.uniform() * mass;
    std::size_t k = cell.begin;
    while (k + 1 < cell.end && left >= weights[k]) left -= weights[k++];
    rows.push_back({partition.order[k], mass});
  }
  return rows;
}

/// Kernel exchange, unless it would take more than the effort allows.
void add_exchange(const WeightedPoints& points, const DistinctPoints& distinct, std::span<const double> scale,
                  CompressOptions options, Stopwatch& stopwatch, const Coreset& before, std::vector<Candidate>& all) {
  options.method = Method::kernel;
  options.order.reset();
  Candidate found{"kernel exchange", {}, of_rows_alone(before)};
  found.result.plan = plan(distinct.numbers.size(), points.dimension, options);
  if (found.result.plan.operations > allowed_operations(options.effort, distinct.numbers.size())) return;
  found.survivors = reduce_by_kernel(points, distinct, scale, options, stopwatch, found.result, found.tree);
  all.push_back(std::move(found));
}

}  // namespace

bool in_doubt(const Coreset& result, const CompressOptions& options) {
  constexpr std::size_t few_columns = 5;
  constexpr double clearly_better = 0.03;
  if (options.method != Method::automatic || options.max_weight || options.tolerance) return false;
  if (result.plan.dimension <= few_columns || !options.features.is_default()) return false;
  if (relabelled_columns(options.companions) > 0) return false;
  const auto trial = std::find_if(result.trials.begin(), result.trials.end(),
                                  [&](const OrderTrial& each) { return each.order == result.plan.order; });
  if (trial == result.trials.end()) return false;  // the order was stated
  return trial->typical_error * std::sqrt(double(result.plan.size)) > clearly_better;
}

std::vector<Survivor> best_alternative(const WeightedPoints& points, const DistinctPoints& distinct,
                                       std::span<const double> scale, const CompressOptions& options,
                                       std::vector<Survivor> by_moments, Stopwatch& stopwatch, Coreset& result,
                                       CellTree& tree) {
  std::vector<Candidate> all;
  all.push_back({formatted("moments of order {}", result.plan.order), std::move(by_moments), result, tree});
  add_exchange(points, distinct, scale, options, stopwatch, result, all);
  stopwatch.start("compare");
  const std::size_t size = result.plan.size;
  if (options.companions.empty()) {
    all.push_back({"stratified rows", stratified_rows(points, distinct, scale, size, options), of_rows_alone(result)});
    all.push_back({"random rows", random_rows(distinct, size, ~options.seed), of_rows_alone(result)});
  }
  constexpr std::uint64_t seed_of_comparison = 0x616c7465726e6174;  // other functions than the trials had
  const SubsetError subset_error(points, distinct, scale, options.seed ^ seed_of_comparison, options);
  for (Candidate& each : all) {
    const DistinctPoints rows = as_points(each.survivors);
    each.typical_error = subset_error.of(rows.numbers, rows.weights);
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Candidate& a, const Candidate& b) { return a.typical_error < b.typical_error; });
  // The stopwatch writes into the stages of `result`, which therefore stay where they are.
  Coreset& best = all.front().result;
  best.stages = std::move(result.stages);
  result = std::move(best);
  for (const Candidate& each : all) result.alternatives.push_back({each.name, each.typical_error});
  tree = std::move(all.front().tree);
  return std::move(all.front().survivors);
}

}  // namespace momentset
