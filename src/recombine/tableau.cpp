#include "recombine/tableau.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>

#include "blas.hpp"
#include "recombine/lu.hpp"
#include "recombine/small_lu.hpp"
#include "simd.hpp"

namespace momentset {
namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();

/// sizes[f] = largest |entry| of column f, f < n.
MOMENTSET_LOOP void column_sizes_loop(const double* matrix, std::size_t p, std::size_t n, double* sizes) {
  for (std::size_t f = 0; f < n; ++f) sizes[f] = largest_magnitude(matrix + f * p, p);
}
MOMENTSET_SIMD(void, column_sizes, column_sizes_loop,
               (const double* matrix, std::size_t p, std::size_t n, double* sizes), (matrix, p, n, sizes))

/// Scales features by powers of two, without rounding, where their sizes would hide each other's rank or end in
/// overflow. Returns the sizes that they have then.
std::vector<double> equilibrate(std::vector<double>& vectors, std::size_t p, std::size_t n, bool always) {
  std::vector<double> sizes(n);
  column_sizes(vectors.data(), p, n, sizes.data());
  constexpr double modest = 0x1p500;
  for (std::size_t f = 0; f < n; ++f) {
    if (sizes[f] == 0 || (!always && sizes[f] < modest && sizes[f] > 1 / modest)) continue;
    const int exponent = -std::ilogb(sizes[f]);
    const std::span column(vectors.data() + f * p, p);
    for (double& entry : column) entry = std::ldexp(entry, exponent);
    sizes[f] = std::ldexp(sizes[f], exponent);
  }
  return sizes;
}

/// rows X L^-1 for a unit lower triangular L, rows: count x r column-major. By slices of rows, with a beat between
/// them.
void divide_by_lower(std::vector<double>& rows, std::size_t count, const double* lower, std::size_t r,
                     std::size_t leading, Pulse& pulse) {
  if (r <= small_lu_columns) return divide_by_small_lower(rows.data(), count, lower, r, leading);
  const double each = double(r) * double(r);
  const std::size_t slice = std::max<std::size_t>(16, std::size_t(Pulse::operations_per_beat / each));
  for (std::size_t first = 0; first < count; first += slice) {
    const std::size_t some = std::min(slice, count - first);
    cblas_dtrsm(CblasColMajor, CblasRight, CblasLower, CblasNoTrans, CblasUnit, int(some), int(r), 1.0, lower,
                int(leading), rows.data() + first, int(count));
    pulse.beat(each * double(some));
  }
}

}  // namespace

Tableau tableau_by_lu(std::vector<double>& vectors, std::size_t p, std::size_t n, Pulse& pulse) {
  const std::size_t r = std::min(p, n);
  // T does not depend on the features' sizes: only the rank has to look at them.
  const std::vector<double> sizes = equilibrate(vectors, p, n, false);
  const std::vector<std::size_t> swaps = factorise_lu(vectors.data(), p, n, pulse);

  std::vector<std::size_t> order(p);
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t k = 0; k < r; ++k) std::swap(order[k], order[swaps[k]]);

  Tableau tableau;
  for (std::size_t k = 0; k < r; ++k) {
    if (std::abs(vectors[k * p + k]) > double(n) * epsilon * sizes[k]) ++tableau.rank;
  }
  tableau.basic.assign(order.begin(), order.begin() + std::ptrdiff_t(r));
  tableau.others.assign(order.begin() + std::ptrdiff_t(r), order.end());
  if (p == r) return tableau;

  // The factors are [L1; L2] U, so the others are L2 U = (L2 L1^-1) (L1 U).
  const std::size_t others = p - r;
  tableau.entries.resize(others * r);
  for (std::size_t j = 0; j < r; ++j) std::copy_n(vectors.data() + j * p + r, others, &tableau.entries[j * others]);
  divide_by_lower(tableau.entries, others, vectors.data(), r, p, pulse);
  return tableau;
}

Tableau tableau_by_qr(std::vector<double>& vectors, std::size_t p, std::size_t n) {
  equilibrate(vectors, p, n, true);
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
  // Pivots that should be zero are below it. The usual n eps counts as dependent what is not: of a million random
  // problems, such rows took up to 65 eps of the moments with them; with sqrt(n) up to 5.
  // Twice that: equal rows leave up to 2 sqrt(n) eps behind.
  const double threshold = 2 * std::sqrt(double(n)) * epsilon;
  for (std::size_t k = 0; k < std::min(p, n); ++k) {
    if (std::abs(transposed[k * n + k]) > threshold * std::abs(transposed[0])) ++tableau.rank;
  }
  const std::size_t r = tableau.rank;
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
