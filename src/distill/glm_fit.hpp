#pragma once

#include "distill/losses.hpp"
#include "momentset/distill/glm.hpp"

namespace momentset::distill {

/// Throws Error where the rows, their targets or the ridge are not what the model takes.
void require_valid(const Examples& examples, const GlmOptions& options);

/// fit_glm without asking whether targets are in range: distilled ones need not be counts or classes.
/// @param start coefficients to begin at, the intercept first if there is one; empty: as fit_glm
GlmFit fitted(const Examples& examples, const GlmOptions& options, const Loss& loss,
              const std::vector<double>& start = {});

/// Triangular factor R of the second derivatives R^T R = sum_i w_i l'' x_i x_i^T + L of all coefficients, the intercept
/// first, column-major.
std::vector<double> curvature_factor(const Examples& examples, const GlmOptions& options, const Loss& loss,
                                     const std::vector<double>& coefficients);

}  // namespace momentset::distill
