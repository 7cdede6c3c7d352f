#include "experiments/measure.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <string>

namespace momentset::experiments {
namespace {

double seconds_of(const Coreset& coreset, const std::string& stage) {
  for (const StageSeconds& entry : coreset.stages) {
    if (entry.stage.starts_with(stage)) return entry.seconds;
  }
  return 0;
}

}  // namespace

Trial run(const UniformProblem& problem, const CompressOptions& options) {
  const auto begin = std::chrono::steady_clock::now();
  const Coreset coreset = compress(problem.points(), options);
  const std::chrono::duration<double> total = std::chrono::steady_clock::now() - begin;
  Trial trial;
  trial.order = coreset.plan.order;
  trial.error = problem.error(coreset);
  trial.residual = coreset.certificate.worst_residual();
  trial.certify = seconds_of(coreset, "certify");
  trial.compress = total.count() - trial.certify;
  trial.merge = seconds_of(coreset, "merge");
  trial.partition = seconds_of(coreset, "partition");
  trial.recombine = seconds_of(coreset, "recombine");
  return trial;
}

std::size_t tenth_of(std::size_t m, std::size_t d, std::optional<int> order) {
  return std::max(d / 10, order ? feature_count(m, *order) : std::size_t{1});
}

int median_order(const std::vector<Trial>& trials) {
  std::vector<double> orders;
  for (const Trial& trial : trials) orders.push_back(trial.order);
  return int(statistics(std::move(orders)).median);
}

Statistics statistics(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  const double count = double(values.size());
  Statistics found;
  found.minimum = values.front();
  found.maximum = values.back();
  found.median = values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
  found.mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  double squares = 0;
  for (const double value : values) squares += (value - found.mean) * (value - found.mean);
  found.deviation = std::sqrt(squares / count);
  return found;
}

Statistics statistics(const std::vector<Trial>& trials, double Trial::*field) {
  std::vector<double> values;
  for (const Trial& trial : trials) values.push_back(trial.*field);
  return statistics(std::move(values));
}

}  // namespace momentset::experiments
