#include "momentset/distill/linear.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "blas.hpp"
#include "distill/linear_points.hpp"
#include "distill/penalties.hpp"
#include "distill/product_sums.hpp"
#include "distill/singular_values.hpp"
#include "distill/triangular_factor.hpp"
#include "momentset/error.hpp"
#include "threads.hpp"

namespace momentset::distill {
namespace {

constexpr double unit = std::numeric_limits<double>::epsilon();
constexpr double allowed_after_forgetting = 1e-12;  // of the squared length of a column

/// [0, a, b]: the mean of the first rows, that what follows is small beside its spread.
std::vector<double> origin_of(const Examples& examples) {
  const std::size_t d = examples.points.dimension, p = examples.target_count;
  const std::size_t rows = std::min<std::size_t>(examples.size(), 1024);
  std::vector<double> origin(1 + d + p, 0.0);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < d; ++j) origin[1 + j] += examples.points.point(i)[j] / double(rows);
    for (std::size_t j = 0; j < p; ++j) origin[1 + d + j] += examples.target(i)[j] / double(rows);
  }
  return origin;
}

long double mass_of(const Examples& examples) {
  if (examples.points.weights.empty()) return (long double)(examples.size());
  long double mass = 0;
  for (const double weight : examples.points.weights) mass += weight;
  return mass;
}

void add_to(TriangularFactor& factor, const Examples& examples, const std::vector<double>& origin,
            const std::stop_token& stop) {
  factor.add(
      examples.size(),
      [&](std::size_t first, std::size_t count, double* block) {
        fill_weighted(examples, origin, first, count, block);
      },
      stop);
}

std::vector<double> column_lengths(const std::vector<double>& matrix, std::size_t columns) {
  const std::size_t rows = matrix.size() / columns;
  std::vector<double> lengths;
  for (std::size_t j = 0; j < columns; ++j) {
    lengths.push_back(cblas_dnrm2(int(rows), matrix.data() + j * rows, 1));
  }
  return lengths;
}

/// R' with R'^T R' = R^T R - D^T D, column-major with as many rows as R has rank; none where too little is left.
///
/// With R = U S V^T and P = D V / S, R^T R - D^T D = V S (I - P^T P) S V^T, and with P = U' T V'^T the factor is
/// sqrt(I - T^2) V'^T S V^T. All in columns of length 1.
std::vector<double> downdated(std::vector<double> whole, std::vector<double> part, std::size_t columns) {
  constexpr double least_share = 1e-8, rounding = 4 * unit;
  const std::vector<double> lengths = column_lengths(whole, columns);
  for (std::size_t j = 0; j < columns; ++j) {
    for (std::size_t i = 0; lengths[j] > 0 && i < columns; ++i) {
      whole[j * columns + i] /= lengths[j];
      part[j * columns + i] /= lengths[j];
    }
  }
  const SingularValues of_whole(whole, columns, columns);
  const std::size_t rank = of_whole.rank(4);
  std::vector<double> shares(columns * rank, 0.0);
  for (std::size_t r = 0; r < rank; ++r) {
    for (std::size_t i = 0; i < columns; ++i) {
      for (std::size_t j = 0; j < columns; ++j) {
        shares[r * columns + i] += part[j * columns + i] * of_whole.right(r, j) / of_whole.values[r];
      }
    }
  }
  const SingularValues of_shares(shares, columns, rank);
  if (rank == 0 || !((1 - of_shares.values[0]) * (1 + of_shares.values[0]) >= least_share)) return {};
  std::vector<double> left(columns * rank, 0.0);
  for (std::size_t i = 0; i < rank; ++i) {
    const double kept = std::sqrt((1 - of_shares.values[i]) * (1 + of_shares.values[i]));
    for (std::size_t j = 0; j < columns; ++j) {
      double sum = 0;
      for (std::size_t r = 0; r < rank; ++r) sum += of_shares.right(i, r) * of_whole.values[r] * of_whole.right(r, j);
      left[j * rank + i] = kept * sum * lengths[j];
    }
  }
  const std::vector<double> remaining = column_lengths(left, columns);
  for (std::size_t j = 0; j < columns; ++j) {
    if (rounding * lengths[j] * lengths[j] > allowed_after_forgetting * remaining[j] * remaining[j]) return {};
  }
  return left;
}

}  // namespace

void require_valid_batch(const Examples& examples) {
  momentset::require_valid_batch(examples.points);
  const std::size_t rows = examples.size(), p = examples.target_count;
  if (p == 0 || examples.targets.size() != rows * p) {
    throw Error("targets", std::to_string(examples.targets.size()) + " numbers",
                "must be " + std::to_string(p) + " for each of the " + std::to_string(rows) + " rows");
  }
  for (std::size_t k = 0; k < examples.targets.size(); ++k) {
    if (std::isfinite(examples.targets[k])) continue;
    throw Error("targets", std::to_string(examples.targets[k]), "row " + std::to_string(k / p) + " must be finite");
  }
}

struct LinearDistiller::State {
  std::size_t columns, targets;
  std::size_t rows = 0;
  long double mass = 0;
  bool has_forgotten = false;
  std::vector<double> origin;  // none before the first row
  TriangularFactor factor;
  ProductSums sums;

  State(std::size_t columns, std::size_t targets)
      : columns(columns), targets(targets), factor(size()), sums(std::vector<double>(size(), 0.0)) {}

  std::size_t size() const { return 1 + columns + targets; }

  void require_fitting(const Examples& examples) const {
    require_valid_batch(examples);
    if (examples.points.dimension != columns) {
      throw Error("points", std::to_string(examples.points.dimension) + " columns",
                  "must have as many as before, " + std::to_string(columns));
    }
    if (examples.target_count != targets) {
      throw Error("targets", std::to_string(examples.target_count) + " columns",
                  "must have as many as before, " + std::to_string(targets));
    }
  }
};

LinearDistiller::LinearDistiller(std::size_t columns, std::size_t targets) {
  if (columns == 0) throw Error("columns", "0", "must be at least 1");
  if (targets == 0) throw Error("targets", "0", "must be at least 1");
  state_ = std::make_unique<State>(columns, targets);
}
LinearDistiller::LinearDistiller(const LinearState& state) : LinearDistiller(state.columns, state.targets) {
  const std::size_t size = state_->size();
  const auto require = [](bool holds, const char* rule) {
    if (!holds) throw Error("state", "", rule);
  };
  const auto fits = [](const std::vector<double>& numbers, std::size_t count) {
    return numbers.size() == count &&
           std::all_of(numbers.begin(), numbers.end(), [](double x) { return std::isfinite(x); });
  };
  require(fits(state.origin, state.rows == 0 && state.origin.empty() ? 0 : size), "has an origin of another size");
  require(fits(state.sums, size * size) && fits(state.sums_rest, size * size), "has sums of another size");
  require(std::isfinite(state.mass) && std::isfinite(state.mass_rest), "has a mass that is not finite");
  for (const std::vector<double>& triangle : state.triangles) {
    require(triangle.empty() || triangle.size() == size * size, "has triangles of another size");
    require(fits(triangle, triangle.size()), "has numbers that are not finite");
  }
  std::vector<long double> sums;
  for (std::size_t k = 0; k < size * size; ++k) sums.push_back((long double)(state.sums[k]) + state.sums_rest[k]);
  state_->rows = state.rows;
  state_->mass = (long double)(state.mass) + state.mass_rest;
  state_->has_forgotten = state.has_forgotten;
  state_->origin = state.origin;
  state_->factor = TriangularFactor(size, state.triangles);
  state_->sums = ProductSums(state.origin.empty() ? std::vector<double>(size, 0.0) : state.origin, std::move(sums));
}

LinearState LinearDistiller::state() const {
  const auto rest = [](long double value) { return double(value - (long double)(double(value))); };
  LinearState state{.columns = state_->columns,
                    .targets = state_->targets,
                    .rows = state_->rows,
                    .has_forgotten = state_->has_forgotten,
                    .mass = double(state_->mass),
                    .mass_rest = rest(state_->mass),
                    .origin = state_->origin,
                    .triangles = state_->factor.levels()};
  for (const long double sum : state_->sums.sums()) {
    state.sums.push_back(double(sum));
    state.sums_rest.push_back(rest(sum));
  }
  return state;
}

LinearDistiller::LinearDistiller(const LinearDistiller& other) : state_(std::make_unique<State>(*other.state_)) {}
LinearDistiller& LinearDistiller::operator=(const LinearDistiller& other) {
  if (this != &other) state_ = std::make_unique<State>(*other.state_);
  return *this;
}
LinearDistiller::LinearDistiller(LinearDistiller&&) noexcept = default;
LinearDistiller& LinearDistiller::operator=(LinearDistiller&&) noexcept = default;
LinearDistiller::~LinearDistiller() = default;

std::size_t LinearDistiller::columns() const { return state_->columns; }
std::size_t LinearDistiller::targets() const { return state_->targets; }
std::size_t LinearDistiller::rows() const { return state_->rows; }
double LinearDistiller::mass() const { return double(state_->mass); }

void LinearDistiller::update(const Examples& examples, const std::stop_token& stop) {
  state_->require_fitting(examples);
  if (examples.size() == 0) return;
  State next = *state_;
  if (next.origin.empty()) {
    next.origin = origin_of(examples);
    next.sums = ProductSums(next.origin);
  }
  add_to(next.factor, examples, next.origin, stop);
  next.sums.add(examples, stop);
  next.rows += examples.size();
  next.mass += mass_of(examples);
  *state_ = std::move(next);
}

void LinearDistiller::combine(const LinearDistiller& other) {
  const State& theirs = *other.state_;
  if (theirs.columns != state_->columns || theirs.targets != state_->targets) {
    throw Error("other", std::to_string(theirs.columns) + " columns and " + std::to_string(theirs.targets) + " targets",
                "must have " + std::to_string(state_->columns) + " and " + std::to_string(state_->targets));
  }
  if (theirs.rows == 0) return;
  if (state_->rows == 0) {
    *state_ = theirs;
    return;
  }
  const std::size_t size = state_->size();
  std::vector<double> triangle = theirs.factor.triangle();
  for (std::size_t j = 1; j < size; ++j) triangle[j * size] += triangle[0] * (theirs.origin[j] - state_->origin[j]);
  state_->factor.merge(TriangularFactor(size, std::move(triangle)));
  state_->sums.add(theirs.sums, 1);
  state_->rows += theirs.rows;
  state_->mass += theirs.mass;
  state_->has_forgotten = state_->has_forgotten || theirs.has_forgotten;
}

Forgetting LinearDistiller::forget(const Examples& examples, const std::stop_token& stop) {
  state_->require_fitting(examples);
  const long double mass = mass_of(examples);
  if (examples.size() > state_->rows || mass > state_->mass) {
    throw Error("examples", std::to_string(examples.size()) + " rows of weight " + std::to_string(double(mass)),
                "must be among the " + std::to_string(state_->rows) + " of weight " +
                    std::to_string(double(state_->mass)) + " that were taken in");
  }
  if (examples.size() == 0) return Forgetting::done;
  const std::size_t size = state_->size();
  TriangularFactor part(size);
  add_to(part, examples, state_->origin, stop);
  std::vector<double> left = downdated(state_->factor.triangle(), part.triangle(), size);
  if (left.empty()) return Forgetting::ill_conditioned;
  ProductSums gone(state_->origin);
  gone.add(examples, stop);
  state_->factor = TriangularFactor(size, std::move(left));
  state_->sums.add(gone, -1);
  state_->rows -= examples.size();
  state_->mass -= mass;
  state_->has_forgotten = true;
  return Forgetting::done;
}

LinearDistillation LinearDistiller::distil(bool fit_intercept) const {
  if (!(state_->mass > 0)) throw Error("examples", "", "must have a row of positive weight");
  const ColumnDecomposition found(state_->factor.triangle(), state_->origin, state_->columns, fit_intercept);
  LinearDistillation distilled;
  distilled.set = found.points(mass(), fit_intercept);
  distilled.certificate = certify_linear(*this, distilled.set.view(), fit_intercept);
  return distilled;
}

namespace {

/// Sums about zero or, with an intercept, about the mean. Columns of length 0 are left out.
NormalEquations equations_of(const ProductSums& sums, const ColumnDecomposition& found, bool fit_intercept,
                             const std::vector<double>& origin) {
  const std::size_t d = found.columns, p = found.targets, size = sums.size();
  const std::vector<long double> products = fit_intercept ? sums.about(origin) : sums.raw();
  const auto entry = [&](std::size_t i, std::size_t j) {
    const long double mean = fit_intercept ? products[i] * products[j] / products[0] : 0;
    return double(products[i * size + j] - mean);
  };
  NormalEquations equations{.columns = d, .targets = p, .mass = double(products[0])};
  for (std::size_t i = 0; i < d; ++i) {
    for (std::size_t j = 0; j < d; ++j) {
      const bool counts = found.lengths[i] > 0 && found.lengths[j] > 0;
      equations.products.push_back(counts ? entry(1 + i, 1 + j) : 0);
    }
  }
  for (std::size_t t = 0; t < p; ++t) {
    for (std::size_t j = 0; j < d; ++j) {
      equations.right.push_back(found.lengths[j] > 0 ? entry(1 + j, 1 + d + t) : 0);
    }
  }
  return equations;
}

}  // namespace

LinearCertificate certify_linear(const LinearDistiller& rows, const Examples& small, bool fit_intercept) {
  const LinearDistiller::State& state = *rows.state_;
  state.require_fitting(small);
  const std::size_t d = state.columns, size = state.size(), first = fit_intercept ? 0 : 1;
  const ColumnDecomposition found(state.factor.triangle(), state.origin, d, fit_intercept);
  ProductSums of_small(state.origin);
  of_small.add(small);
  LinearCertificate stated{.rows = state.rows,
                           .columns = d,
                           .targets = state.targets,
                           .points = small.size(),
                           .rank = found.rank,
                           .fit_intercept = fit_intercept,
                           .mass_input = double(state.mass),
                           .mass_output = double(mass_of(small))};
  if (state.has_forgotten) stated.allowed_units = allowed_after_forgetting / unit;
  const std::vector<long double> before = state.sums.raw(), after = of_small.raw();
  const auto length = [&](std::size_t j) { return std::sqrt(std::max(0.0L, before[j * size + j])); };
  for (std::size_t i = first; i <= d; ++i) {
    for (std::size_t j = i; j < size; ++j) {
      const long double difference = std::abs(after[i * size + j] - before[i * size + j]);
      const double residual = difference == 0 ? 0 : double(difference / (length(i) * length(j)));
      double& worst = j <= d ? stated.gram_residual : stated.cross_residual;
      if (!(residual <= worst)) worst = std::isnan(residual) ? std::numeric_limits<double>::infinity() : residual;
    }
  }
  const NormalEquations full = equations_of(state.sums, found, fit_intercept, state.origin);
  const NormalEquations few = equations_of(of_small, found, fit_intercept, state.origin);
  std::vector<double> lengths = found.lengths, raw_lengths, target_lengths;
  for (std::size_t j = 0; j < d; ++j) raw_lengths.push_back(lengths[j] > 0 ? double(length(1 + j)) : 0);
  for (double& each : lengths) each = each > 0 ? each : 1;
  for (std::size_t j = 1 + d; j < size; ++j) target_lengths.push_back(double(length(j)));
  stated.path = PathComparison{full, few, lengths}.checks(raw_lengths, target_lengths, found.rank == d);
  return stated;
}

double LinearCertificate::worst_difference() const {
  double worst = 0;
  for (const PenaltyCheck& check : path) worst = std::max(worst, check.difference);
  return worst;
}

double LinearCertificate::worst_by_condition() const {
  double worst = 0;
  for (const PenaltyCheck& check : path) worst = std::max(worst, check.by_condition / unit);
  return worst;
}

bool LinearCertificate::holds() const {
  const double allowed = allowed_units * unit;
  // Where the condition leaves no digit, that no minimum was found says nothing either.
  const bool solved = std::all_of(path.begin(), path.end(), [this](const PenaltyCheck& check) {
    return check.solved || !(check.condition * unit * allowed_units < 1);
  });
  return solved && std::max(gram_residual, cross_residual) <= allowed && worst_by_condition() <= allowed_units &&
         std::abs(mass_output - mass_input) <= allowed * mass_input;
}

}  // namespace momentset::distill
