#pragma once

#include <tbb/cache_aligned_allocator.h>

#include <span>
#include <utility>
#include <vector>

#include "momentset/basis/polynomial.hpp"
#include "momentset/points.hpp"
#include "momentset/recombine.hpp"

namespace momentset {

/// The polynomial features of some points in a frame, as the rows of a matrix.
class LocalFeatures final : public FeatureRows {
 public:
  /// @param coordinates row-major; must outlive this, as the numbers and the basis
  /// @param numbers     of the points that are the rows; empty: all, in their order
  LocalFeatures(const PolynomialBasis& basis, LocalFrame frame, std::span<const double> coordinates,
                std::span<const Index> numbers = {})
      : basis_(basis), frame_(std::move(frame)), coordinates_(coordinates), numbers_(numbers) {}

  std::size_t rows() const override {
    return numbers_.empty() ? coordinates_.size() / basis_.dimension() : numbers_.size();
  }
  std::size_t features() const override { return basis_.size(); }

  void evaluate(std::span<const Index> rows, const double* scale, double* out) const override {
    const std::size_t m = basis_.dimension(), count = rows.size();
    thread_local std::vector<double, tbb::cache_aligned_allocator<double>> local, scratch;
    local.resize(m * count);
    scratch.resize(basis_.scratch_size(count));
    for (std::size_t k = 0; k < count; ++k) {
      const double* x = coordinates_.data() + std::size_t(numbers_.empty() ? rows[k] : numbers_[rows[k]]) * m;
      for (std::size_t a = 0; a < m; ++a) local[a * count + k] = x[a];
    }
    frame_.map(local.data(), count);
    basis_.evaluate(local.data(), scale, count, scratch.data(), out);
  }

 private:
  const PolynomialBasis& basis_;
  LocalFrame frame_;
  std::span<const double> coordinates_;
  std::span<const Index> numbers_;
};

}  // namespace momentset
