#include "reduction.hpp"

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <mutex>
#include <numeric>
#include <utility>

#include "alternatives.hpp"
#include "cell_compressor.hpp"
#include "correction.hpp"
#include "format.hpp"
#include "kernel_method.hpp"
#include "momentset/partition/kd_tree.hpp"
#include "momentset/recombine.hpp"
#include "order_choice.hpp"
#include "paper_method.hpp"
#include "plan.hpp"

namespace momentset {
namespace {

std::vector<Recombination> recombine_cells(const Partition& partition, const CellCompressor& compressor,
                                           const Stopwatch& stopwatch) {
  std::vector<Recombination> results(partition.cells.size());
  std::mutex reporting;
  double done = 0, reported = 0;  // cells
  const double count = double(results.size()), every = count / 256;
  const auto advance = [&](double cells) {
    const std::lock_guard lock(reporting);
    done += cells;
    if (done < reported + every) return;
    reported = done;
    stopwatch.report(std::min(1.0, done / count));
  };
  tbb::parallel_for(std::size_t{0}, results.size(), [&](std::size_t c) {
    double before = 0;  // of this cell; many cells need not report more than their end
    std::function<void(double)> within;
    if (count < 256) {
      within = [&](double fraction) { advance(fraction - std::exchange(before, fraction)); };
    }
    results[c] = compressor(partition.cells[c], partition.cells[c].quota, within);
    advance(1 - before);
  });
  return results;
}

std::size_t rows_kept(const std::vector<Recombination>& results) {
  std::size_t kept = 0;
  for (const Recombination& result : results) kept += result.support.size();
  return kept;
}

/// Where weights vanish two at a time a cell ends below its quota. Other orders of its rows then lead to other
/// vertices; where these do not help either, other cells keep more than their quota, until `size` rows survive in all.
void fill_up(std::vector<Recombination>& results, const Partition& partition, const CellCompressor& compressor,
             std::size_t size) {
  constexpr std::uint64_t attempts = 8;
  std::size_t kept = rows_kept(results);
  for (bool progress = true; kept < size && progress;) {
    progress = false;
    for (std::size_t c = 0; c < results.size() && kept < size; ++c) {
      const std::size_t now = results[c].support.size();
      const std::size_t most = std::min(partition.cells[c].size(), now + size - kept);
      for (std::uint64_t attempt = 0; attempt < attempts && results[c].support.size() < most; ++attempt) {
        Recombination more = compressor.shuffled(partition.cells[c], most, attempt);
        if (more.support.size() <= results[c].support.size() || more.support.size() > most) continue;
        results[c] = std::move(more);
      }
      kept += results[c].support.size() - now;
      progress = progress || results[c].support.size() > now;
    }
  }
}

/// Reduces points in the rounds of the paper and returns the survivors.
std::vector<Survivor> reduce_in_rounds(const WeightedPoints& points, const DistinctPoints& distinct,
                                       std::span<const double> scale, const CompressOptions& options,
                                       std::size_t dropped, Stopwatch& stopwatch, Coreset& result) {
  stopwatch.start("rounds");
  const PaperMethodResult found = paper_method(points, distinct,
                                               {.size = result.plan.size,
                                                .order = result.plan.order,
                                                .monomials = options.features.monomials,
                                                .scale = scale,
                                                .dropped = dropped,
                                                .seed = options.seed,
                                                .stop = options.stop,
                                                .progress = [&](double fraction) { stopwatch.report(fraction); }});
  std::vector<Survivor> survivors;
  for (std::size_t k = 0; k < found.rows.size(); ++k) survivors.push_back({found.rows[k], found.weights[k]});
  result.rounds_from = distinct.numbers.size();
  result.rank_deficient_cells = found.rank_deficient_clusters;
  result.inexact_cells = found.inexact_clusters;
  return survivors;
}

/// Reduces the distinct points to plan.size, cell by cell, and returns the survivors.
std::vector<Survivor> reduce_in_cells(const WeightedPoints& points, const DistinctPoints& distinct,
                                      std::span<const double> scale, const CompressOptions& options,
                                      Stopwatch& stopwatch, Plan& plan, Coreset& result, CellTree& tree) {
  stopwatch.start("partition");
  Partition partition =
      kd_tree(points, distinct.numbers, {.cells = plan.cells, .size = plan.size, .scale = scale, .stop = options.stop});
  const LargeVector<double> weights = in_order_of(partition, distinct, points.size());

  stopwatch.start("recombine");
  const double bound = largest_weight(distinct, plan, options);
  const CellCompressor compressor(partition, weights, scale, plan.order, bound, options.stop, options.companions,
                                  options.features.monomials);
  if (options.max_weight) share_out_by_mass(partition, weights, plan.size, plan.features, bound);
  std::vector<Recombination> cells = recombine_cells(partition, compressor, stopwatch);
  fill_up(cells, partition, compressor, plan.size);
  if (rows_kept(cells) < plan.size && plan.cells > 1) {  // larger cells leave more choice
    plan.cells /= 2;
    return reduce_in_cells(points, distinct, scale, options, stopwatch, plan, result, tree);
  }

  std::vector<Survivor> survivors;
  result.rank_deficient_cells = result.inexact_cells = 0;
  for (std::size_t c = 0; c < cells.size(); ++c) {
    for (std::size_t k = 0; k < cells[c].support.size(); ++k) {
      survivors.push_back({partition.order[partition.cells[c].begin + cells[c].support[k]], cells[c].weights[k]});
    }
    if (cells[c].rank < plan.features) ++result.rank_deficient_cells;
    if (!cells[c].exact()) ++result.inexact_cells;
  }
  tree = partition.tree;
  if (result.rank_deficient_cells == cells.size()) {
    const auto full = std::max_element(cells.begin(), cells.end(),
                                       [](const Recombination& a, const Recombination& b) { return a.rank < b.rank; });
    if (!plan.notice.empty()) plan.notice += "; ";
    plan.notice += formatted("of the {} moments {} at most are independent in a cell: columns depend on each other",
                             plan.features, full->rank);
  }
  return survivors;
}

/// Whether the effort allows for rounds of neighbours after cells that keep half as many again.
bool affords_rounds(const Plan& plan, std::size_t dropped, const CompressOptions& options) {
  const double clusters = double(plan.size) / double(2 * dropped);
  return 1.5 * plan.operations + clusters * halving_operations(plan.features) <=
         allowed_operations(options.effort, plan.rows);
}

/// Cells first, that keep 1.5 times the size; then rounds of neighbours, which drop a little of each cluster. Nothing
/// where weights vanished together, so that too few are left.
std::vector<Survivor> reduce_in_cells_and_rounds(const WeightedPoints& points, const DistinctPoints& distinct,
                                                 std::span<const double> scale, const CompressOptions& options,
                                                 std::size_t dropped, Stopwatch& stopwatch, Coreset& result) {
  Plan wide = result.plan;
  wide.size += wide.size / 2;
  wide.cells = std::max<std::size_t>(1, wide.size / wide.features);
  DistinctPoints left;
  const bool cells_first = wide.size < distinct.numbers.size();
  if (cells_first) {
    CellTree unused;
    left = as_points(reduce_in_cells(points, distinct, scale, options, stopwatch, wide, result, unused));
  }
  std::vector<Survivor> survivors =
      reduce_in_rounds(points, cells_first ? left : distinct, scale, options, dropped, stopwatch, result);
  if (survivors.size() == result.plan.size) {
    result.plan.notice = wide.notice;
    return survivors;
  }
  result.rounds_from = 0;
  return {};
}

/// Changes the weights so that moments of higher orders are kept over all points; true if it did.
bool correct_survivors(const WeightedPoints& points, const DistinctPoints& distinct, std::span<const double> scale,
                       const CompressOptions& options, Stopwatch& stopwatch, Coreset& result,
                       std::vector<Survivor>& survivors) {
  stopwatch.start("correct");
  DistinctPoints left = as_points(survivors);
  const Correction found = correct(points, distinct, scale, left.numbers, left.weights, result.plan.order, options);
  if (found.order == result.plan.order) return false;
  result.corrected_order = found.order;
  for (std::size_t j = 0; j < survivors.size(); ++j) survivors[j] = {left.numbers[j], left.weights[j]};
  return true;
}

}  // namespace

LargeVector<double> in_order_of(const Partition& partition, const DistinctPoints& distinct, std::size_t rows) {
  LargeVector<double> by_row(rows);
  LargeVector<double> ordered(partition.order.size());
  using Range = tbb::blocked_range<std::size_t>;
  tbb::parallel_for(Range(0, distinct.numbers.size(), 65536), [&](const Range& range) {
    for (std::size_t k = range.begin(); k < range.end(); ++k) by_row[distinct.numbers[k]] = distinct.weights[k];
  });
  tbb::parallel_for(Range(0, ordered.size(), 65536), [&](const Range& range) {
    for (std::size_t k = range.begin(); k < range.end(); ++k) ordered[k] = by_row[partition.order[k]];
  });
  return ordered;
}

DistinctPoints as_points(std::vector<Survivor> survivors) {
  std::sort(survivors.begin(), survivors.end(), [](Survivor a, Survivor b) { return a.row < b.row; });
  DistinctPoints points;
  for (const Survivor& survivor : survivors) {
    points.numbers.push_back(survivor.row);
    points.weights.push_back(survivor.weight);
  }
  return points;
}

double largest_weight(const DistinctPoints& distinct, const Plan& plan, const CompressOptions& options) {
  if (!options.max_weight) return std::numeric_limits<double>::infinity();
  const double mass = std::accumulate(distinct.weights.begin(), distinct.weights.end(), 0.0);
  return *options.max_weight * (mass / double(plan.size));
}

std::vector<Survivor> reduce_distinct(const WeightedPoints& points, const DistinctPoints& distinct,
                                      std::span<const double> scale, const CompressOptions& options,
                                      Stopwatch& stopwatch, Coreset& result, CellTree& tree) {
  tree = {};
  result.rounds_from = 0;
  result.corrected_order = 0;
  result.by_kernel = false;
  result.alternatives.clear();
  if (options.method == Method::kernel) {
    return reduce_by_kernel(points, distinct, scale, options, stopwatch, result, tree);
  }
  if (options.method == Method::paper) {
    return reduce_in_rounds(points, distinct, scale, options, 1, stopwatch, result);
  }
  const bool finishing = is_finished(options);
  // So many of a cluster at once: fewer do not lower the error further, but take longer (docs/quality.md).
  const std::size_t dropped = std::max<std::size_t>(1, result.plan.features * 3 / 10);
  std::vector<Survivor> survivors;
  if (finishing && affords_rounds(result.plan, dropped, options)) {
    survivors = reduce_in_cells_and_rounds(points, distinct, scale, options, dropped, stopwatch, result);
  }
  if (survivors.empty()) {
    survivors = reduce_in_cells(points, distinct, scale, options, stopwatch, result.plan, result, tree);
  }
  if (finishing && correct_survivors(points, distinct, scale, options, stopwatch, result, survivors)) tree = {};
  if (in_doubt(result, options)) {
    return best_alternative(points, distinct, scale, options, std::move(survivors), stopwatch, result, tree);
  }
  return survivors;
}

}  // namespace momentset
