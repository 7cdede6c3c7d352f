#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "experiments/training_runs.hpp"
#include "experiments/two_layer.hpp"

namespace momentset::experiments {

/// f(x) = J_6(20 r) cos(6 theta) in polar coordinates of x: paper 000, Eq. 74.
double cylindrical_harmonic(double x1, double x2);

/// The task of Figures 4 and 5(b) of paper 000 (section 5, appendix D): a wide network of ReLU neurons learns f from
/// f(x) + N(0, 0.2^2) at x uniform in [-1, 1]^2. The same for each number of examples, width and trial, whatever is
/// done with it.
class HarmonicTask {
 public:
  HarmonicTask(std::size_t width, std::size_t examples, std::size_t tests, int trial);

  /// What a variant begins with: "wide" the whole network; "joint" neurons with the moments of (w_1, w_2, b, v);
  /// "random" some, each with the weight d / d'. The output's bias is the same.
  TwoLayerNetwork kept(const std::string& variant, std::size_t size, const TrainingRuns& runs) const;

  /// Trains a network, and tells test losses after every `interval` epochs and the last.
  void learn(const TwoLayerNetwork& network, const Training& training, int interval, const Tell& tell) const;

 private:
  std::vector<Example> examples_, tests_;
  TwoLayerNetwork network_;
  int trial_;
};

/// All that kept() knows.
const std::vector<std::string>& width_variants();

}  // namespace momentset::experiments
