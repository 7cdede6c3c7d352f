#include "support/awkward_problem.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <sstream>

namespace momentset::test {
namespace {

/// Half of the rows become others times 1 + 1e-9 * something.
void repeat_nearly(Random& random, Matrix& matrix) {
  const std::size_t n = matrix.features;
  for (std::size_t i = 1; i < matrix.rows(); ++i) {
    if (random.chance(0.5)) continue;
    const std::size_t other = random.below(i);
    for (std::size_t f = 0; f < n; ++f) {
      matrix.values[i * n + f] = matrix.at(other, f) * (1 + 1e-9 * random.uniform(-1, 1));
    }
  }
}

void scale_features(Matrix& matrix, const std::vector<double>& factors) {
  for (std::size_t k = 0; k < matrix.values.size(); ++k) matrix.values[k] *= factors[k % factors.size()];
}

void set_feature(Matrix& matrix, std::size_t f, double value) {
  for (std::size_t i = 0; i < matrix.rows(); ++i) matrix.values[i * matrix.features + f] = value;
}

void draw_weights(Random& random, AwkwardProblem& problem) {
  const std::size_t count = problem.matrix.rows();
  const char* const kinds[] = {"uniform", "15 decades", "some zero"};
  problem.weighting = kinds[random.below(3)];
  problem.weights = problem.weighting == "15 decades" ? weights_over_decades(random, count, -8, 7)
                                                      : uniform_values(random, count, 0.5, 1.5);
  for (std::size_t i = 1; i < count; ++i) {
    if (problem.weighting == "some zero" && random.chance(0.4)) problem.weights[i] = 0;
  }
}

}  // namespace

Matrix ill_conditioned(Random& random, std::size_t rows, std::size_t features, double condition) {
  const std::vector<double> first = uniform_values(random, features, -1, 1);
  const std::vector<double> second = uniform_values(random, features, -1, 1);
  const auto reflect = [&](const std::vector<double>& normal, std::vector<double>& x) {
    const double along = std::inner_product(x.begin(), x.end(), normal.begin(), 0.0) /
                         std::inner_product(normal.begin(), normal.end(), normal.begin(), 0.0);
    for (std::size_t f = 0; f < features; ++f) x[f] -= 2 * along * normal[f];
  };
  Matrix matrix{features, {}};
  for (std::size_t i = 0; i < rows; ++i) {
    std::vector<double> row = uniform_values(random, features, -1, 1);
    reflect(first, row);
    for (std::size_t f = 1; f < features; ++f) row[f] *= std::pow(condition, -double(f) / double(features - 1));
    reflect(second, row);
    matrix.values.insert(matrix.values.end(), row.begin(), row.end());
  }
  return matrix;
}

std::string AwkwardProblem::text() const {
  std::ostringstream out;
  out << "seed " << seed << ": " << matrix.rows() << " x " << matrix.features << ", condition " << condition
      << (constant ? ", constant" : "") << (near_duplicates ? ", near-duplicates" : "")
      << (scaled_features ? ", features over 20 decades" : "") << (null_feature ? ", null feature" : "") << ", weights "
      << weighting << ", target " << target;
  return out.str();
}

AwkwardProblem awkward_problem(std::uint64_t seed) {
  Random random(seed);
  AwkwardProblem problem;
  problem.seed = seed;
  const std::size_t n = random.between(1, 24), rows = random.between(1, 120);
  problem.condition = std::pow(10.0, random.chance(0.3) ? 0 : random.uniform(0, 12));
  problem.constant = random.chance(0.5);
  problem.near_duplicates = random.chance(0.4);
  problem.scaled_features = random.chance(0.3);
  problem.null_feature = random.chance(0.1);
  problem.matrix = ill_conditioned(random, rows, n, problem.condition);
  if (problem.constant) set_feature(problem.matrix, 0, 1);
  if (problem.near_duplicates) repeat_nearly(random, problem.matrix);
  if (problem.scaled_features) scale_features(problem.matrix, weights_over_decades(random, n, -10, 10));
  if (problem.null_feature) set_feature(problem.matrix, random.below(n), 0);
  draw_weights(random, problem);
  const auto positive = std::count_if(problem.weights.begin(), problem.weights.end(), [](double w) { return w > 0; });
  problem.rank_bound = std::min(n, std::size_t(positive));
  problem.target = draw_target(random, rows, n);
  return problem;
}

}  // namespace momentset::test
