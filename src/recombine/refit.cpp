#include "recombine/refit.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "recombine/blas.hpp"
#include "recombine/lu.hpp"
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

/// Solves sum_j y_j row_j = remainder for relative changes y of the weights. The rows, of those that are free to
/// change, are scaled by their weights and the features by their magnitudes.
class ChangeSolver {
 public:
  ChangeSolver(const std::vector<double>& features, std::span<const double> weights, std::span<const std::size_t> free,
               std::span<const double> magnitudes, Pulse& pulse)
      : size_(int(free.size())), n_(int(magnitudes.size())), rows_(free.size() * magnitudes.size()) {
    for (std::size_t f = 0; f < magnitudes.size(); ++f) {
      const double* feature = features.data() + f * weights.size();
      const double scale = magnitudes[f] > 0 ? 1 / magnitudes[f] : 0;
      double* scaled = rows_.data() + f * free.size();
      if (free.size() == weights.size()) {
        for (std::size_t j = 0; j < free.size(); ++j) scaled[j] = weights[j] * feature[j] * scale;
      } else {
        for (std::size_t j = 0; j < free.size(); ++j) scaled[j] = weights[free[j]] * feature[free[j]] * scale;
      }
    }
    if (size_ >= n_) factorise(pulse);
  }

  /// With n independent rows, changes n of them, those that partial pivoting prefers; else the least-norm solution.
  std::vector<double> solve(const std::vector<double>& remainder) const {
    return full_rank_ ? change_basic_rows(remainder) : least_norm(remainder);
  }

 private:
  void factorise(Pulse& pulse) {
    const std::size_t size = std::size_t(size_), n = std::size_t(n_);
    factors_ = rows_;
    swaps_ = factorise_lu(factors_.data(), size, n, pulse);
    double largest = 0, smallest = infinity;
    for (std::size_t k = 0; k < n; ++k) {
      const double pivot = std::abs(factors_[k * size + k]);
      largest = std::max(largest, pivot);
      smallest = std::min(smallest, pivot);
    }
    full_rank_ = smallest > double(n) * epsilon * largest;
  }

  // The rows are P [L1; L2] U, so the basic ones, P [L1 U], take y with U^T L1^T y = remainder.
  std::vector<double> change_basic_rows(const std::vector<double>& remainder) const {
    std::vector<double> y = remainder;
    cblas_dtrsv(CblasColMajor, CblasUpper, CblasTrans, CblasNonUnit, n_, factors_.data(), size_, y.data(), 1);
    cblas_dtrsv(CblasColMajor, CblasLower, CblasTrans, CblasUnit, n_, factors_.data(), size_, y.data(), 1);
    y.resize(std::size_t(size_), 0);
    for (std::size_t k = swaps_.size(); k-- > 0;) std::swap(y[k], y[swaps_[k]]);
    return y;
  }

  std::vector<double> least_norm(const std::vector<double>& remainder) const {
    std::vector<double> matrix(rows_.size());  // n x size
    for (std::size_t f = 0; f < std::size_t(n_); ++f) {
      for (std::size_t j = 0; j < std::size_t(size_); ++j) {
        matrix[j * std::size_t(n_) + f] = rows_[f * std::size_t(size_) + j];
      }
    }
    const int one = 1, longest = std::max(n_, size_);
    const double threshold = n_ * epsilon;
    std::vector<double> y = remainder;
    y.resize(std::size_t(longest), 0);
    std::vector<int> pivots(std::size_t(size_), 0);
    int rank = 0, info = 0, query = -1;
    double best = 0;
    dgelsy_(&n_, &size_, &one, matrix.data(), &n_, y.data(), &longest, pivots.data(), &threshold, &rank, &best, &query,
            &info);
    const int length = int(best);
    std::vector<double> work(static_cast<std::size_t>(length));
    dgelsy_(&n_, &size_, &one, matrix.data(), &n_, y.data(), &longest, pivots.data(), &threshold, &rank, work.data(),
            &length, &info);
    y.resize(std::size_t(size_));
    return y;
  }

  int size_, n_;
  std::vector<double> rows_, factors_;
  std::vector<std::size_t> swaps_;
  bool full_rank_ = false;
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
    if (!(next.residual < now.residual)) break;
    std::copy(changed.begin(), changed.end(), weights.begin());
    now = std::move(next);
  }
  return now.residual;
}

}  // namespace momentset
