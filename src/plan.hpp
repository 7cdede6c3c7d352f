#pragma once

#include <cstddef>
#include <optional>

#include "momentset/compress.hpp"

namespace momentset {

/// Throws Error where the method is one that cannot have the options' bounds, companions or features: these take cells
/// of a tree.
void require_fitting_method(const CompressOptions& options);

/// Monomials in m variables that a set keeps up to an order; saturates at SIZE_MAX.
std::size_t monomial_count(std::size_t dimension, int order, const MonomialSet& monomials);

/// Points that a cell must keep for n features: n, and where weights are bounded by X times their mean n + 1 beside the
/// 1 / X of all that are at their bound.
std::size_t points_of_a_cell(std::size_t features, std::optional<double> max_weight);

/// Points that each of several cells keeps. Where targets are solved, a fifth more than there are features: with as
/// many equations as points light points get far targets. So the largest target was mostly 2 to 20 times smaller, at
/// the same error (docs/quality.md).
std::size_t usual_points_of_a_cell(std::size_t features, const CompressOptions& options);

/// Operations that one halving of 2n points to n costs, with what does not run at the speed of matrix products.
double halving_operations(std::size_t features);

/// Whether rounds of neighbours and the correction of the weights come after the cells. They know of no bounds and no
/// companions.
bool is_finished(const CompressOptions& options);

}  // namespace momentset
