#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace momentset::network {

/// How parameters p follow their gradients g; all work element by element, with the arithmetic of PyTorch 2.13.
enum class Rule {
  sgd,      ///< with momentum: b = mu b + g; p -= eta b
  adam,     ///< Kingma and Ba 2015, Algorithm 1; weight decay is added to g
  adamw,    ///< Loshchilov and Hutter 2019: weight decay multiplies p by 1 - eta lambda
  rmsprop,  ///< Hinton 2012: p -= eta g / (sqrt(v) + epsilon), v the running mean of g^2; momentum as in sgd, of these
  adamax,   ///< Kingma and Ba 2015, Algorithm 2
  rprop,    ///< Riedmiller and Braun 1993, without weight backtracking: signs of gradients alone; eta is the first step
};

struct OptimiserOptions {
  Rule rule = Rule::sgd;
  double learning_rate = 1e-3;  ///< eta > 0
  double momentum = 0;          ///< mu in [0, 1), of sgd and rmsprop
  double beta1 = 0.9;           ///< in [0, 1), of adam, adamw and adamax: decay of the running mean of g
  double beta2 = 0.999;         ///< in [0, 1), of the same: decay of the running mean of g^2, or of the largest |g|
  double smoothing = 0.99;      ///< in [0, 1), of rmsprop: decay of the running mean of g^2
  double epsilon = 1e-8;        ///< >= 0, of all that divide
  double weight_decay = 0;      ///< lambda >= 0, added to g as lambda p, but in adamw; not of rprop
  double smallest_step = 1e-6, largest_step = 50, shrink = 0.5, grow = 1.2;  ///< of rprop
  /// Gradients whose norm over all parameters is larger are scaled down to it first, > 0. Unset: none are.
  std::optional<double> largest_norm = {};
};

/// Trains the parameters of weighted objects as those of all the objects they stand for would train (paper 000,
/// Definition 4): the gradient of object j is divided by its weight c_j before anything else sees it, and the norm that
/// is clipped is that of the wide network, sqrt(sum_j c_j |g_j|^2). The loss is that of the network with weights,
/// sum_j c_j g(w_j), which stay as they are. So the network of d' objects with integer c_j is, step by step and up to
/// rounding, the one in which each stands c_j times.
class Optimiser {
 public:
  /// @param weights c > 0 of the object that each parameter belongs to, 1 for parameters of no object
  /// Throws Error where an option is outside its range, or a weight is not positive and finite.
  Optimiser(const OptimiserOptions& options, std::vector<double> weights);

  /// One step, from the gradient of the loss. O(parameters). Throws Error where the sizes are not that of the weights.
  void step(std::span<const double> gradient, std::span<double> parameters);

  /// For schedules: eta from the next step on, > 0. rprop has taken its own by then. Throws Error as the constructor.
  void set_learning_rate(double rate);

 private:
  void scale(std::span<const double> gradient);
  void follow(std::span<double> parameters);

  OptimiserOptions options_;
  std::vector<double> weights_;
  std::vector<double> gradient_;        ///< of one of the objects that each stands for
  std::vector<double> first_, second_;  ///< what the rule keeps of each parameter
  std::size_t steps_ = 0;
};

}  // namespace momentset::network
