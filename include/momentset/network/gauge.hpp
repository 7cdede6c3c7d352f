#pragma once

#include <span>

#include "momentset/network/layer.hpp"

namespace momentset::network {

/// Of an activation s, by which different objects make the same function.
enum class Symmetry {
  none,
  odd,          ///< s(-t) = -s(t), as of tanh: (w, v) and (-w, -v) are one neuron
  homogeneous,  ///< s(r t) = r s(t) for r > 0, as of ReLU and LeakyReLU: (w, v) and (r w, v / r) are one neuron
};

/// Replaces each object by the one of its kind that all others of the same function come to as well, so that equal
/// neurons become equal points; w are the incoming coordinates, v the outgoing ones:
///
/// - odd: of w the first coordinate that is not 0 is positive, the coordinates taken by falling sum of squares over all
///   objects (of equal ones in order): neighbours then seldom come to different sides;
/// - homogeneous: |w| = 1, and v is multiplied by what w was divided by. A neuron with w = 0 has the output 0: v = 0.
///
/// For keeping the function only. Scaling changes how a layer trains; signs commute with every rule of optimiser.hpp.
/// O(d m). Throws Error if the layer is invalid.
void fix_gauge(Layer& layer, Symmetry symmetry);

/// Fixes the gauge of a product A^T B of matrices A (h x a) and B (h x b), row-major, which stays as it is when A and B
/// are multiplied by an invertible h x h matrix and its inverse transpose. With the singular value decomposition
/// A^T B = U S V^T they become S^(1/2) U^T and S^(1/2) V^T (rows beyond the rank are 0), the element of largest
/// magnitude in each row of A positive: equal products have equal factors wherever the singular values differ from each
/// other, and |A|^2 + |B|^2 is the least of all.
///
/// Inside an attention head of h dimensions these are A = [Wq bq] and B = [Wk bk], in the logits, and A = [Wv bv] and
/// B = Wo^T, in the output. For keeping the function only. O(h^2 (a + b) + h^3) operations by LAPACK, in the caller's
/// thread alone. Throws Error where a size is 0, the sizes do not fit or an element is not finite.
/// @return whether the decomposition converged; if not, A and B are as they were
bool balance_factors(std::span<double> A, std::span<double> B, std::size_t rows);

}  // namespace momentset::network
