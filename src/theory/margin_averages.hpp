#pragma once

#include <cstddef>

#include "momentset/theory/perceptron.hpp"
#include "theory/quadrature.hpp"

namespace momentset::theory {

/// The max-margin student in units of the part r of it that is orthogonal to teacher and probe:
/// (kappa, R, eta) / r, where eta is its component in the plane of both, across the teacher.
struct StudentRatios {
  double k = 0, a = 0, b = 0;
};

/// The averages over one kept example and its label that the saddle point equations and their derivatives need; see
/// docs/perceptron-theory.md. With u the example's margin to the teacher, v its component across it in the plane, and
/// m = k - a u - b v the margin that it lacks, but for the student's part out of the plane:
///     P = Phi(m),  M1 = m Phi(m) + phi(m),  M2 = (m^2 + 1) Phi(m) + m phi(m).
/// w = a u stands for u, so that all are of one magnitude.
enum MarginAverage : std::size_t { M2, M1, wM1, vM1, P, wP, vP, wwP, wvP, vvP, margin_averages };

/// Each times the label's probability, over p(z) and both labels: the label +1 alone, times 2.
/// @param sine, cosine of theta
Sums<margin_averages> average_margins(const MarginDistribution& margins, double sine, double cosine,
                                      const StudentRatios& student, double tolerance);

}  // namespace momentset::theory
