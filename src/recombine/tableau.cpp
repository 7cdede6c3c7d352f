#include "recombine/tableau.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "recombine/blas.hpp"

namespace momentset {
namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();

/// Scales each feature to largest entry 1: T does not depend on the features' sizes, so the rank must not either.
void equilibrate(std::vector<double>& vectors, std::size_t p, std::size_t n) {
  for (std::size_t f = 0; f < n; ++f) {
    const std::span column(vectors.data() + f * p, p);
    double largest = 0;
    for (const double entry : column) largest = std::max(largest, std::abs(entry));
    if (largest == 0) continue;
    for (double& entry : column) entry /= largest;
  }
}

/// Diagonal entries of a triangular factor above n eps times `reference`.
std::size_t numerical_rank(const std::vector<double>& factors, std::size_t leading, std::size_t diagonal,
                           double reference, std::size_t n) {
  std::size_t rank = 0;
  for (std::size_t k = 0; k < diagonal; ++k) {
    if (std::abs(factors[k * leading + k]) > double(n) * epsilon * reference) ++rank;
  }
  return rank;
}

}  // namespace

Tableau tableau_by_lu(std::vector<double>& vectors, std::size_t p, std::size_t n) {
  const int rows = int(p), columns = int(n);
  const std::size_t r = std::min(p, n);
  std::vector<int> swaps(r);
  int info = 0;
  equilibrate(vectors, p, n);
  dgetrf_(&rows, &columns, vectors.data(), &rows, swaps.data(), &info);

  std::vector<std::size_t> order(p);
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t k = 0; k < r; ++k) std::swap(order[k], order[std::size_t(swaps[k] - 1)]);

  Tableau tableau;
  tableau.rank = numerical_rank(vectors, p, r, 1.0, n);
  tableau.basic.assign(order.begin(), order.begin() + std::ptrdiff_t(r));
  tableau.others.assign(order.begin() + std::ptrdiff_t(r), order.end());
  if (p == r) return tableau;

  // The factors are [L1; L2] U, so the others are L2 U = (L2 L1^-1) (L1 U).
  const std::size_t others = p - r;
  tableau.entries.resize(others * r);
  for (std::size_t j = 0; j < r; ++j) std::copy_n(vectors.data() + j * p + r, others, &tableau.entries[j * others]);
  cblas_dtrsm(CblasColMajor, CblasRight, CblasLower, CblasNoTrans, CblasUnit, int(others), int(r), 1.0, vectors.data(),
              rows, tableau.entries.data(), int(others));
  return tableau;
}

Tableau tableau_by_qr(std::vector<double> vectors, std::size_t p, std::size_t n) {
  equilibrate(vectors, p, n);
  std::vector<double> transposed(n * p);
  for (std::size_t f = 0; f < n; ++f) {
    for (std::size_t i = 0; i < p; ++i) transposed[i * n + f] = vectors[f * p + i];
  }
  const int rows = int(n), columns = int(p);
  std::vector<int> pivots(p, 0);
  std::vector<double> tau(std::min(p, n));
  int info = 0, query = -1;
  double best = 0;
  dgeqp3_(&rows, &columns, transposed.data(), &rows, pivots.data(), tau.data(), &best, &query, &info);
  const int length = int(best);
  std::vector<double> work(static_cast<std::size_t>(length));
  dgeqp3_(&rows, &columns, transposed.data(), &rows, pivots.data(), tau.data(), work.data(), &length, &info);

  Tableau tableau;
  const std::size_t r = tableau.rank = numerical_rank(transposed, n, std::min(p, n), std::abs(transposed[0]), n);
  for (std::size_t i = 0; i < p; ++i) {
    (i < r ? tableau.basic : tableau.others).push_back(static_cast<std::size_t>(pivots[i] - 1));
  }
  if (r == 0 || r == p) return tableau;

  // The vectors are Q [R11 R12], so the others are combinations R11^-1 R12 of the basic ones.
  cblas_dtrsm(CblasColMajor, CblasLeft, CblasUpper, CblasNoTrans, CblasNonUnit, int(r), int(p - r), 1.0,
              transposed.data(), rows, transposed.data() + r * n, rows);
  const std::size_t others = p - r;
  tableau.entries.resize(others * r);
  for (std::size_t i = 0; i < others; ++i) {
    for (std::size_t j = 0; j < r; ++j) tableau.entries[j * others + i] = transposed[(r + i) * n + j];
  }
  return tableau;
}

}  // namespace momentset
