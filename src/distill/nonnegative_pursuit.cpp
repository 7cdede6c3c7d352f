#include "distill/nonnegative_pursuit.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "blas.hpp"
#include "threads.hpp"

namespace momentset::distill {

NonnegativePursuit::NonnegativePursuit(std::vector<double> columns, std::vector<double> target)
    : features_(target.size()),
      count_(columns.size() / target.size()),
      columns_(std::move(columns)),
      target_(std::move(target)) {
  for (std::size_t j = 0; j < count_; ++j) lengths_.push_back(cblas_dnrm2(int(features_), column(j), 1));
  measure();
}

/// The column, not barred, of the smallest angle to what is left; count_ where none is acute.
std::size_t NonnegativePursuit::next(const std::vector<bool>& barred) const {
  constexpr std::size_t block = 256;
  std::vector<double> products(count_);
  for_all((count_ + block - 1) / block, [&](std::size_t k) {
    const std::size_t first = k * block, some = std::min(block, count_ - first);
    cblas_dgemv(CblasColMajor, CblasTrans, int(features_), int(some), 1, column(first), int(features_), left_.data(), 1,
                0, products.data() + first, 1);
  });
  std::size_t best = count_;
  double cosine = 1e-12 * distance_;  // below it is rounding
  for (std::size_t j = 0; j < count_; ++j) {
    if (barred[j] || !(lengths_[j] > 0) || !(products[j] / lengths_[j] > cosine)) continue;
    best = j;
    cosine = products[j] / lengths_[j];
  }
  return best;
}

/// Orthogonalises twice, so that rounding stays that of one product (Kahan; Giraud, Langou and Rozloznik 2005).
bool NonnegativePursuit::append(std::size_t j) {
  const int n = int(features_), k = int(triangle_.size());
  std::vector<double> rest(column(j), column(j) + features_), part(triangle_.size() + 1, 0.0), again(part);
  for (int pass = 0; pass < 2 && k > 0; ++pass) {
    cblas_dgemv(CblasColMajor, CblasTrans, n, k, 1, basis_.data(), n, rest.data(), 1, 0, again.data(), 1);
    cblas_dgemv(CblasColMajor, CblasNoTrans, n, k, -1, basis_.data(), n, again.data(), 1, 1, rest.data(), 1);
    for (int i = 0; i < k; ++i) part[i] += again[i];
  }
  const double length = cblas_dnrm2(n, rest.data(), 1);
  if (!(length > 1e-10 * lengths_[j])) return false;
  part.back() = length;
  cblas_dscal(n, 1 / length, rest.data(), 1);
  basis_.insert(basis_.end(), rest.begin(), rest.end());
  triangle_.push_back(std::move(part));
  support_.push_back(j);
  return true;
}

/// Takes a column out of Q R: what is left of R has one entry too many in each later column, which rotations take to
/// zero.
void NonnegativePursuit::remove(std::size_t position) {
  support_.erase(support_.begin() + std::ptrdiff_t(position));
  triangle_.erase(triangle_.begin() + std::ptrdiff_t(position));
  for (std::size_t i = position; i < triangle_.size(); ++i) {
    const double upper = triangle_[i][i], lower = triangle_[i][i + 1], length = std::hypot(upper, lower);
    const double cosine = upper / length, sine = lower / length;
    for (std::size_t j = i; j < triangle_.size(); ++j) {
      cblas_drot(1, &triangle_[j][i], 1, &triangle_[j][i + 1], 1, cosine, sine);
    }
    triangle_[i].resize(i + 1);
    cblas_drot(int(features_), basis_.data() + i * features_, 1, basis_.data() + (i + 1) * features_, 1, cosine, sine);
  }
  basis_.resize(triangle_.size() * features_);
}

std::vector<double> NonnegativePursuit::least_squares() const {
  const int n = int(features_), k = int(triangle_.size());
  std::vector<double> x(triangle_.size());
  cblas_dgemv(CblasColMajor, CblasTrans, n, k, 1, basis_.data(), n, target_.data(), 1, 0, x.data(), 1);
  for (int i = k - 1; i >= 0; --i) {
    x[i] /= triangle_[i][i];
    cblas_daxpy(i, -x[i], triangle_[i].data(), 1, x.data(), 1);
  }
  return x;
}

/// Goes from the values towards the least-squares ones, giving up each column that reaches zero on the way.
void NonnegativePursuit::drop_nonpositive(std::vector<double> aim) {
  while (std::any_of(aim.begin(), aim.end(), [](double x) { return x <= 0; })) {
    double share = 1;
    std::size_t first = 0;
    for (std::size_t k = 0; k < aim.size(); ++k) {
      if (aim[k] > 0 || values_[k] / (values_[k] - aim[k]) > share) continue;
      share = values_[k] / (values_[k] - aim[k]);
      first = k;
    }
    for (std::size_t k = 0; k < aim.size(); ++k) values_[k] += share * (aim[k] - values_[k]);
    values_[first] = 0;
    for (std::size_t k = aim.size(); k-- > 0;) {
      if (values_[k] > 0) continue;
      remove(k);
      values_.erase(values_.begin() + std::ptrdiff_t(k));
    }
    aim = least_squares();
  }
  values_ = std::move(aim);
}

void NonnegativePursuit::measure() {
  left_ = target_;
  for (std::size_t k = 0; k < support_.size(); ++k) {
    cblas_daxpy(int(features_), -values_[k], column(support_[k]), 1, left_.data(), 1);
  }
  distance_ = cblas_dnrm2(int(features_), left_.data(), 1);
}

bool NonnegativePursuit::step() {
  const SingleThreadedBlas single;
  std::vector<bool> barred(count_, false);
  for (const std::size_t j : support_) barred[j] = true;
  while (true) {
    const std::size_t j = next(barred);
    if (j == count_) return false;
    barred[j] = true;
    if (!append(j)) continue;
    std::vector<double> aim = least_squares();
    if (!(aim.back() > 0)) {  // only rounding said that the column would help
      remove(support_.size() - 1);
      continue;
    }
    values_.push_back(0);
    drop_nonpositive(std::move(aim));
    measure();
    return true;
  }
}

}  // namespace momentset::distill
