#include "recombine/refit.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "blas.hpp"
#include "recombine/lu.hpp"
#include "recombine/small_lu.hpp"
#include "recombine/sums.hpp"

namespace momentset {
namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();
constexpr double infinity = std::numeric_limits<double>::infinity();

/// The features of some rows: rows.size() x n, column-major.
std::vector<double> features_of(const FeatureRows& rows, std::span<const Index> support) {
  const std::size_t n = rows.features(), size = support.size();
  std::vector<double> features(size * n), block(n * recombine_block);
  const std::vector<double> ones(recombine_block, 1.0);
  for (std::size_t first = 0; first < size; first += recombine_block) {
    const std::size_t count = std::min(recombine_block, size - first);
    rows.evaluate(support.subspan(first, count), ones.data(), block.data());
    for (std::size_t f = 0; f < n; ++f) std::copy_n(&block[f * count], count, &features[f * size + first]);
  }
  return features;
}

/// How far the weighted sums of the features are from the moments, in units of the sums' magnitudes
/// sum_j weights_j |A(j, f)|: features which live on light rows alone count as much as others.
struct Mismatch {
  std::vector<double> remainder;   // moments - sums, scaled
  std::vector<double> magnitudes;  // 0 where nothing can be changed about a feature
  double residual = 0;             // largest of the remainder

  Mismatch(const std::vector<double>& features, std::span<const double> weights, std::span<const double> moments)
      : remainder(moments.size()), magnitudes(moments.size()) {
    weighted_sums(weights.data(), features.data(), weights.size(), moments.size(), moments.data(), remainder.data(),
                  magnitudes.data());
    for (std::size_t f = 0; f < moments.size(); ++f) {
      const bool hopeless = magnitudes[f] == 0 && remainder[f] != 0;
      remainder[f] = magnitudes[f] == 0 ? 0 : -remainder[f] / magnitudes[f];
      residual = std::max(residual, hopeless ? infinity : std::abs(remainder[f]));
    }
  }
};

void solve_triangular(CBLAS_UPLO part, CBLAS_DIAG diagonal, int n, const double* factors, int leading, double* y) {
  cblas_dtrsv(CblasColMajor, part, CblasTrans, diagonal, n, factors, leading, y, 1);
}
void solve_triangular(CBLAS_UPLO part, CBLAS_DIAG diagonal, int n, const float* factors, int leading, float* y) {
  cblas_strsv(CblasColMajor, part, CblasTrans, diagonal, n, factors, leading, y, 1);
}

/// LU factors of at least n rows: P [L1; L2] U.
template <class Real>
class BasicRows {
 public:
  /// @param rows size x n, column-major
  BasicRows(std::vector<Real> rows, std::size_t size, std::size_t n, Pulse& pulse)
      : size_(size), n_(n), factors_(std::move(rows)), swaps_(factorise_lu(factors_.data(), size, n, pulse)) {}

  bool independent() const {
    Real largest = 0, smallest = std::numeric_limits<Real>::infinity();
    for (std::size_t k = 0; k < n_; ++k) {
      const Real pivot = std::abs(factors_[k * size_ + k]);
      largest = std::max(largest, pivot);
      smallest = std::min(smallest, pivot);
    }
    return smallest > Real(n_) * std::numeric_limits<Real>::epsilon() * largest;
  }

  /// y with sum_j y_j row_j = remainder, 0 but for the n rows that partial pivoting prefers, P [L1 U]:
  /// U^T L1^T y = remainder.
  std::vector<double> solve(const std::vector<double>& remainder) const {
    std::vector<Real> basic(remainder.begin(), remainder.end());
    solve_triangular(CblasUpper, CblasNonUnit, int(n_), factors_.data(), int(size_), basic.data());
    solve_triangular(CblasLower, CblasUnit, int(n_), factors_.data(), int(size_), basic.data());
    std::vector<double> y(basic.begin(), basic.end());
    y.resize(size_, 0);
    for (std::size_t k = swaps_.size(); k-- > 0;) std::swap(y[k], y[swaps_[k]]);
    return y;
  }

 private:
  std::size_t size_, n_;
  std::vector<Real> factors_;
  std::vector<std::size_t> swaps_;
};

/// Solves sum_j y_j row_j = remainder for relative changes y of the weights that are free to change.
class ChangeSolver {
 public:
  ChangeSolver(const std::vector<double>& features, std::span<const double> weights,
               const std::vector<std::size_t>& free, const std::vector<double>& magnitudes, Pulse& pulse)
      : features_(features), weights_(weights), free_(free), magnitudes_(magnitudes), pulse_(pulse) {
    if (magnitudes.size() > small_lu_columns) single_ = independent_rows<float>();
  }

  /// With n independent rows, changes n of them; else the least-norm solution. Changes are of the size of rounding
  /// errors: seven digits of them are enough, and half the work, where the rows are many and not nearly dependent.
  std::vector<double> solve(const std::vector<double>& remainder) {
    if (single_) return single_->solve(remainder);
    if (!tried_double_) double_ = independent_rows<double>();
    tried_double_ = true;
    return double_ ? double_->solve(remainder) : least_norm(remainder);
  }

  /// Whether more digits can be had where a solution was of no use.
  bool refine() {
    const bool more = single_.has_value();
    single_.reset();
    return more;
  }

 private:
  /// Nothing where the rows are dependent at this precision.
  template <class Real>
  std::optional<BasicRows<Real>> independent_rows() const {
    const std::size_t n = magnitudes_.size();
    if (free_.size() < n) return {};
    BasicRows<Real> rows(scaled_rows<Real>(), free_.size(), n, pulse_);
    if (!rows.independent()) return {};
    return rows;
  }

  /// free.size() x n, column-major: rows scaled by their weights, features by their magnitudes. At most 1 each.
  template <class Real>
  std::vector<Real> scaled_rows() const {
    std::vector<Real> rows(free_.size() * magnitudes_.size());
    for (std::size_t f = 0; f < magnitudes_.size(); ++f) {
      const double* feature = features_.data() + f * weights_.size();
      const double scale = magnitudes_[f] > 0 ? 1 / magnitudes_[f] : 0;
      Real* scaled = rows.data() + f * free_.size();
      if (free_.size() == weights_.size()) {
        for (std::size_t j = 0; j < free_.size(); ++j) scaled[j] = Real(weights_[j] * feature[j] * scale);
      } else {
        for (std::size_t j = 0; j < free_.size(); ++j) {
          scaled[j] = Real(weights_[free_[j]] * feature[free_[j]] * scale);
        }
      }
    }
    return rows;
  }

  std::vector<double> least_norm(const std::vector<double>& remainder) const {
    const int n = int(magnitudes_.size()), size = int(free_.size());
    const std::vector<double> rows = scaled_rows<double>();
    std::vector<double> matrix(rows.size());  // n x size
    for (std::size_t f = 0; f < std::size_t(n); ++f) {
      for (std::size_t j = 0; j < std::size_t(size); ++j) {
        matrix[j * std::size_t(n) + f] = rows[f * std::size_t(size) + j];
      }
    }
    const int one = 1, longest = std::max(n, size);
    const double threshold = n * epsilon;
    std::vector<double> y = remainder;
    y.resize(std::size_t(longest), 0);
    std::vector<int> pivots(std::size_t(size), 0);
    int rank = 0, info = 0, query = -1;
    double best = 0;
    dgelsy_(&n, &size, &one, matrix.data(), &n, y.data(), &longest, pivots.data(), &threshold, &rank, &best, &query,
            &info);
    const int length = int(best);
    std::vector<double> work(static_cast<std::size_t>(length));
    dgelsy_(&n, &size, &one, matrix.data(), &n, y.data(), &longest, pivots.data(), &threshold, &rank, work.data(),
            &length, &info);
    y.resize(std::size_t(size));
    return y;
  }

  const std::vector<double>& features_;
  std::span<const double> weights_;
  const std::vector<std::size_t>& free_;
  const std::vector<double>& magnitudes_;
  Pulse& pulse_;
  std::optional<BasicRows<float>> single_;
  std::optional<BasicRows<double>> double_;
  bool tried_double_ = false;
};

/// Takes out of `free` the rows whose weight would leave its bounds. True if there were any.
bool fix_violators(std::vector<std::size_t>& free, std::span<const double> weights, const std::vector<double>& changes,
                   std::span<const double> bounds) {
  std::size_t kept = 0;
  for (std::size_t k = 0; k < free.size(); ++k) {
    const std::size_t j = free[k];
    const double changed = weights[j] + weights[j] * changes[k];
    if (changed > 0 && (bounds.empty() || changed <= bounds[j])) free[kept++] = j;
  }
  const bool any = kept < free.size();
  free.resize(kept);
  return any;
}

}  // namespace

double refit(const FeatureRows& rows, std::span<const Index> support, std::span<double> weights,
             std::span<const double> bounds, std::span<const double> moments, Pulse& pulse) {
  constexpr int attempts = 6;
  constexpr double enough = 2 * epsilon;
  const std::vector<double> features = features_of(rows, support);
  Mismatch now(features, weights, moments);
  std::vector<std::size_t> free;
  for (std::size_t j = 0; j < weights.size(); ++j) {
    if (bounds.empty() || weights[j] < bounds[j]) free.push_back(j);
  }

  // The changes are of the size of rounding errors, so one factorisation serves until a row has to be fixed.
  std::optional<ChangeSolver> solver;
  for (int attempt = 0; attempt < attempts && now.residual > enough && !free.empty(); ++attempt) {
    if (!solver) solver.emplace(features, weights, free, now.magnitudes, pulse);
    const std::vector<double> changes = solver->solve(now.remainder);
    if (fix_violators(free, weights, changes, bounds)) {
      solver.reset();
      continue;
    }
    std::vector<double> changed(weights.begin(), weights.end());
    for (std::size_t k = 0; k < free.size(); ++k) changed[free[k]] += weights[free[k]] * changes[k];
    Mismatch next(features, changed, moments);
    const bool better = next.residual < now.residual, fast = next.residual < now.residual / 8;
    if (better) {
      std::copy(changed.begin(), changed.end(), weights.begin());
      now = std::move(next);
    }
    if (!fast && !solver->refine() && !better) break;
  }
  return now.residual;
}

}  // namespace momentset
