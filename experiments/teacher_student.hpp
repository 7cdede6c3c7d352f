#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "experiments/training_runs.hpp"
#include "experiments/two_layer.hpp"

namespace momentset::experiments {

/// The task of Figures 3 and 5(a) of paper 000 (section 4.2, appendix D): a teacher of 50 ReLU neurons with all weights
/// and biases uniform in [-1, 1] says f(x) + N(0, 3^2) of x uniform in [-1, 1]^2, and a student like it learns f. It is
/// the same for each number of examples and trial, whatever is done with them.
class TeacherStudent {
 public:
  TeacherStudent(std::size_t examples, std::size_t tests, int trial);

  /// What a variant keeps: "full" all; "joint" examples with the moments of (x1, x2, y); "target" with those of (x1,
  /// x2), alone and times y, which is what the gradient of a squared loss depends on; "random" some.
  std::vector<Example> kept(const std::string& variant, std::size_t size, const TrainingRuns& runs) const;

  /// Trains the student on examples that were kept, and tells test losses after every `interval` epochs.
  void learn(const std::vector<Example>& kept, const Training& training, int interval, const Tell& tell) const;

 private:
  std::vector<Example> examples_, tests_;
  TwoLayerNetwork student_;
  int trial_;
};

/// All that kept() knows.
const std::vector<std::string>& data_variants();

}  // namespace momentset::experiments
