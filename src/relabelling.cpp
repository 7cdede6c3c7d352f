#include "relabelling.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "blas.hpp"
#include "certificate/cell_moments.hpp"
#include "local_features.hpp"
#include "recombine/sums.hpp"
#include "threads.hpp"

namespace momentset {
namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();

/// Features up to an order, by number.
std::vector<std::size_t> features_up_to(int order, const PolynomialBasis& basis) {
  std::vector<std::size_t> features;
  for (std::size_t f = 0; f < basis.size(); ++f) {
    if (basis.order_of(f) <= order) features.push_back(f);
  }
  return features;
}

/// Some features of the points kept, s x n column-major.
std::vector<double> values_of(const LocalFeatures& rows, std::span<const Index> kept,
                              std::span<const std::size_t> features) {
  const std::size_t s = kept.size();
  std::vector<double> values(s * features.size()), block(rows.features() * recombine_block);
  const std::vector<double> ones(recombine_block, 1.0);
  for (std::size_t first = 0; first < s; first += recombine_block) {
    const std::size_t count = std::min(recombine_block, s - first);
    rows.evaluate(kept.subspan(first, count), ones.data(), block.data());
    for (std::size_t f = 0; f < features.size(); ++f) {
      std::copy_n(block.data() + features[f] * count, count, values.data() + f * s + first);
    }
  }
  return values;
}

/// Sums of weight times target times feature over the cell.
struct Sums {
  std::vector<double> values;
  double size = 0;  // sum of the magnitudes of weight times target
};

Sums sums_over(const LocalFeatures& rows, std::span<const double> factors, std::span<const std::size_t> features) {
  const std::size_t n = rows.features();
  std::vector<double> block(n * recombine_block), sums(n), errors(n);
  std::vector<Index> list(recombine_block);
  for (std::size_t first = 0; first < factors.size(); first += recombine_block) {
    const std::size_t count = std::min(recombine_block, factors.size() - first);
    std::iota(list.begin(), list.end(), Index(first));
    rows.evaluate(std::span(list).first(count), factors.data() + first, block.data());
    add_across(block.data(), n, count, sums.data(), errors.data());
  }
  Sums found;
  for (const std::size_t f : features) found.values.push_back(sums[f] + errors[f]);
  for (const double factor : factors) found.size += std::abs(factor);
  return found;
}

/// The system of one order in the variables sqrt(c') y': its rows are features, scaled to length 1.
class System {
 public:
  /// @param values s x n, column-major
  System(std::vector<double> values, std::span<const double> weights)
      : s_(weights.size()), n_(values.size() / s_), values_(std::move(values)), weights_(weights), lengths_(n_) {
    for (const double weight : weights) roots_.push_back(std::sqrt(weight));
    factorise();
  }

  /// Values with these sums at the points, of the least weighted norm; `exact` says whether the sums are kept.
  std::vector<double> solve(const Sums& wanted, bool& exact) const {
    constexpr int rounds = 3;
    const double allowed = 64 * double(n_) * epsilon;  // as the certificate has it
    std::vector<double> solution(s_, 0.0), best = solution;
    double least = 0;
    std::vector<double> missing = wanted.values;
    for (int round = 0; round < rounds; ++round) {
      const std::vector<double> change = least_norm(missing);
      for (std::size_t j = 0; j < s_; ++j) solution[j] += change[j];
      missing = left(solution, wanted.values);
      const double residual = worst(missing, wanted.size);
      if (round > 0 && !(residual < least)) break;
      least = residual;
      best = solution;
    }
    exact = least <= allowed;
    return best;
  }

 private:
  void factorise() {
    std::vector<double> matrix(values_);
    for (std::size_t f = 0; f < n_; ++f) {
      double* column = matrix.data() + f * s_;
      for (std::size_t j = 0; j < s_; ++j) column[j] *= roots_[j];
      lengths_[f] = cblas_dnrm2(int(s_), column, 1);
      if (lengths_[f] > 0) cblas_dscal(int(s_), 1 / lengths_[f], column, 1);
    }
    const int height = int(s_), width = int(n_);
    const std::size_t least = std::min(s_, n_);
    std::vector<double> tau(least);
    pivots_.assign(n_, 0);
    double best = 0;
    int query = -1, info = 0;
    dgeqp3_(&height, &width, matrix.data(), &height, pivots_.data(), tau.data(), &best, &query, &info);
    const int length = int(best);
    std::vector<double> work(static_cast<std::size_t>(length));
    dgeqp3_(&height, &width, matrix.data(), &height, pivots_.data(), tau.data(), work.data(), &length, &info);
    while (rank_ < least && std::abs(matrix[rank_ * s_ + rank_]) > double(n_) * epsilon) ++rank_;
    upper_.resize(rank_ * rank_);
    for (std::size_t f = 0; f < rank_; ++f) {
      std::copy_n(matrix.data() + f * s_, f + 1, upper_.data() + f * rank_);
    }
    const int rank = int(rank_);
    if (rank == 0) return;
    dorgqr_(&height, &rank, &rank, matrix.data(), &height, tau.data(), &best, &query, &info);
    work.resize(std::size_t(best));
    const int wanted = int(best);
    dorgqr_(&height, &rank, &rank, matrix.data(), &height, tau.data(), work.data(), &wanted, &info);
    orthonormal_.assign(matrix.begin(), matrix.begin() + std::ptrdiff_t(s_ * rank_));
  }

  /// With A P = Q R: the y' of least norm with A' sqrt(c') y' = sums is Q R^-T P' sums, over sqrt(c').
  std::vector<double> least_norm(const std::vector<double>& sums) const {
    std::vector<double> y(rank_), found(s_, 0.0);
    for (std::size_t k = 0; k < rank_; ++k) {
      const auto f = std::size_t(pivots_[k] - 1);
      y[k] = sums[f] / lengths_[f];
    }
    const int rank = int(rank_);
    if (rank == 0) return found;
    cblas_dtrsv(CblasColMajor, CblasUpper, CblasTrans, CblasNonUnit, rank, upper_.data(), rank, y.data(), 1);
    cblas_dgemv(CblasColMajor, CblasNoTrans, int(s_), rank, 1, orthonormal_.data(), int(s_), y.data(), 1, 0,
                found.data(), 1);
    for (std::size_t j = 0; j < s_; ++j) found[j] /= roots_[j];
    return found;
  }

  /// What the values lack of the sums.
  std::vector<double> left(const std::vector<double>& solution, const std::vector<double>& sums) const {
    std::vector<double> factors(s_), missing(n_), unused(n_);
    for (std::size_t j = 0; j < s_; ++j) factors[j] = weights_[j] * solution[j];
    weighted_sums(factors.data(), values_.data(), s_, n_, sums.data(), missing.data(), unused.data());
    for (double& each : missing) each = -each;
    return missing;
  }

  /// Largest of what is missing, in units of the targets' mean size and of the features' magnitudes.
  double worst(const std::vector<double>& missing, double size) const {
    double worst = 0, mass = 0;
    for (const double weight : weights_) mass += weight;
    for (std::size_t f = 0; f < n_; ++f) {
      if (missing[f] == 0) continue;
      double magnitude = 0;
      for (std::size_t j = 0; j < s_; ++j) magnitude += weights_[j] * std::abs(values_[f * s_ + j]);
      const double residual = std::abs(missing[f]) / (size / mass * magnitude);
      worst = residual > worst || std::isnan(residual) ? residual : worst;
    }
    return worst;
  }

  std::size_t s_, n_, rank_ = 0;
  std::vector<double> values_;
  std::span<const double> weights_;
  std::vector<double> lengths_, roots_;  // of the features, of the weights
  std::vector<int> pivots_;
  std::vector<double> upper_, orthonormal_;
};

/// A power of two that brings the values to order 1.
double unit_of(std::span<const double> values) {
  double largest = 0;
  for (const double value : values) largest = std::max(largest, std::abs(value));
  return largest > 0 ? std::ldexp(1.0, std::ilogb(largest)) : 1;
}

/// Solves for one column; false where the solution is not finite.
bool solve_column(const KeptOfCell& cell, const LocalFeatures& rows, const System& system,
                  std::span<const std::size_t> features, std::vector<double>& column, bool& exact) {
  const double unit = unit_of(column), heavy = unit_of(cell.weights);
  std::vector<double> factors(column.size());
  for (std::size_t i = 0; i < factors.size(); ++i) factors[i] = cell.weights[i] / heavy * (column[i] / unit);
  column = system.solve(sums_over(rows, factors, features), exact);
  for (double& value : column) value *= unit;
  return std::all_of(column.begin(), column.end(), [](double value) { return std::isfinite(value); });
}

}  // namespace

NewTargets new_targets(const KeptOfCell& cell, const PolynomialBasis& basis, std::span<const Companions> companions) {
  const LocalFeatures rows(basis, LocalFrame(cell.coordinates, basis.dimension()), cell.coordinates);
  const std::size_t all = relabelled_columns(companions), s = cell.kept.size();
  std::vector<double> shares(cell.kept_weights.begin(), cell.kept_weights.end());
  const double heavy = unit_of(cell.weights);
  for (double& share : shares) share /= heavy;
  NewTargets found{std::vector<double>(s * all)};
  std::size_t place = 0;
  for (const Companions& each : companions) {
    if (!each.relabel) continue;
    const std::vector<std::size_t> features = features_up_to(each.order_beside(basis.order()), basis);
    const System system(values_of(rows, cell.kept, features), shares);
    for (std::size_t j = 0; j < each.columns; ++j, ++place) {
      const auto own = [&](std::size_t i) { return each.values[cell.points[i] * each.columns + j]; };
      std::vector<double> column(cell.points.size());
      for (std::size_t i = 0; i < column.size(); ++i) column[i] = own(i);
      bool exact = true;
      const bool finite = solve_column(cell, rows, system, features, column, exact);
      for (std::size_t k = 0; k < s; ++k) found.values[k * all + place] = finite ? column[k] : own(cell.kept[k]);
      if (!finite) found.outcome = Relabelled::overflown;
      if (!exact) found.outcome = std::max(found.outcome, Relabelled::singular);
    }
  }
  return found;
}

std::vector<double> relabel(const WeightedPoints& points, const DistinctPoints& distinct,
                            std::span<const Survivor> survivors, const CellTree& tree, const CompressOptions& options,
                            Coreset& result) {
  const std::size_t all = relabelled_columns(options.companions), m = points.dimension;
  if (all == 0) return {};
  const SingleThreadedBlas single;
  const certificate::Selection selection{
      points.coordinates.data(), m, nullptr, distinct.numbers.data(), distinct.numbers.size(), &options.stop};
  const certificate::RowsByCell rows = certificate::group_by_cell(selection, tree, points);
  std::vector<std::vector<std::size_t>> kept(tree.cells);  // places among the survivors
  for (std::size_t j = 0; j < survivors.size(); ++j) {
    kept[tree.locate(points.point(survivors[j].row), points, survivors[j].row)].push_back(j);
  }
  const PolynomialBasis basis(m, result.plan.order);
  std::vector<double> targets(survivors.size() * all);
  std::vector<Relabelled> outcomes(tree.cells);
  for_all(tree.cells, [&](std::size_t c) {
    stop_if_asked(options.stop);
    const std::span inside = std::span(rows.numbers).subspan(rows.first[c], rows.first[c + 1] - rows.first[c]);
    std::vector<double> coordinates, weights, kept_weights;
    std::vector<Index> places;
    for (const Index row : inside) {
      coordinates.insert(coordinates.end(), points.point(row), points.point(row) + m);
      weights.push_back(points.weight(row));
    }
    for (const std::size_t j : kept[c]) {
      places.push_back(Index(std::lower_bound(inside.begin(), inside.end(), survivors[j].row) - inside.begin()));
      kept_weights.push_back(survivors[j].weight);
    }
    const NewTargets found =
        new_targets({coordinates, inside, weights, places, kept_weights}, basis, options.companions);
    outcomes[c] = found.outcome;
    for (std::size_t k = 0; k < kept[c].size(); ++k) {
      std::copy_n(found.values.data() + k * all, all, targets.data() + kept[c][k] * all);
    }
  });
  result.singular_cells = std::size_t(std::count(outcomes.begin(), outcomes.end(), Relabelled::singular));
  result.overflown_cells = std::size_t(std::count(outcomes.begin(), outcomes.end(), Relabelled::overflown));
  return targets;
}

std::vector<double> own_targets(std::span<const Survivor> survivors, std::span<const Companions> companions) {
  std::vector<double> targets;
  for (const Survivor& survivor : survivors) {
    for (const Companions& each : companions) {
      if (!each.relabel) continue;
      const double* y = each.values.data() + survivor.row * each.columns;
      targets.insert(targets.end(), y, y + each.columns);
    }
  }
  return targets;
}

}  // namespace momentset
