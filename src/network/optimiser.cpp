#include "momentset/network/optimiser.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "momentset/error.hpp"

namespace momentset::network {
namespace {

void require(bool holds, const char* option, double value, const char* rule) {
  if (!holds) throw Error(option, std::to_string(value), rule);
}

void require_share(const char* option, double value) {
  require(value >= 0 && value < 1, option, value, "must be at least 0 and below 1");
}

void require_positive(const char* option, double value) {
  require(value > 0 && std::isfinite(value), option, value, "must be positive and finite");
}

void require_usable(const OptimiserOptions& options) {
  require_positive("learning_rate", options.learning_rate);
  require_share("momentum", options.momentum);
  require_share("beta1", options.beta1);
  require_share("beta2", options.beta2);
  require_share("smoothing", options.smoothing);
  require(options.epsilon >= 0, "epsilon", options.epsilon, "must not be negative");
  require(options.weight_decay >= 0, "weight_decay", options.weight_decay, "must not be negative");
  require(options.weight_decay == 0 || options.rule != Rule::rprop, "weight_decay", options.weight_decay,
          "must be 0 with rprop");
  require_positive("smallest_step", options.smallest_step);
  require(options.largest_step >= options.smallest_step, "largest_step", options.largest_step,
          "must not be below smallest_step");
  require(options.shrink > 0 && options.shrink < 1, "shrink", options.shrink, "must be above 0 and below 1");
  require(options.grow > 1, "grow", options.grow, "must be above 1");
  if (options.largest_norm) require_positive("largest_norm", *options.largest_norm);
}

double sign(double x) { return double(x > 0) - double(x < 0); }

}  // namespace

Optimiser::Optimiser(const OptimiserOptions& options, std::vector<double> weights)
    : options_(options), weights_(std::move(weights)), gradient_(weights_.size()) {
  require_usable(options);
  for (const double weight : weights_) require_positive("weights", weight);
  first_.assign(weights_.size(), 0.0);
  second_.assign(weights_.size(), options.rule == Rule::rprop ? options.learning_rate : 0.0);
}

void Optimiser::set_learning_rate(double rate) {
  require_positive("learning_rate", rate);
  options_.learning_rate = rate;
}

void Optimiser::step(std::span<const double> gradient, std::span<double> parameters) {
  for (const std::size_t size : {gradient.size(), parameters.size()}) {
    if (size == weights_.size()) continue;
    throw Error("parameters", std::to_string(size),
                "one for each of the " + std::to_string(weights_.size()) + " weights is needed");
  }
  scale(gradient);
  ++steps_;
  follow(parameters);
}

void Optimiser::scale(std::span<const double> gradient) {
  for (std::size_t k = 0; k < gradient.size(); ++k) gradient_[k] = gradient[k] / weights_[k];
  if (!options_.largest_norm) return;
  double square = 0;
  for (std::size_t k = 0; k < gradient.size(); ++k) square += gradient[k] * gradient_[k];
  const double factor = *options_.largest_norm / (std::sqrt(square) + 1e-6);
  if (factor >= 1) return;
  for (double& g : gradient_) g *= factor;
}

void Optimiser::follow(std::span<double> parameters) {
  const OptimiserOptions& o = options_;
  const double eta = o.learning_rate, lambda = o.weight_decay;
  const double bias1 = 1 - std::pow(o.beta1, double(steps_)), bias2 = 1 - std::pow(o.beta2, double(steps_));
  const bool first_step = steps_ == 1;
  const auto each = [&](const auto& update) {
    for (std::size_t k = 0; k < parameters.size(); ++k) update(parameters[k], gradient_[k], first_[k], second_[k]);
  };
  const auto adam = [&](double& p, double g, double& mean, double& square) {
    mean += (1 - o.beta1) * (g - mean);
    square = o.beta2 * square + (1 - o.beta2) * g * g;
    p -= eta / bias1 * mean / (std::sqrt(square) / std::sqrt(bias2) + o.epsilon);
  };
  switch (o.rule) {
    case Rule::sgd:
      return each([&](double& p, double g, double& velocity, double&) {
        g += lambda * p;
        velocity = first_step ? g : o.momentum * velocity + g;
        p -= eta * velocity;
      });
    case Rule::adam:
      return each([&](double& p, double g, double& mean, double& square) { adam(p, g + lambda * p, mean, square); });
    case Rule::adamw:
      return each([&](double& p, double g, double& mean, double& square) {
        p *= 1 - eta * lambda;
        adam(p, g, mean, square);
      });
    case Rule::rmsprop:
      return each([&](double& p, double g, double& velocity, double& square) {
        g += lambda * p;
        square = o.smoothing * square + (1 - o.smoothing) * g * g;
        velocity = o.momentum * velocity + g / (std::sqrt(square) + o.epsilon);
        p -= eta * velocity;
      });
    case Rule::adamax:
      return each([&](double& p, double g, double& mean, double& largest) {
        g += lambda * p;
        mean += (1 - o.beta1) * (g - mean);
        largest = std::max(o.beta2 * largest, std::abs(g) + o.epsilon);
        p -= eta / bias1 * mean / largest;
      });
    case Rule::rprop:
      return each([&](double& p, double g, double& before, double& step) {
        const double turn = sign(g * before);
        step = std::clamp(step * (turn > 0 ? o.grow : turn < 0 ? o.shrink : 1.0), o.smallest_step, o.largest_step);
        if (turn < 0) g = 0;  // the sign has changed: wait for the next gradient
        p -= sign(g) * step;
        before = g;
      });
  }
}

}  // namespace momentset::network
