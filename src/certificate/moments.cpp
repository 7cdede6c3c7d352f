#include "certificate/moments.hpp"

#include <tbb/cache_aligned_allocator.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "certificate/parallel.hpp"
#include "simd.hpp"

namespace momentset::certificate {
namespace {

// Points evaluated together: few enough that one block of each degree stays in the first-level cache, many enough to
// hide the bookkeeping.
constexpr std::size_t block_points = 64;
// A row of a block: a number for each point as the sum of two doubles, all first ones before all second ones.
constexpr std::size_t block_row = 2 * block_points;

void set(double* row, std::size_t i, long double value) {
  row[i] = static_cast<double>(value);
  row[block_points + i] = static_cast<double>(value - row[i]);
}

/// products = a b, and into `sums` four each: sums of the products, what rounding took from these and from the
/// products, and sums of the magnitudes. Errors are of the second order: 2^-106 for each product and sum.
MOMENTSET_LOOP void multiply_loop(const double* a, const double* b, std::size_t count, double* products, double* sums) {
  Lanes sum = {}, rest = {}, magnitude = {};
  for (std::size_t i = 0; i < count; i += simd_lanes) {
    const Lanes x = load(a + i), y = load(b + i), product = x * y;
    const Lanes error =
        fused_multiply_add(x, y, -product) + (x * load(b + block_points + i) + load(a + block_points + i) * y);
    store(product, products + i);
    store(error, products + block_points + i);
    add_exactly(product, sum, rest);
    rest += error;
    magnitude += absolute(product);
  }
  store(sum, sums);
  store(rest, sums + simd_lanes);
  store(magnitude, sums + 2 * simd_lanes);
}
MOMENTSET_SIMD(void, multiply, multiply_loop,
               (const double* a, const double* b, std::size_t count, double* products, double* sums),
               (a, b, count, products, sums))

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

Factor largest_factor(const Selection& points, const double* values, std::size_t stride) {
  Factor factor{values, stride, 0, 0};
  for (std::size_t k = 0; k < points.size; ++k) {
    factor.half = std::max(factor.half, std::fabs(static_cast<long double>(values[points.row(k) * stride])));
  }
  if (!(factor.half > 0)) factor.half = 1;
  return factor;
}

/// What one thread needs to evaluate blocks of points.
class Monomials::Block {
 public:
  explicit Block(const Monomials& monomials)
      : monomials_(monomials), rows_((monomials.dimension_ + std::size_t(monomials.order_) + 3) * block_row) {
    for (std::size_t i = 0; i < block_points; ++i) set(ones(), i, 1);
  }

  /// Adds the points from `begin` on, at most block_points.
  void add(const Selection& points, const Box& box, const Factor* factor, std::size_t begin, std::size_t count,
           MomentSums& sums) {
    const long double unit = fill(points, box, factor, begin, count);
    for (std::size_t f = 0; f < monomials_.size(); ++f) {
      const auto [axis, degree] = monomials_.steps_[f];
      double parts[3 * simd_lanes];
      multiply(values(degree - 1), degree == 0 ? ones() : local(axis), whole_lanes(count), values(degree), parts);
      long double sum = 0, magnitude = 0;
      for (std::size_t l = 0; l < simd_lanes; ++l) {
        sum += static_cast<long double>(parts[l]) + parts[simd_lanes + l];
        magnitude += parts[2 * simd_lanes + l];
      }
      sums.moments[f].add(sum * unit);
      sums.magnitudes[f] += magnitude * unit;
    }
  }

 private:
  double* local(std::size_t axis) { return rows_.data() + axis * block_row; }
  double* ones() { return local(monomials_.dimension_); }
  /// Of the latest monomial of each degree; of degree -1 the weights.
  double* values(int degree) { return ones() + std::size_t(degree + 2) * block_row; }

  /// Coordinates and weights, with zeros after the last point. Returns the power of two by which the weights were
  /// divided: products of numbers up to 1 neither overflow nor, but for points that do not count, vanish.
  long double fill(const Selection& points, const Box& box, const Factor* factor, std::size_t begin,
                   std::size_t count) {
    double largest = 0;
    for (std::size_t i = 0; i < count; ++i) largest = std::max(largest, std::fabs(points.weight(begin + i)));
    const int exponent = largest > 0 ? std::ilogb(largest) : 0;
    const long double shrink = std::ldexp(1.0L, -exponent);
    for (std::size_t i = 0; i < whole_lanes(count); ++i) {
      const bool inside = i < count;
      const double* x = inside ? points.point(begin + i) : nullptr;
      for (std::size_t axis = 0; axis < monomials_.dimension_; ++axis) {
        set(local(axis), i, inside ? box.local(x[axis], axis) : 0);
      }
      long double weight = inside ? points.weight(begin + i) * shrink : 0;
      if (inside && factor != nullptr) weight *= factor->at(points.row(begin + i));
      set(values(-1), i, weight);
    }
    return std::ldexp(1.0L, exponent);
  }

  const Monomials& monomials_;
  // In this order: coordinates, ones, weights, a row for each degree.
  std::vector<double, tbb::cache_aligned_allocator<double>> rows_;
};

MomentSums Monomials::sums(const Selection& points, const Box& box, const Factor* factor) const {
  const auto add = [&](MomentSums& sums, std::size_t begin, std::size_t end) {
    Block block(*this);
    for (; begin < end; begin += block_points) {
      block.add(points, box, factor, begin, std::min(block_points, end - begin), sums);
    }
  };
  return reduce(points, MomentSums(size()), add, [](MomentSums& left, const MomentSums& right) { left.join(right); });
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
