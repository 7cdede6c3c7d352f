#include "recombine/exchanges.hpp"

#include <algorithm>

#include "recombine/blas.hpp"

namespace momentset {
namespace {

/// target += sum_k coefficients[k * stride] columns_k, k < terms, for columns of a matrix with leading dimension
/// `leading`. Up to simd_lanes - 1 entries beyond count are read and written.
MOMENTSET_LOOP void combine_loop(const double* columns, std::size_t leading, const double* coefficients,
                                 std::size_t stride, std::size_t terms, std::size_t count, double* target) {
  constexpr std::size_t strip = 4 * simd_lanes;
  std::size_t first = 0;
  for (; first + strip <= count; first += strip) {
    double sums[strip];
    for (std::size_t l = 0; l < strip; ++l) sums[l] = target[first + l];
    for (std::size_t k = 0; k < terms; ++k) {
      const double coefficient = coefficients[k * stride];
      for (std::size_t l = 0; l < strip; ++l) sums[l] += coefficient * columns[k * leading + first + l];
    }
    for (std::size_t l = 0; l < strip; ++l) target[first + l] = sums[l];
  }
  for (; first < count; first += simd_lanes) {
    Lanes sum = load(target + first);
    for (std::size_t k = 0; k < terms; ++k) sum += coefficients[k * stride] * load(columns + k * leading + first);
    store(sum, target + first);
  }
}
MOMENTSET_SIMD(void, combine, combine_loop,
               (const double* columns, std::size_t leading, const double* coefficients, std::size_t stride,
                std::size_t terms, std::size_t count, double* target),
               (columns, leading, coefficients, stride, terms, count, target))

MOMENTSET_LOOP void multiply_loop(const double* values, std::size_t count, double factor, double* products) {
#pragma GCC ivdep
  for (std::size_t k = 0; k < count; ++k) products[k] = factor * values[k];
}
MOMENTSET_SIMD(void, multiply, multiply_loop,
               (const double* values, std::size_t count, double factor, double* products),
               (values, count, factor, products))

}  // namespace

DelayedExchanges::DelayedExchanges(Tableau& tableau)
    : entries_(tableau.entries),
      others_(tableau.others.size()),
      basic_(tableau.basic.size()),
      block_(basic_ < 128 ? 16 : 32),
      x_stride_(others_ + simd_lanes - 1),
      u_stride_(whole_lanes(basic_)),
      x_(x_stride_ * block_),
      u_(u_stride_ * block_),
      row_(whole_lanes(basic_)) {}

const std::vector<double>& DelayedExchanges::row(std::size_t i) {
  for (std::size_t j = 0; j < basic_; ++j) row_[j] = entries_[j * others_ + i];
  combine(u_.data(), u_stride_, x_.data() + i, x_stride_, pending_, basic_, row_.data());
  return row_;
}

void DelayedExchanges::exchange(std::size_t i, std::size_t j) {
  const std::size_t first = i + 1, count = others_ - first;
  if (count == 0) return;
  double* const x = x_.data() + pending_ * x_stride_ + first;
  std::copy_n(entries_.data() + j * others_ + first, count, x);
  combine(x_.data() + first, x_stride_, u_.data() + j, u_stride_, pending_, count, x);
  double* const u = u_.data() + pending_ * u_stride_;
  multiply(row_.data(), basic_, -1 / row_[j], u);
  u[j] = 1 / row_[j] - 1;
  if (++pending_ == block_) apply(first, count);
}

void DelayedExchanges::apply(std::size_t first, std::size_t count) {
  cblas_dgemm(CblasColMajor, CblasNoTrans, CblasTrans, int(count), int(basic_), int(pending_), 1.0, x_.data() + first,
              int(x_stride_), u_.data(), int(u_stride_), 1.0, entries_.data() + first, int(others_));
  pending_ = 0;
}

}  // namespace momentset
