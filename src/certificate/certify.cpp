#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "certificate/cell_moments.hpp"
#include "certificate/columns.hpp"
#include "certificate/companion_moments.hpp"
#include "certificate/hash.hpp"
#include "certificate/moments.hpp"
#include "certificate/probes.hpp"
#include "certificate/text.hpp"
#include "momentset/certificate.hpp"
#include "momentset/error.hpp"
#include "momentset/version.hpp"
#include "threads.hpp"

namespace momentset {
namespace {

using namespace certificate;

void require_rows(std::span<const Index> rows, std::size_t count) {
  if (rows.empty()) throw Error("rows", "none", "at least one is needed");
  std::vector<bool> seen(count, false);
  for (const Index row : rows) {
    if (row >= count) throw Error("rows", text(row), "must be below the number of input points, " + text(count));
    if (seen[row]) throw Error("rows", text(row), "must not be named twice");
    seen[row] = true;
  }
}

void require_output(const WeightedPoints& input, std::span<const Index> rows, std::span<const double> weights,
                    std::span<const double> coordinates) {
  require_rows(rows, input.size());
  if (weights.size() != rows.size()) {
    throw Error("weights", text(weights.size()) + " weights",
                "there must be one for each of " + text(rows.size()) + " rows");
  }
  for (const double weight : weights) {
    if (!std::isfinite(weight)) throw Error("weights", text(weight), "must be finite");
  }
  if (!coordinates.empty() && coordinates.size() != rows.size() * input.dimension) {
    throw Error("output coordinates", text(coordinates.size()) + " numbers",
                "must be " + text(input.dimension) + " for each of " + text(rows.size()) + " rows");
  }
  for (const double x : coordinates) {
    if (!std::isfinite(x)) throw Error("output coordinates", text(x), "must be finite");
  }
}

void require_tree(const CellTree& tree, const WeightedPoints& input) {
  if (tree.cells < 1 || tree.cells > input.size()) {
    throw Error("tree.cells", text(tree.cells), "must be between 1 and the number of points, " + text(input.size()));
  }
  if (tree.splits.size() != tree.cells - 1) {
    throw Error("tree.splits", text(tree.splits.size()), "must be one less than the cells, " + text(tree.cells));
  }
  for (const CellTree::Split& split : tree.splits) {
    if (split.axis >= input.dimension) {
      throw Error("tree.axes", text(split.axis), "must be below the dimension, " + text(input.dimension));
    }
    if (split.point >= input.size()) {
      throw Error("tree.points", text(split.point), "must be below the number of points, " + text(input.size()));
    }
  }
}

void require_options(const CertifyOptions& options, std::size_t dimension) {
  if (options.order < 0 || options.order > highest_order) {
    throw Error("order", text(options.order), "must be between 0 and " + text(highest_order));
  }
  const std::size_t own = monomial_count(dimension, options.order);
  if (own > most_monomials) {
    throw Error("order", text(options.order),
                "has more than " + text(most_monomials) + " monomials in " + text(dimension) + " coordinates");
  }
  if (companion_monomial_count(dimension, options.order, options.companions) > most_monomials - own) {
    throw Error("companions", text(options.companions.size()),
                "must add no more to the monomials than make " + text(most_monomials) + " in all");
  }
  if (!(options.mass_scale > 0) || !std::isfinite(options.mass_scale)) {
    throw Error("mass_scale", text(options.mass_scale), "must be positive and finite");
  }
  if (options.threads < 0) throw Error("threads", text(options.threads), "must not be negative");
}

std::vector<double> gather(const WeightedPoints& points, std::span<const Index> rows) {
  std::vector<double> coordinates;
  coordinates.reserve(rows.size() * points.dimension);
  for (const Index row : rows) {
    coordinates.insert(coordinates.end(), points.point(row), points.point(row) + points.dimension);
  }
  return coordinates;
}

std::size_t count_moved(const WeightedPoints& input, std::span<const Index> rows, const Selection& output) {
  std::size_t moved = 0;
  for (std::size_t j = 0; j < rows.size(); ++j) {
    moved += std::memcmp(input.point(rows[j]), output.point(j), input.dimension * sizeof(double)) != 0;
  }
  return moved;
}

// The smallest of the numbers (ascending) that at least the given fraction of them do not exceed.
double quantile(const std::vector<long double>& sorted, double fraction) {
  const auto rank = std::size_t(std::ceil(fraction * double(sorted.size())));
  return finite(sorted[std::max<std::size_t>(rank, 1) - 1]);
}

DiameterQuantiles quantiles(std::vector<long double> diameters) {
  std::sort(diameters.begin(), diameters.end());
  return {finite(diameters.front()), quantile(diameters, 0.5), quantile(diameters, 0.9), finite(diameters.back())};
}

// sum_cells mass * diameter^(K+1) / (K+1)!
double taylor_bound(const CellMeasures& cells, int order) {
  CompensatedSum sum;
  for (std::size_t l = 0; l < cells.masses.size(); ++l) {
    long double term = cells.masses[l];
    for (int k = 1; k <= order + 1; ++k) term *= cells.diameters[l] / k;
    sum.add(term);
  }
  return finite(sum.value());
}

void measure_weights(const Selection& output, const WeightSummary& input, double mass_scale, Certificate& result) {
  const WeightSummary weights = summarise_weights(output);
  result.mass_input = finite(input.mass);
  result.mass_output = finite(weights.mass);
  result.mass_expected = finite(input.mass * mass_scale);
  result.smallest_weight = weights.smallest;
  result.largest_weight = weights.largest;
  result.effective_sample_size = weights.effective_sample_size;
}

void measure_moments(const WeightedPoints& input, std::span<const Index> rows, const Selection& output,
                     const CertifyOptions& options, const Box& box, const ColumnMoments& columns, Certificate& result) {
  const Selection all = all_of(input, &options.stop);
  const Monomials monomials(input.dimension, options.order);
  const RowsByCell input_rows = group_by_cell(all, options.tree, input);
  const RowsByCell output_rows = group_by_cell(output, options.tree, input, rows);
  const CellMeasures cells =
      measure_cells(all, input_rows, output, output_rows, monomials, columns, options.mass_scale);
  const std::vector<double> global =
      options.tree.cells == 1  // which is the whole
          ? cells.residuals
          : monomials.worst_residuals(monomials.sums(all, box), monomials.sums(output, box), options.mass_scale);
  for (int k = 0; k <= options.order; ++k) {
    result.residuals.push_back({k, global[std::size_t(k)], cells.residuals[std::size_t(k)]});
  }
  result.companions = measure_companions(all, input_rows, output, output_rows, rows, options.companions, options.order,
                                         options.mass_scale);
  result.features = monomials.size() + companion_monomial_count(input.dimension, options.order, options.companions);
  result.tolerance = residual_tolerance(result.features);
  result.diameters = quantiles(cells.diameters);
  result.taylor_bound = taylor_bound(cells, options.order);
}

void measure(const WeightedPoints& input, std::span<const Index> rows, const Selection& output,
             const CertifyOptions& options, Certificate& result) {
  const Selection all = all_of(input, &options.stop);
  const WeightSummary weights = summarise_weights(all);
  const Box box = bounding_box(all);
  const ColumnMoments columns = column_moments(all, box, weights.mass);
  measure_weights(output, weights, options.mass_scale, result);
  measure_moments(input, rows, output, options, box, columns, result);
  result.probes = measure_probes(all, output, columns, options.seed);
}

}  // namespace

Certificate certify(const WeightedPoints& input, std::span<const Index> rows, std::span<const double> weights,
                    const CertifyOptions& options, std::span<const double> output_coordinates) {
  require_valid(input);
  require_valid(options.companions, input.size());
  require_output(input, rows, weights, output_coordinates);
  require_tree(options.tree, input);
  require_options(options, input.dimension);

  const std::vector<double> own = output_coordinates.empty() ? gather(input, rows) : std::vector<double>{};
  const Selection output{own.empty() ? output_coordinates.data() : own.data(), input.dimension, weights.data(), nullptr,
                         rows.size()};
  Certificate result;
  result.library_version = version;
  result.rows = input.size();
  result.size = rows.size();
  result.dimension = input.dimension;
  result.order = options.order;
  result.seed = options.seed;
  result.tree = options.tree;
  result.moved_points = count_moved(input, rows, output);
  result.input_hash = hash_input(all_of(input));
  result.output_hash = hash_output(rows, output);
  oneapi::tbb::task_arena arena(arena_threads(options.threads));
  arena.execute([&] { measure(input, rows, output, options, result); });
  return result;
}

}  // namespace momentset
