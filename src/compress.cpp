#include "momentset/compress.hpp"

#include <tbb/task_arena.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "column_spreads.hpp"
#include "fitted_features.hpp"
#include "format.hpp"
#include "group_sizes.hpp"
#include "memory.hpp"
#include "momentset/error.hpp"
#include "order_choice.hpp"
#include "parts.hpp"
#include "plan.hpp"
#include "reduction.hpp"
#include "relabelling.hpp"
#include "stopwatch.hpp"
#include "threads.hpp"
#include "tolerance.hpp"

namespace momentset {
namespace {

void require_usable(const CompressOptions& options) {
  if (options.tolerance && options.size > 0) throw Error("size", std::to_string(options.size), "excludes a tolerance");
  if (options.tolerance && !(*options.tolerance > 0 && std::isfinite(*options.tolerance))) {
    throw Error("tolerance", formatted("{:g}", *options.tolerance), "must be positive and finite");
  }
  if (options.tolerance && options.method == Method::paper) {
    throw Error("tolerance", formatted("{:g}", *options.tolerance),
                "is not for the method paper: sizes are tried on cells of a tree");
  }
  if (!options.tolerance && options.size == 0) throw Error("size", "0", "must be at least 1");
  if (options.order && *options.order < 0) throw Error("order", std::to_string(*options.order), "must not be negative");
  if (options.threads < 0) throw Error("threads", std::to_string(options.threads), "must not be negative");
  if (!(options.mass_scale > 0) || !std::isfinite(options.mass_scale)) {
    throw Error("mass_scale", std::to_string(options.mass_scale), "must be positive and finite");
  }
  if (options.tolerance && options.method == Method::kernel) {
    throw Error("tolerance", formatted("{:g}", *options.tolerance),
                "is not for the method kernel: sizes are tried on cells of a tree");
  }
  if (options.min_ess && !(*options.min_ess > 0 && *options.min_ess <= 1)) {
    throw Error("min_ess", formatted("{:g}", *options.min_ess), "must be a share of the size, above 0 and at most 1");
  }
  const bool exchanging = options.method == Method::kernel || options.method == Method::automatic;
  if (options.min_ess && (!exchanging || options.tolerance)) {
    throw Error("min_ess", formatted("{:g}", *options.min_ess), "needs a size and the method kernel or auto");
  }
  if (options.max_weight && !(*options.max_weight > 1)) {
    throw Error("max_weight", formatted("{:g}", *options.max_weight),
                "must be above 1, in multiples of the mean weight of the rows kept");
  }
}

void require_column_weights(const std::vector<double>& weights, std::size_t dimension) {
  if (weights.empty()) return;
  if (weights.size() != dimension) {
    throw Error("column_weights", formatted("{} numbers", weights.size()),
                formatted("one for each of the {} columns is needed", dimension));
  }
  for (const double weight : weights) {
    if (!(weight >= 0 && std::isfinite(weight))) {
      throw Error("column_weights", formatted("{:g}", weight), "must be finite and not negative");
    }
  }
  if (std::all_of(weights.begin(), weights.end(), [](double weight) { return weight == 0; })) {
    throw Error("column_weights", "0", "at least one must be positive");
  }
}

/// A result that is worth no more than a random subset must not look like one that is.
void notice_if_random_does_as_well(Coreset& result) {
  const double error = result.certificate.probe_coreset(), random = result.certificate.probe_random();
  if (random == 0 || error < random / 2) return;
  result.notices.push_back(
      formatted("a random subset of this size would do about as well on the certificate's test functions ({:.1e} "
                "against {:.1e}): keep more rows, fewer columns, or try another order",
                random, error));
}

void require_effective_size(const Coreset& result, const CompressOptions& options) {
  const double found = result.certificate.effective_sample_size, size = double(result.rows.size());
  if (!options.min_ess || found >= *options.min_ess * size * (1 - 1e-9)) return;
  throw Error("min_ess", formatted("{:g}", *options.min_ess),
              formatted("cannot be reached: weights of order {} with an effective size of {:.5g} of {} were the most "
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
        formatted("{} row{} above max_weight from the start: no more than the own weight is kept there", heavy,
                  heavy == 1 ? " is" : "s are"));
  }
  if (result.inexact_cells > 0) {
    result.notices.push_back(formatted("the moments of {} cell{} could not be kept to rounding: see the residuals",
                                       result.inexact_cells, result.inexact_cells == 1 ? "" : "s"));
  }
  if (result.singular_cells > 0) {
    result.notices.push_back(
        formatted("in {} cell{} the rows kept carry no targets with all sums: see the residuals, keep more rows",
                  result.singular_cells, result.singular_cells == 1 ? "" : "s"));
  }
  if (result.overflown_cells > 0) {
    result.notices.push_back(formatted("in {} cell{} new targets would overflow: the rows have the targets they had",
                                       result.overflown_cells, result.overflown_cells == 1 ? "" : "s"));
  }
}

/// Which error of the trials counts.
double OrderTrial::*counting_error(const CompressOptions& request) {
  return request.tolerance ? &OrderTrial::largest_error : &OrderTrial::typical_error;
}

bool tries_orders(const CompressOptions& request) {
  return !request.order && request.method != Method::paper && request.method != Method::kernel;
}

/// Settles what a part's request leaves open: the size where a tolerance is stated, and the order.
void settle(const WeightedPoints& points, Part& part) {
  if (!part.must_drop()) return;
  CompressOptions& request = part.request;
  std::vector<OrderTrial>& trials = part.result.trials;
  part.scale = column_factors(points, part.distinct, request);
  if (request.tolerance) {
    request.size = size_for_tolerance(points, part.distinct, part.scale, request, trials);
  } else if (tries_orders(request)) {
    trials = try_orders(points, part.distinct, part.scale, request);
  }
  if (!request.order && !trials.empty()) request.order = best_of(trials, counting_error(request)).order;
}

/// Whether the survivors do what was asked. If not, the request is for more of them.
bool suffices(const WeightedPoints& points, const DistinctPoints& distinct, std::span<const double> scale,
              const std::vector<Survivor>& survivors, CompressOptions& request, Coreset& result) {
  if (!request.tolerance) return true;
  result.achieved_error = achieved_error(points, distinct, scale, survivors, result.targets, request);
  if (*result.achieved_error <= *request.tolerance) return true;
  request.size = enlarged(request.size, *result.achieved_error, *request.tolerance, result.plan);
  return false;
}

/// Too few to drop any: every row, or where equal ones would be too many one for each distinct point.
std::vector<Survivor> keep_all(const WeightedPoints& points, const Part& part, std::size_t size, Coreset& result) {
  std::vector<Survivor> all = part.positive_rows(points), kept = part.kept;
  const bool every_row = all.size() <= size;
  if (!part.is_group()) {
    result.notices.push_back(formatted("size {} is not below the {}{} rows: all are kept", size,
                                       every_row ? all.size() : part.count(), every_row ? "" : " distinct"));
  }
  if (every_row) return all;
  for (std::size_t k = 0; k < part.distinct.numbers.size(); ++k) {
    kept.push_back({part.distinct.numbers[k], part.distinct.weights[k]});
  }
  return kept;
}

/// Better said now than when the system ends the process.
void require_memory(const Plan& plan) {
  const double n = double(plan.features), bytes = 80 * n * n, available = available_memory();
  if (bytes <= available) return;
  throw Error("order", std::to_string(plan.order),
              formatted("has {} moments in {} columns, for which recombination takes about {:.3g} GB, more than the "
                        "{:.3g} GB of memory that there are: a lower order or fewer columns will do",
                        plan.features, plan.dimension, bytes / 1e9, available / 1e9));
}

/// The rows of a part that survive, with their weights, in any order.
std::vector<Survivor> reduce(const WeightedPoints& points, const Part& part, CompressOptions request,
                             Stopwatch& stopwatch, Coreset& result, CellTree& tree) {
  const DistinctPoints& distinct = part.distinct;
  const std::size_t q = distinct.numbers.size();
  for (;;) {
    result.plan = plan(q, points.dimension, request);
    if (q <= result.plan.size) {
      std::vector<Survivor> all = keep_all(points, part, request.size, result);
      result.targets = own_targets(all, request.companions);
      return all;
    }
    require_memory(result.plan);
    std::vector<Survivor> survivors = reduce_distinct(points, distinct, part.scale, request, stopwatch, result, tree);
    if (relabelled_columns(request.companions) > 0) {
      stopwatch.start("relabel");
      result.targets = relabel(points, distinct, survivors, tree, request, result);
    }
    if (!suffices(points, distinct, part.scale, survivors, request, result)) continue;
    add_notices(distinct, request, result);
    survivors.insert(survivors.end(), part.kept.begin(), part.kept.end());
    const std::vector<double> own = own_targets(part.kept, request.companions);
    result.targets.insert(result.targets.end(), own.begin(), own.end());
    if (survivors.size() < request.size) {
      result.notices.push_back(
          formatted("size {} cannot be met with positive weights: {} rows are kept", request.size, survivors.size()));
    }
    return survivors;
  }
}

/// Compresses the part as its request, by now complete, says.
void take_survivors(const WeightedPoints& points, Part& part, Stopwatch& stopwatch) {
  part.tree = {};
  if (part.count() == 0) return;  // a group without weight
  part.survivors = reduce(points, part, part.request, stopwatch, part.result, part.tree);
  if (!part.result.plan.notice.empty()) part.result.notices.push_back(part.result.plan.notice);
}

/// What the certificate is to hold the result to.
CertifyOptions claim_of(const std::vector<Part>& parts, const Coreset& result, const CompressOptions& options,
                        const FeatureMap& features) {
  CertifyOptions claim{.order = result.plan.order,
                       .mass_scale = options.mass_scale,
                       .seed = options.seed,
                       .threads = options.threads,
                       .stop = options.stop,
                       .companions = options.companions,
                       .new_targets = result.targets,
                       .features = features};
  if (options.groups.empty()) {
    claim.tree = parts.front().tree;
    return claim;
  }
  claim.groups = options.groups;
  for (const Part& part : parts) {
    claim.group_claims.push_back({part.is_whole() ? result.plan.order : part.result.plan.order, part.tree});
  }
  return claim;
}

/// Worst residual of a part's moments.
double residual_of(const Certificate& certificate, std::size_t part) {
  if (certificate.groups.empty()) return certificate.worst_residual();
  return std::max(certificate.groups[part].global, certificate.groups[part].cells);
}

/// Where high powers of far points lose the moments of an order that was chosen to rounding: the best of the orders
/// that are lower by an eighth. Nothing to be done where the moments hold, or where the order was stated.
std::optional<int> lower_order(const Part& part, const CompressOptions& options) {
  if (options.order || part.result.trials.empty()) return {};
  const int most = part.result.plan.order - std::max(1, part.result.plan.order / 8);
  std::vector<OrderTrial> lower = part.result.trials;
  std::erase_if(lower, [&](const OrderTrial& trial) { return trial.order > most; });
  if (lower.empty()) return {};
  return best_of(lower, counting_error(options)).order;
}

/// Lowers the orders of the parts whose moments do not hold; returns which.
std::vector<bool> lower_orders(std::vector<Part>& parts, const Certificate& certificate,
                               const CompressOptions& options) {
  std::vector<bool> lowered(parts.size(), false);
  if (certificate.holds()) return lowered;
  for (std::size_t k = 0; k < parts.size(); ++k) {
    const double residual = residual_of(certificate, k);
    if (!certificate.groups.empty() && residual <= certificate.tolerance) continue;
    const std::optional<int> lower = lower_order(parts[k], options);
    if (!lower) continue;
    parts[k].result.notices = {
        formatted("order lowered from {} to {}: rounding left {:.1e} of the moments, allowed are {:.1e}",
                  parts[k].result.plan.order, *lower, residual, certificate.tolerance)};
    parts[k].request.order = lower;
    lowered[k] = true;
  }
  return lowered;
}

void require_valid_request(const WeightedPoints& points, const CompressOptions& options) {
  require_usable(options);
  require_valid(points);
  require_valid(options.companions, points.size());
  require_valid(options.groups, points.size());
  require_valid(options.features, points.dimension);
  require_fitting_method(options);
  require_column_weights(options.column_weights, points.dimension);
}

/// Where several parts run through the same stages: one line for each stage.
std::vector<StageSeconds> summed(const std::vector<StageSeconds>& stages) {
  std::vector<StageSeconds> sums;
  for (const StageSeconds& stage : stages) {
    const auto same =
        std::find_if(sums.begin(), sums.end(), [&](const StageSeconds& sum) { return sum.stage == stage.stage; });
    if (same == sums.end()) {
      sums.push_back(stage);
    } else {
      same->seconds += stage.seconds;
    }
  }
  return sums;
}

/// The parts with their shares of the size, and orders where these are to be chosen.
std::vector<Part> settled_parts(const WeightedPoints& points, const CompressOptions& options, Stopwatch& stopwatch) {
  stopwatch.start("merge equal points");
  CompressOptions request = options;
  if (request.min_ess) request.method = Method::kernel;
  std::vector<Part> parts = parts_of(points, request);
  if (!request.groups.empty() && !request.tolerance) share_out(points, parts, request);
  const bool any_drops = std::any_of(parts.begin(), parts.end(), [](const Part& part) { return part.must_drop(); });
  if (any_drops && (request.tolerance || tries_orders(request))) stopwatch.start("choose");
  for (Part& part : parts) settle(points, part);
  return parts;
}

}  // namespace

Coreset compress(const WeightedPoints& points, const CompressOptions& options) {
  require_valid_request(points, options);
  Coreset result;
  Stopwatch stopwatch(options, result.stages);
  tbb::task_arena arena(arena_threads(options.threads));
  std::vector<Part> parts;
  std::optional<FittedFeatures> fitted;
  arena.execute([&] {
    if (!options.features.is_default()) stopwatch.start("features");
    fitted.emplace(points, options);
    parts = settled_parts(fitted->points(), fitted->options(), stopwatch);
  });
  for (const Part& part : parts) result.distinct += part.count();
  std::vector<bool> to_do(parts.size(), true);
  while (std::find(to_do.begin(), to_do.end(), true) != to_do.end()) {
    arena.execute([&] {
      for (std::size_t k = 0; k < parts.size(); ++k) {
        if (to_do[k]) take_survivors(fitted->points(), parts[k], stopwatch);
      }
    });
    join(parts, options.mass_scale, result);
    stopwatch.start("certify");
    result.certificate = certify(points, result.rows, result.weights, claim_of(parts, result, options, fitted->map()));
    to_do = lower_orders(parts, result.certificate, options);
  }
  stopwatch.stop();
  require_effective_size(result, options);
  result.notices = notices_of_all(parts);
  if (!options.groups.empty()) {
    for (const Part& part : parts) result.groups.push_back(part.result.plan);
    result.stages = summed(result.stages);
  }
  notice_if_random_does_as_well(result);
  return result;
}

Choice choose(const WeightedPoints& points, const CompressOptions& options) {
  require_valid_request(points, options);
  Choice choice;
  tbb::task_arena arena(arena_threads(options.threads));
  arena.execute([&] {
    CompressOptions silent = options;
    silent.progress = {};
    std::vector<StageSeconds> stages;
    Stopwatch stopwatch(silent, stages);
    const FittedFeatures fitted(points, silent);
    std::vector<Part> parts = settled_parts(fitted.points(), fitted.options(), stopwatch);
    for (Part& part : parts) {
      if (part.count() > 0) {
        part.result.plan = plan(part.distinct.numbers.size(), fitted.points().dimension, part.request);
      }
      if (!options.groups.empty()) choice.groups.push_back(part.result.plan);
    }
    choice.plan = plan_of_all(parts);
    if (parts.size() == 1) choice.trials = parts.front().result.trials;
  });
  return choice;
}

}  // namespace momentset
