#include "experiments/teacher_student.hpp"

#include <algorithm>
#include <iterator>
#include <random>

#include "momentset/compress.hpp"

namespace momentset::experiments {
namespace {

constexpr std::size_t width = 50;
constexpr double noise = 3;

/// Of the moments of x alone and times y. The best of 1, 2, 3, 4, 6 and the order that compress() chooses, on two
/// trials with 1,000 of 100,000 examples kept: a network of ReLU has kinks, so that many cells do more than high
/// orders.
constexpr int target_order = 4;

std::vector<Example> with_weights(const std::vector<Example>& examples, const Coreset& coreset) {
  std::vector<Example> kept;
  for (std::size_t j = 0; j < coreset.rows.size(); ++j) {
    kept.push_back(examples[coreset.rows[j]]);
    kept.back().weight = float(coreset.weights[j]);
  }
  return kept;
}

std::vector<double> columns_of(const std::vector<Example>& examples, bool x, bool y) {
  std::vector<double> columns;
  for (const Example& example : examples) {
    if (x) columns.insert(columns.end(), {double(example.x1), double(example.x2)});
    if (y) columns.push_back(double(example.y));
  }
  return columns;
}

}  // namespace

TeacherStudent::TeacherStudent(std::size_t examples, std::size_t tests, int trial) : trial_(trial) {
  std::seed_seq seed{std::uint64_t(examples), std::uint64_t(trial)};
  std::mt19937_64 random(seed);
  const TwoLayerNetwork teacher = uniform_network(random, width, 1, 1);
  student_ = initial_network(random, width);
  examples_ = noisy_examples(random, examples, teacher, noise);
  tests_ = noisy_examples(random, tests, teacher, 0);
}

std::vector<Example> TeacherStudent::kept(const std::string& variant, std::size_t size,
                                          const TrainingRuns& runs) const {
  if (variant == "full" || size >= examples_.size()) return examples_;
  if (variant == "random") {
    std::vector<Example> kept;
    std::mt19937_64 random{std::uint64_t(trial_)};
    std::ranges::sample(examples_, std::back_inserter(kept), std::ptrdiff_t(size), random);
    return kept;
  }
  CompressOptions options{.size = size, .order = runs.order, .threads = runs.threads};
  if (variant != "target") {
    options.method = variant == "paper" ? Method::paper : Method::automatic;
    const std::vector<double> points = columns_of(examples_, true, true);
    return with_weights(examples_, compress({points, {}, 3}, options));
  }
  const std::vector<double> points = columns_of(examples_, true, false), targets = columns_of(examples_, false, true);
  options.order = target_order;
  options.companions = {{.values = targets, .columns = 1}};
  return with_weights(examples_, compress({points, {}, 2}, options));
}

void TeacherStudent::learn(const std::vector<Example>& kept, const Training& training, int interval,
                           const Tell& tell) const {
  train(student_, kept, training, tell_test_losses(tests_, training.epochs, interval, tell));
}

const std::vector<std::string>& data_variants() {
  static const std::vector<std::string> variants{"full", "paper", "joint", "target", "random"};
  return variants;
}

}  // namespace momentset::experiments
