#include "momentset/network/gauge.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "network/two_layer.hpp"
#include "support/expect_error.hpp"

namespace momentset::test {
namespace {

using namespace momentset::network;

/// Multiplies each object's incoming coordinates by its factor, and divides the outgoing ones by it.
Layer disguised(Layer layer, const std::function<double()>& factor) {
  for (std::size_t i = 0; i < layer.width(); ++i) {
    const double by = factor();
    double* object = layer.objects.coordinates.data() + i * object_size;
    for (std::size_t a = 0; a < object_size; ++a) object[a] = a < 3 ? object[a] * by : object[a] / by;
  }
  return layer;
}

TEST(FixGauge, MakesOddNeuronsOfOneFunctionEqual) {
  Random random(3);
  Layer layer = random_layer(4, 40), other = disguised(layer, [&] { return random.chance(0.5) ? -1.0 : 1.0; });
  const Layer before = layer;
  fix_gauge(layer, Symmetry::odd);
  fix_gauge(other, Symmetry::odd);
  EXPECT_EQ(layer.objects.coordinates, other.objects.coordinates);
  EXPECT_NE(layer.objects.coordinates, before.objects.coordinates);
  EXPECT_LT(difference(layer, before, tangent), 1e-13);
}

TEST(FixGauge, MakesHomogeneousNeuronsOfOneFunctionEqual) {
  Random random(5);
  Layer layer = random_layer(6, 40);
  for (std::size_t a = 0; a < 3; ++a) layer.objects.coordinates[a] = 0;  // no input: no output either
  Layer other = disguised(layer, [&] { return std::exp2(double(random.between(0, 12)) - 6); });
  const Layer before = layer;
  fix_gauge(layer, Symmetry::homogeneous);
  fix_gauge(other, Symmetry::homogeneous);
  for (std::size_t k = 0; k < layer.objects.coordinates.size(); ++k) {
    EXPECT_NEAR(layer.objects.coordinates[k], other.objects.coordinates[k], 4e-16);
  }
  EXPECT_EQ(layer.objects.coordinates[3], 0);
  EXPECT_LT(difference(layer, before, relu), 1e-13);
}

/// A^T B, row-major.
std::vector<double> product(const std::vector<double>& A, const std::vector<double>& B, std::size_t rows) {
  const std::size_t a = A.size() / rows, b = B.size() / rows;
  std::vector<double> sums(a * b, 0.0);
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t i = 0; i < a * b; ++i) sums[i] += A[r * a + i / b] * B[r * b + i % b];
  }
  return sums;
}

double largest_difference(const std::vector<double>& one, const std::vector<double>& other) {
  double largest = 0;
  for (std::size_t k = 0; k < one.size(); ++k) largest = std::max(largest, std::abs(one[k] - other[k]));
  return largest;
}

TEST(BalanceFactors, GivesEqualProductsEqualFactors) {
  for (const auto& [rows, a, b] : {std::tuple<std::size_t, std::size_t, std::size_t>{3, 7, 5}, {4, 4, 9}, {2, 1, 1}}) {
    Random random(7);
    std::vector<double> A = uniform_values(random, rows * a, -1, 1), B = uniform_values(random, rows * b, -1, 1);
    // Shears multiply A by what B is multiplied by the inverse transpose of.
    std::vector<double> A2 = A, B2 = B;
    for (std::size_t r = 1; r < rows; ++r) {
      for (std::size_t i = 0; i < a; ++i) A2[r * a + i] += 1.5 * A2[(r - 1) * a + i];
    }
    for (std::size_t r = 1; r < rows; ++r) {
      for (std::size_t i = 0; i < b; ++i) B2[(r - 1) * b + i] -= 1.5 * B2[r * b + i];
    }
    const std::vector<double> expected = product(A, B, rows);
    ASSERT_LT(largest_difference(product(A2, B2, rows), expected), 1e-13);
    ASSERT_TRUE(balance_factors(A, B, rows));
    ASSERT_TRUE(balance_factors(A2, B2, rows));
    EXPECT_LT(largest_difference(product(A, B, rows), expected), 1e-14 * double(rows * a * b));
    EXPECT_LT(largest_difference(A, A2), 1e-12);
    EXPECT_LT(largest_difference(B, B2), 1e-12);
    for (std::size_t r = 0; r < rows; ++r) {  // balanced: |row of A| = |row of B| = root of the singular value
      double in_A = 0, in_B = 0;
      for (std::size_t i = 0; i < a; ++i) in_A += A[r * a + i] * A[r * a + i];
      for (std::size_t i = 0; i < b; ++i) in_B += B[r * b + i] * B[r * b + i];
      EXPECT_NEAR(in_A, in_B, 1e-13);
    }
  }
}

TEST(BalanceFactors, RejectsWhatDoesNotFit) {
  std::vector<double> A(6, 1.0), B(4, 1.0);
  expect_error("factors", "4 elements", [&] { balance_factors(A, B, 3); });
  expect_error("factors", "rows, 0", [&] { balance_factors(A, B, 0); });
  B[1] = NAN;
  expect_error("factors", "finite", [&] { balance_factors(A, B, 2); });
}

}  // namespace
}  // namespace momentset::test
