#pragma once

#include <span>
#include <vector>

#include "momentset/recombine.hpp"

namespace momentset {

/// max_f |moments_f - sum_j weights_j A(support_j, f)| / sum_j weights_j |A(support_j, f)|; 0 where both vanish.
double scaled_residual(const FeatureRows& rows, std::span<const Index> support, std::span<const double> weights,
                       std::span<const double> moments);

/// Changes the weights so that their moments become `moments`, and again while that helps. Of n independent rows, n
/// (the heaviest, as partial pivoting chooses) take the change; of fewer (threshold n eps), all do, by the least norm
/// of delta w_j / w_j. A step that would make a weight negative or the residual larger is not taken. Returns the
/// scaled residual. size n^2 operations.
double refit(const FeatureRows& rows, std::span<const Index> support, std::span<double> weights,
             std::span<const double> moments);

}  // namespace momentset
