#include "kernel/constraints.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "blas.hpp"
#include "threads.hpp"

namespace momentset::kernel {
namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();

}  // namespace

std::size_t feature_count(std::size_t m, int order) {
  return 1 + (order >= 1 ? m : 0) + (order >= 2 ? m * (m + 1) / 2 : 0);
}

std::size_t feature_count(std::size_t m, int order, std::span<const Companions> companions) {
  std::size_t count = feature_count(m, order);
  for (const Companions& each : companions) {
    count += each.columns * std::size_t(each.degree) * feature_count(m, each.order_beside(order));
  }
  return count;
}

MomentConstraints::MomentConstraints(const WeightedPoints& points, const Standardisation& standardisation, int order,
                                     std::span<const Companions> companions, std::span<const Index> rows,
                                     const std::stop_token& stop)
    : points_(points),
      standardisation_(standardisation),
      order_(order),
      features_(kernel::feature_count(standardisation.dimension(), order, companions)) {
  const std::size_t m = standardisation.dimension();
  for (std::size_t f = 0; f < feature_count(m, order); ++f) degrees_.push_back(f == 0 ? 0 : f <= m ? 1 : 2);
  for (const Companions& each : companions) add_columns(each);
  add_up(stop);
  decide_rank(rows.first(std::min(rows.size(), 4096 + 4 * features_)));
  for (const std::size_t f : independent_) orthonormal_means_.push_back(double(means_[f]));
  cblas_dtrsv(CblasColMajor, CblasUpper, CblasTrans, CblasNonUnit, int(rank()), factor_.data(), int(rank()),
              orthonormal_means_.data(), 1);
}

void MomentConstraints::add_columns(const Companions& companions) {
  const std::size_t m = standardisation_.dimension();
  for (std::size_t j = 0; j < companions.columns; ++j) {
    double low = std::numeric_limits<double>::infinity(), high = -low;
    for (std::size_t i = 0; i < points_.size(); ++i) {
      if (points_.weight(i) <= 0) continue;
      low = std::min(low, companions.values[i * companions.columns + j]);
      high = std::max(high, companions.values[i * companions.columns + j]);
    }
    const double half = high / 2 - low / 2;
    const Column column{
        companions.values.data() + j, companions.columns, low + half,
        half > 0 ? half : 1,          companions.degree,  feature_count(m, companions.order_beside(order_))};
    columns_.push_back(column);
    for (int d = 0; d < column.degree; ++d) {
      for (std::size_t f = 0; f < column.polynomials; ++f) degrees_.push_back(degrees_[f]);
    }
  }
}

/// 1, z_a, then z_a z_b with b >= a; then powers of companions times these.
void MomentConstraints::evaluate(Index row, double* features) const {
  const std::size_t m = standardisation_.dimension();
  double* next = features;
  *next++ = 1;
  if (order_ >= 1) {
    standardisation_.map(points_.point(row), next);
    next += m;
  }
  const double* z = features + 1;
  for (std::size_t a = 0; order_ >= 2 && a < m; ++a) {
    for (std::size_t b = a; b < m; ++b) *next++ = z[a] * z[b];
  }
  for (const Column& column : columns_) {
    const double u = (column.values[row * column.stride] - column.centre) / column.half;
    double power = u;
    for (int d = 1; d <= column.degree; ++d, power *= u) {
      for (std::size_t f = 0; f < column.polynomials; ++f) *next++ = power * features[f];
    }
  }
}

/// Means of the features and their magnitudes: short sums in double, these in long double.
void MomentConstraints::add_up(const std::stop_token& stop) {
  constexpr std::size_t few = 64;
  const std::size_t count = points_.size(), block = rows_of_a_block(count), n = features_;
  struct Part {
    std::vector<long double> sums, magnitudes;
  };
  std::vector<Part> parts((count + block - 1) / block);
  const long double mass = mass_of(points_);
  for_all(parts.size(), [&](std::size_t b) {
    Part part{std::vector<long double>(n), std::vector<long double>(n)};
    std::vector<double> features(n), sums(n), magnitudes(n);
    const std::size_t end = std::min(count, (b + 1) * block);
    for (std::size_t begin = b * block; begin < end; begin += few) {
      stop_if_asked(stop);
      std::fill(sums.begin(), sums.end(), 0.0);
      std::fill(magnitudes.begin(), magnitudes.end(), 0.0);
      for (std::size_t i = begin; i < std::min(end, begin + few); ++i) {
        const double share = double(points_.weight(i) / mass);
        if (share == 0) continue;
        evaluate(Index(i), features.data());
        for (std::size_t f = 0; f < n; ++f) {
          sums[f] += share * features[f];
          magnitudes[f] += share * std::abs(features[f]);
        }
      }
      for (std::size_t f = 0; f < n; ++f) part.sums[f] += sums[f], part.magnitudes[f] += magnitudes[f];
    }
    parts[b] = std::move(part);
  });
  means_.resize(n);
  magnitudes_.resize(n);
  for (const Part& part : parts) {
    for (std::size_t f = 0; f < n; ++f) means_[f] += part.sums[f], magnitudes_[f] += part.magnitudes[f];
  }
  means_[0] = magnitudes_[0] = 1;
}

void MomentConstraints::decide_rank(std::span<const Index> rows) {
  const std::size_t count = rows.size(), n = features_;
  std::vector<double> matrix(count * n), features(n), lengths(n);
  for (std::size_t k = 0; k < count; ++k) {
    evaluate(rows[k], features.data());
    for (std::size_t f = 0; f < n; ++f) matrix[f * count + k] = features[f];
  }
  for (std::size_t f = 0; f < n; ++f) {
    double* column = matrix.data() + f * count;
    lengths[f] = cblas_dnrm2(int(count), column, 1);
    if (lengths[f] > 0) cblas_dscal(int(count), 1 / lengths[f], column, 1);
  }
  std::vector<int> order(n, 0);
  order[0] = 1;  // the mass stays first, whatever else depends on it
  const int height = int(count), width = int(n);
  std::vector<double> tau(std::min(count, n));
  double best = 0;
  int query = -1, info = 0;
  dgeqp3_(&height, &width, matrix.data(), &height, order.data(), tau.data(), &best, &query, &info);
  const int length = int(best);
  std::vector<double> work(static_cast<std::size_t>(length));
  dgeqp3_(&height, &width, matrix.data(), &height, order.data(), tau.data(), work.data(), &length, &info);

  std::size_t rank = 0;
  while (rank < tau.size() && std::abs(matrix[rank * count + rank]) > double(n) * epsilon) ++rank;
  factor_.resize(rank * rank);
  const double per_row = 1 / std::sqrt(double(count));
  for (std::size_t j = 0; j < rank; ++j) {
    independent_.push_back(std::size_t(order[j] - 1));
    for (std::size_t i = 0; i <= j; ++i) {
      factor_[j * rank + i] = matrix[j * count + i] * lengths[independent_[j]] * per_row;
    }
  }
}

std::vector<double> MomentConstraints::values(std::span<const Index> rows) const {
  std::vector<double> features(features_), values(rank() * rows.size());
  for (std::size_t k = 0; k < rows.size(); ++k) {
    evaluate(rows[k], features.data());
    for (std::size_t f = 0; f < rank(); ++f) values[k * rank() + f] = features[independent_[f]];
  }
  cblas_dtrsm(CblasColMajor, CblasLeft, CblasUpper, CblasTrans, CblasNonUnit, int(rank()), int(rows.size()), 1,
              factor_.data(), int(rank()), values.data(), int(rank()));
  return values;
}

std::vector<long double> MomentConstraints::missing(const std::vector<double>& features,
                                                    std::span<const double> weights) const {
  std::vector<long double> left(means_);
  for (std::size_t k = 0; k < weights.size(); ++k) {
    const long double weight = weights[k];
    for (std::size_t f = 0; f < features_; ++f) left[f] -= weight * features[k * features_ + f];
  }
  return left;
}

Residuals MomentConstraints::residuals(const std::vector<long double>& missing) const {
  Residuals worst{};
  for (std::size_t f = 0; f < features_; ++f) {
    const std::size_t order = degrees_[f];
    const long double error = std::abs(missing[f]);
    // A feature that is 0 everywhere, such as a product of columns that are never both different from their mean.
    if (error == 0) continue;
    const double residual = magnitudes_[f] > 0 ? double(error / magnitudes_[f]) : 1;
    worst[order] = std::max(worst[order], residual);
  }
  return worst;
}

Residuals MomentConstraints::refine(std::span<const Index> rows, std::vector<double>& weights) const {
  constexpr int attempts = 4;
  const std::size_t s = rows.size(), r = rank();
  std::vector<double> features(features_ * s);
  for (std::size_t k = 0; k < s; ++k) evaluate(rows[k], features.data() + k * features_);
  std::vector<double> scaled = values(rows);  // by the weights
  for (std::size_t k = 0; k < s; ++k) cblas_dscal(int(r), weights[k], scaled.data() + k * r, 1);
  std::vector<double> gram(r * r);
  const int n = int(r), one = 1;
  cblas_dgemm(CblasColMajor, CblasNoTrans, CblasTrans, n, n, int(s), 1, scaled.data(), n, scaled.data(), n, 0,
              gram.data(), n);
  int info = 0;
  dpotrf_("L", &n, gram.data(), &n, &info);
  std::vector<long double> left = missing(features, weights);
  Residuals now = residuals(left);
  for (int attempt = 0; attempt < attempts && info == 0; ++attempt) {
    std::vector<double> solution(r), relative(s), changed(weights);
    for (std::size_t f = 0; f < r; ++f) solution[f] = double(left[independent_[f]]);
    cblas_dtrsv(CblasColMajor, CblasUpper, CblasTrans, CblasNonUnit, n, factor_.data(), n, solution.data(), 1);
    dpotrs_("L", &n, &one, gram.data(), &n, solution.data(), &n, &info);
    cblas_dgemv(CblasColMajor, CblasTrans, n, int(s), 1, scaled.data(), n, solution.data(), 1, 0, relative.data(), 1);
    bool positive = true;
    for (std::size_t k = 0; k < s; ++k) {
      changed[k] += weights[k] * relative[k];
      positive = positive && changed[k] > 0;
    }
    if (!positive) break;
    std::vector<long double> next = missing(features, changed);
    const Residuals then = residuals(next);
    if (*std::max_element(then.begin(), then.end()) >= *std::max_element(now.begin(), now.end())) break;
    weights = std::move(changed);
    left = std::move(next);
    now = then;
  }
  return now;
}

}  // namespace momentset::kernel
