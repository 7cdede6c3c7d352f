#pragma once

#include <cstddef>
#include <vector>

#include "recombine/tableau.hpp"
#include "simd.hpp"

namespace momentset {

/// T under exchanges that are applied late. Exchanging basic j for other g turns T into T (I + e_j u^T) with
/// u = -T(g, .) / T(g, j), u_j = 1 / T(g, j) - 1. Pending exchanges k = 0, 1, ... keep their u_k and the column
/// x_k = (T after the exchanges before k) e_j, so that T + sum_k x_k u_k^T is what T should be: a row of it is wanted
/// when its turn comes, the rest is brought up to date by one matrix product per block.
class DelayedExchanges {
 public:
  explicit DelayedExchanges(Tableau& tableau);

  /// The up-to-date row i of T, with zeros up to a multiple of simd_lanes entries.
  const std::vector<double>& row(std::size_t i);

  /// Exchanges basic j for other i, whose row was asked for last. Only rows after i stay valid.
  void exchange(std::size_t i, std::size_t j);

 private:
  void apply(std::size_t first, std::size_t count);

  std::vector<double>& entries_;
  std::size_t others_, basic_, block_, pending_ = 0;
  std::vector<double> x_, u_, row_;
};

}  // namespace momentset
