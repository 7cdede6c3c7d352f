#include "recombine/lu.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <tuple>
#include <vector>

#include "recombine/small_lu.hpp"
#include "support/random.hpp"

namespace momentset::test {
namespace {

using Shape = std::tuple<std::size_t, std::size_t>;  // p, n

/// Column-major p x n.
struct Columns {
  std::size_t p, n;
  std::vector<double> values;

  double& at(std::size_t i, std::size_t f) { return values[f * p + i]; }
};

Columns random_columns(std::size_t p, std::size_t n) {
  Random random(p * 1000 + n);
  Columns columns{p, n, std::vector<double>(p * n)};
  for (double& x : columns.values) x = random.uniform(-1, 1);
  return columns;
}

/// Largest |P A - L U| relative to sum |L| |U|, which bounds what rounding may leave by about n eps.
double backward_error(Columns original, Columns factors, const std::vector<std::size_t>& swaps) {
  for (std::size_t k = 0; k < swaps.size(); ++k) {
    for (std::size_t f = 0; f < original.n; ++f) std::swap(original.at(k, f), original.at(swaps[k], f));
  }
  double worst = 0;
  for (std::size_t i = 0; i < original.p; ++i) {
    for (std::size_t f = 0; f < original.n; ++f) {
      long double sum = 0, size = 0;
      for (std::size_t k = 0; k <= std::min(i, f); ++k) {
        const long double term = (k == i ? 1.0L : static_cast<long double>(factors.at(i, k))) * factors.at(k, f);
        sum += term;
        size += std::abs(term);
      }
      const double difference = std::abs(double(sum - original.at(i, f)));
      worst = std::max(worst, size > 0 ? difference / double(size) : difference);
    }
  }
  return worst;
}

class Lu : public testing::TestWithParam<Shape> {
 protected:
  const std::size_t p = std::get<0>(GetParam()), n = std::get<1>(GetParam());
  Pulse pulse{{}, {}, 1};

  void expect_factors(const Columns& original) {
    Columns factors = original;
    const std::vector<std::size_t> swaps = factorise_lu(factors.values.data(), p, n, pulse);
    ASSERT_EQ(swaps.size(), n);
    for (std::size_t k = 0; k < n; ++k) {
      EXPECT_GE(swaps[k], k);
      EXPECT_LT(swaps[k], p);
      for (std::size_t i = k + 1; i < p; ++i) EXPECT_LE(std::abs(factors.at(i, k)), 1) << "partial pivoting";
    }
    EXPECT_LE(backward_error(original, factors, swaps), double(n) * std::numeric_limits<double>::epsilon());
  }
};

TEST_P(Lu, TakesAMatrixApart) { expect_factors(random_columns(p, n)); }

TEST_P(Lu, TakesDependentColumnsAndColumnsOfZeros) {
  Columns columns = random_columns(p, n);
  for (std::size_t i = 0; i < p; ++i) {
    columns.at(i, n / 2) = 0;
    columns.at(i, n - 1) = columns.at(i, 0);
  }
  expect_factors(columns);
}

/// LAPACK does not take these; the tableau scales its features before.
class SmallLu : public Lu {};

TEST_P(SmallLu, TakesColumnsWhoseInverseOverflows) {
  Columns columns = random_columns(p, n);
  for (std::size_t i = 0; i < p; ++i) columns.at(i, 0) = std::ldexp(columns.at(i, 0), -1040);
  expect_factors(columns);
}

const auto small_shapes = testing::Values(Shape{1, 1}, Shape{2, 1}, Shape{2, 2}, Shape{9, 7}, Shape{16, 8},
                                          Shape{18, 9}, Shape{21, 21}, Shape{42, 21}, Shape{113, 56}, Shape{128, 64});
INSTANTIATE_TEST_SUITE_P(Small, Lu, small_shapes);
INSTANTIATE_TEST_SUITE_P(Large, Lu, testing::Values(Shape{130, 65}, Shape{200, 100}));
INSTANTIATE_TEST_SUITE_P(Small, SmallLu, small_shapes);

TEST(SmallLower, IsDividedBy) {
  for (const std::size_t r : {1, 2, 5, 21, 64}) {
    for (const std::size_t count : {1, 3, 4, 17, 40}) {
      const std::size_t leading = r + 3;
      const Columns lower = random_columns(leading, r), rows = random_columns(count, r);
      std::vector<double> scaled(lower.values), divided(rows.values);
      for (double& x : scaled) x /= double(r);  // so that L^-1 does not blow up what rounding leaves
      divide_by_small_lower(divided.data(), count, scaled.data(), r, leading);
      for (std::size_t i = 0; i < count; ++i) {
        for (std::size_t j = 0; j < r; ++j) {  // X L = rows
          long double sum = divided[j * count + i], size = std::abs(sum);
          for (std::size_t k = j + 1; k < r; ++k) {
            const long double term = static_cast<long double>(divided[k * count + i]) * scaled[j * leading + k];
            sum += term;
            size += std::abs(term);
          }
          EXPECT_NEAR(double(sum), rows.values[j * count + i],
                      double(size) * double(r) * std::numeric_limits<double>::epsilon());
        }
      }
    }
  }
}

}  // namespace
}  // namespace momentset::test
