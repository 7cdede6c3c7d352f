#include "recombine/lu.hpp"

#include <algorithm>
#include <type_traits>

#include "blas.hpp"
#include "recombine/small_lu.hpp"

namespace momentset {
namespace {

/// LAPACK and BLAS in both precisions.
struct Double {
  static constexpr auto getrf = dgetrf_;
  static constexpr auto laswp = dlaswp_;
  static constexpr auto trsm = cblas_dtrsm;
  static constexpr auto gemm = cblas_dgemm;
};
struct Single {
  static constexpr auto getrf = sgetrf_;
  static constexpr auto laswp = slaswp_;
  static constexpr auto trsm = cblas_strsm;
  static constexpr auto gemm = cblas_sgemm;
};
template <class Real>
using Precision = std::conditional_t<std::is_same_v<Real, float>, Single, Double>;

}  // namespace

template <class Real>
std::vector<std::size_t> factorise_lu(Real* matrix, std::size_t p, std::size_t n, Pulse& pulse) {
  if constexpr (std::is_same_v<Real, double>) {
    if (n <= small_lu_columns && p >= n) return factorise_small_lu(matrix, p, n);
  }
  const std::size_t least = std::min(p, n);
  const auto affordable = std::size_t(Pulse::operations_per_beat / (2 * double(p) * double(n)));
  const std::size_t width = std::clamp<std::size_t>(affordable, 32, std::max<std::size_t>(least, 32));
  const int leading = int(p);
  std::vector<int> swaps(least);
  for (std::size_t k = 0; k < least; k += width) {
    const std::size_t columns = std::min(width, least - k), next = k + columns;
    Real* const panel = matrix + k * p + k;
    const int rows = int(p - k), count = int(columns);
    int info = 0;
    Precision<Real>::getrf(&rows, &count, panel, &leading, swaps.data() + k, &info);
    for (std::size_t i = k; i < next; ++i) swaps[i] += int(k);

    const int first = int(k) + 1, last = int(next), one = 1, left = int(k), right = int(n - next);
    if (left > 0) Precision<Real>::laswp(&left, matrix, &leading, &first, &last, swaps.data(), &one);
    if (right > 0) {
      Real* const top = matrix + next * p + k;
      Precision<Real>::laswp(&right, matrix + next * p, &leading, &first, &last, swaps.data(), &one);
      Precision<Real>::trsm(CblasColMajor, CblasLeft, CblasLower, CblasNoTrans, CblasUnit, count, right, 1.0, panel,
                            leading, top, leading);
      if (next < p) {
        Precision<Real>::gemm(CblasColMajor, CblasNoTrans, CblasNoTrans, int(p - next), right, count, -1.0,
                              panel + columns, leading, top, leading, 1.0, top + columns, leading);
      }
    }
    pulse.beat(2 * double(p - k) * double(columns) * double(n - k));
  }
  std::vector<std::size_t> interchanges(least);
  for (std::size_t k = 0; k < least; ++k) interchanges[k] = std::size_t(swaps[k] - 1);
  return interchanges;
}

template std::vector<std::size_t> factorise_lu(float*, std::size_t, std::size_t, Pulse&);
template std::vector<std::size_t> factorise_lu(double*, std::size_t, std::size_t, Pulse&);

}  // namespace momentset
