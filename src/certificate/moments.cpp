#include "certificate/moments.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "certificate/parallel.hpp"

namespace momentset::certificate {
namespace {

// Points evaluated together: few enough that one block of each degree stays in the first-level cache and that a plain
// sum over the block loses nothing (64 * 2^-64), many enough to hide the bookkeeping.
constexpr std::size_t block_points = 64;

struct BlockSum {
  long double signed_sum = 0, magnitude = 0;
};

BlockSum sum_of(const long double* values, std::size_t count) {
  BlockSum sum;
  for (std::size_t i = 0; i < count; ++i) {
    sum.signed_sum += values[i];
    sum.magnitude += std::fabs(values[i]);
  }
  return sum;
}

BlockSum sum_of_products(const long double* a, const long double* b, std::size_t count) {
  BlockSum sum;
  for (std::size_t i = 0; i < count; ++i) {
    const long double product = a[i] * b[i];
    sum.signed_sum += product;
    sum.magnitude += std::fabs(product);
  }
  return sum;
}

BlockSum store_products(const long double* a, const long double* b, std::size_t count, long double* products) {
  BlockSum sum;
  for (std::size_t i = 0; i < count; ++i) {
    const long double product = a[i] * b[i];
    products[i] = product;
    sum.signed_sum += product;
    sum.magnitude += std::fabs(product);
  }
  return sum;
}

double scaled_residual(long double output, long double input, long double magnitude) {
  if (magnitude > 0) return finite(std::fabs(output - input) / magnitude);
  return output == input ? 0.0 : 1.0;
}

}  // namespace

std::size_t monomial_count(std::size_t dimension, int order) {
  constexpr std::size_t limit = std::numeric_limits<std::size_t>::max();
  std::size_t count = 1;
  for (std::size_t k = 1; k <= std::size_t(order); ++k) {  // C(m + k, k) = C(m + k - 1, k - 1) (m + k) / k
    std::size_t factor = dimension + k, divisor = k;
    const std::size_t common = std::gcd(factor, divisor);
    factor /= common, divisor /= common;
    count /= divisor;  // exact: the divisor has no factor in common with the other number of the product
    if (count > limit / factor) return limit;
    count *= factor;
  }
  return count;
}

void MomentSums::join(const MomentSums& other) {
  for (std::size_t f = 0; f < moments.size(); ++f) {
    moments[f].add(other.moments[f]);
    magnitudes[f] += other.magnitudes[f];
  }
}

Monomials::Monomials(std::size_t dimension, int order) : dimension_(dimension), order_(order) {
  steps_.push_back({0, 0});
  list_children(0, 1);
}

void Monomials::list_children(std::uint32_t first_axis, int degree) {
  if (degree > order_) return;
  for (std::uint32_t axis = first_axis; axis < dimension_; ++axis) {
    steps_.push_back({axis, degree});
    list_children(axis, degree + 1);
  }
}

Factor local_factor(const Selection& points, const double* values, std::size_t stride) {
  Factor factor{values, stride};
  if (points.size == 0) return factor;
  const auto value = [&](std::size_t k) { return values[points.row(k) * stride]; };
  double low = value(0), high = low;
  for (std::size_t k = 1; k < points.size; ++k) {
    low = std::min(low, value(k));
    high = std::max(high, value(k));
  }
  factor.half = (static_cast<long double>(high) - low) / 2;
  factor.centre = low + factor.half;
  if (!(factor.half > 0)) factor.half = 1;
  return factor;
}

MomentSums Monomials::sums(const Selection& points, const Box& box, const Factor* factor) const {
  const auto add = [&](MomentSums& sums, std::size_t begin, std::size_t end) {
    std::vector<long double> scratch((dimension_ + std::size_t(order_) + 1) * block_points);
    for (; begin < end; begin += block_points) {
      add_block(points, box, factor, begin, std::min(block_points, end - begin), scratch, sums);
    }
  };
  return reduce(points, MomentSums(size()), add, [](MomentSums& left, const MomentSums& right) { left.join(right); });
}

void Monomials::add_block(const Selection& points, const Box& box, const Factor* factor, std::size_t begin,
                          std::size_t count, std::vector<long double>& scratch, MomentSums& sums) const {
  long double* const local = scratch.data();                               // one row for each coordinate
  long double* const values = scratch.data() + dimension_ * block_points;  // one row for each degree
  for (std::size_t i = 0; i < count; ++i) {
    const double* x = points.point(begin + i);
    for (std::size_t axis = 0; axis < dimension_; ++axis) local[axis * block_points + i] = box.local(x[axis], axis);
    values[i] = points.weight(begin + i);  // starting from the weight saves a multiplication for each monomial
    if (factor != nullptr) values[i] *= factor->at(points.row(begin + i));
  }
  for (std::size_t f = 0; f < steps_.size(); ++f) {
    const auto [axis, degree] = steps_[f];
    const long double* t = local + axis * block_points;
    long double* own = values + std::size_t(degree) * block_points;
    const BlockSum sum = degree == 0       ? sum_of(own, count)
                         : degree < order_ ? store_products(own - block_points, t, count, own)
                                           : sum_of_products(own - block_points, t, count);
    sums.moments[f].add(sum.signed_sum);
    sums.magnitudes[f] += sum.magnitude;
  }
}

std::vector<std::uint8_t> Monomials::exponents() const {
  std::vector<std::uint8_t> exponents(size() * dimension_, 0);
  std::vector<std::size_t> latest(std::size_t(order_) + 1, 0);  // monomial of each degree
  for (std::size_t f = 1; f < size(); ++f) {
    const auto [axis, degree] = steps_[f];
    const std::size_t parent = latest[std::size_t(degree) - 1];
    std::copy_n(&exponents[parent * dimension_], dimension_, &exponents[f * dimension_]);
    ++exponents[f * dimension_ + axis];
    latest[std::size_t(degree)] = f;
  }
  return exponents;
}

std::vector<double> Monomials::worst_residuals(const MomentSums& input, const MomentSums& output,
                                               double mass_scale) const {
  std::vector<double> worst(std::size_t(order_) + 1, 0.0);
  for (std::size_t f = 0; f < steps_.size(); ++f) {
    double& entry = worst[std::size_t(steps_[f].degree)];
    entry = std::max(
        entry, scaled_residual(output.moments[f].value() / mass_scale, input.moments[f].value(), input.magnitudes[f]));
  }
  return worst;
}

}  // namespace momentset::certificate
