#include "distill/product_sums.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "blas.hpp"
#include "distill/triangular_factor.hpp"
#include "threads.hpp"

namespace momentset::distill {

void fill_weighted(const Examples& examples, std::span<const double> origin, std::size_t first, std::size_t count,
                   double* block) {
  const std::size_t d = examples.points.dimension, p = examples.target_count;
  for (std::size_t k = 0; k < count; ++k) {
    const double root = std::sqrt(examples.points.weight(first + k));
    const double *x = examples.points.point(first + k), *y = examples.target(first + k);
    double* row = block + k;
    row[0] = root;
    for (std::size_t j = 0; j < d; ++j) row[(1 + j) * count] = root * (x[j] - origin[1 + j]);
    for (std::size_t j = 0; j < p; ++j) row[(1 + d + j) * count] = root * (y[j] - origin[1 + d + j]);
  }
}

ProductSums::ProductSums(std::vector<double> origin)
    : origin_(std::move(origin)), sums_(origin_.size() * origin_.size(), 0.0L) {}

ProductSums::ProductSums(std::vector<double> origin, std::vector<long double> sums)
    : origin_(std::move(origin)), sums_(std::move(sums)) {}

void ProductSums::add(const Examples& examples, const std::stop_token& stop) {
  const SingleThreadedBlas single;
  constexpr std::size_t group = 64;
  const std::size_t rows = examples.size(), n = size(), block = block_rows(n), blocks = (rows + block - 1) / block;
  std::vector<long double> sums = sums_;  // as they were, should the work be stopped
  std::vector<std::vector<double>> products;
  for (std::size_t begin = 0; begin < blocks; begin += group) {
    stop_if_asked(stop);
    products.assign(std::min(group, blocks - begin), {});
    for_all(products.size(), [&](std::size_t k) {
      const std::size_t first = (begin + k) * block, count = std::min(block, rows - first);
      std::vector<double> matrix(count * n);
      fill_weighted(examples, origin_, first, count, matrix.data());
      products[k].resize(n * n);
      cblas_dsyrk(CblasColMajor, CblasUpper, CblasTrans, int(n), int(count), 1, matrix.data(), int(count), 0,
                  products[k].data(), int(n));
    });
    for (const std::vector<double>& product : products) {
      for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = i; j < n; ++j) sums[i * n + j] += product[j * n + i];
      }
    }
  }
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < i; ++j) sums[i * n + j] = sums[j * n + i];
  }
  sums_ = std::move(sums);
}

void ProductSums::add(const ProductSums& other, long double factor) {
  const std::vector<long double> theirs = other.about(origin_);
  for (std::size_t k = 0; k < sums_.size(); ++k) sums_[k] += factor * theirs[k];
}

// With s = (old origin) - (new one), z' = z + s z_0, so sum z'_i z'_j = S_ij + s_i S_0j + s_j S_0i + s_i s_j S_00.
std::vector<long double> ProductSums::about(std::span<const double> origin) const {
  const std::size_t n = size();
  std::vector<long double> shift(n), moved(sums_);
  for (std::size_t j = 0; j < n; ++j) shift[j] = (long double)(origin_[j]) - origin[j];
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      moved[i * n + j] += shift[i] * sums_[j] + shift[j] * sums_[i] + shift[i] * shift[j] * sums_[0];
    }
  }
  return moved;
}

}  // namespace momentset::distill
