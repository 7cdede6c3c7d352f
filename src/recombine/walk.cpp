#include <algorithm>
#include <cmath>
#include <limits>

#include "recombine/blas.hpp"
#include "recombine/tableau.hpp"

namespace momentset {
namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();
constexpr double infinity = std::numeric_limits<double>::infinity();

/// T under exchanges that are applied late. Exchanging basic j for other g turns T into T (I + e_j u^T) with
/// u = -T(g, .) / T(g, j), u_j = 1 / T(g, j) - 1. Pending exchanges k = 0, 1, ... keep their u_k and the column
/// x_k = (T after the exchanges before k) e_j, so that T + sum_k x_k u_k^T is what T should be: a row of it is wanted
/// when its turn comes, the rest is brought up to date by one matrix product per block.
class DelayedExchanges {
 public:
  explicit DelayedExchanges(Tableau& tableau)
      : entries_(tableau.entries),
        others_(tableau.others.size()),
        basic_(tableau.basic.size()),
        block_(basic_ < 128 ? 16 : 32),
        x_(others_ * block_),
        u_(basic_ * block_),
        row_(basic_) {}

  /// The up-to-date row i of T.
  const std::vector<double>& row(std::size_t i) {
    cblas_dcopy(int(basic_), entries_.data() + i, int(others_), row_.data(), 1);
    if (pending_ > 0) {
      cblas_dgemv(CblasColMajor, CblasNoTrans, int(basic_), int(pending_), 1.0, u_.data(), int(basic_), x_.data() + i,
                  int(others_), 1.0, row_.data(), 1);
    }
    return row_;
  }

  /// Exchanges basic j for other i, whose row was asked for last. Only rows after i stay valid.
  void exchange(std::size_t i, std::size_t j) {
    const std::size_t first = i + 1, count = others_ - first;
    if (count == 0) return;
    double* x = x_.data() + pending_ * others_ + first;
    std::copy_n(entries_.data() + j * others_ + first, count, x);
    if (pending_ > 0) {
      cblas_dgemv(CblasColMajor, CblasNoTrans, int(count), int(pending_), 1.0, x_.data() + first, int(others_),
                  u_.data() + j, int(basic_), 1.0, x, 1);
    }
    double* u = u_.data() + pending_ * basic_;
    const double pivot = row_[j];
    for (std::size_t k = 0; k < basic_; ++k) u[k] = -row_[k] / pivot;
    u[j] = 1 / pivot - 1;
    if (++pending_ == block_) apply(first, count);
  }

 private:
  void apply(std::size_t first, std::size_t count) {
    cblas_dgemm(CblasColMajor, CblasNoTrans, CblasTrans, int(count), int(basic_), int(pending_), 1.0, x_.data() + first,
                int(others_), u_.data(), int(basic_), 1.0, entries_.data() + first, int(others_));
    pending_ = 0;
  }

  std::vector<double>& entries_;
  std::size_t others_, basic_, block_, pending_ = 0;
  std::vector<double> x_, u_, row_;
};

/// How far one direction can be followed, and which basic vector stops it.
struct Stop {
  double step = infinity;
  std::size_t basic = 0;
};

/// Both directions in one pass: taking weight from the other vector adds step * row to the basic weights, giving it
/// weight subtracts as much. Entries at rounding level move nothing and must not become pivots.
struct RatioTest {
  Stop taking, giving;

  RatioTest(const std::vector<double>& row, const std::vector<double>& weights) {
    double largest = 0;
    for (const double entry : row) largest = std::max(largest, std::abs(entry));
    const double negligible = 64 * epsilon * largest;
    for (std::size_t j = 0; j < row.size(); ++j) {
      if (std::abs(row[j]) <= negligible) continue;
      Stop& stop = row[j] < 0 ? taking : giving;
      const double step = weights[j] / std::abs(row[j]);
      if (step < stop.step) stop = {step, j};
    }
  }
};

}  // namespace

void walk_to_vertex(Tableau& tableau, std::span<double> weights, std::span<const std::size_t> costs,
                    std::size_t budget) {
  const std::size_t r = tableau.basic.size();
  const auto dearest = std::ptrdiff_t(*std::max_element(costs.begin(), costs.end()));
  std::vector<double> basic_weights(r);
  for (std::size_t j = 0; j < r; ++j) basic_weights[j] = weights[tableau.basic[j]];

  // Signed: two vectors may vanish where one could be paid for, and one that had vanished may come back.
  auto left_to_pay = std::ptrdiff_t(budget);
  const auto pay = [&](std::size_t vector) { left_to_pay -= std::ptrdiff_t(costs[vector]); };
  const auto refund = [&](std::size_t vector) { left_to_pay += std::ptrdiff_t(costs[vector]); };
  // Moves the basic weights by step * row. What cancels to rounding level is zero, and paid for as a drop.
  const auto move = [&](const std::vector<double>& row, double step) {
    for (std::size_t j = 0; j < r; ++j) {
      const double before = basic_weights[j], after = before + step * row[j];
      const bool vanishes = after <= 4 * epsilon * before;
      if (vanishes && before > 0) pay(tableau.basic[j]);
      if (!vanishes && before == 0) refund(tableau.basic[j]);
      basic_weights[j] = vanishes ? 0 : after;
    }
  };

  DelayedExchanges exchanges(tableau);
  for (std::size_t i = 0; i < tableau.others.size() && left_to_pay >= dearest; ++i) {
    const std::vector<double>& row = exchanges.row(i);
    const std::size_t other = tableau.others[i];
    const double weight = weights[other];
    const RatioTest test(row, basic_weights);
    if (test.taking.step >= weight) {
      move(row, weight);
      weights[other] = 0;
      pay(other);
      continue;
    }
    const bool give = test.giving.step < infinity && row[test.giving.basic] > -row[test.taking.basic];
    const Stop stop = give ? test.giving : test.taking;
    move(row, give ? -stop.step : stop.step);
    if (basic_weights[stop.basic] > 0) {  // zero but for rounding
      basic_weights[stop.basic] = 0;
      pay(tableau.basic[stop.basic]);
    }
    exchanges.exchange(i, stop.basic);
    weights[tableau.basic[stop.basic]] = 0;
    tableau.basic[stop.basic] = other;
    const double left = give ? weight + stop.step : weight - stop.step;
    basic_weights[stop.basic] = left > 4 * epsilon * weight ? left : 0;
    if (basic_weights[stop.basic] == 0) pay(other);
  }
  for (std::size_t j = 0; j < r; ++j) weights[tableau.basic[j]] = basic_weights[j];
}

}  // namespace momentset
