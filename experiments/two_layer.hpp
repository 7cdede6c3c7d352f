#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <random>
#include <span>
#include <vector>

#include "momentset/network/layer.hpp"
#include "momentset/network/optimiser.hpp"

namespace momentset::experiments {

/// One example: y at x, and how many examples it stands for.
struct Example {
  float x1 = 0, x2 = 0, y = 0, weight = 1;
};

/// y(x) = a + sum_j c_j v_j relu(w_j1 x_1 + w_j2 x_2 + b_j): two inputs, d weighted neurons, one output.
struct TwoLayerNetwork {
  std::vector<double> parameters;  ///< w_1 of all neurons, then w_2, b and v of all, then a: 4 d + 1
  std::vector<double> weights;     ///< c_j > 0

  std::size_t width() const { return weights.size(); }
  double operator()(double x1, double x2) const;  ///< y(x)
};

/// Weights and biases uniform in [-1, 1], those of neurons and output by `hidden` and `output` smaller or larger.
TwoLayerNetwork uniform_network(std::mt19937_64& random, std::size_t width, double hidden, double output);

/// As torch begins with: U(-1/sqrt(n), 1/sqrt(n)), n = 2 inputs of the neurons, d of the output.
TwoLayerNetwork initial_network(std::mt19937_64& random, std::size_t width);

/// Its neurons as points (w_1, w_2, b, v), and back. The output's bias a is no part of them.
network::Layer neurons_of(const TwoLayerNetwork& network);
TwoLayerNetwork network_of(const network::Layer& neurons, double output_bias);

/// Mean of (y(x_i) - y_i)^2 by the weights of the examples. O(d) for each.
double mean_squared_error(const TwoLayerNetwork& network, std::span<const Example> examples);

/// The same, and its gradient by the parameters. Products and sums over neurons and 512 examples in float, which is
/// what one trains in, the rest in double.
double gradient(const TwoLayerNetwork& network, std::span<const Example> examples, std::vector<double>& gradient);

/// Of what a step sees.
enum class Batches {
  all,           ///< each example, by its weight in the loss
  proportional,  ///< drawn with probability proportional to the weight, with replacement; weights not in the loss
  shuffled,      ///< an epoch goes once through a random order; the last batch of it may be smaller
};

struct Training {
  network::OptimiserOptions optimiser;
  Batches batches = Batches::all;
  std::size_t batch = 0;  ///< examples in a step; not for all
  std::size_t draws = 0;  ///< examples in an epoch, for proportional: of any data as many as of all
  int epochs = 1;         ///< over which the learning rate falls from optimiser.learning_rate to 0 as a cosine
  std::uint64_t seed = 0;
};

/// Trains the network on the mean squared error; its neurons' weights count as network::Optimiser says. The learning
/// rate of an epoch e is eta (1 + cos(pi e / epochs)) / 2. Tells the network after each epoch. Batches depend on
/// training and the number of examples alone, so that networks of any width meet the same. A step takes some 0.3 ns
/// for each pair of neuron and example with AVX2, as measured, and network::Optimiser's time.
/// Throws Error where there are no examples, or the batch or epoch is empty.
TwoLayerNetwork train(TwoLayerNetwork network, std::span<const Example> examples, const Training& training,
                      const std::function<void(int epoch, const TwoLayerNetwork&)>& after_epoch = {});

/// For train(): calls tell(epoch, test loss) after every `interval` epochs and the last.
std::function<void(int, const TwoLayerNetwork&)> tell_test_losses(
    std::span<const Example> tests, int epochs, int interval, std::function<void(int epoch, double test_loss)> tell);

/// Examples at x uniform in [-1, 1]^2 of y = f(x) + N(0, noise^2).
std::vector<Example> noisy_examples(std::mt19937_64& random, std::size_t count,
                                    const std::function<double(double, double)>& f, double noise);

}  // namespace momentset::experiments
