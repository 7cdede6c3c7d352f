// The certificate's sums beside sums in quadruple precision, and on each instruction set.

#include "certificate/moments.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "certificate/columns.hpp"
#include "momentset/certificate.hpp"
#include "simd.hpp"

namespace momentset::certificate {
namespace {

__extension__ using Quadruple = __float128;

constexpr int order = 6;

/// Coordinates of one sign and of both, weights of either sign over `decades` powers of ten.
PointSet points_of(std::size_t count, double decades, double unit) {
  std::mt19937_64 engine(count);
  std::uniform_real_distribution<double> uniform(-1, 1);
  PointSet points{{}, {}, 2};
  for (std::size_t i = 0; i < count; ++i) {
    points.coordinates.insert(points.coordinates.end(), {3 + uniform(engine), 1e-5 * uniform(engine)});
    points.weights.push_back(unit * uniform(engine) * std::pow(10, decades * uniform(engine) / 2));
  }
  return points;
}

struct Reference {
  Quadruple sum = 0, magnitude = 0;
};

Reference reference(const PointSet& points, const Box& box, const std::uint8_t* exponents) {
  Reference result;
  for (std::size_t i = 0; i < points.weights.size(); ++i) {
    Quadruple product = points.weights[i];
    for (std::size_t axis = 0; axis < 2; ++axis) {
      const Quadruple t = (Quadruple(points.coordinates[2 * i + axis]) - box.centre[axis]) / box.half[axis];
      for (int k = 0; k < exponents[axis]; ++k) product *= t;
    }
    result.sum += product;
    result.magnitude += product < 0 ? -product : product;
  }
  return result;
}

TEST(Monomials, SumsAreThoseOfQuadruplePrecision) {
  const Monomials monomials(2, order);
  const std::vector<std::uint8_t> exponents = monomials.exponents();
  for (const std::size_t count : {1, 3, 63, 64, 65, 1000, 10'000}) {
    for (const auto& [decades, unit] : {std::pair{0.0, 1.0}, {30.0, 1.0}, {0.0, 1e-300}, {6.0, 1e300}}) {
      const PointSet points = points_of(count, decades, unit);
      const Box box = bounding_box(all_of(points.view()));
      const MomentSums sums = monomials.sums(all_of(points.view()), box);
      for (std::size_t f = 0; f < monomials.size(); ++f) {
        const Reference expected = reference(points, box, &exponents[2 * f]);
        // Each factor t is off by 2^-64; products and sums by much less.
        const double unit_error = order * std::ldexp(1.0, -63);
        const double magnitude = double(expected.magnitude / unit);  // which is 0 of a single point in a box of its own
        EXPECT_LE(std::fabs(double((sums.moments[f].value() - expected.sum) / unit)), unit_error * magnitude)
            << count << " points, monomial " << f << ", unit " << unit;
        EXPECT_LE(std::fabs(double((sums.magnitudes[f] - expected.magnitude) / unit)), 1e-14 * magnitude)
            << count << " points, monomial " << f << ", unit " << unit;
      }
    }
  }
}

TEST(Monomials, SumsAreTheSameOnEachInstructionSet) {
  const PointSet points = points_of(1001, 10, 1);
  const Box box = bounding_box(all_of(points.view()));
  const Monomials monomials(2, order);
  use_simd_path(SimdPath::baseline);
  const MomentSums plain = monomials.sums(all_of(points.view()), box);
  for (const SimdPath path : {SimdPath::avx2, SimdPath::avx512}) {
    use_simd_path(path);
    const MomentSums sums = monomials.sums(all_of(points.view()), box);
    for (std::size_t f = 0; f < monomials.size(); ++f) {
      EXPECT_EQ(sums.moments[f].sum, plain.moments[f].sum);
      EXPECT_EQ(sums.moments[f].error, plain.moments[f].error);
      EXPECT_EQ(sums.magnitudes[f], plain.magnitudes[f]);
    }
  }
  use_simd_path(best_simd_path());
}

}  // namespace
}  // namespace momentset::certificate
