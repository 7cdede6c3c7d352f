#pragma once

#include "momentset/theory/perceptron.hpp"

/// Paper 003, appendix A.6: how much of the space of students that classify all examples right (kappa = 0, not only the
/// one of the largest margin) the next example rules out. The probe is the teacher (theta = 0).
/// docs/perceptron-theory.md derives the equations, of which 73-77 as printed hold without pruning only.
namespace momentset::theory {

struct InformationGain {
  double R = 0;         ///< overlap of a student with the teacher
  double q = 0;         ///< overlap of two students; R = q without pruning
  double gain = 0;      ///< -dS/dalpha, nats per example
  double residual = 0;  ///< of the equations, relative; above 1e-9 the other fields do not hold

  bool solved() const { return residual <= 1e-9; }
};

/// The gain from one more example of the same distribution (saddle point of Eq. 65; Eq. 72 without pruning).
/// @param alpha kept examples per parameter, in [1e-3, 1e4]
InformationGain information_gain(double alpha, const MarginDistribution& margins);

/// The other reading, in which Eqs. 76 and 77 hold with their signs put right: the gain from one example of `margins`
/// to students that saw alpha examples unpruned. Grows to 1 nat with alpha where only the hardest are kept.
double next_example_gain(double alpha, const MarginDistribution& margins);

}  // namespace momentset::theory
