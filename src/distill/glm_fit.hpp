#pragma once

#include "distill/losses.hpp"
#include "momentset/distill/glm.hpp"

namespace momentset::distill {

/// fit_glm without asking whether targets are in range: distilled ones need not be counts or classes.
GlmFit fitted(const Examples& examples, const GlmOptions& options, const Loss& loss);

}  // namespace momentset::distill
