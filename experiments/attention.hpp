#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <random>
#include <span>
#include <vector>

#include "momentset/network/layer.hpp"
#include "momentset/network/optimiser.hpp"

namespace momentset::experiments {

/// x_1, y_1, ..., x_8, y_8 and x, of one function, whose value at x is to be told: the task of Figure 7 of paper 000.
struct Sequence {
  static constexpr std::size_t pairs = 8, length = 2 * pairs + 1;
  std::array<float, length> tokens;
  float target;
};

/// Functions on [0, 1], linear in each of 16 segments, f(0) ~ N(0, 0.5^2), slopes ~ N(0, 1); x uniform,
/// y = f(x) + N(0, 0.3^2), the target f(x) itself.
std::vector<Sequence> piecewise_linear_sequences(std::mt19937_64& random, std::size_t count);

/// d weighted attention heads of two dimensions on tokens of one, without biases. At the last token x, which sees all,
///   f = sum_j c_j (Wo_j . Wv_j) sum_t p_jt x_t,   p_jt = softmax over t of (Wq_j . Wk_j) x x_t / sqrt(2).
struct AttentionNetwork {
  std::vector<double> parameters;  ///< Wq of all heads, two each, then Wk, Wv and Wo: 8 d
  std::vector<double> weights;     ///< c_j > 0

  std::size_t width() const { return weights.size(); }
  double operator()(const Sequence& sequence) const;  ///< f
};

/// As torch begins with linear maps: U(-1/sqrt(n), 1/sqrt(n)), n = 1 input of Wq, Wk and Wv, 2 d of Wo.
AttentionNetwork initial_heads(std::mt19937_64& random, std::size_t width);

/// Its heads as points (Wq, Wk, Wv, Wo), and back.
network::Layer heads_of(const AttentionNetwork& network);
AttentionNetwork network_of_heads(const network::Layer& heads);

/// Mean of (f - target)^2. O(17 d) for each sequence.
double mean_squared_error(const AttentionNetwork& network, std::span<const Sequence> sequences);

/// The same, and its gradient by the parameters. Sums over tokens in float, the rest in double.
double gradient(const AttentionNetwork& network, std::span<const Sequence> sequences, std::vector<double>& gradient);

struct AttentionTraining {
  network::OptimiserOptions optimiser;
  int epochs = 50, steps = 5;  ///< steps in an epoch, each with a batch of sequences not seen before
  std::size_t batch = 256;
  std::uint64_t seed = 0;  ///< of the batches, which are the same for networks of any width
};

/// Trains the heads on the mean squared error, as network::Optimiser says. Tells the network after each epoch.
AttentionNetwork train(AttentionNetwork network, const AttentionTraining& training,
                       const std::function<void(int epoch, const AttentionNetwork&)>& after_epoch);

}  // namespace momentset::experiments
