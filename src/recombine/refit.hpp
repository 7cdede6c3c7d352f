#pragma once

#include <span>
#include <vector>

#include "momentset/recombine.hpp"
#include "recombine/pulse.hpp"

namespace momentset {

/// Changes the weights so that their moments become `moments`, and again while that helps. Of n independent rows, n
/// (the heaviest, as partial pivoting chooses) take the change; of fewer (threshold n eps), all do, by the least norm
/// of delta w_j / w_j. Rows at their bound keep their weight, and so does, from then on, a row whose weight would leave
/// its bounds. A step that would make the residual larger is not taken. bounds: one for each row of the support, or
/// none. Returns the residual,
///   max_f |moments_f - sum_j weights_j A(support_j, f)| / sum_j weights_j |A(support_j, f)|, 0 where both vanish.
/// size n^2 operations.
double refit(const FeatureRows& rows, std::span<const Index> support, std::span<double> weights,
             std::span<const double> bounds, std::span<const double> moments, Pulse& pulse);

}  // namespace momentset
