#include "experiments/attention.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "experiments/problem.hpp"
#include "experiments/processors.hpp"

namespace momentset::experiments {
namespace {

constexpr std::size_t arrays = 4, size = 2;  // Wq, Wk, Wv, Wo of a head

/// What a head's output depends on, as tokens have one dimension: (Wq . Wk) / sqrt(2) and Wv . Wo.
struct Heads {
  std::vector<float> slopes;
  std::vector<double> outputs;  // times c_j

  explicit Heads(const AttentionNetwork& network) {
    const std::size_t d = network.width();
    const auto product = [&](std::size_t j, std::size_t first, std::size_t second) {
      const double* p = network.parameters.data();
      double sum = 0;
      for (std::size_t k = 0; k < size; ++k) sum += p[(first * d + j) * size + k] * p[(second * d + j) * size + k];
      return sum;
    };
    for (std::size_t j = 0; j < d; ++j) {
      slopes.push_back(float(product(j, 0, 1) / std::numbers::sqrt2));
      outputs.push_back(network.weights[j] * product(j, 2, 3));
    }
  }
};

/// Mean and variance of the tokens by the softmax of each head.
FOR_EACH_PROCESSOR void attend(const Sequence& sequence, const float* slopes, std::size_t heads, float* mean,
                               float* variance) {
  const float last = sequence.tokens.back();
  const auto [low, high] = std::minmax_element(sequence.tokens.begin(), sequence.tokens.end());
  const float least = *low, most = *high;
  for (std::size_t j = 0; j < heads; ++j) {
    const float slope = slopes[j] * last, largest = std::max(slope * least, slope * most);
    float sum = 0, first = 0, second = 0;
    for (std::size_t t = 0; t < Sequence::length; ++t) {
      const float x = sequence.tokens[t], share = std::exp(slope * x - largest);
      sum += share;
      first += share * x;
      second += share * x * x;
    }
    mean[j] = first / sum;
    variance[j] = second / sum - mean[j] * mean[j];
  }
}

}  // namespace

std::vector<Sequence> piecewise_linear_sequences(std::mt19937_64& random, std::size_t count) {
  constexpr std::size_t segments = 16;
  constexpr double noise = 0.3, first = 0.5;
  std::normal_distribution<double> normal(0, 1);
  std::vector<Sequence> sequences(count);
  for (Sequence& sequence : sequences) {
    std::array<double, segments + 1> value{first * normal(random)};
    for (std::size_t k = 0; k < segments; ++k) value[k + 1] = value[k] + normal(random) / segments;
    const auto f = [&](double x) {
      const std::size_t k = std::min(segments - 1, std::size_t(x * segments));
      return value[k] + (value[k + 1] - value[k]) * (x * segments - double(k));
    };
    const std::vector<double> x = uniform(random, Sequence::pairs + 1);
    for (std::size_t k = 0; k <= Sequence::pairs; ++k) {
      const double place = (x[k] + 1) / 2;
      sequence.tokens[2 * k] = float(place);
      if (k < Sequence::pairs) sequence.tokens[2 * k + 1] = float(f(place) + noise * normal(random));
      if (k == Sequence::pairs) sequence.target = float(f(place));
    }
  }
  return sequences;
}

double AttentionNetwork::operator()(const Sequence& sequence) const {
  const Heads heads(*this);
  double f = 0;
  for (std::size_t j = 0; j < width(); ++j) {
    double sum = 0, first = 0;
    for (const float x : sequence.tokens) {
      const double share = std::exp(double(heads.slopes[j]) * double(sequence.tokens.back()) * double(x));
      sum += share;
      first += share * double(x);
    }
    f += heads.outputs[j] * first / sum;
  }
  return f;
}

AttentionNetwork initial_heads(std::mt19937_64& random, std::size_t width) {
  AttentionNetwork network{uniform(random, arrays * size * width), std::vector<double>(width, 1.0)};
  for (std::size_t k = (arrays - 1) * size * width; k < network.parameters.size(); ++k) {
    network.parameters[k] /= std::sqrt(double(size * width));
  }
  return network;
}

network::Layer heads_of(const AttentionNetwork& network) {
  const std::span<const double> all = network.parameters;
  const std::size_t each = size * network.width();
  const network::ArrayShape incoming{.inner = size}, outgoing{.inner = size, .role = network::Role::outgoing};
  const std::vector<std::span<const double>> parts{all.first(each), all.subspan(each, each),
                                                   all.subspan(2 * each, each), all.subspan(3 * each, each)};
  return network::take_out({incoming, incoming, incoming, outgoing}, parts, network.width(), network.weights);
}

AttentionNetwork network_of_heads(const network::Layer& heads) {
  AttentionNetwork network;
  for (const std::vector<double>& array : network::put_back(heads)) {
    network.parameters.insert(network.parameters.end(), array.begin(), array.end());
  }
  for (std::size_t j = 0; j < heads.width(); ++j) network.weights.push_back(heads.objects.view().weight(j));
  return network;
}

double mean_squared_error(const AttentionNetwork& network, std::span<const Sequence> sequences) {
  const Heads heads(network);
  const std::size_t d = network.width();
  std::vector<float> mean(d), variance(d);
  double loss = 0;
  for (const Sequence& sequence : sequences) {
    attend(sequence, heads.slopes.data(), d, mean.data(), variance.data());
    double f = 0;
    for (std::size_t j = 0; j < d; ++j) f += heads.outputs[j] * double(mean[j]);
    loss += std::pow(f - double(sequence.target), 2);
  }
  return loss / double(sequences.size());
}

double gradient(const AttentionNetwork& network, std::span<const Sequence> sequences, std::vector<double>& gradient) {
  const Heads heads(network);
  const std::size_t d = network.width();
  std::vector<float> mean(d), variance(d);
  std::vector<double> by_slope(d), by_output(d);  // sums over the sequences of the derivatives of f times those by f
  double loss = 0;
  for (const Sequence& sequence : sequences) {
    attend(sequence, heads.slopes.data(), d, mean.data(), variance.data());
    double f = 0;
    for (std::size_t j = 0; j < d; ++j) f += heads.outputs[j] * double(mean[j]);
    const double difference = f - double(sequence.target), slope = 2 * difference / double(sequences.size());
    loss += difference * difference;
    const double last = double(sequence.tokens.back());
    for (std::size_t j = 0; j < d; ++j) {
      by_output[j] += slope * double(mean[j]);
      by_slope[j] += slope * last * double(variance[j]);
    }
  }
  gradient.resize(arrays * size * d);
  const double* p = network.parameters.data();
  for (std::size_t j = 0; j < d; ++j) {
    const double logit = by_slope[j] * heads.outputs[j] / std::numbers::sqrt2;
    const double output = by_output[j] * network.weights[j];
    for (std::size_t k = 0; k < size; ++k) {
      const auto place = [&](std::size_t array) { return (array * d + j) * size + k; };
      gradient[place(0)] = logit * p[place(1)];
      gradient[place(1)] = logit * p[place(0)];
      gradient[place(2)] = output * p[place(3)];
      gradient[place(3)] = output * p[place(2)];
    }
  }
  return loss / double(sequences.size());
}

AttentionNetwork train(AttentionNetwork network, const AttentionTraining& training,
                       const std::function<void(int, const AttentionNetwork&)>& after_epoch) {
  std::vector<double> of_parameters, slope;
  for (std::size_t array = 0; array < arrays; ++array) {
    for (const double weight : network.weights) of_parameters.insert(of_parameters.end(), size, weight);
  }
  network::Optimiser optimiser(training.optimiser, std::move(of_parameters));
  std::mt19937_64 random(training.seed);
  for (int epoch = 1; epoch <= training.epochs; ++epoch) {
    for (int step = 0; step < training.steps; ++step) {
      gradient(network, piecewise_linear_sequences(random, training.batch), slope);
      optimiser.step(slope, network.parameters);
    }
    after_epoch(epoch, network);
  }
  return network;
}

}  // namespace momentset::experiments
