// The quadratic program against enumeration of all supports, and its updates against programs made anew.

#include "kernel/weights.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "support/random.hpp"

namespace momentset::test {
namespace {

using kernel::WeightProgram;

constexpr double delta = 1e-9;  // of WeightProgram

/// The data of a program, column-major, and parts of it.
struct Problem {
  std::size_t size, equations;
  std::vector<double> kernel, linear, features, moments;

  Problem of(const std::vector<std::size_t>& places) const {
    Problem part{places.size(), equations, {}, {}, {}, moments};
    for (const std::size_t j : places) {
      part.linear.push_back(linear[j]);
      for (const std::size_t i : places) part.kernel.push_back(kernel[j * size + i]);
      for (std::size_t f = 0; f < equations; ++f) part.features.push_back(features[j * equations + f]);
    }
    return part;
  }
  WeightProgram program() const { return {kernel, linear, features, moments}; }
  WeightProgram solved() const {
    WeightProgram result = program();
    result.solve();
    return result;
  }

  double value(const std::vector<double>& w) const {
    double sum = 0;
    for (std::size_t j = 0; j < size; ++j) {
      sum -= linear[j] * w[j];
      for (std::size_t i = 0; i < size; ++i) sum += w[i] * w[j] * kernel[j * size + i] / 2;
    }
    for (std::size_t f = 0; f < equations; ++f) {
      double left = moments[f];
      for (std::size_t j = 0; j < size; ++j) left -= features[j * equations + f] * w[j];
      sum += left * left / (2 * delta);
    }
    return sum;
  }
};

/// Gaussian kernel of random points on a line; moments, and but for the noise gradients, of weights > 0 that sum to 1.
Problem random_problem(Random& random, std::size_t size, std::size_t equations, double noise) {
  Problem problem{size, equations, {}, {}, {}, std::vector<double>(equations)};
  const std::vector<double> x = uniform_values(random, size, -2, 2);
  std::vector<double> weights = uniform_values(random, size, 0.5, 1.5);
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (std::size_t j = 0; j < size; ++j) {
    double gradient = noise * random.uniform(-1, 1);
    for (std::size_t i = 0; i < size; ++i) {
      problem.kernel.push_back(std::exp(-std::pow(x[i] - x[j], 2)) + (i == j ? 1e-2 : 0));
      gradient += problem.kernel.back() * weights[i] / sum;
    }
    problem.linear.push_back(gradient);
    for (std::size_t f = 0; f < equations; ++f) {
      problem.features.push_back(std::pow(x[j], f));
      problem.moments[f] += problem.features.back() * weights[j] / sum;
    }
  }
  return problem;
}

/// Solves a symmetric system by elimination with pivoting, in long double.
std::vector<long double> solve(std::vector<std::vector<long double>> rows) {
  const std::size_t n = rows.size();
  for (std::size_t k = 0; k < n; ++k) {
    std::size_t pivot = k;
    for (std::size_t i = k; i < n; ++i) {
      if (std::abs(rows[i][k]) > std::abs(rows[pivot][k])) pivot = i;
    }
    std::swap(rows[k], rows[pivot]);
    for (std::size_t i = 0; i < n; ++i) {
      if (i == k) continue;
      const long double factor = rows[i][k] / rows[k][k];
      for (std::size_t j = k; j <= n; ++j) rows[i][j] -= factor * rows[k][j];
    }
  }
  std::vector<long double> solution;
  for (std::size_t k = 0; k < n; ++k) solution.push_back(rows[k][n] / rows[k][k]);
  return solution;
}

/// The least value over all supports whose own optimum has no negative weight.
double least_by_enumeration(const Problem& problem) {
  double least = std::numeric_limits<double>::infinity();
  for (unsigned support = 1; support < 1u << problem.size; ++support) {
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < problem.size; ++i) {
      if (support >> i & 1) places.push_back(i);
    }
    const std::size_t k = places.size(), r = problem.equations;
    const Problem part = problem.of(places);
    std::vector<std::vector<long double>> system(k + r, std::vector<long double>(k + r + 1));
    for (std::size_t j = 0; j < k; ++j) {
      for (std::size_t i = 0; i < k; ++i) system[i][j] = part.kernel[j * k + i];
      for (std::size_t f = 0; f < r; ++f) system[k + f][j] = system[j][k + f] = part.features[j * r + f];
      system[j][k + r] = part.linear[j];
    }
    for (std::size_t f = 0; f < r; ++f) system[k + f][k + f] = -delta, system[k + f][k + r] = part.moments[f];
    const std::vector<long double> solution = solve(system);
    std::vector<double> weights(problem.size);
    bool positive = true;
    for (std::size_t j = 0; j < k; ++j) {
      weights[places[j]] = double(solution[j]);
      positive = positive && solution[j] >= 0;
    }
    if (positive) least = std::min(least, problem.value(weights));
  }
  return least;
}

TEST(WeightProgram, FindsTheLeastOfAllSupports) {
  Random random(1);
  for (int k = 0; k < 60; ++k) {
    const std::size_t equations = random.between(1, 3);
    const Problem problem = random_problem(random, random.between(equations, 9), equations, 0.3);
    const WeightProgram program = problem.solved();
    const std::vector<double> weights(program.weights().begin(), program.weights().end());
    const double least = least_by_enumeration(problem), tolerance = 1e-5 * (1 + std::abs(least));
    EXPECT_NEAR(problem.value(weights), least, tolerance) << k;
    EXPECT_NEAR(program.objective(), least, tolerance) << k;
    for (const double weight : weights) EXPECT_GE(weight, 0);
  }
}

TEST(WeightProgram, MeetsEquationsThatCanBeMet) {
  Random random(2);
  const Problem problem = random_problem(random, 60, 3, 0.3);
  const WeightProgram program = problem.solved();
  for (std::size_t f = 0; f < 3; ++f) {
    double sum = 0;
    for (std::size_t j = 0; j < 60; ++j) sum += problem.features[3 * j + f] * program.weights()[j];
    EXPECT_NEAR(sum, problem.moments[f], 1e-6);
  }
}

// A mean outside the points: as near to it as weights >= 0 can come.
TEST(WeightProgram, ComesCloseToEquationsThatCannotBeMet) {
  Random random(6);
  for (int k = 0; k < 10; ++k) {
    Problem problem = random_problem(random, 8, 2, 0.3);
    problem.moments[1] = 3;
    const WeightProgram program = problem.solved();
    const std::vector<double> weights(program.weights().begin(), program.weights().end());
    const double least = least_by_enumeration(problem);
    EXPECT_LT(problem.value(weights), 1.01 * least);
    for (const double weight : weights) EXPECT_GE(weight, 0);
  }
}

// Most weights are 0 then, and blocks of them change to and fro.
TEST(WeightProgram, MeetsTheConditionsOfAnOptimumWhereMostWeightsVanish) {
  constexpr double rounding = 1e-4;  // of multipliers: eps over delta, times squares of features
  Random random(8);
  for (const std::size_t size : {30, 120, 300}) {
    Problem problem = random_problem(random, size, 4, 0.3);
    problem.moments[1] += 5;  // a mean farther out than any point
    const WeightProgram found = problem.solved();
    const auto w = found.weights();
    std::vector<long double> left(problem.moments.begin(), problem.moments.end());
    for (std::size_t j = 0; j < size; ++j) {
      EXPECT_GE(w[j], 0);
      for (std::size_t f = 0; f < 4; ++f) left[f] -= (long double)problem.features[j * 4 + f] * w[j];
    }
    std::size_t positive = 0;
    for (std::size_t j = 0; j < size; ++j) {
      long double gradient = -problem.linear[j], terms = std::abs(problem.linear[j]);
      const auto add = [&](long double term) { gradient += term, terms += std::abs(term); };
      for (std::size_t i = 0; i < size; ++i) add((long double)problem.kernel[j * size + i] * w[i]);
      for (std::size_t f = 0; f < 4; ++f) add(-problem.features[j * 4 + f] * left[f] / delta);
      EXPECT_GE(gradient, -rounding * terms) << size << " " << j;
      EXPECT_TRUE(w[j] == 0 || gradient <= rounding * terms) << size << " " << j;
      positive += w[j] > 0;
    }
    EXPECT_GT(positive, 0u);
    EXPECT_LT(positive, size / 2);
  }
}

TEST(WeightProgram, DropsToTheOptimumOfWhatIsLeft) {
  Random random(3);
  for (const std::size_t count : {29u, 20u, 6u}) {
    const Problem problem = random_problem(random, 30, 2, 0.1);
    WeightProgram program = problem.solved();
    program.drop_to(count);
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < 30; ++i) {
      if (program.weights()[i] > 0) places.push_back(i);
    }
    EXPECT_LE(places.size(), count);
    EXPECT_GE(places.size(), 2u);
    const WeightProgram anew = problem.of(places).solved();
    EXPECT_NEAR(program.objective(), anew.objective(), 1e-5 * (1 + std::abs(anew.objective())));
    for (std::size_t k = 0; k < places.size(); ++k) EXPECT_NEAR(program.weights()[places[k]], anew.weights()[k], 1e-5);
  }
}

TEST(WeightProgram, DropsTheOneWhoseLossCostsLeast) {
  Random random(4);
  const Problem whole = random_problem(random, 25, 2, 0.1);
  std::vector<std::size_t> places;  // of a program without zeros, so that one drop is one drop
  const WeightProgram first = whole.solved();
  for (std::size_t i = 0; i < 25; ++i) {
    if (first.weights()[i] > 0) places.push_back(i);
  }
  const Problem problem = whole.of(places);
  WeightProgram program = problem.solved();
  program.drop_to(places.size() - 1);
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < places.size(); ++i) {
    std::vector<std::size_t> others(places.size());
    std::iota(others.begin(), others.end(), std::size_t{0});
    others.erase(others.begin() + std::ptrdiff_t(i));
    least = std::min(least, problem.of(others).solved().objective());
  }
  EXPECT_NEAR(program.objective(), least, 1e-6 * (1 + std::abs(least)));
}

/// A further point of slope g and curvature c lowers the function by g^2 / (2 c).
TEST(WeightProgram, KnowsWhatAFurtherPointGains) {
  Random random(5);
  int compared = 0;
  for (int attempt = 0; attempt < 40; ++attempt) {
    const Problem problem = random_problem(random, 7, 2, 0.002);
    std::vector<std::size_t> all(7), most(6);
    std::iota(all.begin(), all.end(), std::size_t{0});
    std::iota(most.begin(), most.end(), std::size_t{0});
    const WeightProgram before = problem.of(most).solved(), after = problem.solved();
    const auto positive = [](const WeightProgram& program) {
      return std::all_of(program.weights().begin(), program.weights().end(), [](double weight) { return weight > 0; });
    };
    if (!positive(before) || !positive(after)) continue;
    ++compared;
    double slope = -problem.linear[6];
    std::vector<double> between;
    for (std::size_t i = 0; i < 6; ++i) {
      between.push_back(problem.kernel[6 * 7 + i]);
      slope += between[i] * before.weights()[i];
    }
    for (std::size_t f = 0; f < 2; ++f) slope -= problem.features[6 * 2 + f] * before.multipliers()[f];
    const double curvature =
        before.curvature(between, {problem.kernel[48]}, {problem.features[12], problem.features[13]})[0];
    EXPECT_NEAR(after.objective(), before.objective() - slope * slope / (2 * curvature),
                1e-6 * (1 + std::abs(before.objective())));
  }
  EXPECT_GT(compared, 2) << "tells nothing";
}

}  // namespace
}  // namespace momentset::test
