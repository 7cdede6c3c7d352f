#include "momentset/recombine.hpp"

#include <tbb/task_arena.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "blas.hpp"
#include "format.hpp"
#include "momentset/error.hpp"
#include "recombine/pulse.hpp"
#include "recombine/reduce.hpp"
#include "recombine/refit.hpp"
#include "threads.hpp"

namespace momentset {
namespace {

void require_usable(const FeatureRows& rows, std::span<const double> weights, const RecombineOptions& options) {
  if (options.threads < 0) throw Error("threads", std::to_string(options.threads), "must not be negative");
  if (weights.size() != rows.rows()) {
    throw Error("weights", std::to_string(weights.size()) + " weights",
                "one for each of the " + std::to_string(rows.rows()) + " rows is needed");
  }
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] >= 0 && std::isfinite(weights[i])) continue;
    throw Error("weights", std::to_string(weights[i]), "row " + std::to_string(i) + " must be finite and not negative");
  }
}

void require_bounds(std::span<const double> weights, std::span<const double> bounds) {
  if (bounds.empty()) return;
  if (bounds.size() != weights.size()) {
    throw Error("max_weights", std::to_string(bounds.size()) + " bounds",
                "one for each of the " + std::to_string(weights.size()) + " rows is needed, or none");
  }
  const double most = std::accumulate(bounds.begin(), bounds.end(), 0.0);
  const double mass = std::accumulate(weights.begin(), weights.end(), 0.0);
  if (most < mass) {
    throw Error("max_weights", formatted("sum {:g}", most), formatted("must not be below the mass {:g}", mass));
  }
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    if (bounds[i] > 0 && bounds[i] >= weights[i]) continue;
    throw Error("max_weights", formatted("{:g}", bounds[i]),
                formatted("row {} must have a bound above 0 and not below its weight {:g}", i, weights[i]));
  }
}

Survivors rows_of_positive_weight(std::span<const double> weights) {
  const auto count = std::size_t(std::count_if(weights.begin(), weights.end(), [](double w) { return w > 0; }));
  Survivors survivors;
  survivors.rows.resize(count);
  survivors.weights.resize(count);
  for (std::size_t i = 0, k = 0; i < weights.size(); ++i) {
    if (weights[i] <= 0) continue;
    survivors.rows[k] = Index(i);
    survivors.weights[k++] = weights[i];
  }
  return survivors;
}

std::vector<double> bounds_of(const Survivors& survivors, std::span<const double> max_weights) {
  std::vector<double> bounds;
  if (!max_weights.empty()) {
    for (const Index row : survivors.rows) bounds.push_back(max_weights[row]);
  }
  return bounds;
}

double expected_operations(double q, double n, double target, bool bounded) {
  const double halvings = bounded ? q / n : 1 + std::log2(std::max(1.0, q / std::max(target, n)));
  const double evaluations = !bounded && has_many_rows(std::size_t(q), std::size_t(n), std::size_t(target)) ? 1.2 : 2;
  return 2 * evaluations * q * n + (6 * halvings + 4) * n * n * n;
}

}  // namespace

MatrixRows::MatrixRows(std::span<const double> values, std::size_t features) : values_(values), features_(features) {
  if (features == 0) throw Error("features", "0", "at least one is needed");
  if (values.size() % features != 0) {
    throw Error("matrix", std::to_string(values.size()) + " values",
                "must be a multiple of the " + std::to_string(features) + " features");
  }
  const auto bad = std::find_if(values.begin(), values.end(), [](double x) { return !std::isfinite(x); });
  if (bad != values.end()) {
    throw Error("matrix", std::to_string(*bad),
                "row " + std::to_string(std::size_t(bad - values.begin()) / features) + " must be finite");
  }
}

void MatrixRows::evaluate(std::span<const Index> rows, const double* scale, double* out) const {
  const double* row[recombine_block];
  for (std::size_t k = 0; k < rows.size(); ++k) row[k] = values_.data() + std::size_t(rows[k]) * features_;
  for (std::size_t f = 0; f < features_; ++f, out += rows.size()) {
    for (std::size_t k = 0; k < rows.size(); ++k) out[k] = scale[k] * row[k][f];
  }
}

std::string Recombination::summary() const {
  return formatted("{} rows kept, rank {}, residual {:.1e}{}", support.size(), rank, residual,
                   exact() ? "" : formatted(", above the tolerance {:.1e}", tolerance));
}

Recombination recombine(const FeatureRows& rows, std::span<const double> weights, const RecombineOptions& options) {
  require_usable(rows, weights, options);
  require_bounds(weights, options.max_weights);
  const SingleThreadedBlas single_threaded;
  const std::size_t target = std::max<std::size_t>(options.target, 1);
  const bool bounded = !options.max_weights.empty();

  Recombination result;
  result.tolerance = options.tolerance;
  const auto run = [&] {
    Survivors alive = rows_of_positive_weight(weights);
    Pulse pulse(options.stop, options.progress,
                expected_operations(double(alive.size()), double(rows.features()), double(target), bounded));
    const std::vector<double> bounds = bounds_of(alive, options.max_weights);
    Reduced reduced =
        bounded ? reduce_in_box(rows, alive, bounds, target, pulse) : reduce_by_halves(rows, alive, target, pulse);
    result.rank = reduced.rank;
    if (!reduced.moments.empty()) {
      result.residual =
          refit(rows, alive.rows, alive.weights, bounds_of(alive, options.max_weights), reduced.moments, pulse);
    }
    result.support = std::move(alive.rows);
    result.weights = std::move(alive.weights);
  };
  if (options.threads > 0) {
    tbb::task_arena(arena_threads(options.threads)).execute(run);
  } else {
    run();
  }
  return result;
}

double recombine_memory(std::size_t rows, std::size_t features, const RecombineOptions& options) {
  const double q = double(rows), n = double(features), s = std::min(q, std::max(double(options.target), n));
  const double threads = options.threads > 0 ? options.threads : tbb::this_task_arena::max_concurrency();
  const bool many = options.max_weights.empty() && has_many_rows(rows, features, options.target);
  const double columns = many ? 16 * n : 2.5 * std::min(q, 2 * n);
  const double matrices = std::max(columns, 4 * s) * n + 16 * s + (300 + 64 * threads) * n;
  return q * (options.max_weights.empty() ? 12 : 20) + 8 * matrices + (q * n >= 0x1p20 ? 32768 * n : 0);
}

}  // namespace momentset
