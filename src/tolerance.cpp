#include "tolerance.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "held_out_probes.hpp"
#include "order_choice.hpp"
#include "partition/blocks.hpp"

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
  // Whatever the order, a cell keeps as many points as there are moments of order 1.
  std::size_t enough = kept + points.dimension + 1, too_few = enough / 2;
  if (options.order) enough = std::max(enough, kept + feature_count(points.dimension, *options.order));
  while (enough < most && !suffices(enough)) too_few = enough, enough *= 2;
  if (enough >= most) return most;
  while (double(enough) > 1.1 * double(too_few) + 1) {
    const auto middle = std::size_t(std::sqrt(double(enough) * double(too_few)));
    if (middle <= too_few || middle >= enough || middle <= kept) break;
    if (options.order && middle < kept + feature_count(points.dimension, *options.order)) break;
    (suffices(middle) ? enough : too_few) = middle;
  }
  return enough;
}

double achieved_error(const WeightedPoints& points, const DistinctPoints& distinct, std::span<const double> scale,
                      std::span<const Index> rows, std::span<const double> weights, const CompressOptions& options) {
  constexpr std::size_t block = 4096, function_sets = 4;
  const std::size_t m = points.dimension, q = distinct.numbers.size();
  const auto gathered = [&](std::span<const Index> numbers) {
    std::vector<double> coordinates;
    coordinates.reserve(numbers.size() * m);
    for (const Index i : numbers) coordinates.insert(coordinates.end(), points.point(i), points.point(i) + m);
    return coordinates;
  };
  PointSet some{{}, {}, m};
  const std::size_t step = std::max<std::size_t>(1, q / block);
  std::vector<Index> numbers;
  for (std::size_t k = 0; k < q; k += step) {
    numbers.push_back(distinct.numbers[k]);
    some.weights.push_back(distinct.weights[k]);
  }
  some.coordinates = gathered(numbers);
  const double mass = std::accumulate(distinct.weights.begin(), distinct.weights.end(), 0.0);
  const std::vector<double> kept = gathered(rows);

  FamilyErrors squares{};  // by family, mean over sets of functions: one set of 8 may be an easy one
  for (std::size_t set = 0; set < function_sets; ++set) {
    const HeldOutProbes probes(some.view(), scale, options.seed + 1 + set);
    std::vector<std::vector<double>> parts((q + block - 1) / block, std::vector<double>(probes.size()));
    for_blocks(q, block, options.stop, [&](std::size_t b, std::size_t begin, std::size_t end) {
      const std::vector<double> x = gathered(std::span(distinct.numbers).subspan(begin, end - begin));
      std::vector<double> negative;
      for (std::size_t k = begin; k < end; ++k) negative.push_back(-distinct.weights[k]);
      probes.add(x.data(), negative.data(), end - begin, parts[b]);
    });
    std::vector<double> sums(probes.size());
    probes.add(kept.data(), weights.data(), rows.size(), sums);
    for (std::size_t f = 0; f < sums.size(); ++f) {
      for (const std::vector<double>& part : parts) sums[f] += part[f];
      sums[f] *= sums[f] / (mass * mass);
    }
    const FamilyErrors errors = probes.errors(sums);
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
