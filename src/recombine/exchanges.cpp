#include "recombine/exchanges.hpp"

#include <algorithm>

#include "blas.hpp"
#include "recombine/combine.hpp"

namespace momentset {
namespace {

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
      x_(others_ * block_),
      u_(basic_ * block_),
      row_(whole_lanes(basic_)) {}

const std::vector<double>& DelayedExchanges::row(std::size_t i) {
  for (std::size_t j = 0; j < basic_; ++j) row_[j] = entries_[j * others_ + i];
  combine(u_.data(), basic_, x_.data() + i, others_, pending_, basic_, row_.data());
  return row_;
}

void DelayedExchanges::exchange(std::size_t i, std::size_t j) {
  const std::size_t first = i + 1, count = others_ - first;
  if (count == 0) return;
  double* const x = x_.data() + pending_ * others_ + first;
  std::copy_n(entries_.data() + j * others_ + first, count, x);
  combine(x_.data() + first, others_, u_.data() + j, basic_, pending_, count, x);
  double* const u = u_.data() + pending_ * basic_;
  multiply(row_.data(), basic_, -1 / row_[j], u);
  u[j] = 1 / row_[j] - 1;
  if (++pending_ == block_) apply(first, count);
}

void DelayedExchanges::apply(std::size_t first, std::size_t count) {
  cblas_dgemm(CblasColMajor, CblasNoTrans, CblasTrans, int(count), int(basic_), int(pending_), 1.0, x_.data() + first,
              int(others_), u_.data(), int(basic_), 1.0, entries_.data() + first, int(others_));
  pending_ = 0;
}

}  // namespace momentset
