#include "momentset/basis/polynomial.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "support/expect_error.hpp"
#include "support/matrix.hpp"
#include "support/random.hpp"

namespace momentset::test {
namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();

/// Features of the points (row-major), as a matrix with a row for each point.
Matrix features_of(const PolynomialBasis& basis, const std::vector<double>& points, const std::vector<double>& scale) {
  const std::size_t m = basis.dimension(), count = scale.size();
  std::vector<double> local(m * count), scratch(basis.scratch_size(count)), out(basis.size() * count);
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t a = 0; a < m; ++a) local[a * count + i] = points[i * m + a];
  }
  basis.evaluate(local.data(), scale.data(), count, scratch.data(), out.data());
  return make_matrix(count, basis.size(), [&](std::size_t i, std::size_t f) { return out[f * count + i]; });
}

Matrix features_of(const PolynomialBasis& basis, const std::vector<double>& points) {
  return features_of(basis, points, std::vector<double>(points.size() / basis.dimension(), 1.0));
}

struct Quadrature {
  std::vector<double> nodes, weights;
};

/// Gauss and Legendre's rule with `count` nodes for the uniform probability on [-1, 1]: exact to degree 2 count - 1.
/// Nodes by Newton's method from the usual guess.
Quadrature gauss_legendre(unsigned count) {
  Quadrature rule;
  for (unsigned k = 0; k < count; ++k) {
    double x = std::cos(std::acos(-1.0) * (k + 0.75) / (count + 0.5)), slope = 1;
    for (int step = 0; step < 50; ++step) {
      slope = count * (x * std::legendre(count, x) - std::legendre(count - 1, x)) / (x * x - 1);
      x -= std::legendre(count, x) / slope;
    }
    rule.nodes.push_back(x);
    rule.weights.push_back(1 / ((1 - x * x) * slope * slope));
  }
  return rule;
}

/// All points of the tensor rule, row-major, and their weights.
Quadrature tensor(const Quadrature& rule, std::size_t m) {
  Quadrature product{{}, {1.0}};
  std::vector<std::vector<double>> points{{}};
  for (std::size_t a = 0; a < m; ++a) {
    std::vector<std::vector<double>> longer;
    std::vector<double> weights;
    for (std::size_t i = 0; i < points.size(); ++i) {
      for (std::size_t k = 0; k < rule.nodes.size(); ++k) {
        longer.push_back(points[i]);
        longer.back().push_back(rule.nodes[k]);
        weights.push_back(product.weights[i] * rule.weights[k]);
      }
    }
    points = std::move(longer);
    product.weights = std::move(weights);
  }
  for (const auto& point : points) product.nodes.insert(product.nodes.end(), point.begin(), point.end());
  return product;
}

struct Shape {
  std::size_t dimension;
  int order;
  std::size_t features;  ///< C(m + K, K)
};

void PrintTo(const Shape& shape, std::ostream* out) { *out << "m=" << shape.dimension << " K=" << shape.order; }

class PolynomialBasisOf : public testing::TestWithParam<Shape> {
 protected:
  const PolynomialBasis basis{GetParam().dimension, GetParam().order};
};

TEST_P(PolynomialBasisOf, HasAsManyFeaturesAsMonomials) { EXPECT_EQ(basis.size(), GetParam().features); }

TEST_P(PolynomialBasisOf, IsOrthonormalForTheUniformProbability) {
  const Quadrature rule = tensor(gauss_legendre(unsigned(basis.order()) + 1), basis.dimension());
  const Matrix phi = features_of(basis, rule.nodes);
  for (std::size_t f = 0; f < basis.size(); ++f) {
    for (std::size_t g = 0; g <= f; ++g) {
      long double product = 0, magnitude = 0;
      for (std::size_t i = 0; i < rule.weights.size(); ++i) {
        const long double term = static_cast<long double>(rule.weights[i]) * phi.at(i, f) * phi.at(i, g);
        product += term;
        magnitude += std::abs(term);
      }
      // Nodes and weights, and recurrences of K steps in m variables, carry a few eps each.
      const double allowed = 32 * epsilon * double(basis.dimension()) * (basis.order() + 1);
      EXPECT_NEAR(double(product), f == g ? 1.0 : 0.0, allowed * std::max(1.0, double(magnitude))) << f << ", " << g;
    }
  }
}

/// The 1-d values sqrt(2k + 1) P_k(x), by the standard library.
double orthonormal(int k, double x) { return std::sqrt(2.0 * k + 1) * std::legendre(unsigned(k), x); }

/// All products of 1-d polynomials of total degree <= order at x, in any order.
std::vector<double> products(const double* x, std::size_t m, int order) {
  if (m == 0) return {1.0};
  std::vector<double> all;
  for (int k = 0; k <= order; ++k) {
    for (const double rest : products(x + 1, m - 1, order - k)) all.push_back(orthonormal(k, x[0]) * rest);
  }
  return all;
}

TEST_P(PolynomialBasisOf, ConsistsOfProductsOfLegendrePolynomials) {
  Random random(3);
  const std::vector<double> x = uniform_values(random, basis.dimension(), -1, 1);
  const Matrix phi = features_of(basis, x);
  std::vector<double> expected = products(x.data(), basis.dimension(), basis.order());
  std::vector<double> found = phi.values;
  ASSERT_EQ(found.size(), expected.size());
  std::sort(found.begin(), found.end());
  std::sort(expected.begin(), expected.end());
  for (std::size_t f = 0; f < found.size(); ++f) {
    // |sqrt(2k + 1) P_k| <= sqrt(2K + 1) bounds each factor, whose recurrence is off by eps for each step.
    const double bound = std::pow(2.0 * basis.order() + 1, double(basis.dimension()) / 2);
    EXPECT_NEAR(found[f], expected[f], 8 * epsilon * (basis.order() + 1) * bound);
  }
}

// Spans of equal dimension that lie in one another: as many independent features as monomials, all of total degree at
// most K (a polynomial of degree K along every line has no (K + 1)-th difference).
TEST_P(PolynomialBasisOf, SpansTheMonomials) {
  Random random(4);
  const std::size_t m = basis.dimension();
  const std::vector<double> points = uniform_values(random, 2 * basis.size() * m, -1, 1);
  const Matrix phi = features_of(basis, points);
  std::vector<Index> all(2 * basis.size());
  std::iota(all.begin(), all.end(), Index{0});
  EXPECT_EQ(Elimination(phi, all).rank(), basis.size());

  const std::vector<double> start = uniform_values(random, m, -1, 0), end = uniform_values(random, m, 0, 1);
  const int steps = basis.order() + 1;
  std::vector<double> line;
  for (int k = 0; k <= steps; ++k) {
    for (std::size_t a = 0; a < m; ++a) line.push_back(start[a] + (end[a] - start[a]) * k / steps);
  }
  const Matrix along = features_of(basis, line);
  for (std::size_t f = 0; f < basis.size(); ++f) {
    long double difference = 0, magnitude = 0, binomial = 1;
    for (int k = 0; k <= steps; ++k) {
      difference += (k % 2 == 0 ? 1 : -1) * binomial * along.at(std::size_t(k), f);
      magnitude += binomial * std::max(1.0, std::abs(along.at(std::size_t(k), f)));
      binomial = binomial * (steps - k) / (k + 1);
    }
    EXPECT_LE(std::abs(difference), 64 * epsilon * double(steps * int(m)) * magnitude) << "feature " << f;
  }
}

TEST_P(PolynomialBasisOf, ScalesEachPointByItsFactor) {
  Random random(6);
  const std::vector<double> points = uniform_values(random, 5 * basis.dimension(), -1, 1);
  const std::vector<double> scale{1, 2, 0, 0.25, 1024};  // powers of two scale without rounding
  const Matrix plain = features_of(basis, points), scaled = features_of(basis, points, scale);
  for (std::size_t i = 0; i < 5; ++i) {
    for (std::size_t f = 0; f < basis.size(); ++f) EXPECT_EQ(scaled.at(i, f), scale[i] * plain.at(i, f));
  }
}

TEST_P(PolynomialBasisOf, ValuesDoNotDependOnTheBlockAPointIsIn) {
  Random random(7);
  const std::size_t m = basis.dimension(), count = 37;
  const std::vector<double> points = uniform_values(random, count * m, -1, 1);
  const Matrix together = features_of(basis, points);
  for (std::size_t i = 0; i < count; ++i) {
    const auto begin = points.begin() + std::ptrdiff_t(i * m);
    const Matrix alone = features_of(basis, std::vector<double>(begin, begin + std::ptrdiff_t(m)));
    for (std::size_t f = 0; f < basis.size(); ++f) EXPECT_EQ(alone.at(0, f), together.at(i, f));
  }
}

INSTANTIATE_TEST_SUITE_P(All, PolynomialBasisOf,
                         testing::Values(Shape{1, 0, 1}, Shape{1, 1, 2}, Shape{1, 12, 13}, Shape{2, 0, 1},
                                         Shape{2, 5, 21}, Shape{3, 1, 4}, Shape{3, 5, 56}, Shape{4, 3, 35},
                                         Shape{5, 2, 21}, Shape{6, 2, 28}));

TEST(PolynomialBasis, RefusesNoDimensionAndNegativeOrders) {
  expect_error("dimension", "at least 1", [] { PolynomialBasis(0, 2); });
  expect_error("order", "-1", [] { PolynomialBasis(2, -1); });
}

TEST(PolynomialBasis, CountsManyColumns) { EXPECT_EQ(PolynomialBasis(50, 2).size(), 1326u); }

/// Coordinates of one column of `values`, mapped.
std::vector<double> mapped(std::vector<double> values) {
  LocalFrame(values, 1).map(values.data(), values.size());
  return values;
}

TEST(LocalFrame, MapsTheBoxToTheCube) {
  const std::vector<double> rows{1, -3, 5, 7, 3, 2};  // columns {1, 5, 3} and {-3, 7, 2}
  const LocalFrame frame(rows, 2);
  EXPECT_EQ(frame.dimension(), 2u);
  std::vector<double> points{1, 5, 3, -3, 7, 2};
  frame.map(points.data(), 3);
  EXPECT_EQ(points, (std::vector<double>{-1, 1, 0, -1, 1, 0}));
}

TEST(LocalFrame, MapsAColumnWithoutExtentToZero) {
  for (const double x : {0.0, 3.7, -1e300, 5e-324, std::numeric_limits<double>::max()}) {
    EXPECT_EQ(mapped({x, x, x}), (std::vector<double>{0, 0, 0})) << x;
  }
}

TEST(LocalFrame, MapsColumnsOfAnyScaleIntoTheCubeFromEndToEnd) {
  constexpr double largest = std::numeric_limits<double>::max(), tiny = std::numeric_limits<double>::denorm_min();
  const std::vector<std::vector<double>> columns{{-1e300, 1e300, 2e299},     {1e-300, 3e-300, 2e-300},
                                                 {-largest, largest, 0},     {1 + epsilon, 1, 1 + 2 * epsilon},
                                                 {0, 1000 * tiny, 4 * tiny}, {1e-310, -1e-310, 0},
                                                 {1e15, 1e15 + 2, 1e15 + 1}, {-5, -5 + 1e-9, -5}};
  for (const auto& column : columns) {
    const std::vector<double> t = mapped(column);
    const auto [low, high] = std::minmax_element(t.begin(), t.end());
    // Centre and half side are rounded in units of the numbers themselves.
    const double unit =
        *std::max_element(column.begin(), column.end(), [](double a, double b) { return std::abs(a) < std::abs(b); });
    const auto [least, most] = std::minmax_element(column.begin(), column.end());
    const double rounding = 4 * std::max(tiny, epsilon * std::abs(unit)) / (*most / 2 - *least / 2);
    EXPECT_NEAR(*low, -1, rounding) << column[0];
    EXPECT_NEAR(*high, 1, rounding) << column[0];
  }
}

TEST(LocalFrame, KeepsTheOrderOfPointsOneUnitInTheLastPlaceApart) {
  const std::vector<double> t = mapped({1, 1 + epsilon, 1 + 2 * epsilon});
  EXPECT_LT(t[0], t[1]);
  EXPECT_LT(t[1], t[2]);
}

}  // namespace
}  // namespace momentset::test
