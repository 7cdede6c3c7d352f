#include "momentset/recombine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "momentset/error.hpp"
#include "recombine/blas.hpp"
#include "recombine/group_means.hpp"
#include "recombine/refit.hpp"
#include "recombine/tableau.hpp"

namespace momentset {
namespace {

/// The rows still alive and their weights, shrinking from round to round.
struct Survivors {
  std::vector<Index> rows;
  std::vector<double> weights;  // > 0

  std::size_t size() const { return rows.size(); }

  /// Gives the groups, which end with the last row, their new masses.
  void apply(const Groups& groups, const std::vector<double>& masses) {
    const std::size_t first = rows.size() - groups.begin.back();
    std::size_t kept = first;
    for (std::size_t g = 0; g < groups.size(); ++g) {
      if (masses[g] == 0) continue;
      const double factor = masses[g] / groups.masses[g];
      for (std::size_t k = first + groups.begin[g]; k < first + groups.begin[g + 1]; ++k, ++kept) {
        rows[kept] = rows[k];
        weights[kept] = weights[k] * factor;
      }
    }
    rows.resize(kept);
    weights.resize(kept);
  }
};

/// How one round sees the survivors: the last `rows` of them in `groups` groups.
struct Round {
  std::size_t rows = 0;
  std::size_t groups = 0;

  bool single_rows() const { return rows == groups; }
};

/// Halving 2n groups is the cheapest way down while groups of several rows can be dropped without going below the
/// target; then single rows, no more of them than it takes.
Round plan_round(std::size_t alive, std::size_t target, std::size_t n) {
  const std::size_t excess = alive - target, groups = std::min(alive, 2 * n);
  const std::size_t largest = (alive + groups - 1) / groups;
  if (largest == 1 || excess / largest >= std::max<std::size_t>(1, n / 4)) return {alive, groups};
  const std::size_t single = std::min(alive, n + std::min(n, excess));
  return {single, single};
}

Survivors positive_rows(std::span<const double> weights) {
  Survivors survivors;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] <= 0) continue;
    survivors.rows.push_back(Index(i));
    survivors.weights.push_back(weights[i]);
  }
  return survivors;
}

/// The survivors as of now, in the last round.rows of them grouped.
Groups grouped(const FeatureRows& rows, const Survivors& alive, const Round& round) {
  const std::size_t first = alive.size() - round.rows;
  return group_means(rows, std::span(alive.rows).subspan(first), std::span(alive.weights).subspan(first), round.groups);
}

/// Drops groups until the target is reached or only as many are left as the walk needs. Returns the features' rank.
std::size_t reduce(Survivors& alive, Groups& groups, std::size_t n, std::size_t target, bool by_rank) {
  Tableau tableau =
      by_rank ? tableau_by_qr(groups.means, groups.size(), n) : tableau_by_lu(groups.means, groups.size(), n);
  std::vector<double> masses = groups.masses;
  std::vector<std::size_t> costs(groups.size());
  for (std::size_t g = 0; g < groups.size(); ++g) costs[g] = groups.rows_of(g);
  walk_to_vertex(tableau, masses, costs, alive.size() - target);
  alive.apply(groups, masses);
  return tableau.rank;
}

void require_usable(const FeatureRows& rows, std::span<const double> weights) {
  if (weights.size() != rows.rows()) {
    throw Error("weights", std::to_string(weights.size()) + " weights",
                "one for each of the " + std::to_string(rows.rows()) + " rows is needed");
  }
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] >= 0 && std::isfinite(weights[i])) continue;
    throw Error("weights", std::to_string(weights[i]), "row " + std::to_string(i) + " must be finite and not negative");
  }
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
  for (std::size_t k = 0; k < rows.size(); ++k) {
    const double* row = values_.data() + std::size_t(rows[k]) * features_;
    for (std::size_t f = 0; f < features_; ++f) out[f * rows.size() + k] = scale[k] * row[f];
  }
}

std::string Recombination::summary() const {
  return fmt::format("{} rows kept, rank {}, residual {:.1e}", support.size(), rank, residual);
}

Recombination recombine(const FeatureRows& rows, std::span<const double> weights, const RecombineOptions& options) {
  require_usable(rows, weights);
  const SingleThreadedBlas single_threaded;
  const std::size_t n = rows.features();
  const std::size_t target = std::max<std::size_t>(options.target, 1);

  Survivors alive = positive_rows(weights);
  Recombination result;
  result.rank = std::min(alive.size(), n);
  std::vector<double> moments;
  bool at_rank = false;
  while (alive.size() > target && !at_rank) {
    const Round round = plan_round(alive.size(), target, n);
    const bool everything = round.rows == alive.size();
    Groups groups = grouped(rows, alive, round);
    if (moments.empty()) {
      moments = everything ? groups.moments : grouped(rows, alive, {alive.size(), 2 * n}).moments;
    }
    // Only at single rows does the rank decide how far down it goes; until then dependent groups do no harm.
    at_rank = round.single_rows() && everything && target < n;
    result.rank = reduce(alive, groups, n, target, at_rank);
  }
  if (!moments.empty()) result.residual = refit(rows, alive.rows, alive.weights, moments);
  result.support = std::move(alive.rows);
  result.weights = std::move(alive.weights);
  return result;
}

}  // namespace momentset
