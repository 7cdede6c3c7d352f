#pragma once

#include <cmath>
#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "momentset/network/layer.hpp"
#include "support/random.hpp"

namespace momentset::test {

/// A network of two layers with in = out = 2 in plain loops: y = sum_i c_i v_i s(w_i x + b_i). An object is
/// (w1, w2, b, v1, v2).
inline constexpr std::size_t object_size = 5;

inline std::vector<network::ArrayShape> two_layer_shapes() {
  return {{1, 2, network::Role::incoming}, {1, 1, network::Role::incoming}, {2, 1, network::Role::outgoing}};
}

using Activation = std::function<double(double)>;

inline double relu(double t) { return t > 0 ? t : 0; }
inline double tangent(double t) { return std::tanh(t); }

inline std::vector<double> output(const network::Layer& layer, std::span<const double> x, const Activation& s) {
  std::vector<double> y(2, 0.0);
  const WeightedPoints objects = layer.objects.view();
  for (std::size_t i = 0; i < objects.size(); ++i) {
    const double* o = objects.point(i);
    const double active = s(o[0] * x[0] + o[1] * x[1] + o[2]);
    for (std::size_t k = 0; k < 2; ++k) y[k] += objects.weight(i) * o[3 + k] * active;
  }
  return y;
}

/// Root mean square over inputs in [-1, 1]^2 of the difference of two layers' outputs.
inline double difference(const network::Layer& one, const network::Layer& other, const Activation& s) {
  Random random(99);
  double square = 0;
  const std::size_t inputs = 100;
  for (std::size_t i = 0; i < inputs; ++i) {
    const std::vector<double> x = uniform_values(random, 2, -1, 1);
    const std::vector<double> a = output(one, x, s), b = output(other, x, s);
    for (std::size_t k = 0; k < 2; ++k) square += (a[k] - b[k]) * (a[k] - b[k]);
  }
  return std::sqrt(square / double(inputs));
}

inline network::Layer random_layer(std::uint64_t seed, std::size_t width) {
  Random random(seed);
  return {two_layer_shapes(), {uniform_values(random, width * object_size, -1, 1), {}, object_size}};
}

/// Object i of the layer counts[i] times, one behind the other.
inline network::Layer repeated(const network::Layer& layer, std::span<const std::size_t> counts) {
  network::Layer wide{layer.shapes, {{}, {}, layer.objects.dimension}};
  for (std::size_t i = 0; i < counts.size(); ++i) {
    for (std::size_t copy = 0; copy < counts[i]; ++copy) {
      const double* object = layer.objects.view().point(i);
      wide.objects.coordinates.insert(wide.objects.coordinates.end(), object, object + layer.objects.dimension);
    }
  }
  return wide;
}

}  // namespace momentset::test
