#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "momentset/recombine.hpp"
#include "support/awkward_problem.hpp"
#include "support/polynomial_problem.hpp"
#include "support/reference_recombine.hpp"

namespace momentset::test {
namespace {

Recombination recombined(const Matrix& matrix, std::span<const double> weights, std::size_t target) {
  return recombine(MatrixRows(matrix.values, matrix.features), weights, {.target = target});
}

/// The weights of all rows, 0 where they did not survive.
std::vector<double> spread(const Recombination& result, std::size_t rows) {
  std::vector<double> weights(rows, 0);
  for (std::size_t j = 0; j < result.support.size(); ++j) weights[result.support[j]] = result.weights[j];
  return weights;
}

std::vector<Index> positive_rows(std::span<const double> weights) {
  std::vector<Index> rows;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] > 0) rows.push_back(Index(i));
  }
  return rows;
}

/// Compares what two ways down to the target have in common. True if that included the rank: above n recombine() looks
/// at the last rows only, and pivots near the threshold may fall on either side of it.
bool expect_agreement(const auto& problem) {
  SCOPED_TRACE(problem.text());
  const Recombination result = recombined(problem.matrix, problem.weights, problem.target);
  const Recombination reference = reference_recombine(problem.matrix, problem.weights, problem.target);
  const std::vector<Index> rows = positive_rows(problem.weights);
  const std::size_t rank = Elimination(problem.matrix, rows).rank();

  EXPECT_LE(moment_mismatch(problem.matrix, spread(reference, problem.matrix.rows()), result.support, result.weights)
                .to_larger,
            rounding_level);
  for (const Recombination* side : {&result, &reference}) {
    EXPECT_LE(side->support.size(), std::max(problem.target, rank));
    EXPECT_TRUE(std::all_of(side->weights.begin(), side->weights.end(), [](double w) { return w > 0; }));
  }
  const bool clear = Elimination(problem.matrix, rows, 100).rank() == Elimination(problem.matrix, rows, 0.01L).rank();
  if (!clear || problem.target >= std::min(problem.matrix.features, rows.size())) return false;
  EXPECT_EQ(result.rank, rank);
  return true;
}

TEST(RecombineDifferential, AgreesWithTheReferenceOnPolynomials) {
  std::size_t compared = 0, ranks = 0;
  for (std::uint64_t seed = 30'000'000; compared < 400; ++seed) {
    const PolynomialProblem problem = polynomial_problem(seed);
    if (problem.matrix.features > 40 || problem.matrix.rows() > 120) continue;  // the reference is slow
    ++compared;
    ranks += expect_agreement(problem);
  }
  EXPECT_GE(ranks, 100u);
}

TEST(RecombineDifferential, AgreesWithTheReferenceOnAwkwardProblems) {
  std::size_t ranks = 0;
  for (std::uint64_t k = 0; k < 400; ++k) ranks += expect_agreement(awkward_problem(40'000'000 + k));
  EXPECT_GE(ranks, 100u);
}

/// r + 1 rows of rank r, so that all solutions lie on a line of which non-negative weights leave one or two ends.
struct LineProblem {
  std::size_t rank = 1;
  double condition = 1;
  Matrix matrix;  // the first r features are independent, the others multiples of them
  std::vector<double> weights;
  std::size_t target = 1;
};

LineProblem line_problem(std::uint64_t seed) {
  Random random(seed);
  LineProblem problem;
  const std::size_t r = problem.rank = random.between(1, 16), n = r + random.below(4);
  problem.condition = std::pow(10.0, random.uniform(0, 9));
  const Matrix independent = ill_conditioned(random, r + 1, r, problem.condition);
  std::vector<std::pair<std::size_t, double>> copies;
  for (std::size_t f = 0; f < n; ++f) {
    copies.emplace_back(f < r ? f : random.below(r), f < r ? 1.0 : double(random.below(9)) - 4);
  }
  problem.matrix = make_matrix(
      r + 1, n, [&](std::size_t i, std::size_t f) { return copies[f].second * independent.at(i, copies[f].first); });
  problem.weights = uniform_values(random, r + 1, 0.5, 1.5);
  problem.target = random.between(1, r);
  return problem;
}

/// One end of the line, or of its two.
struct Vertex {
  std::vector<double> weights;
  std::vector<Index> support;
};

std::vector<Vertex> vertices(const LineProblem& problem) {
  std::vector<long double> v = Elimination(problem.matrix, positive_rows(problem.weights)).null_vector();
  std::vector<Vertex> found;
  for (int direction = 0; direction < 2; ++direction) {
    for (long double& entry : v) entry = -entry;
    long double step = std::numeric_limits<long double>::infinity();
    std::size_t first = 0;
    for (std::size_t i = 0; i < v.size(); ++i) {
      if (v[i] <= 0 || problem.weights[i] / v[i] >= step) continue;
      step = problem.weights[i] / v[i];
      first = i;
    }
    if (std::isinf(step)) continue;
    Vertex vertex;
    for (std::size_t i = 0; i < v.size(); ++i) {
      vertex.weights.push_back(i == first ? 0 : double(problem.weights[i] - step * v[i]));
      if (i != first) vertex.support.push_back(Index(i));
    }
    found.push_back(vertex);
  }
  return found;
}

/// The largest sum of absolute values in a row of the inverse of M(f, j) = A(rows[j], f), f < rows.size(): so much do
/// weights change when each moment does by 1. By Gauss and Jordan in long double.
long double weights_per_moment(const Matrix& matrix, std::span<const Index> rows) {
  const std::size_t r = rows.size(), width = 2 * r;
  std::vector<std::vector<long double>> m(r, std::vector<long double>(width, 0));
  for (std::size_t f = 0; f < r; ++f) {
    for (std::size_t j = 0; j < r; ++j) m[f][j] = matrix.at(rows[j], f);
    m[f][r + f] = 1;
  }
  for (std::size_t k = 0; k < r; ++k) {
    const auto larger = [k](const auto& a, const auto& b) { return std::abs(a[k]) < std::abs(b[k]); };
    std::swap(m[k], *std::max_element(m.begin() + std::ptrdiff_t(k), m.end(), larger));
    const long double pivot = m[k][k];
    for (long double& entry : m[k]) entry /= pivot;
    for (std::size_t f = 0; f < r; ++f) {
      const long double factor = f == k ? 0 : m[f][k];
      for (std::size_t c = 0; c < width; ++c) m[f][c] -= factor * m[k][c];
    }
  }
  long double largest = 0;
  for (const std::vector<long double>& row : m) {
    long double sum = 0;
    for (std::size_t c = r; c < width; ++c) sum += std::abs(row[c]);
    largest = std::max(largest, sum);
  }
  return largest;
}

/// How far weights may be from the vertex if the moments are kept at rounding level: the condition number of its rows
/// times the largest weight times that.
double tolerance(const LineProblem& problem, const Vertex& vertex, std::span<const double> weights) {
  long double largest_moment = 0;  // with weights 1
  for (std::size_t f = 0; f < problem.rank; ++f) {
    long double sum = 0;
    for (std::size_t i = 0; i < problem.matrix.rows(); ++i) sum += std::abs(problem.matrix.at(i, f));
    largest_moment = std::max(largest_moment, sum);
  }
  const double largest_weight = std::max(*std::max_element(problem.weights.begin(), problem.weights.end()),
                                         *std::max_element(weights.begin(), weights.end()));
  return double(rounding_level * largest_moment * weights_per_moment(problem.matrix, vertex.support)) * largest_weight;
}

/// In units of the tolerance.
double distance(const LineProblem& problem, const Vertex& vertex, std::span<const double> weights) {
  double largest = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    largest = std::max(largest, std::abs(weights[i] - vertex.weights[i]));
  }
  return largest / tolerance(problem, vertex, weights);
}

TEST(RecombineDifferential, EndsAtAVertexWhereTheyCanBeCounted) {
  std::size_t choices = 0;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    const LineProblem problem = line_problem(seed);
    SCOPED_TRACE(testing::Message() << "seed " << seed << ": rank " << problem.rank << ", " << problem.matrix.features
                                    << " features, condition " << problem.condition << ", target " << problem.target);
    const std::vector<Vertex> ends = vertices(problem);
    choices += ends.size() == 2;
    ASSERT_FALSE(ends.empty());
    for (const auto& solve : {recombined, reference_recombine}) {
      const Recombination result = solve(problem.matrix, problem.weights, problem.target);
      const std::vector<double> weights = spread(result, problem.weights.size());
      double nearest = std::numeric_limits<double>::infinity();
      for (const Vertex& end : ends) nearest = std::min(nearest, distance(problem, end, weights));
      EXPECT_LE(nearest, 1);
      EXPECT_EQ(result.rank, problem.rank);
      EXPECT_LE(result.support.size(), problem.rank);
    }
  }
  EXPECT_GE(choices, 250u);
}

}  // namespace
}  // namespace momentset::test
