#pragma once

#include <span>
#include <vector>

#include "momentset/recombine.hpp"
#include "recombine/pulse.hpp"

namespace momentset {

/// p groups of consecutive rows of a list, each seen as one point: its weighted mean feature vector and its mass.
struct Groups {
  std::vector<std::size_t> begin;  ///< p + 1 positions in the list: group g is [begin[g], begin[g + 1])
  std::vector<double> means;       ///< p x n, column-major: mean feature f of group g at [f * p + g]
  std::vector<double> masses;      ///< p sums of weights

  std::size_t size() const { return masses.size(); }
  std::size_t rows_of(std::size_t g) const { return begin[g + 1] - begin[g]; }
};

/// Groups list[0..] into `count` runs whose lengths differ by at most one. All weights of the list are positive. Long
/// sums run on all threads of the arena. moments, if given, receives the n sums of weight times feature over the list.
Groups group_means(const FeatureRows& rows, std::span<const Index> list, std::span<const double> weights,
                   std::size_t count, Pulse& pulse, std::vector<double>* moments = nullptr);

}  // namespace momentset
