#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>
#include <vector>

#include "merge_equal.hpp"
#include "momentset/features.hpp"
#include "momentset/points.hpp"

namespace momentset {

struct PaperMethodOptions {
  std::size_t size = 1;                                ///< points to survive, as many as monomials or more
  int order = 0;                                       ///< K
  MonomialSet monomials = {};                          ///< whose sums are kept
  std::span<const double> scale;                       ///< m factors that make the columns' extents comparable
  std::size_t dropped = 1;                             ///< points that a greedy cluster drops; the paper: 1
  std::uint64_t seed = 0;                              ///< of the first centres of k-means
  std::stop_token stop = {};                           ///< asked to stop: throws Cancelled
  std::function<void(double fraction)> progress = {};  ///< called from this thread alone
};

struct PaperMethodResult {
  std::vector<Index> rows;                  ///< numbers of the survivors, ascending
  std::vector<double> weights;              ///< their new weights, > 0
  std::size_t clusters = 0;                 ///< that were reduced, in all rounds together
  std::size_t rank_deficient_clusters = 0;  ///< whose features were dependent
  std::size_t inexact_clusters = 0;         ///< whose moments could not be kept to 50 eps
};

/// The compression of paper 000 (Algorithm 1 with appendix C): first rounds of weighted k-means with about 2 n points a
/// cluster, each cluster reduced to n points of the same moments; then greedy rounds, which take the tightest sets of
/// n + 1 nearest neighbours and drop one point of each (or n + `dropped` neighbours and so many points). What the paper
/// leaves open is settled in docs/paper-method.md.
///
/// At most max(size, n) points come out, fewer than `size` only where weights vanish two at a time. Runs in the
/// caller's TBB arena; the result does not depend on its threads. Throws Cancelled. O(q n^2 + size n^3) operations and
/// about q (4 m + 8) doubles, for q distinct points.
PaperMethodResult paper_method(const WeightedPoints& points, const DistinctPoints& distinct,
                               const PaperMethodOptions& options);

}  // namespace momentset
