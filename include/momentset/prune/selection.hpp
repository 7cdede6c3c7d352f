#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "momentset/points.hpp"
#include "momentset/prune/scores.hpp"

namespace momentset::prune {

/// Which examples are preferred.
enum class Policy {
  hard,    ///< the hardest first
  easy,    ///< the easiest first
  window,  ///< the hardest are skipped, then so many are kept; of a class those nearest to the window's middle
  /// As many of each of `strata` ranges of scores of equal width, at random; those that have fewer are kept whole
  /// (H. Zheng, R. Liu, F. Lai, A. Prakash, "Coverage-centric coreset selection for high pruning rates", 2023).
  stratified,
  random,
};

struct SelectOptions {
  double keep = 0.3;  ///< fraction of the examples, in (0, 1]; at least one is kept
  Policy policy = Policy::hard;
  double skip_hardest = 0;  ///< of the window: fraction of the examples that are too hard, in [0, 1 - keep]
  std::size_t strata = 50;  ///< 1 or more
  /// Every class keeps at least this share of the examples that it would have if all classes kept equally many (paper
  /// 003, appendix H, which takes 0.5); in [0, 1]. Without classes it has no meaning.
  double class_floor = 0.5;
  std::uint64_t seed = 0;  ///< breaks ties, and draws what is random
};

/// What became of a class.
struct ClassReport {
  std::string name;
  std::size_t examples = 0, kept = 0;
  std::size_t floor = 0;  ///< that had to be kept; a class with fewer examples is kept whole

  bool below_floor() const { return examples < floor; }
};

struct Selection {
  std::vector<Index> kept;                       ///< numbers of the examples, ascending
  std::vector<ClassReport> classes;              ///< none where there are no classes
  double balance_before = 1, balance_after = 1;  ///< class_balance of all examples, and of those kept
  std::vector<std::string> notices;              ///< what the caller should know: classes below their floor
};

/// Keeps round(keep q) examples: of each class as many as its floor, the preferred ones, then the preferred ones of all
/// that are left. Of equally preferred ones a random one.
///
/// Throws Error, naming argument, value and row, on scores that are not finite, options outside their range, and
/// classes that are not one number for each example. Runs in the caller's TBB arena; the result does not depend on its
/// threads. O(q), for windows and strata O(q log q); some 30 q bytes.
/// @param classes may be empty: then there are no floors
Selection select(std::span<const double> scores, HardEnd hard, const PointGroups& classes,
                 const SelectOptions& options);

/// b of paper 003, appendix H: the expectation, over two different classes drawn at random, of the number of examples
/// of the smaller one divided by that of the larger one. 1: all are equally large. Two empty classes count as equal; of
/// fewer than two classes b is 1. O(C log C).
double class_balance(std::vector<std::size_t> class_sizes);

/// How many examples of each class there are. O(q).
std::vector<std::size_t> class_sizes(const PointGroups& classes);

/// By what the kept examples are weighted within their class.
enum class ScoreWeights {
  none,  ///< equally
  /// by their rank among all examples of the class, from 1/n (the easiest) to 1 (the hardest), with Policy::easy the
  /// other way round; of equal scores the mean rank
  rank,
  value,  ///< by the score, which must be 0 or more, with its hard end high
};

/// Weights of the kept examples: proportional to what `by` says times their own weights, each class having the mass of
/// its kept examples' own weights. So classes stay as balanced as the selection made them. O(q log q).
/// @param own_weights of all q examples, or empty: 1
/// Throws Error where scores are not what `by` needs, or all kept scores of a class are 0.
std::vector<double> score_weights(std::span<const double> scores, HardEnd hard, const PointGroups& classes,
                                  std::span<const Index> kept, ScoreWeights by, Policy policy,
                                  std::span<const double> own_weights = {});

/// Epochs to train on a fraction of the examples: `epochs` (1 + factor (1 / fraction - 1)). Factor 0: as many epochs as
/// on all; 1: as many iterations. Appendix J finds 0.4 to 0.6 enough for the full benefit (Table 3, 80 % of ImageNet
/// kept). Throws Error unless epochs > 0, fraction in (0, 1], factor in [0, 1].
double matched_epochs(double epochs, double fraction, double factor = 0.5);

}  // namespace momentset::prune
