#include "experiments/two_layer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "experiments/cylindrical_harmonic.hpp"
#include "experiments/teacher_student.hpp"
#include "support/expect_error.hpp"

namespace momentset::test {
namespace {

using namespace momentset::experiments;
using network::OptimiserOptions;
using network::Rule;

constexpr Rule rules[] = {Rule::sgd, Rule::adam, Rule::adamw, Rule::rmsprop, Rule::adamax, Rule::rprop};

TwoLayerNetwork weighted_network(std::uint64_t seed, std::size_t width) {
  std::mt19937_64 random(seed);
  TwoLayerNetwork network = initial_network(random, width);
  for (std::size_t j = 0; j < width; ++j) network.weights[j] = 0.5 + double(j % 3);
  return network;
}

/// More than a block of the trainer's loops, and no multiple of its lanes.
std::vector<Example> weighted_examples(std::uint64_t seed, std::size_t count = 597) {
  std::mt19937_64 random(seed);
  std::vector<Example> examples = noisy_examples(
      random, count, [](double a, double b) { return std::sin(3 * a) * b + 0.3; }, 0.1);
  for (std::size_t i = 0; i < count; ++i) examples[i].weight = float(1 + i % 4);
  return examples;
}

/// One example after the other, in double.
double plain_loss(const TwoLayerNetwork& network, const std::vector<Example>& examples) {
  double sum = 0, mass = 0;
  for (const Example& e : examples) {
    const double difference = network(double(e.x1), double(e.x2)) - double(e.y);
    sum += double(e.weight) * difference * difference;
    mass += double(e.weight);
  }
  return sum / mass;
}

std::vector<double> plain_gradient(const TwoLayerNetwork& network, const std::vector<Example>& examples) {
  const std::size_t d = network.width();
  const std::vector<double>& p = network.parameters;
  std::vector<double> gradient(4 * d + 1, 0.0);
  double mass = 0;
  for (const Example& e : examples) mass += double(e.weight);
  for (const Example& e : examples) {
    const double x1 = double(e.x1), x2 = double(e.x2);
    const double slope = 2 * double(e.weight) / mass * (network(x1, x2) - double(e.y));
    for (std::size_t j = 0; j < d; ++j) {
      const double t = p[j] * x1 + p[d + j] * x2 + p[2 * d + j];
      if (t <= 0) continue;
      const double inner = slope * network.weights[j] * p[3 * d + j];
      gradient[j] += inner * x1;
      gradient[d + j] += inner * x2;
      gradient[2 * d + j] += inner;
      gradient[3 * d + j] += slope * network.weights[j] * t;
    }
    gradient[4 * d] += slope;
  }
  return gradient;
}

double largest(const std::vector<double>& values) {
  double found = 0;
  for (const double value : values) found = std::max(found, std::abs(value));
  return found;
}

TEST(TwoLayer, GradientIsThatOfFiniteDifferences) {
  const std::vector<Example> examples = weighted_examples(1);
  for (const std::size_t width : {1, 6, 7}) {
    const TwoLayerNetwork network = weighted_network(2, width);
    std::vector<double> found;
    const double loss = gradient(network, examples, found);
    EXPECT_NEAR(loss, plain_loss(network, examples), 1e-6 * loss);
    EXPECT_EQ(loss, mean_squared_error(network, examples));
    ASSERT_EQ(found.size(), 4 * width + 1);
    const std::vector<double> plain = plain_gradient(network, examples);
    for (std::size_t k = 0; k < found.size(); ++k) {
      TwoLayerNetwork above = network, below = network;
      const double step = 1e-5;
      above.parameters[k] += step;
      below.parameters[k] -= step;
      const double difference = (plain_loss(above, examples) - plain_loss(below, examples)) / (2 * step);
      EXPECT_NEAR(plain[k], difference, 1e-4 * largest(plain)) << k;  // kinks within a step
      EXPECT_NEAR(found[k], plain[k], 2e-6 * largest(plain)) << k;
    }
  }
}

/// Textbook forms of the rules for one parameter, the gradient being that of one of the neurons a weight stands for:
/// Kingma and Ba 2015, Algorithms 1 and 2; Loshchilov and Hutter 2019, Algorithm 2; Riedmiller and Braun 1993.
struct PlainRule {
  OptimiserOptions options;
  double first = 0, second = 0;
  int steps = 0;

  explicit PlainRule(const OptimiserOptions& asked) : options(asked) {
    if (asked.rule == Rule::rprop) second = asked.learning_rate;
  }

  double next(double p, double g, double eta) {
    ++steps;
    const auto averaged = [](double mean, double value, double beta) { return beta * mean + (1 - beta) * value; };
    if (options.rule != Rule::adamw) g += options.weight_decay * p;
    switch (options.rule) {
      case Rule::sgd:
        first = options.momentum * first + g;
        return p - eta * first;
      case Rule::adam:
      case Rule::adamw: {
        first = averaged(first, g, options.beta1);
        second = averaged(second, g * g, options.beta2);
        const double mean = first / (1 - std::pow(options.beta1, steps));
        const double square = second / (1 - std::pow(options.beta2, steps));
        const double decay = options.rule == Rule::adamw ? eta * options.weight_decay * p : 0;
        return p - decay - eta * mean / (std::sqrt(square) + options.epsilon);
      }
      case Rule::rmsprop:
        second = averaged(second, g * g, options.smoothing);
        first = options.momentum * first + g / (std::sqrt(second) + options.epsilon);
        return p - eta * first;
      case Rule::adamax:
        first = averaged(first, g, options.beta1);
        second = std::max(options.beta2 * second, std::abs(g) + options.epsilon);
        return p - eta / (1 - std::pow(options.beta1, steps)) * first / second;
      case Rule::rprop:
        if (first * g > 0) second = std::min(second * options.grow, options.largest_step);
        if (first * g < 0) second = std::max(second * options.shrink, options.smallest_step);
        first = first * g < 0 ? 0 : g;
        return p - (first > 0 ? second : first < 0 ? -second : 0);
    }
    return p;
  }
};

TEST(TwoLayer, TrainsStepByStepAsPlainLoops) {
  const std::vector<Example> examples = weighted_examples(3);
  const std::size_t width = 7;
  for (const Rule rule : rules) {
    OptimiserOptions options{.rule = rule, .learning_rate = rule == Rule::sgd ? 0.1 : 0.01, .momentum = 0.5};
    options.weight_decay = rule == Rule::rprop ? 0 : 0.02;
    TwoLayerNetwork plain = weighted_network(4, width);
    std::vector<PlainRule> states(plain.parameters.size(), PlainRule(options));
    const double begin = plain_loss(plain, examples);
    const int epochs = 40;
    const auto plain_epoch = [&](int epoch) {
      const std::vector<double> slopes = plain_gradient(plain, examples);
      const double eta = options.learning_rate * 0.5 * (1 + std::cos(std::numbers::pi * (epoch - 1) / epochs));
      for (std::size_t k = 0; k < slopes.size(); ++k) {
        const double weight = k < 4 * width ? plain.weights[k % width] : 1;
        plain.parameters[k] = states[k].next(plain.parameters[k], slopes[k] / weight, eta);
      }
    };
    const Training training{.optimiser = options, .epochs = epochs};
    train(weighted_network(4, width), examples, training, [&](int epoch, const TwoLayerNetwork& network) {
      plain_epoch(epoch);
      for (std::size_t k = 0; k < plain.parameters.size(); ++k) {
        EXPECT_NEAR(network.parameters[k], plain.parameters[k], 2e-6 * epoch)
            << int(rule) << ": " << epoch << ", " << k;
      }
    });
    EXPECT_LT(plain_loss(plain, examples), 0.8 * begin);
  }
}

TEST(TwoLayer, BatchesFollowTheWeights) {
  std::vector<Example> examples = weighted_examples(5, 100);
  for (Example& example : examples) example.weight = example.x1 > 0 ? 4 : 1;
  const TwoLayerNetwork network = weighted_network(6, 5);
  std::vector<Example> alike = examples;
  for (Example& example : alike) example.weight = 1;
  const auto step = [&](const std::vector<Example>& from, Training training) {
    training.optimiser.learning_rate = 1;
    std::vector<double> moved = train(network, from, training).parameters;
    for (std::size_t k = 0; k < moved.size(); ++k) moved[k] -= network.parameters[k];
    return moved;
  };
  const auto distance = [](std::vector<double> a, const std::vector<double>& b) {
    for (std::size_t k = 0; k < a.size(); ++k) a[k] -= b[k];
    return largest(a);
  };
  const std::vector<double> by_weight = step(examples, {}), equal = step(alike, {});
  const std::size_t many = 200'000;
  const std::vector<double> drawn = step(examples, {.batches = Batches::proportional, .batch = many, .draws = many});
  EXPECT_LT(distance(drawn, by_weight), 0.01 * largest(by_weight));
  EXPECT_GT(distance(drawn, equal), 0.03 * largest(by_weight));
  // An epoch of shuffled batches has each example once.
  EXPECT_LT(distance(step(alike, {.batches = Batches::shuffled, .batch = 100}), equal), 1e-6 * largest(equal));
  // A batch takes what an epoch has left.
  const Training short_epoch{.batches = Batches::shuffled, .batch = 64, .seed = 3};
  const Training drawn_epoch{.batches = Batches::proportional, .batch = 64, .draws = 127, .seed = 3};
  EXPECT_GT(distance(step(alike, short_epoch), equal), 0.01 * largest(equal));  // two steps
  EXPECT_EQ(step(alike, drawn_epoch), step(alike, {.batches = Batches::proportional, .batch = 64, .seed = 3}));
}

TEST(TwoLayer, NeuronsGoToPointsAndBack) {
  const TwoLayerNetwork network = weighted_network(7, 4);
  const network::Layer neurons = neurons_of(network);
  ASSERT_EQ(neurons.objects.dimension, 4u);
  EXPECT_EQ(neurons.objects.coordinates[4 + 3], network.parameters[3 * 4 + 1]);  // v of neuron 1
  const TwoLayerNetwork back = network_of(neurons, network.parameters.back());
  EXPECT_EQ(back.parameters, network.parameters);
  EXPECT_EQ(back.weights, network.weights);
}

TEST(TwoLayer, RejectsWhatCannotBeTrained) {
  const TwoLayerNetwork network = weighted_network(8, 3);
  const std::vector<Example> examples = weighted_examples(9, 10);
  expect_error("examples", "one", [&] { train(network, {}, {}); });
  expect_error("batch", "at least 1", [&] { train(network, examples, {.batches = Batches::shuffled}); });
  expect_error("epochs", "at least 1", [&] { train(network, examples, {.epochs = 0}); });
}

TEST(CylindricalHarmonic, IsBesselsIntegral) {
  for (const auto& [x1, x2] : {std::pair{0.5, 0.0}, {0.1, -0.7}, {-0.9, 0.4}}) {
    const double z = 20 * std::hypot(x1, x2);
    double integral = 0;  // (1 / pi) int_0^pi cos(6 t - z sin t) dt; the midpoint rule is exact to rounding here
    const int points = 400;
    for (int i = 0; i < points; ++i) {
      const double t = std::numbers::pi * (i + 0.5) / points;
      integral += std::cos(6 * t - z * std::sin(t)) / points;
    }
    EXPECT_NEAR(cylindrical_harmonic(x1, x2), integral * std::cos(6 * std::atan2(x2, x1)), 1e-13);
  }
}

TEST(TeacherStudent, KeepsWhatTheVariantSays) {
  const TeacherStudent task(1'000, 100, 1);
  const TrainingRuns runs{.order = 3};
  const std::vector<Example> full = task.kept("full", 100, runs);
  ASSERT_EQ(full.size(), 1'000u);
  using Term = double (*)(const Example&);
  const Term count = [](const Example&) { return 1.0; };
  const Term y = [](const Example& e) { return double(e.y); };
  const Term x_y = [](const Example& e) { return double(e.x1) * double(e.x2) * double(e.y); };
  const Term cube = [](const Example& e) { return std::pow(double(e.y), 3.0); };
  const auto mean = [](const std::vector<Example>& examples, const Term& term) {
    double sum = 0;
    for (const Example& e : examples) sum += double(e.weight) * term(e);
    return sum / 1'000;
  };
  const auto keeps = [&](const char* variant, const Term& term) {
    const std::vector<Example> kept = task.kept(variant, 100, runs);
    EXPECT_EQ(kept.size(), 100u);
    return std::abs(mean(kept, term) - mean(full, term)) < 1e-4 * (1 + std::abs(mean(full, term)));
  };
  for (const char* variant : {"paper", "joint", "target"}) {
    for (const Term& term : {count, y, x_y}) EXPECT_TRUE(keeps(variant, term)) << variant;
    EXPECT_EQ(keeps(variant, cube), std::string(variant) != "target");
  }
  EXPECT_FALSE(keeps("random", y));
}

}  // namespace
}  // namespace momentset::test
