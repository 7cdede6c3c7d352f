#include "recombine/refit.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "recombine/blas.hpp"

namespace momentset {
namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();
constexpr double infinity = std::numeric_limits<double>::infinity();

/// Features of the support, each row scaled by its weight and each feature by its magnitude sum_j weights_j |A(j, f)|,
/// so that features which live on light rows alone count as much as others; and how far the sums are from the moments.
struct Mismatch {
  std::vector<double> rows;       // size x n, column-major
  std::vector<double> remainder;  // moments - sum of the rows, scaled alike
  double residual = 0;            // largest of the remainder
};

Mismatch mismatch(const FeatureRows& rows, std::span<const Index> support, std::span<const double> weights,
                  std::span<const double> moments) {
  const std::size_t n = rows.features(), size = support.size();
  Mismatch result;
  result.rows.resize(size * n);
  result.remainder.resize(n);
  std::vector<double> block(n * recombine_block);
  for (std::size_t first = 0; first < size; first += recombine_block) {
    const std::size_t count = std::min(recombine_block, size - first);
    rows.evaluate(support.subspan(first, count), weights.data() + first, block.data());
    for (std::size_t f = 0; f < n; ++f) std::copy_n(&block[f * count], count, &result.rows[f * size + first]);
  }
  for (std::size_t f = 0; f < n; ++f) {
    long double remainder = moments[f], magnitude = 0;
    for (const double value : std::span(result.rows).subspan(f * size, size)) {
      remainder -= value;
      magnitude += std::abs(value);
    }
    if (magnitude == 0) {  // all zero: nothing can be changed about this feature
      if (remainder != 0) result.residual = infinity;
      continue;
    }
    for (double& value : std::span(result.rows).subspan(f * size, size)) value = double(value / magnitude);
    result.remainder[f] = double(remainder / magnitude);
    result.residual = std::max(result.residual, std::abs(result.remainder[f]));
  }
  return result;
}

/// Solves sum_j y_j row_j = remainder for relative changes y of the weights.
class ChangeSolver {
 public:
  ChangeSolver(const std::vector<double>& rows, std::size_t size, std::size_t n)
      : size_(int(size)), n_(int(n)), rows_(rows) {
    if (size < n) return;
    factors_ = rows;
    swaps_.resize(n);
    int info = 0;
    dgetrf_(&size_, &n_, factors_.data(), &size_, swaps_.data(), &info);
    double largest = 0, smallest = infinity;
    for (std::size_t k = 0; k < n; ++k) {
      const double pivot = std::abs(factors_[k * size + k]);
      largest = std::max(largest, pivot);
      smallest = std::min(smallest, pivot);
    }
    full_rank_ = smallest > double(n) * epsilon * largest;
  }

  /// With n independent rows, changes n of them, those that partial pivoting prefers; else the least-norm solution.
  std::vector<double> solve(const std::vector<double>& remainder) const {
    return full_rank_ ? change_basic_rows(remainder) : least_norm(remainder);
  }

 private:
  // The rows are P [L1; L2] U, so the basic ones, P [L1 U], take y with U^T L1^T y = remainder.
  std::vector<double> change_basic_rows(const std::vector<double>& remainder) const {
    std::vector<double> y = remainder;
    cblas_dtrsv(CblasColMajor, CblasUpper, CblasTrans, CblasNonUnit, n_, factors_.data(), size_, y.data(), 1);
    cblas_dtrsv(CblasColMajor, CblasLower, CblasTrans, CblasUnit, n_, factors_.data(), size_, y.data(), 1);
    y.resize(std::size_t(size_), 0);
    for (std::size_t k = swaps_.size(); k-- > 0;) std::swap(y[k], y[std::size_t(swaps_[k] - 1)]);
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
  const std::vector<double>& rows_;
  std::vector<double> factors_;
  std::vector<int> swaps_;
  bool full_rank_ = false;
};

}  // namespace

double scaled_residual(const FeatureRows& rows, std::span<const Index> support, std::span<const double> weights,
                       std::span<const double> moments) {
  return mismatch(rows, support, weights, moments).residual;
}

double refit(const FeatureRows& rows, std::span<const Index> support, std::span<double> weights,
             std::span<const double> moments) {
  constexpr int attempts = 3;
  constexpr double enough = 2 * epsilon;
  const Mismatch first = mismatch(rows, support, weights, moments);
  if (first.residual <= enough) return first.residual;

  // The changes are of the size of rounding errors, so one factorisation serves all attempts.
  const ChangeSolver solver(first.rows, support.size(), rows.features());
  double residual = first.residual;
  std::vector<double> remainder = first.remainder, base(weights.begin(), weights.end());
  for (int attempt = 0; attempt < attempts && residual > enough; ++attempt) {
    const std::vector<double> changes = solver.solve(remainder);
    std::vector<double> changed(weights.begin(), weights.end());
    for (std::size_t j = 0; j < changed.size(); ++j) changed[j] += base[j] * changes[j];
    const bool positive = std::all_of(changed.begin(), changed.end(), [](double w) { return w > 0; });
    if (!positive) break;
    Mismatch next = mismatch(rows, support, changed, moments);
    if (!(next.residual < residual)) break;
    std::copy(changed.begin(), changed.end(), weights.begin());
    residual = next.residual;
    remainder = std::move(next.remainder);
  }
  return residual;
}

}  // namespace momentset
