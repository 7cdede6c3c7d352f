#include "momentset/compress.hpp"

#include <fmt/format.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <cmath>

#include "column_spreads.hpp"
#include "merge_equal.hpp"
#include "momentset/error.hpp"
#include "order_choice.hpp"
#include "reduction.hpp"
#include "stopwatch.hpp"
#include "threads.hpp"
#include "tolerance.hpp"

namespace momentset {
namespace {

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

/// Equal points with companions of their own are rows of their own.
DistinctPoints unmerged(const WeightedPoints& points, const std::vector<bool>& skip) {
  DistinctPoints found;
  for (const Survivor& row : rows_of_positive_weight(points)) {
    if (!skip.empty() && skip[row.row]) continue;
    found.numbers.push_back(row.row);
    found.weights.push_back(row.weight);
  }
  return found;
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
  if (options.tolerance && options.method == Method::kernel) {
    throw Error("tolerance", fmt::format("{:g}", *options.tolerance),
                "is not for the method kernel: sizes are tried on cells of a tree");
  }
  if (options.min_ess && !(*options.min_ess > 0 && *options.min_ess <= 1)) {
    throw Error("min_ess", fmt::format("{:g}", *options.min_ess), "must be a share of the size, above 0 and at most 1");
  }
  const bool exchanging = options.method == Method::kernel || options.method == Method::automatic;
  if (options.min_ess && (!exchanging || options.tolerance)) {
    throw Error("min_ess", fmt::format("{:g}", *options.min_ess), "needs a size and the method kernel or auto");
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

void require_effective_size(const Coreset& result, const CompressOptions& options) {
  const double found = result.certificate.effective_sample_size, size = double(result.rows.size());
  if (!options.min_ess || found >= *options.min_ess * size * (1 - 1e-9)) return;
  throw Error("min_ess", fmt::format("{:g}", *options.min_ess),
              fmt::format("cannot be reached: weights of order {} with an effective size of {:.5g} of {} were the most "
                          "equal found",
                          result.plan.order, found, result.rows.size()));
}

/// What recombining the cells could not do.
void add_notices(const DistinctPoints& distinct, const CompressOptions& request, Coreset& result) {
  const double bound = largest_weight(distinct, result.plan, request);
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

/// Which error of the trials counts.
double OrderTrial::*counting_error(const CompressOptions& request) {
  return request.tolerance ? &OrderTrial::largest_error : &OrderTrial::typical_error;
}

bool tries_orders(const CompressOptions& request) {
  return !request.order && request.method != Method::paper && request.method != Method::kernel;
}

/// Settles what the request leaves open: the size where a tolerance is stated, and the order. Returns the trials.
std::vector<OrderTrial> settle(const WeightedPoints& points, const DistinctPoints& distinct,
                               std::span<const double> scale, CompressOptions& request) {
  std::vector<OrderTrial> trials;
  if (request.tolerance) {
    request.size = size_for_tolerance(points, distinct, scale, request, trials);
  } else if (tries_orders(request)) {
    trials = try_orders(points, distinct, scale, request);
  }
  if (!request.order && !trials.empty()) request.order = best_of(trials, counting_error(request)).order;
  return trials;
}

/// Whether the survivors do what was asked. If not, the request is for more of them.
bool suffices(const WeightedPoints& points, const DistinctPoints& distinct, std::span<const double> scale,
              const std::vector<Survivor>& survivors, CompressOptions& request, Coreset& result) {
  if (!request.tolerance) return true;
  const DistinctPoints left = as_points(survivors);
  result.achieved_error = achieved_error(points, distinct, scale, left.numbers, left.weights, request);
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
                             const std::vector<Survivor>& kept, std::span<const double> scale, CompressOptions request,
                             Stopwatch& stopwatch, Coreset& result, CellTree& tree) {
  const std::size_t q = distinct.numbers.size();
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

/// Where high powers of far points lose the moments of an order that was chosen to rounding: the best of the orders
/// that are lower by an eighth. Nothing to be done where the moments hold, or where the order was stated.
std::optional<int> lower_order(const Coreset& result, const CompressOptions& options) {
  if (options.order || result.trials.empty() || result.certificate.holds()) return {};
  const int most = result.plan.order - std::max(1, result.plan.order / 8);
  std::vector<OrderTrial> lower = result.trials;
  std::erase_if(lower, [&](const OrderTrial& trial) { return trial.order > most; });
  if (lower.empty()) return {};
  return best_of(lower, counting_error(options)).order;
}

/// The points as they are worked on, and the request with each row to keep named once and the method settled.
struct Prepared {
  std::vector<Survivor> kept;
  DistinctPoints distinct;
  CompressOptions request;

  Prepared(const WeightedPoints& points, const CompressOptions& options) : request(options) {
    const std::vector<bool> keep = marked(options.keep_rows, points.size());
    kept = kept_rows(points, keep);
    distinct = options.companions.empty() ? merge_equal(points, keep, options.stop) : unmerged(points, keep);
    if (request.min_ess) request.method = Method::kernel;
    request.keep_rows.clear();
    for (const Survivor& survivor : kept) request.keep_rows.push_back(survivor.row);
  }
};

/// Compresses as the request, by now complete, says; the rest of the result is what the certificate says of it.
void take_survivors(const WeightedPoints& points, const Prepared& prepared, std::span<const double> scale,
                    double mass_scale, Stopwatch& stopwatch, Coreset& result, CellTree& tree) {
  std::vector<Survivor> survivors =
      reduce(points, prepared.distinct, prepared.kept, scale, prepared.request, stopwatch, result, tree);
  if (!result.plan.notice.empty()) result.notices.push_back(result.plan.notice);
  std::sort(survivors.begin(), survivors.end(), [](Survivor a, Survivor b) { return a.row < b.row; });
  result.rows.clear();
  result.weights.clear();
  for (const Survivor& survivor : survivors) {
    result.rows.push_back(survivor.row);
    result.weights.push_back(survivor.weight * mass_scale);
  }
}

}  // namespace

Coreset compress(const WeightedPoints& points, const CompressOptions& options) {
  require_usable(options);
  require_valid(points);
  require_valid(options.companions, points.size());
  Coreset result;
  Stopwatch stopwatch(options, result.stages);
  tbb::task_arena arena(arena_threads(options.threads));
  std::optional<Prepared> prepared;
  std::vector<double> scale;
  arena.execute([&] {
    stopwatch.start("merge equal points");
    prepared.emplace(points, options);
    result.distinct = prepared->distinct.numbers.size() + prepared->kept.size();
    CompressOptions& request = prepared->request;
    if (must_drop(prepared->distinct, request)) {
      if (request.tolerance || tries_orders(request)) stopwatch.start("choose");
      scale = inverse_spreads(points, prepared->distinct);
      result.trials = settle(points, prepared->distinct, scale, request);
    }
  });
  for (;;) {
    CellTree tree;
    arena.execute([&] { take_survivors(points, *prepared, scale, options.mass_scale, stopwatch, result, tree); });
    stopwatch.start("certify");
    result.certificate = certify(points, result.rows, result.weights,
                                 {.order = result.plan.order,
                                  .tree = tree,
                                  .mass_scale = options.mass_scale,
                                  .seed = options.seed,
                                  .threads = options.threads,
                                  .stop = options.stop,
                                  .companions = options.companions});
    const std::optional<int> lower = lower_order(result, options);
    if (!lower) break;
    result.notices = {
        fmt::format("order lowered from {} to {}: rounding left {:.1e} of the moments, allowed are {:.1e}",
                    result.plan.order, *lower, result.certificate.worst_residual(), result.certificate.tolerance)};
    prepared->request.order = lower;
  }
  stopwatch.stop();
  require_effective_size(result, options);
  notice_if_random_does_as_well(result);
  return result;
}

Choice choose(const WeightedPoints& points, const CompressOptions& options) {
  require_usable(options);
  require_valid(points);
  require_valid(options.companions, points.size());
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

}  // namespace momentset
