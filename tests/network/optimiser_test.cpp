#include "momentset/network/optimiser.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "momentset/network/compress_width.hpp"
#include "network/two_layer.hpp"
#include "support/expect_error.hpp"

namespace momentset::test {
namespace {

using namespace momentset::network;

constexpr Rule rules[] = {Rule::sgd, Rule::adam, Rule::adamw, Rule::rmsprop, Rule::adamax, Rule::rprop};

/// With everything on that the rule knows.
OptimiserOptions options_of(Rule rule) {
  OptimiserOptions options{.rule = rule, .learning_rate = rule == Rule::sgd ? 1e-3 : 1e-2};
  options.momentum = 0.8;
  options.weight_decay = rule == Rule::rprop ? 0 : 0.02;
  return options;
}

/// The layer, an output bias, and what trains both: one weight for each coordinate of an object, 1 for the bias.
class Training {
 public:
  Training(Layer layer, const OptimiserOptions& options)
      : layer_(std::move(layer)), bias_(2, 0.0), optimiser_(options, weights()) {}

  /// One step on the mean squared error of y + bias at inputs x to targets.
  void step(std::span<const double> x, std::span<const double> targets) {
    std::vector<double> parameters = layer_.objects.coordinates, gradient(parameters.size() + 2, 0.0);
    parameters.insert(parameters.end(), bias_.begin(), bias_.end());
    const std::size_t inputs = x.size() / 2;
    for (std::size_t t = 0; t < inputs; ++t) {
      const double* at = x.data() + 2 * t;
      const std::vector<double> y = output(layer_, {at, 2}, tangent);
      double slope[2];
      for (std::size_t k = 0; k < 2; ++k) {
        slope[k] = 2 * (y[k] + bias_[k] - targets[2 * t + k]) / double(inputs);
        gradient[gradient.size() - 2 + k] += slope[k];
      }
      for (std::size_t j = 0; j < layer_.width(); ++j) add_gradient(j, at, slope, gradient.data() + j * object_size);
    }
    optimiser_.step(gradient, parameters);
    bias_.assign(parameters.end() - 2, parameters.end());
    parameters.resize(parameters.size() - 2);
    layer_.objects.coordinates = parameters;
  }

  const Layer& layer() const { return layer_; }
  const std::vector<double>& bias() const { return bias_; }

 private:
  void add_gradient(std::size_t j, const double* x, const double* slope, double* gradient) const {
    const double* o = layer_.objects.view().point(j);
    const double c = layer_.objects.view().weight(j), active = std::tanh(o[0] * x[0] + o[1] * x[1] + o[2]);
    const double inner = c * (slope[0] * o[3] + slope[1] * o[4]) * (1 - active * active);
    gradient[0] += inner * x[0];
    gradient[1] += inner * x[1];
    gradient[2] += inner;
    gradient[3] += c * slope[0] * active;
    gradient[4] += c * slope[1] * active;
  }

  std::vector<double> weights() const {
    std::vector<double> weights;
    for (std::size_t j = 0; j < layer_.width(); ++j) {
      weights.insert(weights.end(), object_size, layer_.objects.view().weight(j));
    }
    weights.insert(weights.end(), 2, 1.0);
    return weights;
  }

  Layer layer_;
  std::vector<double> bias_;
  Optimiser optimiser_;
};

struct Batch {
  std::vector<double> x, targets;
};

Batch batch(Random& random, std::size_t inputs) {
  Batch batch{uniform_values(random, 2 * inputs, -1, 1), {}};
  for (std::size_t t = 0; t < inputs; ++t) {
    const double a = batch.x[2 * t], b = batch.x[2 * t + 1];
    batch.targets.insert(batch.targets.end(), {std::sin(3 * a) * b, a * a - b});
  }
  return batch;
}

/// Weights that make the first network as large as the second, scaled so that both begin with outputs of order 1.
struct Pair {
  Layer compressed, wide;
  std::vector<std::size_t> counts;
};

Pair pair_of_networks() {
  Pair pair{random_layer(21, 8), {}, {1, 5, 2, 1, 3, 7, 4, 2}};
  for (double& value : pair.compressed.objects.coordinates) value *= 0.4;
  pair.wide = repeated(pair.compressed, pair.counts);
  for (const std::size_t count : pair.counts) pair.compressed.objects.weights.push_back(double(count));
  return pair;
}

TEST(Optimiser, TrainsWeightedObjectsAsTheNetworkOfTheirCopies) {
  for (const Rule rule : rules) {
    for (const bool clipped : {false, true}) {
      OptimiserOptions options = options_of(rule);
      if (clipped) options.largest_norm = 0.3;
      const Pair pair = pair_of_networks();
      Training compressed(pair.compressed, options), wide(pair.wide, options);
      Random random(22);
      for (int step = 1; step <= 60; ++step) {
        const Batch data = batch(random, 16);
        compressed.step(data.x, data.targets);
        wide.step(data.x, data.targets);
        const Layer copies = repeated(compressed.layer(), pair.counts);
        for (std::size_t k = 0; k < copies.objects.coordinates.size(); ++k) {
          ASSERT_NEAR(copies.objects.coordinates[k], wide.layer().objects.coordinates[k], 1e-12 * step)
              << "rule " << int(rule) << ", step " << step;
        }
        ASSERT_NEAR(compressed.bias()[0], wide.bias()[0], 1e-12 * step);
      }
      EXPECT_GT(difference(compressed.layer(), pair.compressed, tangent), 0.01);  // it has been trained
    }
  }
}

TEST(Optimiser, CompressedWidthTrainsLikeTheWideOne) {
  Layer wide = random_layer(23, 2000);
  for (std::size_t k = 0; k < wide.objects.coordinates.size(); ++k) {
    if (k % object_size >= 3) wide.objects.coordinates[k] /= 100;
  }
  const CompressedLayer small = compress_width(wide, {.size = 400, .order = 4});
  Layer subnetwork = take(wide, std::vector<Index>(small.numbers.begin(), small.numbers.end()));
  subnetwork.objects.weights.assign(400, 5.0);  // the same objects with equal weights
  const OptimiserOptions options{.rule = Rule::adam, .learning_rate = 2e-3};
  Training of_wide(wide, options), of_small(small.layer, options), of_subnetwork(subnetwork, options);
  Random random(24);
  for (int step = 0; step < 50; ++step) {
    const Batch data = batch(random, 16);
    for (Training* training : {&of_wide, &of_small, &of_subnetwork}) training->step(data.x, data.targets);
  }
  EXPECT_GT(difference(of_wide.layer(), wide, tangent), 0.1);
  EXPECT_LT(difference(of_small.layer(), of_wide.layer(), tangent),
            difference(of_subnetwork.layer(), of_wide.layer(), tangent) / 4);
}

TEST(Optimiser, RejectsWhatIsOutOfRange) {
  const std::vector<double> ones(3, 1.0);
  expect_error("learning_rate", "positive", [&] { Optimiser({.learning_rate = 0}, ones); });
  expect_error("momentum", "below 1", [&] { Optimiser({.momentum = 1}, ones); });
  expect_error("weight_decay", "rprop", [&] { Optimiser({.rule = Rule::rprop, .weight_decay = 0.1}, ones); });
  expect_error("largest_norm", "positive", [&] { Optimiser({.largest_norm = -1}, ones); });
  expect_error("weights", "positive", [&] { Optimiser({}, {1, 0}); });
  Optimiser optimiser({}, ones);
  std::vector<double> two(2), three(3);
  expect_error("parameters", "each of the 3 weights", [&] { optimiser.step(three, two); });
}

}  // namespace
}  // namespace momentset::test
