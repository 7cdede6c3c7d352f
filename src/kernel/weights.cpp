#include "kernel/weights.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "blas.hpp"

namespace momentset::kernel {
namespace {

constexpr double delta = 1e-9;
constexpr double negligible = 1e-12;  // of weights that sum to 1
constexpr double determined = 1e-10;  // share of a diagonal of H left below which the equations alone fix a weight

/// The inverse of a symmetric positive definite n x n matrix; false where rounding leaves it without one.
bool invert(std::vector<double>& matrix, std::size_t size) {
  const int n = int(size);
  int info = 0;
  dpotrf_("L", &n, matrix.data(), &n, &info);
  if (info != 0) return false;
  dpotri_("L", &n, matrix.data(), &n, &info);
  for (std::size_t j = 0; j < size; ++j) {
    for (std::size_t i = j + 1; i < size; ++i) matrix[i * size + j] = matrix[j * size + i];
  }
  return info == 0;
}

/// Calls `factor` with the symmetric matrix, `added` on its diagonal, until it says that it could do with it, or so
/// much more as that takes.
template <class Factor>
std::vector<double> with_diagonal(const std::vector<double>& matrix, std::size_t size, double added,
                                  const Factor& factor) {
  constexpr double least = 1e-12, growth = 100;
  constexpr int attempts = 16;
  std::vector<double> changed;
  for (int attempt = 0; attempt < attempts; ++attempt) {
    changed = matrix;
    for (std::size_t k = 0; k < size; ++k) changed[k * size + k] += added;
    if (factor(changed)) break;
    added = std::max(least, added * growth);
  }
  return changed;
}

/// The inverse of a symmetric matrix with `added` on its diagonal, or so much more that it has one.
std::vector<double> inverse_of(const std::vector<double>& matrix, std::size_t size, double added) {
  return with_diagonal(matrix, size, added, [&](std::vector<double>& changed) { return invert(changed, size); });
}

/// Turns the columns of `right` into solutions of a symmetric system, with as much on the diagonal as makes it positive
/// definite.
void solve_system(const std::vector<double>& matrix, std::size_t size, double added, std::vector<double>& right) {
  if (size == 0 || right.empty()) return;
  const int n = int(size), columns = int(right.size() / size);
  int info = 0;
  const std::vector<double> factor = with_diagonal(matrix, size, added, [&](std::vector<double>& changed) {
    dpotrf_("L", &n, changed.data(), &n, &info);
    return info == 0;
  });
  dpotrs_("L", &n, &columns, factor.data(), &n, right.data(), &n, &info);
}

/// alpha A B + beta C, column-major; A is p x n or, transposed, n x p.
void multiply(CBLAS_TRANSPOSE transposed, std::size_t p, std::size_t columns, std::size_t n, double alpha,
              const double* a, const double* b, double beta, double* c) {
  if (p == 0 || columns == 0) return;
  const std::size_t leading = transposed == CblasNoTrans ? p : n;
  cblas_dgemm(CblasColMajor, transposed, CblasNoTrans, int(p), int(columns), int(n), alpha, a, int(leading), b, int(n),
              beta, c, int(p));
}

}  // namespace

WeightProgram::WeightProgram(std::vector<double> kernel, std::vector<double> linear, std::vector<double> features,
                             std::vector<double> moments)
    : size_(linear.size()),
      equations_(moments.size()),
      kernel_(std::move(kernel)),
      linear_(std::move(linear)),
      features_(std::move(features)),
      moments_(std::move(moments)) {
  const std::size_t s = size_, r = equations_;
  projected_ = inverse_of(kernel_, s, 0);
  std::vector<double> transposed(s * r), followed(s * r), gram(r * r);  // F', K^-1 F', F K^-1 F'
  for (std::size_t k = 0; k < s; ++k) {
    for (std::size_t f = 0; f < r; ++f) transposed[f * s + k] = features_[k * r + f];
  }
  multiply(CblasNoTrans, s, r, s, 1, projected_.data(), transposed.data(), 0, followed.data());
  multiply(CblasNoTrans, r, r, s, 1, features_.data(), followed.data(), 0, gram.data());
  inverse_ = inverse_of(gram, r, delta);
  toward_.resize(s * r);
  multiply(CblasNoTrans, s, r, r, 1, followed.data(), inverse_.data(), 0, toward_.data());
  cblas_dgemm(CblasColMajor, CblasNoTrans, CblasTrans, int(s), int(s), int(r), -1, toward_.data(), int(s),
              followed.data(), int(s), 1, projected_.data(), int(s));

  free_weights_.resize(s);
  multiply(CblasNoTrans, s, 1, s, 1, projected_.data(), linear_.data(), 0, free_weights_.data());
  multiply(CblasNoTrans, s, 1, r, 1, toward_.data(), moments_.data(), 1, free_weights_.data());
  weights_ = free_weights_;
  forces_.resize(s);
}

/// Weights that are 0 in these places, and the multipliers that keep them there: by a system of as many equations, or
/// of as many as there are other places.
void WeightProgram::pivot_to(const std::vector<bool>& zero) {
  std::vector<std::size_t> out, in;
  for (std::size_t i = 0; i < size_; ++i) (zero[i] ? out : in).push_back(i);
  std::fill(forces_.begin(), forces_.end(), 0.0);
  if (out.size() > in.size()) {
    solve_among(in, out);
    return;
  }
  weights_ = free_weights_;
  const std::size_t k = out.size();
  std::vector<double> block(k * k), force(k);
  for (std::size_t j = 0; j < k; ++j) {
    for (std::size_t i = 0; i < k; ++i) block[j * k + i] = projected_[out[j] * size_ + out[i]];
    force[j] = -free_weights_[out[j]];
  }
  solve_system(block, k, 0, force);
  for (std::size_t j = 0; j < k; ++j) {
    forces_[out[j]] = force[j];
    cblas_daxpy(int(size_), force[j], projected_.data() + out[j] * size_, 1, weights_.data(), 1);
  }
  for (const std::size_t i : out) weights_[i] = 0;
}

/// w = K^-1 (q + F' l) of the points `in` alone, with l = (F K^-1 F' + delta I)^-1 (b - F K^-1 q); of the others the
/// gradient K w - q - F' l.
void WeightProgram::solve_among(const std::vector<std::size_t>& in, const std::vector<std::size_t>& out) {
  const std::size_t p = in.size(), r = equations_;
  std::vector<double> block(p * p), features(r * p), followed(p * (r + 1)), gram(r * r), multipliers(moments_);
  for (std::size_t j = 0; j < p; ++j) {
    for (std::size_t i = 0; i < p; ++i) block[j * p + i] = kernel_[in[j] * size_ + in[i]];
    for (std::size_t f = 0; f < r; ++f) {
      features[j * r + f] = features_[in[j] * r + f];
      followed[f * p + j] = features[j * r + f];
    }
    followed[r * p + j] = linear_[in[j]];
  }
  solve_system(block, p, 0, followed);  // K^-1 F', K^-1 q
  if (p > 0) {
    multiply(CblasNoTrans, r, r, p, 1, features.data(), followed.data(), 0, gram.data());
    multiply(CblasNoTrans, r, 1, p, -1, features.data(), followed.data() + r * p, 1, multipliers.data());
  }
  solve_system(gram, r, delta, multipliers);
  std::fill(weights_.begin(), weights_.end(), 0.0);
  for (std::size_t j = 0; j < p; ++j) {
    double weight = followed[r * p + j];
    for (std::size_t f = 0; f < r; ++f) weight += followed[f * p + j] * multipliers[f];
    weights_[in[j]] = weight;
  }
  for (const std::size_t i : out) {
    double force = -linear_[i];
    for (const std::size_t j : in) force += kernel_[j * size_ + i] * weights_[j];
    for (std::size_t f = 0; f < r; ++f) force -= features_[i * r + f] * multipliers[f];
    forces_[i] = force;
  }
}

bool WeightProgram::pivot_in_blocks() {
  constexpr int patience = 5;  // rounds without progress
  std::vector<bool> zero(size_, false);
  std::size_t fewest = size_ + 1;
  for (int left = patience; left > 0;) {
    std::vector<std::size_t> wrong;
    for (std::size_t i = 0; i < size_; ++i) {
      if (zero[i] ? forces_[i] < -negligible : weights_[i] < -negligible) wrong.push_back(i);
    }
    if (wrong.empty()) return true;
    left = wrong.size() < fewest ? patience : left - 1;
    fewest = std::min(fewest, wrong.size());
    for (const std::size_t i : wrong) zero[i] = !zero[i];
    pivot_to(zero);
  }
  return false;
}

void WeightProgram::add_one_by_one() {
  std::vector<bool> zero(size_, true), refused(size_, false);
  std::vector<double> now(size_, 0.0);
  pivot_to(zero);
  for (std::size_t round = 0; round < 3 * size_; ++round) {
    std::size_t entering = size_;
    double least = -negligible;
    for (std::size_t i = 0; i < size_; ++i) {
      if (!zero[i] || refused[i] || forces_[i] >= least) continue;
      least = forces_[i];
      entering = i;
    }
    if (entering == size_) break;
    zero[entering] = false;
    pivot_to(zero);
    if (weights_[entering] <= 0) refused[entering] = true;  // by rounding: it would not move
    for (;;) {
      double step = 1;
      for (std::size_t i = 0; i < size_; ++i) {
        if (!zero[i] && weights_[i] <= 0) step = std::min(step, now[i] / (now[i] - weights_[i]));
      }
      bool leaving = false;
      for (std::size_t i = 0; i < size_; ++i) {
        const bool blocks = !zero[i] && weights_[i] <= 0 && now[i] <= step * (now[i] - weights_[i]);
        now[i] = blocks ? 0 : now[i] + step * (weights_[i] - now[i]);
        zero[i] = zero[i] || blocks;
        leaving = leaving || blocks;
      }
      if (!leaving) break;
      pivot_to(zero);
    }
    if (!zero[entering]) std::fill(refused.begin(), refused.end(), false);
  }
}

void WeightProgram::solve() {
  if (!pivot_in_blocks()) add_one_by_one();
  for (double& weight : weights_) weight = weight > negligible ? weight : 0;

  // S^-1 (b - F K^-1 (q + mu))
  std::vector<double> pushed(linear_);
  for (std::size_t i = 0; i < size_; ++i) pushed[i] += forces_[i];
  multipliers_.resize(equations_);
  multiply(CblasNoTrans, equations_, 1, equations_, 1, inverse_.data(), moments_.data(), 0, multipliers_.data());
  multiply(CblasTrans, equations_, 1, size_, -1, toward_.data(), pushed.data(), 1, multipliers_.data());
  // With the gradient K w - q - F' multipliers = mu and mu'w = 0 the function is this:
  objective_ = (std::inner_product(moments_.begin(), moments_.end(), multipliers_.begin(), 0.0) -
                std::inner_product(linear_.begin(), linear_.end(), weights_.begin(), 0.0)) /
               2;
}

std::vector<double> WeightProgram::column(std::size_t i) const {
  std::vector<double> result(projected_.begin() + std::ptrdiff_t(i * size_),
                             projected_.begin() + std::ptrdiff_t((i + 1) * size_));
  for (const std::vector<double>& dropped : dropped_columns_) {
    cblas_daxpy(int(size_), -dropped[i], dropped.data(), 1, result.data(), 1);
  }
  return result;
}

void WeightProgram::remove(std::size_t i, const std::vector<double>& column) {
  const double pivot = column[i], weight = weights_[i];
  dropped_[i] = true;
  weights_[i] = 0;
  if (pivot <= determined * projected_[i * size_ + i]) {  // no other weight follows
    if (weight != 0) objective_ = std::numeric_limits<double>::infinity();
    return;
  }
  objective_ += weight * weight / (2 * pivot);
  dropped_columns_.push_back(column);
  cblas_dscal(int(size_), 1 / std::sqrt(pivot), dropped_columns_.back().data(), 1);
  for (std::size_t j = 0; j < size_; ++j) {
    diagonal_[j] -= dropped_columns_.back()[j] * dropped_columns_.back()[j];
    if (!dropped_[j]) weights_[j] -= weight / pivot * column[j];
  }
}

/// Which point to drop, with its column of H: one that leaves no weight negative, if the first few have one.
std::size_t WeightProgram::cheapest(std::vector<double>& found) const {
  constexpr std::size_t attempts = 8;
  std::vector<std::pair<double, std::size_t>> costs;
  for (std::size_t i = 0; i < size_; ++i) {
    if (dropped_[i]) continue;
    const bool fixed = diagonal_[i] <= determined * projected_[i * size_ + i];
    costs.emplace_back(fixed ? std::numeric_limits<double>::infinity() : weights_[i] * weights_[i] / diagonal_[i], i);
  }
  const std::size_t some = std::min(attempts, costs.size());
  std::partial_sort(costs.begin(), costs.begin() + std::ptrdiff_t(some), costs.end());
  for (std::size_t attempt = 0; attempt < some; ++attempt) {
    const std::size_t i = costs[attempt].second;
    found = column(i);
    const double step = weights_[i] / found[i];
    bool positive = true;
    for (std::size_t j = 0; j < size_ && positive; ++j) {
      positive = dropped_[j] || j == i || weights_[j] - step * found[j] > 0;
    }
    if (positive) return i;
  }
  found = column(costs.front().second);
  return costs.front().second;
}

void WeightProgram::drop_to(std::size_t count) {
  dropped_.assign(size_, false);
  dropped_columns_.clear();
  diagonal_.resize(size_);
  for (std::size_t i = 0; i < size_; ++i) diagonal_[i] = projected_[i * size_ + i];
  std::size_t left = size_;
  const auto drop_weightless = [&] {
    for (std::size_t i = 0; i < size_;) {
      const bool weightless = !dropped_[i] && weights_[i] <= 0;
      if (weightless) remove(i, column(i)), --left;
      i = weightless ? 0 : i + 1;  // what the others weigh has changed
    }
  };
  drop_weightless();
  std::vector<double> found;
  while (left > count) {
    const std::size_t i = cheapest(found);
    remove(i, found);
    --left;
    drop_weightless();
  }
}

std::vector<double> WeightProgram::curvature(const std::vector<double>& between, std::vector<double> kernel,
                                             const std::vector<double>& features) const {
  const std::size_t s = size_, r = equations_, count = features.size() / std::max<std::size_t>(r, 1);
  std::vector<double> weights(s * count), equations(r * count);  // how both follow a new weight, with the sign turned
  multiply(CblasNoTrans, s, count, s, 1, projected_.data(), between.data(), 0, weights.data());
  multiply(CblasNoTrans, s, count, r, 1, toward_.data(), features.data(), 1, weights.data());
  multiply(CblasTrans, r, count, s, 1, toward_.data(), between.data(), 0, equations.data());
  multiply(CblasNoTrans, r, count, r, -1, inverse_.data(), features.data(), 1, equations.data());
  multiply(CblasTrans, count, count, s, -1, between.data(), weights.data(), 1, kernel.data());
  multiply(CblasTrans, count, count, r, -1, features.data(), equations.data(), 1, kernel.data());
  return kernel;
}

}  // namespace momentset::kernel
