#include "trial.hpp"

#include <algorithm>
#include <chrono>
#include <random>
#include <vector>

#include "momentset/compress.hpp"

namespace momentset::cli {
namespace {

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// Seconds of a compression without its certificate.
double compression_seconds(const WeightedPoints& points, const CompressOptions& options) {
  double seconds = 0;
  for (const StageSeconds& stage : compress(points, options).stages) {
    if (stage.stage != "certify") seconds += stage.seconds;
  }
  return seconds;
}

}  // namespace

TrialRate trial_rate(std::size_t columns, int threads) {
  // As many coordinates in few columns as in many, and an order whose moments are neither few nor many.
  constexpr std::size_t coordinates = 60'000, most_moments = 126;
  const auto begin = std::chrono::steady_clock::now();
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> uniform(-1, 1);
  const std::size_t rows = std::max<std::size_t>(2'000, coordinates / columns);
  std::vector<double> points(rows * columns);
  for (double& coordinate : points) coordinate = uniform(random);

  CompressOptions options;
  options.size = rows / 5;
  options.order = highest_order(columns, std::min(most_moments, options.size), 5);
  options.method = Method::tree;  // whose operations plans count
  options.threads = threads;
  const WeightedPoints view{points, {}, columns};
  compression_seconds(view, options);  // caches and threads are cold
  const double seconds = compression_seconds(view, options);
  return {plan(rows, columns, options).operations / std::max(seconds, 1e-9), seconds_since(begin)};
}

}  // namespace momentset::cli
