#pragma once

#include <span>

#include "recombine/pulse.hpp"
#include "recombine/tableau.hpp"

namespace momentset {

/// What stops a walk.
struct WalkLimits {
  /// upper bounds u_i > 0 of the weights, at most infinity; empty: none.
  std::span<const double> bounds;
  /// What dropping vector i costs, and what may be spent.
  std::span<const std::size_t> costs;
  std::size_t budget = 0;
};

/// Walks to a vertex of { 0 <= w_i <= u_i : sum_i w_i vector_i unchanged }: each of the others is driven to one of its
/// bounds, or exchanged for the basic vector that reaches one of its own first; of the two directions, the one with the
/// larger pivot. Stops early once the budget cannot pay for dropping another vector. weights: p, within the bounds and
/// > 0 on entry. T is overwritten. (p - r)^2 r operations in blocks of matrix products.
void walk_to_vertex(Tableau& tableau, std::span<double> weights, const WalkLimits& limits, Pulse& pulse);

}  // namespace momentset
