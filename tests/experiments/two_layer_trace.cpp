// Trains a small network by each rule and prints its parameters after every step, for test_two_layer.py.

#include <cmath>
#include <cstdio>

#include "experiments/two_layer.hpp"

int main() {
  using namespace momentset::experiments;
  using momentset::network::Rule;
  constexpr std::size_t width = 9, count = 530;
  TwoLayerNetwork network;
  for (std::size_t k = 0; k < 4 * width + 1; ++k) network.parameters.push_back(0.7 * std::sin(1.3 * double(k) + 0.5));
  for (std::size_t j = 0; j < width; ++j) network.weights.push_back(1 + double(j % 3));
  std::vector<Example> examples;
  for (std::size_t i = 0; i < count; ++i) {
    const double x1 = std::sin(12.9898 * double(i)), x2 = std::sin(78.233 * double(i) + 1);
    examples.push_back({float(x1), float(x2), float(x1 * x2 + 0.5 * std::cos(3 * x1)), float(1 + i % 4)});
  }
  const std::pair<const char*, Rule> rules[] = {{"SGD", Rule::sgd},       {"Adam", Rule::adam},
                                                {"AdamW", Rule::adamw},   {"RMSprop", Rule::rmsprop},
                                                {"Adamax", Rule::adamax}, {"Rprop", Rule::rprop}};
  for (const auto& [name, rule] : rules) {
    Training training{.optimiser = {.rule = rule, .learning_rate = 0.01}, .epochs = 100};
    if (rule != Rule::rprop) training.optimiser.weight_decay = 0.01;
    if (rule == Rule::sgd || rule == Rule::rmsprop) training.optimiser.momentum = 0.5;
    train(network, examples, training, [&, name = name](int step, const TwoLayerNetwork& trained) {
      std::printf("%s,%d", name, step);
      for (const double parameter : trained.parameters) std::printf(",%.17g", parameter);
      std::printf("\n");
    });
  }
}
