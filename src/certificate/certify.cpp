#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "certificate/cell_moments.hpp"
#include "certificate/columns.hpp"
#include "certificate/companion_moments.hpp"
#include "certificate/feature_columns.hpp"
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

void require_tree(const CellTree& tree, const WeightedPoints& input, std::size_t variables) {
  if (tree.cells < 1 || tree.cells > input.size()) {
    throw Error("tree.cells", text(tree.cells), "must be between 1 and the number of points, " + text(input.size()));
  }
  if (tree.splits.size() != tree.cells - 1) {
    throw Error("tree.splits", text(tree.splits.size()), "must be one less than the cells, " + text(tree.cells));
  }
  for (const CellTree::Split& split : tree.splits) {
    if (split.axis >= variables) {
      throw Error("tree.axes", text(split.axis), "must be below the dimension, " + text(variables));
    }
    if (split.point >= input.size()) {
      throw Error("tree.points", text(split.point), "must be below the number of points, " + text(input.size()));
    }
  }
}

void require_new_targets(const CertifyOptions& options, std::size_t rows) {
  const std::size_t columns = relabelled_columns(options.companions);
  if (options.new_targets.size() != rows * columns) {
    throw Error("new_targets", text(options.new_targets.size()) + " numbers",
                text(columns) + " for each of " + text(rows) + " rows are needed");
  }
  for (const double target : options.new_targets) {
    if (!std::isfinite(target)) throw Error("new_targets", text(target), "must be finite");
  }
}

void require_order(int order, const CertifyOptions& options, std::size_t dimension) {
  if (order < 0 || order > highest_order) {
    throw Error("order", text(order), "must be between 0 and " + text(highest_order));
  }
  const MonomialSet& monomials = options.features.monomials;
  const std::size_t own = monomial_count(dimension, order, monomials);
  if (own > most_monomials) {
    throw Error("order", text(order),
                "has more than " + text(most_monomials) + " monomials in " + text(dimension) + " coordinates");
  }
  if (companion_monomial_count(dimension, order, monomials, options.companions) > most_monomials - own) {
    throw Error("companions", text(options.companions.size()),
                "must add no more to the monomials than make " + text(most_monomials) + " in all");
  }
  if (options.features.columns() > most_monomials) {
    throw Error("features", text(options.features.columns()), "must be at most " + text(most_monomials));
  }
}

void require_groups(const CertifyOptions& options, const WeightedPoints& input) {
  require_valid(options.groups, input.size());
  if (options.group_claims.empty()) return;
  if (options.group_claims.size() != options.groups.count()) {
    throw Error("group_claims", text(options.group_claims.size()),
                "there must be one for each of the " + text(options.groups.count()) + " groups");
  }
  for (const GroupClaim& claim : options.group_claims) {
    require_order(claim.order, options, options.features.variables(input.dimension));
    require_tree(claim.tree, input, options.features.variables(input.dimension));
  }
}

void require_options(const CertifyOptions& options, const WeightedPoints& input) {
  require_valid(options.features, input.dimension, input.size());
  require_order(options.order, options, options.features.variables(input.dimension));
  require_tree(options.tree, input, options.features.variables(input.dimension));
  require_groups(options, input);
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

// sum_cells mass * diameter^(K+1) / (K+1)!
long double taylor_bound(const CellMeasures& cells, int order) {
  CompensatedSum sum;
  for (std::size_t l = 0; l < cells.masses.size(); ++l) {
    long double term = cells.masses[l];
    for (int k = 1; k <= order + 1; ++k) term *= cells.diameters[l] / k;
    sum.add(term);
  }
  return sum.value();
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

/// The input and the output, or what lies of them in one group, in the variables of the monomials.
struct Sides {
  const WeightedPoints& points;  ///< the whole input
  std::span<const Index> rows;   ///< input point that each point of the whole output is
  Selection input, output;
  Selection own_input, own_output;  ///< the whole in its own columns
  const MapColumns& map_columns;
};

/// What is measured in all points or in one group.
struct Inside {
  std::vector<OrderResidual> residuals;
  std::vector<CompanionResidual> companions;
  FeatureResidual map_columns;
  CellMeasures cells;
};

Inside measure_inside(const Sides& sides, const Monomials& monomials, const CellTree& tree,
                      const CertifyOptions& options, const ColumnMoments& columns) {
  const auto& [points, rows, input, output, own_input, own_output, map_columns] = sides;
  const RowsByCell input_rows = group_by_cell(input, tree, points);
  const RowsByCell output_rows = group_by_cell(output, tree, points, rows);
  Inside found;
  found.cells = measure_cells(input, input_rows, output, output_rows, monomials, columns, options.mass_scale);
  std::vector<double> global = found.cells.residuals;
  if (tree.cells > 1) {  // else the cell is the whole
    const Box box = bounding_box(input);
    global = monomials.worst_residuals(monomials.sums(input, box), monomials.sums(output, box), options.mass_scale);
  }
  for (int k = 0; k <= monomials.order(); ++k) {
    found.residuals.push_back({k, global[std::size_t(k)], found.cells.residuals[std::size_t(k)]});
  }
  found.companions =
      measure_companions(input, input_rows, output, output_rows, rows, options.companions, options.new_targets,
                         monomials.order(), options.features.monomials, options.mass_scale);
  if (map_columns.size() > 0) {
    found.map_columns = map_columns.residuals(own_input, input_rows, own_output, output_rows, options.mass_scale);
  }
  return found;
}

/// The largest of one kind, companions included.
template <class Residuals>
double worst(const Residuals& residuals, double Residuals::value_type::*kind, double least) {
  for (const auto& each : residuals) least = std::max(least, each.*kind);
  return least;
}

std::size_t features_of(std::size_t dimension, int order, const CertifyOptions& options) {
  const MonomialSet& monomials = options.features.monomials;
  return monomial_count(dimension, order, monomials) +
         companion_monomial_count(dimension, order, monomials, options.companions) + options.features.columns();
}

/// The whole is made of the groups: what is said of cells is said of those of all groups.
void measure_groups(const Sides& whole, const CertifyOptions& options, const ColumnMoments& columns, Inside& all,
                    long double& taylor, Certificate& result) {
  const GroupMembers members(options.groups);
  std::vector<Index> of_output;
  for (const Index row : whole.rows) of_output.push_back(options.groups.of_points[row]);
  std::vector<std::vector<Index>> kept(members.count());
  for (std::size_t j = 0; j < of_output.size(); ++j) kept[of_output[j]].push_back(Index(j));
  all.cells.diameters.clear();
  for (OrderResidual& residual : all.residuals) residual.cells = 0;
  for (CompanionResidual& residual : all.companions) residual.cells = 0;
  all.map_columns.cells = 0;
  taylor = 0;
  for (std::size_t g = 0; g < members.count(); ++g) {
    const GroupClaim claim = options.group_claims.empty() ? GroupClaim{options.order, {}} : options.group_claims[g];
    const std::span<const Index> inside = members.of(g);
    Sides sides = whole;
    sides.input = whole.input.at(inside.data(), inside.size());
    sides.output = whole.output.at(kept[g].data(), kept[g].size());
    const Inside found =
        measure_inside(sides, Monomials(whole.points.dimension, claim.order, options.features.monomials), claim.tree,
                       options, columns);
    GroupResidual group{options.groups.name(g), inside.size(), kept[g].size(), claim.order, claim.tree};
    group.mass_input = finite(summarise_weights(sides.input).mass);
    group.mass_output = finite(summarise_weights(sides.output).mass);
    group.global = worst(found.companions, &CompanionResidual::global,
                         worst(found.residuals, &OrderResidual::global, found.map_columns.global));
    group.cells = worst(found.companions, &CompanionResidual::cells,
                        worst(found.residuals, &OrderResidual::cells, found.map_columns.cells));
    all.map_columns.cells = std::max(all.map_columns.cells, found.map_columns.cells);
    for (std::size_t k = 0; k < std::min(all.residuals.size(), found.residuals.size()); ++k) {
      all.residuals[k].cells = std::max(all.residuals[k].cells, found.residuals[k].cells);
    }
    for (std::size_t k = 0; k < found.companions.size(); ++k) {
      all.companions[k].cells = std::max(all.companions[k].cells, found.companions[k].cells);
    }
    all.cells.diameters.insert(all.cells.diameters.end(), found.cells.diameters.begin(), found.cells.diameters.end());
    taylor += taylor_bound(found.cells, claim.order);
    result.tolerance =
        std::max(result.tolerance, residual_tolerance(features_of(whole.points.dimension, claim.order, options)));
    result.groups.push_back(std::move(group));
  }
}

void measure_moments(const Sides& whole, const CertifyOptions& options, const ColumnMoments& columns,
                     Certificate& result) {
  const WeightedPoints& input = whole.points;
  Inside all = measure_inside(whole, Monomials(input.dimension, options.order, options.features.monomials),
                              options.tree, options, columns);
  long double taylor = taylor_bound(all.cells, options.order);
  result.features = features_of(input.dimension, options.order, options);
  result.tolerance = residual_tolerance(result.features);
  if (!options.groups.empty()) measure_groups(whole, options, columns, all, taylor, result);
  result.residuals = all.residuals;
  result.companions = all.companions;
  result.map_columns = all.map_columns;
  result.diameters = quantiles(all.cells.diameters);
  result.taylor_bound = finite(taylor);
}

void measure(const WeightedPoints& input, std::span<const Index> rows, const Selection& output,
             const CertifyOptions& options, Certificate& result) {
  const Selection all = all_of(input, &options.stop);
  const WeightSummary weights = summarise_weights(all);
  const Box box = bounding_box(all);
  const ColumnMoments columns = column_moments(all, box, weights.mass);
  measure_weights(output, weights, options.mass_scale, result);
  const MapColumns map_columns(options.features, input, columns, options.seed);
  if (options.features.directions.empty()) {
    measure_moments({input, rows, all, output, all, output, map_columns}, options, columns, result);
  } else {
    const std::vector<double> before = along_directions(all, options.features);
    const std::vector<double> after = along_directions(output, options.features);
    const WeightedPoints directed{before, input.weights, options.features.variables(input.dimension)};
    Selection kept = output;
    kept.coordinates = after.data();
    kept.dimension = directed.dimension;
    const Selection every = all_of(directed, &options.stop);
    const ColumnMoments spreads = column_moments(every, bounding_box(every), weights.mass);
    measure_moments({directed, rows, every, kept, all, output, map_columns}, options, spreads, result);
  }
  result.probes = measure_probes(all, output, columns, options.seed);
}

}  // namespace

Certificate certify(const WeightedPoints& input, std::span<const Index> rows, std::span<const double> weights,
                    const CertifyOptions& options, std::span<const double> output_coordinates) {
  require_valid(input);
  require_valid(options.companions, input.size());
  require_output(input, rows, weights, output_coordinates);
  require_options(options, input);
  require_new_targets(options, rows.size());

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
  result.feature_map = options.features;
  result.moved_points = count_moved(input, rows, output);
  result.input_hash = hash_input(all_of(input));
  result.output_hash = hash_output(rows, output);
  if (relabelled_columns(options.companions) > 0) result.kind = "relabelled";
  oneapi::tbb::task_arena arena(arena_threads(options.threads));
  arena.execute([&] { measure(input, rows, output, options, result); });
  return result;
}

}  // namespace momentset
