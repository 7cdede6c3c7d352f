#include "experiments/cylindrical_harmonic.hpp"

#include <cmath>
#include <random>

#include "momentset/network/compress_width.hpp"

namespace momentset::experiments {

double cylindrical_harmonic(double x1, double x2) {
  return std::cyl_bessel_j(6.0, 20 * std::hypot(x1, x2)) * std::cos(6 * std::atan2(x2, x1));
}

HarmonicTask::HarmonicTask(std::size_t width, std::size_t examples, std::size_t tests, int trial) : trial_(trial) {
  std::seed_seq seed{std::uint64_t(width), std::uint64_t(examples), std::uint64_t(trial)};
  std::mt19937_64 random(seed);
  examples_ = noisy_examples(random, examples, cylindrical_harmonic, 0.2);
  tests_ = noisy_examples(random, tests, cylindrical_harmonic, 0);
  network_ = initial_network(random, width);
}

TwoLayerNetwork HarmonicTask::kept(const std::string& variant, std::size_t size, const TrainingRuns& runs) const {
  if (variant == "wide" || size >= network_.width()) return network_;
  const network::Layer neurons = neurons_of(network_);
  const double bias = network_.parameters.back();
  if (variant == "joint") {
    return network_of(
        network::compress_width(neurons, {.size = size, .order = runs.order, .threads = runs.threads}).layer, bias);
  }
  return network_of(random_objects(neurons, size, trial_), bias);
}

void HarmonicTask::learn(const TwoLayerNetwork& network, const Training& training, int interval,
                         const Tell& tell) const {
  train(network, examples_, training, tell_test_losses(tests_, training.epochs, interval, tell));
}

const std::vector<std::string>& width_variants() {
  static const std::vector<std::string> variants{"wide", "joint", "random"};
  return variants;
}

}  // namespace momentset::experiments
