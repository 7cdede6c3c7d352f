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

/// products = a b, and to the `sums` four each: sums of the products, what rounding took from these and from the
/// products, and sums of the magnitudes. Errors are of the second order: 2^-106 for each product and sum.
MOMENTSET_LOOP void multiply_loop(const double* a, const double* b, std::size_t count, double* products, double* sums) {
  Lanes sum = load(sums), rest = load(sums + simd_lanes), magnitude = load(sums + 2 * simd_lanes);
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

}  // namespace

double scaled_residual(long double output, long double input, long double magnitude) {
  if (magnitude > 0) return finite(std::fabs(output - input) / magnitude);
  return output == input ? 0.0 : 1.0;
}

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

std::size_t monomial_count(std::size_t dimension, int order, const MonomialSet& set) {
  return set.is_whole() ? monomial_count(dimension, order) : set.count(dimension, order);
}

void MomentSums::join(const MomentSums& other) {
  for (std::size_t f = 0; f < moments.size(); ++f) {
    moments[f].add(other.moments[f]);
    magnitudes[f] += other.magnitudes[f];
  }
}

Monomials::Monomials(std::size_t dimension, int order, const MonomialSet& set) : dimension_(dimension), order_(order) {
  set.visit(dimension, order, [&](std::span<const std::uint32_t> columns, int own) {
    steps_.push_back({columns.empty() ? 0 : columns.back(), int(columns.size()), own});
    return true;
  });
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

/// What one thread needs to sum over a stretch of points, block by block.
class Monomials::Stretch {
 public:
  Stretch(const Monomials& monomials, const Box& box)
      : monomials_(monomials),
        box_(box),
        rows_((monomials.dimension_ + std::size_t(monomials.order_) + 3) * block_row),
        parts_(monomials.size() * parts_each) {
    for (std::size_t i = 0; i < block_points; ++i) set(ones(), i, 1);
    for (std::size_t axis = 0; axis < monomials.dimension_; ++axis) inverses_.push_back(exact_inverse(box, axis));
  }

  void add(const Selection& points, const Factor* factor, std::size_t begin, std::size_t end, MomentSums& sums) {
    const int exponent = largest_exponent(points, begin, end);
    const long double shrink = std::ldexp(1.0L, -exponent), unit = std::ldexp(1.0L, exponent);
    std::fill(parts_.begin(), parts_.end(), 0);
    for (; begin < end; begin += block_points) {
      const std::size_t count = std::min(block_points, end - begin);
      fill(points, factor, shrink, begin, count);
      for (std::size_t f = 0; f < monomials_.size(); ++f) {
        const auto [axis, degree, order] = monomials_.steps_[f];
        multiply(values(degree - 1), degree == 0 ? ones() : local(axis), whole_lanes(count), values(degree),
                 &parts_[f * parts_each]);
      }
    }
    for (std::size_t f = 0; f < monomials_.size(); ++f) {
      const double* parts = &parts_[f * parts_each];
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
  static constexpr std::size_t parts_each = 3 * simd_lanes;  // of a monomial: see multiply_loop

  double* local(std::size_t axis) { return rows_.data() + axis * block_row; }
  double* ones() { return local(monomials_.dimension_); }
  /// Of the latest monomial of each degree; of degree -1 the weights.
  double* values(int degree) { return ones() + std::size_t(degree + 2) * block_row; }

  /// Weights are divided by two to this power: products of numbers up to 1 neither overflow nor, but for points that do
  /// not count, vanish.
  static int largest_exponent(const Selection& points, std::size_t begin, std::size_t end) {
    double largest = 0;
    for (std::size_t k = begin; k < end; ++k) largest = std::max(largest, std::fabs(points.weight(k)));
    return largest > 0 ? std::ilogb(largest) : 0;
  }

  /// 1 / half where that is a power of two and the centre a double, so that doubles can do without rounding what takes
  /// long double else; 0 where not.
  static double exact_inverse(const Box& box, std::size_t axis) {
    int exponent = 0;
    const bool exact = std::frexp(box.half[axis], &exponent) == 0.5L && std::abs(exponent) < 1000 &&
                       static_cast<double>(box.centre[axis]) == box.centre[axis];
    return exact ? static_cast<double>(1 / box.half[axis]) : 0;
  }

  /// Coordinates and weights, with zeros after the last point.
  void fill(const Selection& points, const Factor* factor, long double shrink, std::size_t begin, std::size_t count) {
    for (std::size_t axis = 0; axis < monomials_.dimension_; ++axis) fill_column(points, begin, count, axis);
    for (std::size_t i = 0; i < count; ++i) {
      long double weight = points.weight(begin + i) * shrink;
      if (factor != nullptr) weight *= factor->at(points.row(begin + i));
      set(values(-1), i, weight);
    }
    for (std::size_t i = count; i < whole_lanes(count); ++i) set(values(-1), i, 0);
  }

  void fill_column(const Selection& points, std::size_t begin, std::size_t count, std::size_t axis) {
    double* row = local(axis);
    const double inverse = inverses_[axis], centre = static_cast<double>(box_.centre[axis]);
    for (std::size_t i = 0; i < count; ++i) {
      const double x = points.point(begin + i)[axis];
      if (inverse == 0) {
        set(row, i, box_.local(x, axis));
        continue;
      }
      double difference = x, error = 0;
      add_exactly(-centre, difference, error);
      row[i] = difference * inverse;
      row[block_points + i] = error * inverse;
    }
    for (std::size_t i = count; i < whole_lanes(count); ++i) set(row, i, 0);
  }

  const Monomials& monomials_;
  const Box& box_;
  // In this order: coordinates, ones, weights, a row for each degree.
  std::vector<double, tbb::cache_aligned_allocator<double>> rows_, parts_;
  std::vector<double> inverses_;  // exact_inverse() of each axis
};

MomentSums Monomials::sums(const Selection& points, const Box& box, const Factor* factor) const {
  const auto add = [&](MomentSums& sums, std::size_t begin, std::size_t end) {
    Stretch(*this, box).add(points, factor, begin, end, sums);
  };
  return reduce(points, MomentSums(size()), add, [](MomentSums& left, const MomentSums& right) { left.join(right); });
}

std::vector<std::uint8_t> Monomials::exponents() const {
  std::vector<std::uint8_t> exponents(size() * dimension_, 0);
  std::vector<std::size_t> latest(std::size_t(order_) + 1, 0);  // monomial of each degree
  for (std::size_t f = 1; f < size(); ++f) {
    const auto [axis, degree, order] = steps_[f];
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
    double& entry = worst[std::size_t(steps_[f].order)];
    entry = std::max(
        entry, scaled_residual(output.moments[f].value() / mass_scale, input.moments[f].value(), input.magnitudes[f]));
  }
  return worst;
}

}  // namespace momentset::certificate
