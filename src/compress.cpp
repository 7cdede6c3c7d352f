#include "momentset/compress.hpp"

#include <fmt/format.h>
#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <limits>
#include <mutex>
#include <numeric>
#include <utility>

#include "cell_compressor.hpp"
#include "column_spreads.hpp"
#include "correction.hpp"
#include "merge_equal.hpp"
#include "momentset/error.hpp"
#include "momentset/partition/kd_tree.hpp"
#include "momentset/recombine.hpp"
#include "order_choice.hpp"
#include "paper_method.hpp"
#include "plan.hpp"
#include "threads.hpp"
#include "tolerance.hpp"

namespace momentset {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// Seconds from each call to the next, under the name given first; passes progress on.
class Stopwatch {
 public:
  Stopwatch(const CompressOptions& options, std::vector<StageSeconds>& stages) : options_(options), stages_(stages) {}

  void start(const std::string& stage) {
    stop();
    stop_if_asked(options_.stop);
    stages_.push_back({stage, 0});
    began_ = std::chrono::steady_clock::now();
    report(0);
  }
  void stop() {
    if (stages_.empty()) return;
    report(1);
    stages_.back().seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
  }
  void report(double fraction) const {
    if (options_.progress && !stages_.empty()) options_.progress(stages_.back().stage, fraction);
  }

 private:
  const CompressOptions& options_;
  std::vector<StageSeconds>& stages_;
  std::chrono::steady_clock::time_point began_;
};

std::vector<double> in_order_of(const Partition& partition, const DistinctPoints& distinct, std::size_t rows) {
  LargeVector<double> by_row(rows);
  std::vector<double> ordered(partition.order.size());
  using Range = tbb::blocked_range<std::size_t>;
  tbb::parallel_for(Range(0, distinct.numbers.size(), 65536), [&](const Range& range) {
    for (std::size_t k = range.begin(); k < range.end(); ++k) by_row[distinct.numbers[k]] = distinct.weights[k];
  });
  tbb::parallel_for(Range(0, ordered.size(), 65536), [&](const Range& range) {
    for (std::size_t k = range.begin(); k < range.end(); ++k) ordered[k] = by_row[partition.order[k]];
  });
  return ordered;
}

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

struct Survivor {
  Index row;
  double weight;
};

std::vector<bool> marked(const std::vector<Index>& rows, std::size_t count) {
  std::vector<bool> marks;
  if (rows.empty()) return marks;
  marks.resize(count, false);
  for (const Index row : rows) {
    if (row >= count) {
      throw Error("keep_rows", std::to_string(row), fmt::format("must be below the number of rows, {}", count));
    }
    marks[row] = true;
  }
  return marks;
}

/// Rows that were asked to survive do, with their own weight; a row of zero weight stands for nothing and cannot.
std::vector<Survivor> kept_rows(const WeightedPoints& points, const std::vector<bool>& keep) {
  std::vector<Survivor> kept;
  for (std::size_t i = 0; i < keep.size(); ++i) {
    if (!keep[i]) continue;
    if (points.weight(i) <= 0) throw Error("keep_rows", std::to_string(i), "has weight 0 and cannot survive");
    kept.push_back({Index(i), points.weight(i)});
  }
  return kept;
}

std::vector<Survivor> rows_of_positive_weight(const WeightedPoints& points) {
  std::vector<Survivor> rows;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (points.weight(i) > 0) rows.push_back({Index(i), points.weight(i)});
  }
  return rows;
}

void require_usable(const CompressOptions& options) {
  if (options.tolerance && options.size > 0) throw Error("size", std::to_string(options.size), "excludes a tolerance");
  if (options.tolerance && !(*options.tolerance > 0 && std::isfinite(*options.tolerance))) {
    throw Error("tolerance", fmt::format("{:g}", *options.tolerance), "must be positive and finite");
  }
  if (options.tolerance && options.method == Method::paper) {
    throw Error("tolerance", fmt::format("{:g}", *options.tolerance),
                "is not for the method paper: sizes are tried on cells of a tree");
  }
  if (!options.tolerance && options.size == 0) throw Error("size", "0", "must be at least 1");
  if (options.order && *options.order < 0) throw Error("order", std::to_string(*options.order), "must not be negative");
  if (options.threads < 0) throw Error("threads", std::to_string(options.threads), "must not be negative");
  if (!(options.mass_scale > 0) || !std::isfinite(options.mass_scale)) {
    throw Error("mass_scale", std::to_string(options.mass_scale), "must be positive and finite");
  }
  if (options.max_weight && !(*options.max_weight > 1)) {
    throw Error("max_weight", fmt::format("{:g}", *options.max_weight),
                "must be above 1, in multiples of the mean weight of the rows kept");
  }
}

/// A result that is worth no more than a random subset must not look like one that is.
void notice_if_random_does_as_well(Coreset& result) {
  const double error = result.certificate.probe_coreset(), random = result.certificate.probe_random();
  if (random == 0 || error < random / 2) return;
  result.notices.push_back(
      fmt::format("a random subset of this size would do about as well on the certificate's test functions ({:.1e} "
                  "against {:.1e}): keep more rows, fewer columns, or try another order",
                  random, error));
}

/// The bound for new weights that is `multiple` times their mean.
double largest_weight(const DistinctPoints& distinct, const Plan& plan, double multiple) {
  const double mass = std::accumulate(distinct.weights.begin(), distinct.weights.end(), 0.0);
  return multiple * (mass / double(plan.size));
}

/// What recombining the cells could not do.
void add_notices(const DistinctPoints& distinct, const CompressOptions& request, Coreset& result) {
  const double bound = request.max_weight ? largest_weight(distinct, result.plan, *request.max_weight) : infinity;
  const auto heavy =
      std::count_if(distinct.weights.begin(), distinct.weights.end(), [&](double w) { return w > bound; });
  if (heavy > 0) {
    result.notices.push_back(
        fmt::format("{} row{} above max_weight from the start: no more than the own weight is kept there", heavy,
                    heavy == 1 ? " is" : "s are"));
  }
  if (result.inexact_cells > 0) {
    result.notices.push_back(fmt::format("the moments of {} cell{} could not be kept to rounding: see the residuals",
                                         result.inexact_cells, result.inexact_cells == 1 ? "" : "s"));
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
  const std::vector<double> weights = in_order_of(partition, distinct, points.size());

  stopwatch.start("recombine");
  const double bound = options.max_weight ? largest_weight(distinct, plan, *options.max_weight) : infinity;
  const CellCompressor compressor(partition, weights, scale, plan.order, bound, options.stop);
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
  return survivors;
}

/// Whether the effort allows for rounds of neighbours after cells that keep twice the size.
bool affords_rounds(const Plan& plan, std::size_t dropped, const CompressOptions& options) {
  const double clusters = double(plan.size) / double(dropped);
  return 2 * plan.operations + clusters * halving_operations(plan.features) <=
         allowed_operations(options.effort, plan.rows);
}

/// Cells first, that keep twice the size; then rounds of neighbours, which drop a little of each cluster. Nothing where
/// weights vanished together, so that too few are left.
std::vector<Survivor> reduce_in_cells_and_rounds(const WeightedPoints& points, const DistinctPoints& distinct,
                                                 std::span<const double> scale, const CompressOptions& options,
                                                 std::size_t dropped, Stopwatch& stopwatch, Coreset& result) {
  Plan wide = result.plan;
  wide.size *= 2;
  wide.cells = std::max<std::size_t>(1, wide.size / wide.features);
  DistinctPoints left = distinct;
  if (wide.size < distinct.numbers.size()) {
    CellTree unused;
    std::vector<Survivor> survivors =
        reduce_in_cells(points, distinct, scale, options, stopwatch, wide, result, unused);
    std::sort(survivors.begin(), survivors.end(), [](Survivor a, Survivor b) { return a.row < b.row; });
    left = {};
    for (const Survivor& survivor : survivors) {
      left.numbers.push_back(survivor.row);
      left.weights.push_back(survivor.weight);
    }
  }
  std::vector<Survivor> survivors = reduce_in_rounds(points, left, scale, options, dropped, stopwatch, result);
  if (survivors.size() == result.plan.size) return survivors;
  result.rounds_from = 0;
  return {};
}

/// Changes the weights so that moments of higher orders are kept over all points; true if it did.
bool correct_survivors(const WeightedPoints& points, const DistinctPoints& distinct, std::span<const double> scale,
                       const CompressOptions& options, Stopwatch& stopwatch, Coreset& result,
                       std::vector<Survivor>& survivors) {
  stopwatch.start("correct");
  std::vector<Index> rows;
  std::vector<double> weights;
  for (const Survivor& survivor : survivors) {
    rows.push_back(survivor.row);
    weights.push_back(survivor.weight);
  }
  const Correction found = correct(points, distinct, scale, rows, weights, result.plan.order, options);
  if (found.order == result.plan.order) return false;
  result.corrected_order = found.order;
  for (std::size_t j = 0; j < survivors.size(); ++j) survivors[j].weight = weights[j];
  return true;
}

/// Reduces the distinct points by the method asked for and returns the survivors. `tree`: the cells in which the
/// moments are kept.
std::vector<Survivor> reduce_distinct(const WeightedPoints& points, const DistinctPoints& distinct,
                                      std::span<const double> scale, const CompressOptions& options,
                                      Stopwatch& stopwatch, Coreset& result, CellTree& tree) {
  tree = {};
  result.rounds_from = 0;
  result.corrected_order = 0;
  if (options.method == Method::paper) {
    return reduce_in_rounds(points, distinct, scale, options, 1, stopwatch, result);
  }
  const bool finishing = options.method == Method::automatic && !options.max_weight;
  // So many of a cluster at once: single ones do not lower the error further, but take longer (docs/quality.md).
  const std::size_t dropped = std::max<std::size_t>(1, result.plan.features * 3 / 20);
  std::vector<Survivor> survivors;
  if (finishing && affords_rounds(result.plan, dropped, options)) {
    survivors = reduce_in_cells_and_rounds(points, distinct, scale, options, dropped, stopwatch, result);
  }
  if (survivors.empty()) {
    survivors = reduce_in_cells(points, distinct, scale, options, stopwatch, result.plan, result, tree);
  }
  if (finishing && correct_survivors(points, distinct, scale, options, stopwatch, result, survivors)) tree = {};
  return survivors;
}

/// Settles what the request leaves open: the size where a tolerance is stated, and the order. Returns the trials.
std::vector<OrderTrial> settle(const WeightedPoints& points, const DistinctPoints& distinct,
                               std::span<const double> scale, CompressOptions& request) {
  std::vector<OrderTrial> trials;
  double OrderTrial::*const error = request.tolerance ? &OrderTrial::largest_error : &OrderTrial::typical_error;
  if (request.tolerance) {
    request.size = size_for_tolerance(points, distinct, scale, request, trials);
  } else if (!request.order && request.method != Method::paper) {
    trials = try_orders(points, distinct, scale, request);
  }
  if (!request.order && !trials.empty()) request.order = best_of(trials, error).order;
  return trials;
}

/// Whether the survivors do what was asked. If not, the request is for more of them.
bool suffices(const WeightedPoints& points, const DistinctPoints& distinct, std::span<const double> scale,
              std::span<const Survivor> survivors, CompressOptions& request, Coreset& result) {
  if (!request.tolerance) return true;
  std::vector<Index> rows;
  std::vector<double> weights;
  for (const Survivor& survivor : survivors) {
    rows.push_back(survivor.row);
    weights.push_back(survivor.weight);
  }
  result.achieved_error = achieved_error(points, distinct, scale, rows, weights, request);
  if (*result.achieved_error <= *request.tolerance) return true;
  request.size = enlarged(request.size, *result.achieved_error, *request.tolerance, result.plan);
  return false;
}

/// Too few to drop any: every row, or where equal ones would be too many one for each distinct point.
std::vector<Survivor> keep_all(const WeightedPoints& points, const DistinctPoints& distinct, std::vector<Survivor> kept,
                               std::size_t size, Coreset& result) {
  std::vector<Survivor> all = rows_of_positive_weight(points);
  const bool every_row = all.size() <= size;
  result.notices.push_back(fmt::format("size {} is not below the {}{} rows: all are kept", size,
                                       every_row ? all.size() : result.distinct, every_row ? "" : " distinct"));
  if (every_row) return all;
  for (std::size_t k = 0; k < distinct.numbers.size(); ++k) kept.push_back({distinct.numbers[k], distinct.weights[k]});
  return kept;
}

bool must_drop(const DistinctPoints& distinct, const CompressOptions& request) {
  return request.tolerance || distinct.numbers.size() + request.keep_rows.size() > request.size;
}

/// The rows that survive, with their weights, in any order.
std::vector<Survivor> reduce(const WeightedPoints& points, const DistinctPoints& distinct,
                             const std::vector<Survivor>& kept, CompressOptions request, Stopwatch& stopwatch,
                             Coreset& result, CellTree& tree) {
  const std::size_t q = distinct.numbers.size();
  std::vector<double> scale;
  if (must_drop(distinct, request)) {
    if (request.tolerance || (!request.order && request.method != Method::paper)) stopwatch.start("choose");
    scale = inverse_spreads(points, distinct);
    result.trials = settle(points, distinct, scale, request);
  }
  for (;;) {
    result.plan = plan(q, points.dimension, request);
    if (q <= result.plan.size) return keep_all(points, distinct, kept, request.size, result);
    std::vector<Survivor> survivors = reduce_distinct(points, distinct, scale, request, stopwatch, result, tree);
    if (!suffices(points, distinct, scale, survivors, request, result)) continue;
    add_notices(distinct, request, result);
    survivors.insert(survivors.end(), kept.begin(), kept.end());
    if (survivors.size() < request.size) {
      result.notices.push_back(
          fmt::format("size {} cannot be met with positive weights: {} rows are kept", request.size, survivors.size()));
    }
    return survivors;
  }
}

/// The points as they are worked on, and the request with each row to keep named once.
struct Prepared {
  std::vector<Survivor> kept;
  DistinctPoints distinct;
  CompressOptions request;

  Prepared(const WeightedPoints& points, const CompressOptions& options) : request(options) {
    const std::vector<bool> keep = marked(options.keep_rows, points.size());
    kept = kept_rows(points, keep);
    distinct = merge_equal(points, keep, options.stop);
    request.keep_rows.clear();
    for (const Survivor& survivor : kept) request.keep_rows.push_back(survivor.row);
  }
};

}  // namespace

Coreset compress(const WeightedPoints& points, const CompressOptions& options) {
  require_usable(options);
  require_valid(points);
  Coreset result;
  Stopwatch stopwatch(options, result.stages);
  CellTree tree;
  tbb::task_arena arena(arena_threads(options.threads));
  arena.execute([&] {
    stopwatch.start("merge equal points");
    const Prepared prepared(points, options);
    result.distinct = prepared.distinct.numbers.size() + prepared.kept.size();
    std::vector<Survivor> survivors =
        reduce(points, prepared.distinct, prepared.kept, prepared.request, stopwatch, result, tree);
    if (!result.plan.notice.empty()) result.notices.push_back(result.plan.notice);
    std::sort(survivors.begin(), survivors.end(), [](Survivor a, Survivor b) { return a.row < b.row; });
    for (const Survivor& survivor : survivors) {
      result.rows.push_back(survivor.row);
      result.weights.push_back(survivor.weight * options.mass_scale);
    }
  });

  stopwatch.start("certify");
  result.certificate = certify(points, result.rows, result.weights,
                               {.order = result.plan.order,
                                .tree = tree,
                                .mass_scale = options.mass_scale,
                                .seed = options.seed,
                                .threads = options.threads,
                                .stop = options.stop});
  stopwatch.stop();
  notice_if_random_does_as_well(result);
  return result;
}

Choice choose(const WeightedPoints& points, const CompressOptions& options) {
  require_usable(options);
  require_valid(points);
  Choice choice;
  tbb::task_arena arena(arena_threads(options.threads));
  arena.execute([&] {
    Prepared prepared(points, options);
    if (must_drop(prepared.distinct, prepared.request)) {
      const std::vector<double> scale = inverse_spreads(points, prepared.distinct);
      choice.trials = settle(points, prepared.distinct, scale, prepared.request);
    }
    choice.plan = plan(prepared.distinct.numbers.size(), points.dimension, prepared.request);
  });
  return choice;
}

std::string Coreset::summary() const {
  return fmt::format("{} of {} rows, order {}, {} cell{}, worst moment residual {:.1e}, effective sample size {:.0f}",
                     rows.size(), certificate.rows, plan.order, plan.cells, plan.cells == 1 ? "" : "s",
                     certificate.worst_residual(), certificate.effective_sample_size);
}

}  // namespace momentset
