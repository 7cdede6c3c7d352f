#include "momentset/network/gauge.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "blas.hpp"
#include "momentset/error.hpp"

namespace momentset::network {
namespace {

std::vector<std::size_t> incoming_by_power(const Layer& layer, const std::vector<bool>& outgoing) {
  std::vector<double> power(outgoing.size(), 0.0);
  for (std::size_t i = 0; i < layer.width(); ++i) {
    const double* object = layer.objects.view().point(i);
    for (std::size_t a = 0; a < power.size(); ++a) power[a] += object[a] * object[a];
  }
  std::vector<std::size_t> incoming;
  for (std::size_t a = 0; a < power.size(); ++a) {
    if (!outgoing[a]) incoming.push_back(a);
  }
  std::stable_sort(incoming.begin(), incoming.end(), [&](std::size_t a, std::size_t b) { return power[a] > power[b]; });
  return incoming;
}

void fix_sign(double* object, const std::vector<std::size_t>& incoming, std::size_t dimension) {
  const auto first = std::find_if(incoming.begin(), incoming.end(), [&](std::size_t a) { return object[a] != 0; });
  if (first == incoming.end() || object[*first] > 0) return;
  for (std::size_t a = 0; a < dimension; ++a) object[a] = -object[a];
}

void fix_scale(double* object, const std::vector<std::size_t>& incoming, const std::vector<bool>& outgoing) {
  double length = 0;
  for (const std::size_t a : incoming) length = std::hypot(length, object[a]);
  for (std::size_t a = 0; a < outgoing.size(); ++a) {
    if (outgoing[a]) {
      object[a] *= length;
    } else if (length > 0) {
      object[a] /= length;
    }
  }
}

/// Q (columns x k) and R (k x rows) of the transpose of a row-major matrix, k the smaller of the two, column-major.
struct Orthogonalised {
  std::vector<double> Q, R;
  int k = 0;
};

Orthogonalised orthogonalised(std::span<const double> matrix, int rows) {
  const int columns = int(matrix.size()) / rows;  // row-major memory is the transpose's, column-major
  Orthogonalised result{{matrix.begin(), matrix.end()}, {}, std::min(rows, columns)};
  const int k = result.k, work_size = 64 * std::max(rows, 1);
  std::vector<double> tau(std::size_t(k), 0.0), work(std::size_t(work_size), 0.0);
  int info = 0;
  dgeqrf_(&columns, &rows, result.Q.data(), &columns, tau.data(), work.data(), &work_size, &info);
  result.R.assign(std::size_t(k) * std::size_t(rows), 0.0);
  for (int j = 0; j < rows; ++j) {
    for (int i = 0; i <= std::min(j, k - 1); ++i)
      result.R[std::size_t(i + j * k)] = result.Q[std::size_t(i + j * columns)];
  }
  dorgqr_(&columns, &k, &k, result.Q.data(), &columns, tau.data(), work.data(), &work_size, &info);
  return result;
}

/// Writes row j of the row-major matrix: Q times the vector, times the factor.
void write_row(const Orthogonalised& from, const double* vector, int stride, double factor, std::span<double> row) {
  const int columns = int(row.size());
  cblas_dgemv(CblasColMajor, CblasNoTrans, columns, from.k, factor, from.Q.data(), columns, vector, stride, 0.0,
              row.data(), 1);
}

void require_factors(std::span<const double> A, std::span<const double> B, std::size_t rows) {
  for (const std::span<const double> factor : {A, B}) {
    if (rows == 0 || factor.empty() || factor.size() % rows != 0) {
      throw Error("factors", std::to_string(factor.size()) + " elements",
                  "must be a positive multiple of the number of rows, " + std::to_string(rows));
    }
    const auto wrong = std::find_if(factor.begin(), factor.end(), [](double x) { return !std::isfinite(x); });
    if (wrong != factor.end()) throw Error("factors", std::to_string(*wrong), "must be finite");
  }
}

}  // namespace

void fix_gauge(Layer& layer, Symmetry symmetry) {
  require_valid(layer);
  if (symmetry == Symmetry::none) return;
  const std::vector<bool> outgoing = outgoing_coordinates(layer);
  const std::vector<std::size_t> incoming = incoming_by_power(layer, outgoing);
  for (std::size_t i = 0; i < layer.width(); ++i) {
    double* object = layer.objects.coordinates.data() + i * layer.objects.dimension;
    if (symmetry == Symmetry::odd) {
      fix_sign(object, incoming, outgoing.size());
    } else {
      fix_scale(object, incoming, outgoing);
    }
  }
}

// A^T = Qa Ra and B^T = Qb Rb, so A^T B = Qa (Ra Rb^T) Qb^T, whose core is at most h x h.
bool balance_factors(std::span<double> A, std::span<double> B, std::size_t rows) {
  require_factors(A, B, rows);
  const SingleThreadedBlas alone;
  const int h = int(rows);
  const Orthogonalised a = orthogonalised(A, h), b = orthogonalised(B, h);
  const int k = std::min(a.k, b.k), work_size = 64 * h;
  const auto count = [](int r, int c) { return std::size_t(r) * std::size_t(c); };
  std::vector<double> core(count(a.k, b.k)), U(count(a.k, k)), VT(count(k, b.k)), S(count(k, 1)),
      work(count(work_size, 1));
  cblas_dgemm(CblasColMajor, CblasNoTrans, CblasTrans, a.k, b.k, h, 1.0, a.R.data(), a.k, b.R.data(), b.k, 0.0,
              core.data(), a.k);
  int info = 0;
  dgesvd_("S", "S", &a.k, &b.k, core.data(), &a.k, S.data(), U.data(), &a.k, VT.data(), &k, work.data(), &work_size,
          &info);
  if (info != 0) return false;
  std::fill(A.begin(), A.end(), 0.0);
  std::fill(B.begin(), B.end(), 0.0);
  const std::size_t wide_A = A.size() / rows, wide_B = B.size() / rows;
  for (int j = 0; j < k; ++j) {
    const double root = std::sqrt(S[std::size_t(j)]);
    const std::span<double> row_A = A.subspan(std::size_t(j) * wide_A, wide_A);
    const std::span<double> row_B = B.subspan(std::size_t(j) * wide_B, wide_B);
    write_row(a, &U[count(j, a.k)], 1, root, row_A);
    write_row(b, &VT[std::size_t(j)], k, root, row_B);
    const auto smaller = [](double x, double y) { return std::abs(x) < std::abs(y); };
    if (*std::max_element(row_A.begin(), row_A.end(), smaller) >= 0) continue;
    for (double& element : row_A) element = -element;
    for (double& element : row_B) element = -element;
  }
  return true;
}

}  // namespace momentset::network
