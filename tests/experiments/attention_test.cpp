// The trainer of attention heads against plain sums, finite differences and heads that stand several times.

#include "experiments/attention.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace momentset::test {
namespace {

using namespace momentset::experiments;

AttentionNetwork weighted_heads(std::uint64_t seed, std::size_t width) {
  std::mt19937_64 random(seed);
  AttentionNetwork network = initial_heads(random, width);
  for (std::size_t j = 0; j < width; ++j) network.weights[j] = double(1 + j % 3);
  return network;
}

std::vector<Sequence> some_sequences(std::uint64_t seed, std::size_t count) {
  std::mt19937_64 random(seed);
  return piecewise_linear_sequences(random, count);
}

double plain_loss(const AttentionNetwork& network, const std::vector<Sequence>& sequences) {
  double sum = 0;
  for (const Sequence& each : sequences) sum += std::pow(network(each) - double(each.target), 2);
  return sum / double(sequences.size());
}

TEST(Attention, GradientIsThatOfFiniteDifferences) {
  const std::vector<Sequence> sequences = some_sequences(1, 40);
  const AttentionNetwork network = weighted_heads(2, 13);
  std::vector<double> found;
  const double loss = gradient(network, sequences, found);
  EXPECT_NEAR(loss, plain_loss(network, sequences), 1e-5 * loss);
  EXPECT_EQ(loss, mean_squared_error(network, sequences));
  ASSERT_EQ(found.size(), network.parameters.size());
  double largest = 0;
  for (const double each : found) largest = std::max(largest, std::abs(each));
  for (std::size_t k = 0; k < found.size(); ++k) {
    AttentionNetwork above = network, below = network;
    const double step = 1e-3;  // slopes of the softmax are rounded to float
    above.parameters[k] += step;
    below.parameters[k] -= step;
    const double difference = (plain_loss(above, sequences) - plain_loss(below, sequences)) / (2 * step);
    EXPECT_NEAR(found[k], difference, 2e-4 * largest) << k;
  }
}

TEST(Attention, WeightedHeadsTrainAsThoseTheyStandFor) {
  const AttentionNetwork few = weighted_heads(3, 10);
  std::vector<Index> copies;
  for (Index j = 0; j < 10; ++j) copies.insert(copies.end(), std::size_t(few.weights[j]), j);
  network::Layer all = network::take(heads_of(few), copies);
  all.objects.weights.assign(copies.size(), 1.0);
  AttentionTraining training{.optimiser = {.rule = network::Rule::adam, .learning_rate = 1e-2}, .epochs = 4, .seed = 4};
  training.batch = 32;
  const auto silent = [](int, const AttentionNetwork&) {};
  const AttentionNetwork trained = train(few, training, silent), wide = train(network_of_heads(all), training, silent);
  const std::vector<Sequence> sequences = some_sequences(5, 50);
  const double before = plain_loss(few, sequences), after = plain_loss(trained, sequences);
  EXPECT_NEAR(after, plain_loss(wide, sequences), 1e-5 * after);
  EXPECT_GT(std::abs(after / before - 1), 0.05) << "tells nothing";
}

TEST(Attention, SequencesAreAsStated) {
  double squares = 0, noise = 0, targets = 0;
  const std::size_t count = 20'000;
  for (const Sequence& each : some_sequences(6, count)) {
    for (std::size_t k = 0; k <= Sequence::pairs; ++k) {
      EXPECT_GE(each.tokens[2 * k], 0);
      EXPECT_LE(each.tokens[2 * k], 1);
    }
    targets += std::pow(double(each.target), 2) / double(count);
    squares += std::pow(double(each.tokens[1]), 2) / double(count);
    noise += double(each.tokens[1] - each.tokens[3]) * double(each.tokens[1] - each.tokens[3]) / double(count);
  }
  // f(x) = f(0) + slopes: variances 0.25 and x / 16, x being uniform; y has 0.09 more; two of one function differ by
  // twice the noise and by E|x - x'| / 16. (Within a segment the variance of the slopes is less: x / 16 is its bound.)
  EXPECT_NEAR(targets, 0.25 + 0.5 / 16, 0.01);
  EXPECT_NEAR(squares, 0.25 + 0.5 / 16 + 0.09, 0.012);
  EXPECT_NEAR(noise, 2 * 0.09 + 1 / 48.0, 0.008);
}

}  // namespace
}  // namespace momentset::test
