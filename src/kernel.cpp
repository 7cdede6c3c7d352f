#include "momentset/kernel.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include "blas.hpp"
#include "kernel/constraints.hpp"
#include "kernel/exchange.hpp"
#include "kernel/gaussian.hpp"
#include "kernel/herding.hpp"
#include "kernel/means.hpp"
#include "kernel/sample.hpp"
#include "kernel/standardisation.hpp"
#include "momentset/error.hpp"

namespace momentset {
namespace {

using namespace kernel;

constexpr Mixture herding_mixture{1, 0.3, 0.3};
constexpr std::size_t least_candidates = 8192, candidates_per_point = 16;
constexpr double least_ridge = 1e-3, ridged_size = 256;  // beyond which the ridge grows with the size
constexpr double most_ridge = 1e4, ridge_growth = 8;
constexpr int rounds_of_exchange = 10, rounds_after_growth = 3;

void require_usable(const WeightedPoints& points, const KernelOptions& options) {
  require_valid(points);
  require_valid(options.companions, points.size());
  if (relabelled_columns(options.companions) > 0) throw Error("companions", "", "must have values that do not change");
  if (options.size == 0) throw Error("size", "0", "must be at least 1");
  if (options.scale.size() != points.dimension) {
    throw Error("scale", std::to_string(options.scale.size()) + " factors",
                "there must be one for each of " + std::to_string(points.dimension) + " columns");
  }
  for (const double factor : options.scale) {
    if (!(factor >= 0) || !std::isfinite(factor)) throw Error("scale", std::to_string(factor), "must be finite, >= 0");
  }
  if (options.order && (*options.order < 0 || *options.order > highest_kernel_order)) {
    throw Error("order", std::to_string(*options.order),
                "must be between 0 and " + std::to_string(highest_kernel_order) + " beside kernel means");
  }
  if (!(options.least_effective_share >= 0 && options.least_effective_share <= 1)) {
    throw Error("least_effective_share", std::to_string(options.least_effective_share), "must be between 0 and 1");
  }
}

/// What the search is made with, whatever the order.
struct Setting {
  Standardisation standardisation;
  std::vector<Index> rows;  // the candidates, in random order, and the ends of the columns
  std::vector<Index> rank_rows;
  KernelPoints candidates;

  Setting(const WeightedPoints& points, const KernelOptions& options)
      : standardisation(points, options.scale, options.stop),
        rows(priority_sample(points, std::max(least_candidates, candidates_per_point * options.size), options.seed)
                 .rows),
        rank_rows(ends(points, standardisation, options)),
        candidates(standardisation, points, with_ends(rows, rank_rows)) {}

 private:
  static std::vector<Index> ends(const WeightedPoints& points, const Standardisation& standardisation,
                                 const KernelOptions& options) {
    std::vector<Index> all = ends_of_columns(points, standardisation.columns);
    for (const Companions& each : options.companions) {
      const std::vector<Index> more = ends_of_columns(points, each);
      all.insert(all.end(), more.begin(), more.end());
    }
    return all;
  }

  /// Adds the ends to both lists: a column that is constant on all candidates could not be kept exactly.
  static const std::vector<Index>& with_ends(std::vector<Index>& rows, std::vector<Index>& ends) {
    std::vector<Index> sorted(rows);
    std::sort(sorted.begin(), sorted.end());
    std::vector<Index> missing(ends);
    std::sort(missing.begin(), missing.end());
    missing.erase(std::unique(missing.begin(), missing.end()), missing.end());
    std::erase_if(missing, [&](Index row) { return std::binary_search(sorted.begin(), sorted.end(), row); });
    ends.insert(ends.end(), rows.begin(), rows.end());
    rows.insert(rows.end(), missing.begin(), missing.end());
    return rows;
  }
};

/// Reports how far the search has come.
class Progress {
 public:
  Progress(const KernelOptions& options, double steps) : options_(options), steps_(steps) {}
  void advance(double steps) {
    done_ += steps;
    if (options_.progress) options_.progress(std::min(1.0, done_ / steps_));
  }

 private:
  const KernelOptions& options_;
  double steps_, done_ = 0;
};

bool reaches(double effective, const KernelOptions& options) {
  return effective >= options.least_effective_share * double(options.size) * (1 - 1e-12);
}

/// Raises the ridge, and exchanges points under it, until the weights are as equal as was asked for or no more can be
/// had; then lowers it again as far as these points allow.
Chosen made_more_equal(Exchange& exchange, Chosen chosen, const KernelOptions& options) {
  constexpr int halvings = 6;
  while (!reaches(chosen.effective(), options) && exchange.ridge() < most_ridge) {
    exchange.set_ridge(exchange.ridge() * ridge_growth);
    const Chosen next = exchange.rounds(chosen.places, rounds_after_growth, [] {});
    if (next.places.size() == chosen.places.size()) chosen = next;
  }
  if (!reaches(chosen.effective(), options)) return chosen;
  double low = std::log(exchange.ridge() / ridge_growth), high = std::log(exchange.ridge());
  for (int halving = 0; halving < halvings; ++halving) {
    const double middle = (low + high) / 2;
    exchange.set_ridge(std::exp(middle));
    const Chosen less = exchange.weighted(chosen.places);
    const bool enough = less.places.size() == chosen.places.size() && reaches(less.effective(), options);
    if (enough) chosen = less;
    (enough ? high : low) = middle;
  }
  exchange.set_ridge(std::exp(high));
  return chosen;
}

/// The highest order up to which residuals are rounding errors; -1 if none.
int order_kept(const Residuals& residuals, int order, std::size_t features) {
  constexpr double units = 64;  // as many as the certificate allows
  const double allowed = units * double(features) * std::numeric_limits<double>::epsilon();
  int kept = -1;
  while (kept < order && residuals[std::size_t(kept + 1)] <= allowed) ++kept;
  return kept;
}

/// The points in ascending order, with weights that sum to the mass.
void take(const Chosen& chosen, std::span<const Index> rows, long double mass, KernelSelection& result) {
  std::vector<std::size_t> order(chosen.places.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return rows[chosen.places[a]] < rows[chosen.places[b]]; });
  result.rows.clear();
  result.weights.clear();
  for (const std::size_t k : order) {
    result.rows.push_back(rows[chosen.places[k]]);
    result.weights.push_back(double(chosen.weights[k] * mass));
  }
  result.effective_sample_size = effective_size(result.weights);
}

std::vector<Index> rows_of(const Chosen& chosen, std::span<const Index> rows) {
  std::vector<Index> list;
  for (const std::size_t k : chosen.places) list.push_back(rows[k]);
  return list;
}

/// The weights by exact means at the rows chosen: where K has small eigenvalues, weights follow every error of the
/// means estimated at all candidates. A hundredth of what they were keeps each above 0, and all moments as they are.
void weigh_by_exact_means(const WeightedPoints& points, const Setting& setting, const KernelOptions& options,
                          Exchange& exchange, Chosen& chosen) {
  constexpr double kept = 0.01;
  const KernelPoints places(setting.standardisation, points, rows_of(chosen, setting.rows));
  exchange.set_means(chosen.places,
                     exact_means(points, setting.standardisation, places, options.stop).of(weight_mixture));
  const Chosen exact = exchange.weighted(chosen.places);
  for (double& weight : chosen.weights) weight *= kept;
  for (std::size_t k = 0, j = 0; k < chosen.places.size() && j < exact.places.size(); ++k) {
    if (chosen.places[k] == exact.places[j]) chosen.weights[k] += (1 - kept) * exact.weights[j++];
  }
}

/// Steps 4 to 6 at one order.
KernelSelection search(const WeightedPoints& points, const Setting& setting, const std::vector<std::size_t>& herded,
                       std::span<const double> means, int order, const KernelOptions& options, Progress& progress) {
  const MomentConstraints constraints(points, setting.standardisation, order, options.companions, setting.rank_rows,
                                      options.stop);
  const double ridge = least_ridge * std::max(1.0, double(options.size) / ridged_size);
  Exchange exchange(setting.candidates, means, constraints, setting.rows, options.size, ridge, options.stop);
  KernelSelection result;
  Chosen chosen = exchange.rounds(herded, rounds_of_exchange, [&] {
    ++result.rounds;
    progress.advance(1);
  });
  weigh_by_exact_means(points, setting, options, exchange, chosen);
  if (!reaches(chosen.effective(), options)) chosen = made_more_equal(exchange, std::move(chosen), options);
  const Residuals residuals = constraints.refine(rows_of(chosen, setting.rows), chosen.weights);
  result.features = constraints.features();
  result.rank = constraints.rank();
  result.order = order_kept(residuals, order, result.features);
  for (int k = 0; k <= result.order; ++k) result.residual = std::max(result.residual, residuals[std::size_t(k)]);
  result.ridge = exchange.ridge();
  take(chosen, setting.rows, mass_of(points), result);
  return result;
}

/// Where none has to go: all points of positive weight, as they are.
KernelSelection everything(const WeightedPoints& points, int order, const KernelOptions& options) {
  const Standardisation standardisation(points, options.scale, options.stop);
  KernelSelection result;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (points.weight(i) <= 0) continue;
    result.rows.push_back(Index(i));
    result.weights.push_back(points.weight(i));
  }
  const MomentConstraints constraints(points, standardisation, order, options.companions, result.rows, options.stop);
  result.order = order;
  result.features = constraints.features();
  result.rank = constraints.rank();
  result.effective_sample_size = effective_size(result.weights);
  return result;
}

std::size_t positive_weights(const WeightedPoints& points) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < points.size(); ++i) count += points.weight(i) > 0;
  return count;
}

}  // namespace

int kernel_order(std::size_t dimension, std::size_t size, std::span<const Companions> companions) {
  constexpr std::size_t most_columns = 10;
  if (dimension <= most_columns && 3 * kernel::feature_count(dimension, 2, companions) <= size) return 2;
  return 2 * kernel::feature_count(dimension, 1, companions) <= size ? 1 : 0;
}

KernelSelection kernel_exchange(const WeightedPoints& points, const KernelOptions& options) {
  require_usable(points, options);
  const SingleThreadedBlas single;
  const auto columns =
      std::size_t(std::count_if(options.scale.begin(), options.scale.end(), [](double factor) { return factor > 0; }));
  int order = options.order.value_or(kernel_order(columns, options.size, options.companions));
  if (positive_weights(points) <= options.size) return everything(points, order, options);
  const std::size_t needed = kernel::feature_count(columns, order, options.companions);
  if (needed > options.size) {
    throw Error("size", std::to_string(options.size),
                "order " + std::to_string(order) + " in " + std::to_string(columns) +
                    " columns needs a size of at least " + std::to_string(needed));
  }
  constexpr double steps_of_means = 4, steps_of_herding = 2;
  Progress progress(options, steps_of_means + steps_of_herding + rounds_of_exchange);
  const Setting setting(points, options);
  const KernelMeans means =
      kernel_means(points, setting.standardisation, setting.rows, setting.candidates, options.seed, options.stop);
  progress.advance(steps_of_means);
  const std::vector<std::size_t> herded =
      herd(setting.candidates, means.of(herding_mixture), herding_mixture, options.size, options.stop);
  progress.advance(steps_of_herding);
  const std::vector<double> means_for_weights = means.of(weight_mixture);
  for (;; --order) {
    KernelSelection found = search(points, setting, herded, means_for_weights, order, options, progress);
    if (found.order >= order || order == 0) return found;
  }
}

}  // namespace momentset
