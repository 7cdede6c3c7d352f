#include "experiments/problem.hpp"

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>

#include <cmath>
#include <numeric>
#include <span>

namespace momentset::experiments {
namespace {

constexpr std::size_t directions = 10;

std::mt19937_64 generator(std::size_t dimension, std::size_t rows, int trial) {
  std::seed_seq seed{std::uint64_t(dimension), std::uint64_t(rows), std::uint64_t(trial)};
  return std::mt19937_64(seed);
}

/// mean over a of g(<w, x_a>); x holds the x_a one after another.
long double value_at(std::span<const double> w, std::span<const double> x, const Profile& profile) {
  long double sum = 0;
  for (std::size_t a = 0; a < directions; ++a) {
    long double product = 0;
    for (std::size_t b = 0; b < w.size(); ++b) product += static_cast<long double>(w[b]) * x[a * w.size() + b];
    sum += profile(product);
  }
  return sum / directions;
}

}  // namespace

std::vector<double> uniform(std::mt19937_64& random, std::size_t count) {
  std::uniform_real_distribution<double> distribution(-1, 1);
  std::vector<double> values(count);
  for (double& value : values) value = distribution(random);
  return values;
}

std::vector<double> uniform(std::size_t count) {
  std::mt19937_64 random(1);
  return uniform(random, count);
}

Profile sigmoid() {
  return [](long double u) { return 1 / (1 + std::exp(-u)); };
}

Profile reciprocal(std::size_t dimension) {
  const long double shift = static_cast<long double>(dimension) + 0.05L;
  return [shift](long double u) { return 1 / (shift + u); };
}

UniformProblem::UniformProblem(std::size_t dimension, std::size_t rows, int trial, const Profile& profile)
    : dimension_(dimension), values_(rows) {
  std::mt19937_64 random = generator(dimension, rows, trial);
  coordinates_ = uniform(random, rows * dimension);
  const std::vector<double> x = uniform(random, directions * dimension);
  using Range = tbb::blocked_range<std::size_t>;
  tbb::parallel_for(Range(0, rows, 4096), [&](const Range& range) {
    for (std::size_t i = range.begin(); i < range.end(); ++i) {
      values_[i] = value_at({coordinates_.data() + i * dimension, dimension}, x, profile);
    }
  });
  mean_ = std::accumulate(values_.begin(), values_.end(), 0.0L) / static_cast<long double>(rows);
}

double UniformProblem::error(const Coreset& coreset) const {
  long double sum = 0, mass = 0;
  for (std::size_t j = 0; j < coreset.rows.size(); ++j) {
    sum += coreset.weights[j] * values_[coreset.rows[j]];
    mass += coreset.weights[j];
  }
  return double(std::abs(sum / mass - mean_));
}

}  // namespace momentset::experiments
