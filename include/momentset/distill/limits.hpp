#pragma once

#include <string_view>

namespace momentset::distill {

/// What distilled points shall do for a model.
enum class Demand {
  one_model,            ///< give the model that was trained on all rows
  regularisation_path,  ///< give it for every strength of a penalty
  combination,          ///< give it together with any other data
};

/// Throws Error (model, ...) where no set smaller than the rows themselves can, naming the theorem of paper 004 that
/// says so and what to do instead, distil_path: paths and combinations of a logistic regression (Theorem 4), anything
/// of a kernel regression (Theorem 2). For other models but linear regression no theorem says it, and no way is known.
/// @param model a name of Family, or "kernel"; Error for others.
void require_exact(std::string_view model, Demand demand);

}  // namespace momentset::distill
