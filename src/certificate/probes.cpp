#include "certificate/probes.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "certificate/parallel.hpp"
#include "certificate/probe_functions.hpp"
#include "certificate/random_subsets.hpp"

namespace momentset::certificate {
namespace {

constexpr std::size_t block_points = 32;
constexpr long double largest_z = 0x1p20;  // further out the probes are constant: rounding would swamp their argument

using Means = std::array<double, probe_count>;

// z = (x - mean) / deviation, 0 in constant columns.
void standardise(const double* x, const ColumnMoments& columns, double* z) {
  for (std::size_t axis = 0; axis < columns.mean.size(); ++axis) {
    const long double deviation = columns.deviation[axis];
    const long double exact = deviation > 0 ? (x[axis] - columns.mean[axis]) / deviation : 0;
    z[axis] = static_cast<double>(std::clamp(exact, -largest_z, largest_z));
  }
}

// A power of two that brings the weights to order 1, so that their products neither overflow nor vanish.
long double weight_unit(const WeightSummary& weights) {
  const double largest = std::max(std::fabs(weights.smallest), std::fabs(weights.largest));
  return largest > 0 ? std::ldexp(1.0L, -std::ilogb(largest)) : 1.0L;
}

Means means_of(const ProbeSums& sums, long double mass) {
  Means means{};
  for (std::size_t f = 0; f < probe_count && mass != 0; ++f) {
    means[f] = finite((static_cast<long double>(sums.sum[f]) + sums.error[f]) / mass);
  }
  return means;
}

double rms_of_family(const Means& means, const Means& truth, std::size_t family) {
  long double squares = 0;
  for (std::size_t f = family * functions_per_family; f < (family + 1) * functions_per_family; ++f) {
    const long double error = static_cast<long double>(means[f]) - truth[f];
    squares += error * error;
  }
  return finite(std::sqrt(squares / functions_per_family));
}

double random_rms_of_family(const ProbeSums& sums, const Means& truth, std::size_t family) {
  double total = 0;
  for (std::size_t r = 0; r < random_subsets && !sums.subset.empty(); ++r) {
    Means means{};
    for (std::size_t f = 0; f < probe_count && sums.subset_mass[r] != 0; ++f) {
      means[f] = sums.subset[r * probe_count + f] / sums.subset_mass[r];
    }
    total += rms_of_family(means, truth, family);
  }
  return total / random_subsets;
}

std::vector<Index> positive_rows(const Selection& points) {
  std::vector<Index> rows;
  for (std::size_t k = 0; k < points.size; ++k) {
    if (points.weight(k) > 0) rows.push_back(Index(k));
  }
  return rows;
}

std::vector<ProbeError> list_families(const Means& truth, const Means& coreset, const ProbeSums& sums) {
  std::vector<ProbeError> errors;
  const auto list = [&](const char* name, double scale) {
    const std::size_t family = errors.size();
    errors.push_back({name, scale, int(functions_per_family), rms_of_family(coreset, truth, family),
                      random_rms_of_family(sums, truth, family)});
  };
  for (const double length : cosine_lengths) list("cosine", length);
  for (const double slope : sigmoid_slopes) list("sigmoid", slope);
  return errors;
}

}  // namespace

ProbeSums sum_probes(const Selection& points, const ColumnMoments& columns, const ProbeFunctions& functions,
                     long double unit, const SubsetMask& mask) {
  const std::size_t m = points.dimension;
  const auto add = [&](ProbeSums& sums, std::size_t begin, std::size_t end) {
    std::vector<double> z(block_points * m), values(block_points * probe_count);
    double weights[block_points];
    std::uint32_t masks[block_points];
    for (; begin < end; begin += block_points) {
      const std::size_t count = std::min(block_points, end - begin);
      for (std::size_t i = 0; i < count; ++i) {
        standardise(points.point(begin + i), columns, z.data() + i * m);
        weights[i] = static_cast<double>(points.weight(begin + i) * unit);
        if (mask) masks[i] = mask(begin + i);
      }
      evaluate_probes(functions, z.data(), count, values.data());
      sums.add(values.data(), weights, mask ? masks : nullptr, count);
    }
  };
  ProbeSums nothing;
  if (mask) nothing.subset.resize(random_subsets * probe_count), nothing.subset_mass.resize(random_subsets);
  return reduce(points, nothing, add, [](ProbeSums& left, const ProbeSums& right) { left.join(right); });
}

std::vector<ProbeError> probe_errors(const ProbeSums& input, long double input_mass, const ProbeSums& output,
                                     long double output_mass) {
  return list_families(means_of(input, input_mass), means_of(output, output_mass), input);
}

std::vector<ProbeError> measure_probes(const Selection& input, const Selection& output, const ColumnMoments& columns,
                                       std::uint64_t seed) {
  const WeightSummary before = summarise_weights(input), after = summarise_weights(output);
  const std::vector<Index> rows = before.smallest > 0 ? std::vector<Index>{} : positive_rows(input);
  const Selection positive = rows.empty() ? input : input.at(rows.data(), rows.size());

  std::optional<RandomSubsets> subsets;  // of all the rows there is only one subset, without an error
  if (output.size < positive.size) subsets.emplace(positive.size, output.size, seed);

  const ProbeFunctions functions = draw_probe_functions(input.dimension, seed);
  const long double unit_before = weight_unit(before), unit_after = weight_unit(after);
  SubsetMask mask;
  if (subsets) mask = [&](std::size_t k) { return subsets->mask(k); };
  return probe_errors(sum_probes(positive, columns, functions, unit_before, mask), before.mass * unit_before,
                      sum_probes(output, columns, functions, unit_after, {}), after.mass * unit_after);
}

double rms_of_all(const std::vector<ProbeError>& probes, double ProbeError::*error) {
  long double squares = 0;
  int functions = 0;
  for (const ProbeError& probe : probes) {
    const long double rms = probe.*error;
    squares += probe.functions * rms * rms;
    functions += probe.functions;
  }
  return functions == 0 ? 0.0 : static_cast<double>(std::sqrt(squares / functions));
}

}  // namespace momentset::certificate
