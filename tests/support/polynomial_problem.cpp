#include "support/polynomial_problem.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <sstream>

#include "support/random.hpp"

namespace momentset::test {
namespace {

/// C(m + order, order).
std::size_t polynomials(std::size_t m, int order) {
  std::size_t count = 1;
  for (int k = 1; k <= order; ++k) count = count * (m + std::size_t(k)) / std::size_t(k);
  return count;
}

/// Exponents of the monomials in m variables of total degree <= order.
std::vector<std::vector<int>> exponents(std::size_t m, int order) {
  std::vector<std::vector<int>> all{{}};
  for (std::size_t a = 0; a < m; ++a) {
    std::vector<std::vector<int>> longer;
    for (const std::vector<int>& some : all) {
      int degree = 0;
      for (const int e : some) degree += e;
      for (int e = 0; degree + e <= order; ++e) {
        longer.push_back(some);
        longer.back().push_back(e);
      }
    }
    all = std::move(longer);
  }
  return all;
}

Matrix features(const PolynomialProblem& problem) {
  const bool legendre = problem.basis == "legendre";
  const std::size_t m = problem.dimension, degrees = std::size_t(problem.order) + 1;
  const std::size_t q = problem.coordinates.size() / m;
  std::vector<double> powers(problem.coordinates.size() * degrees);
  for (std::size_t k = 0; k < problem.coordinates.size(); ++k) {
    const double x = problem.coordinates[k];
    for (unsigned e = 0; e < degrees; ++e) {
      powers[k * degrees + e] = legendre ? std::legendre(e, x) : std::pow(x, double(e));
    }
  }
  const std::vector<std::vector<int>> all = exponents(m, problem.order);
  return make_matrix(q, all.size(), [&](std::size_t i, std::size_t f) {
    double product = 1;
    for (std::size_t a = 0; a < m; ++a) product *= powers[(i * m + a) * degrees + std::size_t(all[f][a])];
    return product;
  });
}

/// One point of the cloud; `directions` is how many variables are free.
std::vector<double> draw_point(Random& random, const PolynomialProblem& problem, std::size_t directions) {
  std::vector<double> x(problem.dimension);
  const double along = random.uniform(-1, 1);
  const double cluster = 0.3 * double(random.below(5)) - 0.6;
  for (std::size_t a = 0; a < x.size(); ++a) {
    if (problem.cloud == "line") {
      x[a] = along / double(1 << a);
    } else if (a >= directions) {
      x[a] = 0;
    } else if (problem.cloud == "normal") {
      x[a] = std::clamp(random.normal() / 4, -1.0, 1.0);
    } else if (problem.cloud == "clustered") {
      x[a] = cluster + 0.01 * random.uniform(-1, 1);
    } else if (problem.cloud.ends_with("grid")) {
      x[a] = double(random.below(5)) / 2 - 1;
    } else {
      x[a] = random.uniform(-1, 1);
    }
  }
  return x;
}

void draw_points(Random& random, PolynomialProblem& problem, std::size_t directions) {
  const auto count = std::size_t(std::pow(400.0, random.uniform()));
  const double repeats = random.chance(0.3) ? random.uniform(0, 0.9) : 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0 && random.chance(repeats)) {
      const std::size_t other = random.below(i);
      for (std::size_t a = 0; a < problem.dimension; ++a) {
        problem.coordinates.push_back(problem.coordinates[other * problem.dimension + a]);
      }
      continue;
    }
    for (const double x : draw_point(random, problem, directions)) problem.coordinates.push_back(x);
  }
}

void draw_weights(Random& random, PolynomialProblem& problem) {
  const std::size_t count = problem.coordinates.size() / problem.dimension;
  const char* const kinds[] = {"equal", "12 decades", "uniform", "some zero"};
  problem.weighting = kinds[random.below(4)];
  problem.weights = problem.weighting == "12 decades" ? weights_over_decades(random, count, -6, 6)
                                                      : uniform_values(random, count, 0.1, 2);
  for (std::size_t i = 0; i < count; ++i) {
    if (problem.weighting == "equal") problem.weights[i] = 1;
    if (problem.weighting == "some zero" && i + 1 < count && random.chance(0.4)) problem.weights[i] = 0;
  }
}

std::size_t distinct_rows(const PolynomialProblem& problem) {
  std::set<std::vector<double>> distinct;
  const auto m = std::ptrdiff_t(problem.dimension);
  for (std::size_t i = 0; i < problem.weights.size(); ++i) {
    const auto begin = problem.coordinates.begin() + std::ptrdiff_t(i) * m;
    if (problem.weights[i] > 0) distinct.insert(std::vector<double>(begin, begin + m));
  }
  return distinct.size();
}

}  // namespace

std::string PolynomialProblem::text() const {
  std::ostringstream out;
  out << "seed " << seed << ": " << weights.size() << " points (" << cloud << ") in " << dimension << " columns, order "
      << order << ", " << matrix.features << " " << basis << " features of rank <= " << rank_bound << ", weights "
      << weighting << ", target " << target;
  return out.str();
}

PolynomialProblem polynomial_problem(std::uint64_t seed) {
  Random random(seed);
  PolynomialProblem problem;
  problem.seed = seed;
  problem.dimension = random.between(1, 6);
  problem.order = int(random.between(0, 6));
  const char* const clouds[] = {"uniform", "normal", "clustered", "grid", "line", "flat", "flat grid"};
  problem.cloud = clouds[random.below(7)];
  problem.basis = random.chance(0.5) ? "legendre" : "monomial";
  const std::size_t m = problem.dimension;
  const std::size_t directions = problem.cloud.starts_with("flat") ? random.between(0, m - 1) : m;
  draw_points(random, problem, directions);
  draw_weights(random, problem);
  problem.matrix = features(problem);
  const std::size_t spanned = polynomials(problem.cloud == "line" ? 1 : directions, problem.order);
  problem.rank_bound = std::min(distinct_rows(problem), spanned);
  problem.target = draw_target(random, problem.weights.size(), problem.matrix.features);
  return problem;
}

}  // namespace momentset::test
