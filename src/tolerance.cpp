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
                      std::span<const Index> rows, std::span<const double> weights, const CompressOptions& options) {
  constexpr std::size_t function_sets = 4;  // one set of 8 in a family may be an easy one
  const double mass = std::accumulate(distinct.weights.begin(), distinct.weights.end(), 0.0);
  const StandardisedColumns columns(options.companions, distinct.numbers, distinct.weights);
  // The functions are taken as they are, and multiplied by each column.
  const auto times = [&](std::size_t factor, std::span<const Index> numbers, std::span<const double> by) {
    std::vector<double> products(by.begin(), by.end());
    for (std::size_t k = 0; factor > 0 && k < products.size(); ++k) products[k] *= columns(factor - 1, numbers[k]);
    return products;
  };
  FamilyErrors squares{};
  for (std::size_t set = 0; set < function_sets; ++set) {
    const HeldOutProbes probes(points, distinct, scale, options.seed + 1 + set);
    std::vector<double> mean_squares(probes.size());
    for (std::size_t factor = 0; factor <= columns.size(); ++factor) {
      const std::vector<double> found = probes.sums(points, rows, times(factor, rows, weights), options.stop);
      const std::vector<double> truth =
          probes.sums(points, distinct.numbers, times(factor, distinct.numbers, distinct.weights), options.stop);
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
