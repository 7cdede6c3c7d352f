#include "experiments/two_layer.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>
#include <numeric>
#include <string>

#include "experiments/problem.hpp"
#include "experiments/processors.hpp"
#include "momentset/error.hpp"

namespace momentset::experiments {
namespace {

#define INLINE inline __attribute__((always_inline))

constexpr std::size_t lanes = 8;  // examples at once
using Lanes = float __attribute__((vector_size(lanes * sizeof(float))));
constexpr std::size_t block = 512;  // examples that stay in the nearest cache with their outputs

INLINE Lanes load(const float* values) {
  Lanes result;
  std::memcpy(&result, values, sizeof result);
  return result;
}

INLINE Lanes all(float value) { return Lanes{value, value, value, value, value, value, value, value}; }

INLINE double sum(Lanes values) {
  using Half = float __attribute__((vector_size(lanes / 2 * sizeof(float))));
  Half halves[2];
  std::memcpy(halves, &values, sizeof values);
  const Half half = halves[0] + halves[1];
  return double((half[0] + half[2]) + (half[1] + half[3]));
}

/// A block's examples by column; beyond `count` up to whole lanes they are 0 with the share 0.
struct Columns {
  alignas(32) float x1[block], x2[block], y[block], share[block];
  std::size_t count = 0, padded = 0;

  /// @param scale share of an example of weight 1 in the loss
  void read(std::span<const Example> examples, double scale) {
    count = examples.size();
    padded = (count + lanes - 1) / lanes * lanes;
    for (std::size_t i = 0; i < padded; ++i) {
      const Example example = i < count ? examples[i] : Example{0, 0, 0, 0};
      x1[i] = example.x1;
      x2[i] = example.x2;
      y[i] = example.y;
      share[i] = float(double(example.weight) * scale);
    }
  }
};

/// Parameters in float, v_j multiplied by c_j; two neurons are worked on at once, so one of zeros makes them even.
struct Neurons {
  std::vector<float> w1, w2, b, v;
  float output_bias;

  explicit Neurons(const TwoLayerNetwork& network)
      : w1(even(network.width())), w2(w1.size()), b(w1.size()), v(w1.size()) {
    const std::size_t d = network.width();
    const double* p = network.parameters.data();
    for (std::size_t j = 0; j < d; ++j) {
      w1[j] = float(p[j]);
      w2[j] = float(p[d + j]);
      b[j] = float(p[2 * d + j]);
      v[j] = float(network.weights[j] * p[3 * d + j]);
    }
    output_bias = float(p[4 * d]);
  }

  static std::size_t even(std::size_t width) { return (width + 1) / 2 * 2; }
};

/// out_i = y(x_i)
FOR_EACH_PROCESSOR void outputs(const Neurons& neurons, const Columns& at, float* out) {
  std::fill_n(out, at.padded, neurons.output_bias);
  for (std::size_t j = 0; j < neurons.w1.size(); j += 2) {
    Lanes w1[2], w2[2], b[2], v[2];
    for (std::size_t k = 0; k < 2; ++k) {
      w1[k] = all(neurons.w1[j + k]);
      w2[k] = all(neurons.w2[j + k]);
      b[k] = all(neurons.b[j + k]);
      v[k] = all(neurons.v[j + k]);
    }
    for (std::size_t i = 0; i < at.padded; i += lanes) {
      const Lanes x1 = load(at.x1 + i), x2 = load(at.x2 + i);
      Lanes sum = load(out + i);
      for (std::size_t k = 0; k < 2; ++k) {
        const Lanes t = w1[k] * x1 + (w2[k] * x2 + b[k]);
        sum += v[k] * (t > 0 ? t : Lanes{});
      }
      std::memcpy(out + i, &sum, sizeof sum);
    }
  }
}

/// Adds sums over the examples at which neuron j is active: of r_i x_i1, r_i x_i2 and r_i, r being the derivative of
/// the loss by the output. `sums` holds the first of all neurons, then the second, then the third.
FOR_EACH_PROCESSOR void add_active_sums(const Neurons& neurons, const Columns& at, const float* r, std::size_t width,
                                        double* sums) {
  for (std::size_t j = 0; j < neurons.w1.size(); j += 2) {
    Lanes w1[2], w2[2], b[2], of_x1[2] = {}, of_x2[2] = {}, of_one[2] = {};
    for (std::size_t k = 0; k < 2; ++k) {
      w1[k] = all(neurons.w1[j + k]);
      w2[k] = all(neurons.w2[j + k]);
      b[k] = all(neurons.b[j + k]);
    }
    for (std::size_t i = 0; i < at.padded; i += lanes) {
      const Lanes x1 = load(at.x1 + i), x2 = load(at.x2 + i), slope = load(r + i);
      for (std::size_t k = 0; k < 2; ++k) {
        const Lanes t = w1[k] * x1 + (w2[k] * x2 + b[k]);
        const Lanes active = t > 0 ? slope : Lanes{};
        of_x1[k] += active * x1;
        of_x2[k] += active * x2;
        of_one[k] += active;
      }
    }
    for (std::size_t k = 0; k < 2 && j + k < width; ++k) {
      sums[j + k] += sum(of_x1[k]);
      sums[width + j + k] += sum(of_x2[k]);
      sums[2 * width + j + k] += sum(of_one[k]);
    }
  }
}

double total_weight(std::span<const Example> examples) {
  double sum = 0;
  for (const Example& example : examples) sum += double(example.weight);
  return sum;
}

/// The loss; calls at_block(columns, derivative of the loss by the outputs) for each block.
template <class AtBlock>
double loss_by_blocks(const Neurons& neurons, std::span<const Example> examples, const AtBlock& at_block) {
  const double scale = 1 / total_weight(examples);
  Columns columns;
  alignas(32) float out[block];
  double loss = 0;
  for (std::size_t first = 0; first < examples.size(); first += block) {
    columns.read(examples.subspan(first, std::min(block, examples.size() - first)), scale);
    outputs(neurons, columns, out);
    for (std::size_t i = 0; i < columns.padded; ++i) {
      const float difference = out[i] - columns.y[i];
      loss += double(columns.share[i]) * double(difference) * double(difference);
      out[i] = 2 * columns.share[i] * difference;
    }
    at_block(columns, out);
  }
  return loss;
}

/// Draws of examples by Walker's aliases (1977), in Vose's construction (1991): a comparison for each, since a step
/// takes hundreds. network::proportional_sample() reads all weights whenever it is called.
class Draws {
 public:
  explicit Draws(std::span<const Example> examples) : slots_(examples.size()) {
    const double scale = double(examples.size()) / total_weight(examples);
    std::vector<double> shares;
    std::vector<std::uint32_t> below, above;
    for (std::uint32_t i = 0; i < examples.size(); ++i) {
      shares.push_back(double(examples[i].weight) * scale);
      (shares[i] < 1 ? below : above).push_back(i);
    }
    while (!below.empty() && !above.empty()) {
      const std::uint32_t low = below.back(), high = above.back();
      below.pop_back();
      slots_[low] = {std::uint32_t(shares[low] * 0x1p32), high};
      shares[high] -= 1 - shares[low];
      if (shares[high] < 1) {
        above.pop_back();
        below.push_back(high);
      }
    }
    for (const auto* full : {&below, &above}) {  // 1 but for rounding
      for (const std::uint32_t i : *full) slots_[i] = {0, i};
    }
  }

  /// From 64 random bits: the upper half chooses a slot, the lower half what of it.
  std::uint32_t draw(std::uint64_t bits) const {
    const std::uint64_t i = (bits >> 32) * slots_.size() >> 32;
    return std::uint32_t(bits) < slots_[i].own ? std::uint32_t(i) : slots_[i].other;
  }

 private:
  struct Slot {
    std::uint32_t own = 0;  ///< probability of the slot's own number, times 2^32
    std::uint32_t other = 0;
  };
  std::vector<Slot> slots_;
};

/// The batches of one epoch after the other.
class Source {
 public:
  Source(std::span<const Example> examples, const Training& training)
      : examples_(examples), training_(training), random_(training.seed) {
    if (training.batches == Batches::proportional) draws_.emplace_back(examples);
    order_.resize(training.batches == Batches::shuffled ? examples.size() : 0);
    std::iota(order_.begin(), order_.end(), std::uint32_t(0));
  }

  void begin_epoch() {
    done_ = 0;
    for (std::size_t i = order_.size(); i > 1; --i) {  // the same whatever the standard library
      std::swap(order_[i - 1], order_[random_() % i]);
    }
  }

  /// The next batch; none at the end of the epoch.
  std::span<const Example> next() {
    const std::size_t size = training_.batch;
    if (training_.batches == Batches::all) return done_++ == 0 ? examples_ : std::span<const Example>();
    if (training_.batches == Batches::proportional) {
      if (done_ + size > std::max(size, training_.draws)) return {};
      numbers_.resize(size);
      for (std::uint32_t& number : numbers_) number = draws_.front().draw(random_());
      batch_.clear();
      for (const std::uint32_t number : numbers_) batch_.push_back(examples_[number]);
      for (Example& example : batch_) example.weight = 1;
    } else {
      batch_.resize(std::min(size, order_.size() - done_));
      for (std::size_t k = 0; k < batch_.size(); ++k) batch_[k] = examples_[order_[done_ + k]];
    }
    done_ += batch_.size();
    return batch_;
  }

 private:
  std::span<const Example> examples_;
  const Training& training_;
  std::mt19937_64 random_;
  std::vector<Draws> draws_;  // one, or none
  std::vector<std::uint32_t> order_, numbers_;
  std::vector<Example> batch_;
  std::size_t done_ = 0;  // examples of this epoch
};

void require_usable(std::span<const Example> examples, const Training& training) {
  if (examples.empty()) throw Error("examples", "0", "there must be one");
  if (training.batches != Batches::all && training.batch == 0) throw Error("batch", "0", "must be at least 1");
  if (training.epochs < 1) throw Error("epochs", std::to_string(training.epochs), "must be at least 1");
}

/// c_j of each parameter; 1 for the output's bias.
std::vector<double> parameter_weights(const TwoLayerNetwork& network) {
  std::vector<double> weights;
  for (int array = 0; array < 4; ++array) {
    weights.insert(weights.end(), network.weights.begin(), network.weights.end());
  }
  weights.push_back(1);
  return weights;
}

}  // namespace

double TwoLayerNetwork::operator()(double x1, double x2) const {
  const std::size_t d = width();
  const double* p = parameters.data();
  double sum = p[4 * d];
  for (std::size_t j = 0; j < d; ++j) {
    sum += weights[j] * p[3 * d + j] * std::max(0.0, p[j] * x1 + p[d + j] * x2 + p[2 * d + j]);
  }
  return sum;
}

TwoLayerNetwork uniform_network(std::mt19937_64& random, std::size_t width, double hidden, double output) {
  TwoLayerNetwork network{uniform(random, 4 * width + 1), std::vector<double>(width, 1.0)};
  for (std::size_t k = 0; k < network.parameters.size(); ++k) network.parameters[k] *= k < 3 * width ? hidden : output;
  return network;
}

TwoLayerNetwork initial_network(std::mt19937_64& random, std::size_t width) {
  return uniform_network(random, width, 1 / std::sqrt(2.0), 1 / std::sqrt(double(width)));
}

network::Layer neurons_of(const TwoLayerNetwork& net) {
  const std::span<const double> all_parameters = net.parameters;
  std::vector<std::span<const double>> arrays;
  for (std::size_t k = 0; k < 4; ++k) arrays.push_back(all_parameters.subspan(k * net.width(), net.width()));
  const network::ArrayShape incoming{}, outgoing{.role = network::Role::outgoing};
  return network::take_out({incoming, incoming, incoming, outgoing}, arrays, net.width(), net.weights);
}

TwoLayerNetwork network_of(const network::Layer& neurons, double output_bias) {
  TwoLayerNetwork net;
  for (const std::vector<double>& array : network::put_back(neurons)) {
    net.parameters.insert(net.parameters.end(), array.begin(), array.end());
  }
  net.parameters.push_back(output_bias);
  for (std::size_t j = 0; j < neurons.width(); ++j) net.weights.push_back(neurons.objects.view().weight(j));
  return net;
}

double mean_squared_error(const TwoLayerNetwork& network, std::span<const Example> examples) {
  return loss_by_blocks(Neurons(network), examples, [](const Columns&, const float*) {});
}

double gradient(const TwoLayerNetwork& network, std::span<const Example> examples, std::vector<double>& gradient) {
  const std::size_t d = network.width();
  const double *p = network.parameters.data(), *c = network.weights.data();
  gradient.assign(4 * d + 1, 0.0);
  const Neurons neurons(network);
  const double loss = loss_by_blocks(neurons, examples, [&](const Columns& columns, const float* r) {
    add_active_sums(neurons, columns, r, d, gradient.data());
    for (std::size_t i = 0; i < columns.count; ++i) gradient[4 * d] += double(r[i]);
  });
  for (std::size_t j = 0; j < d; ++j) {
    double &of_x1 = gradient[j], &of_x2 = gradient[d + j], &of_one = gradient[2 * d + j];
    // sum_i r_i relu(t_i), t_i being linear in x_i where the neuron is active
    gradient[3 * d + j] = c[j] * (p[j] * of_x1 + p[d + j] * of_x2 + p[2 * d + j] * of_one);
    for (double* sum : {&of_x1, &of_x2, &of_one}) *sum *= c[j] * p[3 * d + j];
  }
  return loss;
}

TwoLayerNetwork train(TwoLayerNetwork network, std::span<const Example> examples, const Training& training,
                      const std::function<void(int, const TwoLayerNetwork&)>& after_epoch) {
  require_usable(examples, training);
  network::Optimiser optimiser(training.optimiser, parameter_weights(network));
  Source source(examples, training);
  std::vector<double> slope;
  for (int epoch = 0; epoch < training.epochs; ++epoch) {
    const double phase = std::numbers::pi * epoch / training.epochs;
    optimiser.set_learning_rate(training.optimiser.learning_rate * (1 + std::cos(phase)) / 2);
    source.begin_epoch();
    for (std::span<const Example> batch = source.next(); !batch.empty(); batch = source.next()) {
      gradient(network, batch, slope);
      optimiser.step(slope, network.parameters);
    }
    if (after_epoch) after_epoch(epoch + 1, network);
  }
  return network;
}

std::function<void(int, const TwoLayerNetwork&)> tell_test_losses(std::span<const Example> tests, int epochs,
                                                                  int interval, std::function<void(int, double)> tell) {
  return [=](int epoch, const TwoLayerNetwork& network) {
    if (epoch % interval == 0 || epoch == epochs) tell(epoch, mean_squared_error(network, tests));
  };
}

std::vector<Example> noisy_examples(std::mt19937_64& random, std::size_t count,
                                    const std::function<double(double, double)>& f, double noise) {
  const std::vector<double> x = uniform(random, 2 * count);
  std::normal_distribution<double> normal(0, 1);
  std::vector<Example> examples(count);
  for (std::size_t i = 0; i < count; ++i) {
    const float x1 = float(x[2 * i]), x2 = float(x[2 * i + 1]);
    examples[i] = {.x1 = x1, .x2 = x2, .y = float(f(double(x1), double(x2)) + noise * normal(random))};
  }
  return examples;
}

}  // namespace momentset::experiments
