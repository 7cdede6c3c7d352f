#pragma once

#include <algorithm>
#include <limits>
#include <span>
#include <vector>

#include "momentset/recombine.hpp"
#include "support/matrix.hpp"

namespace momentset::test {

/// Algorithm 2 of paper 000 as it stands, in long double: while more than `target` rows have weight, find v != 0 with
/// A v = 0 among them and follow it until the first weight vanishes. Slow, plain, and nothing shared with recombine().
class ReferenceRecombination {
 public:
  ReferenceRecombination(const Matrix& matrix, std::span<const double> weights) : matrix_(matrix) {
    for (std::size_t i = 0; i < weights.size(); ++i) {
      if (weights[i] <= 0) continue;
      support_.push_back(Index(i));
      weights_.push_back(weights[i]);
    }
  }

  Recombination operator()(std::size_t target) {
    Recombination result;
    while (support_.size() > target && drop_one()) {
    }
    // As recombine(), count the rank over the rows that are left, or over all where few were given.
    result.rank = Elimination(matrix_, support_).rank();
    result.support = support_;
    result.weights.assign(weights_.begin(), weights_.end());
    return result;
  }

 private:
  /// False if the rows that are left are independent.
  bool drop_one() {
    // n + 1 rows are always dependent; no need to look at more of them.
    const std::size_t count = std::min(support_.size(), matrix_.features + 1);
    std::vector<long double> v = Elimination(matrix_, std::span(support_).first(count)).null_vector();
    if (v.empty()) return false;
    if (*std::max_element(v.begin(), v.end()) <= 0) {
      for (long double& entry : v) entry = -entry;
    }
    long double step = std::numeric_limits<long double>::infinity();
    std::size_t first = 0;
    for (std::size_t k = 0; k < count; ++k) {
      if (v[k] <= 0 || weights_[k] / v[k] >= step) continue;
      step = weights_[k] / v[k];
      first = k;
    }
    for (std::size_t k = 0; k < count; ++k) weights_[k] -= step * v[k];
    weights_[first] = 0;
    remove_vanished(count);
    return true;
  }

  void remove_vanished(std::size_t count) {
    std::size_t kept = 0;
    for (std::size_t k = 0; k < support_.size(); ++k) {
      if (k < count && weights_[k] <= 0) continue;
      support_[kept] = support_[k];
      weights_[kept++] = weights_[k];
    }
    support_.resize(kept);
    weights_.resize(kept);
  }

  const Matrix& matrix_;
  std::vector<Index> support_;
  std::vector<long double> weights_;
};

inline Recombination reference_recombine(const Matrix& matrix, std::span<const double> weights, std::size_t target) {
  return ReferenceRecombination(matrix, weights)(std::max<std::size_t>(target, 1));
}

}  // namespace momentset::test
