#include "distill/triangular_factor.hpp"

#include <algorithm>
#include <utility>

#include "blas.hpp"
#include "threads.hpp"

namespace momentset::distill {
namespace {

/// R of a matrix of `rows` rows, which is overwritten. Fewer rows than columns leave rows of zeros.
std::vector<double> factorised(std::vector<double>& matrix, std::size_t rows, std::size_t columns) {
  const int m = int(rows), n = int(columns), lead = std::max(1, m);
  int info = 0, length = -1;
  double wanted = 0;
  std::vector<double> tau(std::min(rows, columns) + 1);
  dgeqrf_(&m, &n, matrix.data(), &lead, tau.data(), &wanted, &length, &info);
  length = std::max(int(wanted), n);
  std::vector<double> work(length);
  dgeqrf_(&m, &n, matrix.data(), &lead, tau.data(), work.data(), &length, &info);
  std::vector<double> triangle(columns * columns, 0.0);
  for (std::size_t j = 0; j < columns; ++j) {
    std::copy_n(matrix.data() + j * rows, std::min(j + 1, rows), triangle.data() + j * columns);
  }
  return triangle;
}

std::vector<double> joined(const std::vector<double>& upper, const std::vector<double>& lower, std::size_t columns) {
  std::vector<double> both(2 * columns * columns);
  for (std::size_t j = 0; j < columns; ++j) {
    std::copy_n(upper.data() + j * columns, columns, both.data() + 2 * j * columns);
    std::copy_n(lower.data() + j * columns, columns, both.data() + (2 * j + 1) * columns);
  }
  return factorised(both, 2 * columns, columns);
}

}  // namespace

std::size_t block_rows(std::size_t columns) { return std::max<std::size_t>(512, 16 * columns); }

TriangularFactor::TriangularFactor(std::size_t columns, std::vector<double> rows) : columns_(columns) {
  const SingleThreadedBlas single;
  const std::size_t count = rows.size() / columns;
  if (count > 0) levels_.push_back(factorised(rows, count, columns));
}

void TriangularFactor::add(std::size_t rows, const FillBlock& fill, const std::stop_token& stop) {
  const SingleThreadedBlas single;
  constexpr std::size_t group = 64;  // blocks factorised at the same time, which bounds the memory
  const std::size_t block = block_rows(columns_), blocks = (rows + block - 1) / block;
  std::vector<std::vector<double>> factors;
  for (std::size_t begin = 0; begin < blocks; begin += group) {
    stop_if_asked(stop);
    factors.assign(std::min(group, blocks - begin), {});
    for_all(factors.size(), [&](std::size_t k) {
      const std::size_t first = (begin + k) * block, count = std::min(block, rows - first);
      std::vector<double> matrix(count * columns_);
      fill(first, count, matrix.data());
      factors[k] = factorised(matrix, count, columns_);
    });
    for (std::vector<double>& factor : factors) join(std::move(factor), 0);
  }
}

void TriangularFactor::join(std::vector<double> factor, std::size_t level) {
  for (; level < levels_.size() && !levels_[level].empty(); ++level) {
    factor = joined(std::exchange(levels_[level], {}), factor, columns_);
  }
  if (level >= levels_.size()) levels_.resize(level + 1);
  levels_[level] = std::move(factor);
}

void TriangularFactor::merge(const TriangularFactor& other) {
  const SingleThreadedBlas single;
  for (std::size_t level = 0; level < other.levels_.size(); ++level) {
    if (!other.levels_[level].empty()) join(other.levels_[level], level);
  }
}

std::vector<double> TriangularFactor::triangle() const {
  const SingleThreadedBlas single;
  std::vector<double> all(columns_ * columns_, 0.0);
  bool any = false;
  for (const std::vector<double>& level : levels_) {
    if (level.empty()) continue;
    all = any ? joined(level, all, columns_) : level;
    any = true;
  }
  return all;
}

}  // namespace momentset::distill
