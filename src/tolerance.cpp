#include "tolerance.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "held_out_probes.hpp"
#include "order_choice.hpp"
#include "standardised_columns.hpp"

namespace momentset {
namespace {

/// Predictions scatter: the size is chosen as if less were allowed.
constexpr double caution = 1.5;

}  // namespace

std::size_t size_for_tolerance(const WeightedPoints& points, const DistinctPoints& distinct,
                               std::span<const double> scale, const CompressOptions& options,
                               std::vector<OrderTrial>& trials) {
  const std::size_t kept = options.keep_rows.size(), most = distinct.numbers.size() + kept;
  CompressOptions sized = options;
  sized.tolerance.reset();
  const auto suffices = [&](std::size_t size) {
    sized.size = size;
    std::vector<OrderTrial> found = try_orders(points, distinct, scale, sized);
    const bool enough = best_of(found, &OrderTrial::largest_error).largest_error * caution <= *options.tolerance;
    if (enough) trials = std::move(found);
    return enough;
  };
  const auto features = [&](int order) { return feature_count(points.dimension, order, options); };
  // Whatever the order, a cell keeps as many points as there are moments of order 1.
  std::size_t enough = kept + features(1), too_few = enough / 2;
  if (options.order) enough = std::max(enough, kept + features(*options.order));
  while (enough < most && !suffices(enough)) too_few = enough, enough *= 2;
  if (enough >= most) return most;
  while (double(enough) > 1.1 * double(too_few) + 1) {
    const auto middle = std::size_t(std::sqrt(double(enough) * double(too_few)));
    if (middle <= too_few || middle >= enough || middle <= kept) break;
    if (middle < kept + features(options.order.value_or(0))) break;
    (suffices(middle) ? enough : too_few) = middle;
  }
  return enough;
}

double achieved_error(const WeightedPoints& points, const DistinctPoints& distinct, std::span<const double> scale,
                      std::span<const Survivor> survivors, std::span<const double> targets,
                      const CompressOptions& options) {
  constexpr std::size_t function_sets = 4;  // one set of 8 in a family may be an easy one
  const double mass = std::accumulate(distinct.weights.begin(), distinct.weights.end(), 0.0);
  const StandardisedColumns columns(options.companions, distinct.numbers, distinct.weights);
  const std::size_t relabelled = relabelled_columns(options.companions);
  std::vector<Index> rows;
  for (const Survivor& survivor : survivors) rows.push_back(survivor.row);
  // The functions are taken as they are, and multiplied by each column.
  const auto times = [&](std::size_t factor) {
    std::vector<double> products(distinct.weights.begin(), distinct.weights.end());
    for (std::size_t k = 0; factor > 0 && k < products.size(); ++k) {
      products[k] *= columns(factor - 1, distinct.numbers[k]);
    }
    return products;
  };
  const auto kept_times = [&](std::size_t factor) {
    std::vector<double> products;
    for (std::size_t k = 0; k < rows.size(); ++k) {
      const double* own = relabelled > 0 ? targets.data() + k * relabelled : nullptr;
      products.push_back(survivors[k].weight * (factor > 0 ? columns.kept(factor - 1, rows[k], own) : 1));
    }
    return products;
  };
  FamilyErrors squares{};
  for (std::size_t set = 0; set < function_sets; ++set) {
    const HeldOutProbes probes(points, distinct, scale, options.seed + 1 + set);
    std::vector<double> mean_squares(probes.size());
    for (std::size_t factor = 0; factor <= columns.size(); ++factor) {
      const std::vector<double> found = probes.sums(points, rows, kept_times(factor), options.stop);
      const std::vector<double> truth = probes.sums(points, distinct.numbers, times(factor), options.stop);
      for (std::size_t f = 0; f < found.size(); ++f) {
        const double error = (found[f] - truth[f]) / mass;
        mean_squares[f] += error * error / double(1 + columns.size());
      }
    }
    const FamilyErrors errors = probes.errors(mean_squares);
    for (std::size_t k = 0; k < probe_families; ++k) squares[k] += errors[k] * errors[k] / function_sets;
  }
  for (double& each : squares) each = std::sqrt(each);
  return largest_error(squares, options.smoothness);
}

std::size_t enlarged(std::size_t size, double error, double tolerance, const Plan& plan) {
  const double exponent = double(plan.order + 1) / double(plan.dimension) + 0.5;
  const double factor = std::clamp(std::pow(error / tolerance, 1 / exponent), 1.1, 4.0);
  return std::size_t(std::ceil(double(size) * factor));
}

}  // namespace momentset
