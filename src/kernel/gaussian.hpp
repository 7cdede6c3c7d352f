#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <stop_token>
#include <vector>

#include "kernel/standardisation.hpp"
#include "momentset/points.hpp"

namespace momentset::kernel {

/// Gaussians g, g^4 and g^16 with g(z, z') = exp(-|z - z'|^2 / (2 m)) in m standardised columns: standard deviations
/// sqrt(m), sqrt(m) / 2 and sqrt(m) / 4. Each is two squarings of the one before.
inline constexpr std::size_t scales = 3;

/// Factors a of k = a_1 g + a_2 g^4 + a_3 g^16.
using Mixture = std::array<double, scales>;

/// Points as the kernel sees them: in single precision y = z / sqrt(m), beside -|y|^2 / 2 and 1, so that the exponents
/// of g are one matrix product.
class KernelPoints {
 public:
  KernelPoints(const Standardisation& standardisation, const WeightedPoints& points, std::span<const Index> rows);

  std::size_t size() const { return count_; }

  /// out[k] = k(point k, point `centre`) for all points, in single precision. O(size m).
  void column(std::size_t centre, const Mixture& mixture, std::vector<float>& out) const;

  /// Column-major a.size() x b.size(), in double precision. The same point on both sides makes k(x, x) exactly.
  std::vector<double> matrix(std::span<const std::size_t> a, std::span<const std::size_t> b,
                             const Mixture& mixture) const;

  /// For each scale the sums s(y) = sum_i v_i g(x_i, y) at each of these points y: result[scale][k]. `others` are
  /// `count` points in the form of right_of(), weights[scale] their v. In blocks, whatever the threads. Throws
  /// Cancelled.
  std::array<std::vector<double>, scales> sums(std::span<const float> others,
                                               const std::array<std::span<const double>, scales>& weights,
                                               const std::stop_token& stop) const;

  /// All of them as the other side of a product, width() numbers each.
  std::span<const float> right() const { return right_; }
  std::size_t width() const { return width_; }

 private:
  std::size_t count_, width_;
  std::vector<double> coordinates_, half_squares_;  // y, row-major; |y|^2 / 2
  std::vector<float> left_, right_;                 // y, -|y|^2 / 2, 1 and y, 1, -|y|^2 / 2
};

}  // namespace momentset::kernel
