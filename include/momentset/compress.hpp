#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "momentset/certificate.hpp"
#include "momentset/features.hpp"
#include "momentset/points.hpp"

namespace momentset {

/// How much work the automatic choice of the order may lead to, in predicted operations (Plan::operations) for q
/// points: low 5e10 + 1e4 q, normal 5e11 + 5e4 q, high 5e12 + 5e5 q. Never in seconds: results must not depend on the
/// machine.
enum class Effort { low, normal, high };

/// The functions whose sums shall be kept, by which the order is chosen: analytic (long waves), smooth (waves of all
/// lengths) or kinked (short waves, steep steps and ReLU ridges).
enum class Smoothness { analytic, smooth, kinked };

/// How rows and weights are found.
enum class Method {
  /// As `tree`, then what lowers the error within the effort: more points survive at first, the rest is dropped in
  /// rounds from the tightest clusters of neighbours; at last the weights change a little, so that over all points
  /// moments of higher orders are kept as well. The moments of order K are then exact over all points, not in cells.
  /// In more than five columns, where the order is free and no order promises 3 % of the error of random rows:
  /// the best on test functions of this, `kernel`, stratified rows and random rows (Coreset::alternatives).
  automatic,
  tree,   ///< once, as the leaves of a balanced kd-tree: fast, and every cell's moments are kept exactly
  paper,  ///< in rounds, as the authors of paper 000 do (Algorithm 1, appendix C): k-means, then nearest neighbours
  /// For many columns: rows and weights that follow the kernel means of all points, with the moments of order 1 or 2
  /// exact (kernel.hpp); above 1,024 rows in cells of a kd-tree that keep up to 512 each.
  kernel,
};

/// A way to keep so many rows, and what it came to on test functions.
struct Alternative {
  std::string name;          ///< "moments of order 2", "kernel exchange", "stratified rows" or "random rows"
  double typical_error = 0;  ///< as OrderTrial::typical_error, measured on all points
};

/// How the size is shared among groups. Every group gets its minimum: the points that a cell needs at the order stated
/// (one more than its rows to keep at least), or all that it has. Where no order is stated the minimum is that of order
/// 2, 1 or 0, the highest at which the minima of all groups take no more than half the size.
enum class GroupSizes {
  mass,  ///< in proportion to the groups' masses
  /// In proportion to (mass spread^(K + 1))^(m / (m + K + 1)), spread being the rms over the columns of the standard
  /// deviation in the group over that of all. A group of d points has d / n cells of diameter spread (d / n)^(-1/m), so
  /// that its error is as mass spread^(K + 1) (d / n)^(-(K + 1)/m) (paper 000, Theorem 3): of all shares these make the
  /// sum of the errors least, and also the sum of their squares where cells err independently. Where no order is stated
  /// K is the highest up to 5 that an equal share allows for.
  error,
  equal,  ///< the same for each
};

/// What coordinates are divided by before cells are formed and test functions are drawn. Moments do not depend on it.
enum class Scale {
  standard,  ///< the column's standard deviation
  /// The column's interquartile range over 1.349, as much for a normal distribution but blind to far outliers; the
  /// standard deviation where half of the weight lies at one value.
  robust,
  none,  ///< one number for all columns, the rms of their standard deviations: they are in one unit already
};

struct CompressOptions {
  /// Points to keep, 1 or more. At least n = feature_count() where the order is stated. 0 where `tolerance` is set.
  std::size_t size = 0;
  /// In place of `size`: the smallest size found at which the error of the test functions' means is at most this, in
  /// units of the functions' standard deviations, in each family that counts for the smoothness. Above 0.
  std::optional<double> tolerance = {};
  /// Highest total degree K of the moments kept. Unset: the one with the smallest error on test functions within the
  /// effort, as tried on some of the cells.
  std::optional<int> order = {};
  Effort effort = Effort::normal;
  Smoothness smoothness = Smoothness::smooth;
  /// How cells are found. With `max_weight`, automatic is tree. `paper` bounds no weights, takes order 5 or the next
  /// below that fits where none is stated, knows no companions, and its certificate holds the moments of the whole, not
  /// of cells.
  Method method = Method::automatic;
  /// Further columns whose sums, times polynomials of the coordinates, are kept in every cell as well; those of
  /// Companions::relabel by new values at the rows kept (Coreset::targets). Cells are formed by the coordinates alone.
  /// Then points are not merged, each being a row of its own; `automatic` is `tree`, but where it compares, the better
  /// of that and `kernel`; and the test functions by which an order, a size or a method is chosen also stand multiplied
  /// by each standardised column that is kept beyond order 0.
  std::vector<Companions> companions = {};
  /// Which functions of the coordinates keep their sums. Sets of monomials, Fourier and Nystroem features are not for
  /// the methods paper and kernel. `automatic` compares sets of monomials with no other way to choose rows, and with
  /// Fourier or Nystroem features is `tree`.
  Features features = {};
  /// Groups that are compressed by themselves, each with its exact mass, its own moments, cells and order; equal points
  /// of different groups are not merged. Those with no more points than their share are kept whole. A tolerance is met
  /// in each group; max_weight is a multiple of the mean in each.
  PointGroups groups = {};
  GroupSizes group_sizes = GroupSizes::mass;
  Scale scale = Scale::standard;
  /// m factors >= 0, not all 0, of the scaled columns: cells are cut finer along a column that weighs more, and test
  /// functions vary more along it. Empty: 1.
  std::vector<double> column_weights = {};
  /// Points that must survive, by number. They keep their own weight and count towards the size.
  std::vector<Index> keep_rows = {};
  /// Seed of whatever is random: the test functions and cells by which an order is chosen, the certificate's probes and
  /// random subsets, the first centres of k-means.
  std::uint64_t seed = 0;
  /// Threads to use; 0: all cores. The result is the same for any number.
  int threads = 0;
  /// What the weights shall sum to, as a multiple of the input's mass.
  double mass_scale = 1;
  /// X > 1: no new weight above X times their mean, or above the point's own weight where that is more. Unset: no
  /// bound. Takes about (n + 1) X / (X - 1) points a cell. Points of keep_rows do not count.
  std::optional<double> max_weight = {};
  /// Smallest effective sample size (sum w)^2 / sum w^2 of the new weights, as a share of the size, above 0 and at most
  /// 1. For the method kernel, which `automatic` then is. Error where no such weights are found.
  std::optional<double> min_ess = {};
  /// When asked to stop, compress throws Cancelled.
  std::stop_token stop = {};
  /// Called now and then, from any thread but never from two at once: stage name and fraction done in [0, 1].
  std::function<void(std::string_view stage, double fraction)> progress = {};
};

/// What compress is going to do: fixed by m, the number of distinct points and the options alone. That of all groups
/// together has the sums of their rows, sizes, cells and operations, and the lowest order of those not kept whole.
struct Plan {
  std::size_t rows = 0;       ///< q, points that may be dropped: distinct, of positive weight, not to be kept
  std::size_t dimension = 0;  ///< m
  std::size_t size = 0;       ///< how many of these to keep
  int order = 0;              ///< K
  std::size_t features = 0;   ///< n, C(m + K, K) where all monomials are kept and there are no companions
  std::size_t cells = 0;      ///< L; each keeps size / L points, rounded either way, at least n; by mass if bounded.
                              ///< 1 for Method::paper, whose clusters change from round to round; few for kernel
  double operations = 0;      ///< expected floating-point operations of the recombination
  double memory = 0;          ///< expected bytes beyond the input
  std::string notice;         ///< what was changed of the request and why; empty if nothing
};

/// What was found out about one order before choosing.
struct OrderTrial {
  int order = 0;             ///< K
  std::size_t features = 0;  ///< n, C(m + K, K) without companions
  std::size_t cells = 0;     ///< L
  double operations = 0;     ///< Plan::operations
  double typical_error = 0;  ///< geometric mean over the families of test functions, in units of their spread
  double largest_error = 0;  ///< largest over these families
  bool measured = false;     ///< on some of the cells; else continued from lower orders
};

/// Number of monomials in m variables of total degree <= K: C(m + K, K); saturates at SIZE_MAX.
std::size_t feature_count(std::size_t dimension, int order);

/// Sums that a cell keeps with the options' features and companions: n = C(m + K, K) + sum over the companions of
/// p degree C(m + k, k), k = order_beside(K), or as many as the features' monomials are; companions whose values may
/// change add nothing. Saturates at SIZE_MAX.
std::size_t feature_count(std::size_t dimension, int order, const CompressOptions& options);

/// The highest order with feature_count(dimension, order) <= size, at most `limit`.
int highest_order(std::size_t dimension, std::size_t size, int limit);

/// What compress would do with `rows` distinct points of positive weight beside options.keep_rows (distinct numbers).
/// An order that is not stated counts as 5, lowered until C(m + K, K) <= size: the points are not seen here.
/// Throws Error naming the option, and the sizes and orders that would do, if the request cannot be met.
Plan plan(std::size_t rows, std::size_t dimension, const CompressOptions& options);

struct Choice {
  Plan plan;
  std::vector<OrderTrial> trials;  ///< by which size and order were chosen, ascending; empty where both were stated
  std::vector<Plan> groups;        ///< of each group; empty if there are none. Trials are then not told
};

/// What compress would do with these points: chooses size and order where they are not stated, and compresses nothing.
/// Throws Error as compress does. About a fifth of the effort's operations at most; some times that for a tolerance.
Choice choose(const WeightedPoints& points, const CompressOptions& options);

struct StageSeconds {
  std::string stage;
  double seconds = 0;
};

struct Coreset {
  std::vector<Index> rows;      ///< numbers of the surviving points, ascending
  std::vector<double> weights;  ///< their new weights, > 0
  Plan plan;
  Certificate certificate;
  std::size_t distinct = 0;     ///< distinct points with positive weight in the input; with companions all of these
  std::size_t rounds_from = 0;  ///< points that were left when rounds of neighbours began; 0: there were none
  int corrected_order = 0;      ///< highest order of the moments kept over all points by correction; 0: not corrected
  std::size_t rank_deficient_cells = 0;
  std::size_t inexact_cells = 0;  ///< whose moments could not be kept to 50 eps: see Recombination::exact()
  /// Where companions may change: their values at `rows`, row-major, all columns of the first, then of the next.
  std::vector<double> targets;
  /// Cells whose sums of these could not be kept, as the rows kept do not tell the polynomials apart; and those whose
  /// new values would not be finite, so that the rows have the values that they had.
  std::size_t singular_cells = 0, overflown_cells = 0;
  /// By which the order was chosen, ascending; empty where it was stated, or of groups.
  std::vector<OrderTrial> trials;
  std::vector<Plan> groups;  ///< of each group; empty if there are none
  /// What was compared before the rows were chosen, the best first, which is what they were chosen by; empty where
  /// nothing was. The test functions are neither those of the trials nor those of the certificate.
  std::vector<Alternative> alternatives;
  bool by_kernel = false;  ///< whether kernel exchange chose the rows
  /// Where a tolerance was asked for: largest error over the families of test functions, in units of their spread, of
  /// functions that played no part in choosing the size.
  std::optional<double> achieved_error = {};
  std::vector<std::string> notices;  ///< what the caller should know: order lowered, all kept, no better than random
  std::vector<StageSeconds> stages;

  std::string summary() const;  ///< one line
  std::string choice() const;   ///< why the order is what it is: what was expected of each; empty where it was stated
  std::string finish() const;   ///< what was done after the cells; empty if nothing
};

/// Replaces the points by `size` of them with new weights >= 0 that have the same moments up to the order, in every
/// cell of a kd-tree (paper 000, Algorithm 1; Theorems 2 to 4) or of the method asked for. The main road: merge equal
/// points, scale, choose the order, plan, partition, recombine each cell, join, certify.
///
/// Exactly `size` points come out whenever the input has that many distinct points of positive weight; with fewer,
/// all of them (and a notice). Only where equal weights on a lattice make weights vanish in pairs whichever way the
/// points are taken, as for 3 of the 4 corners of a square at order 1, fewer come out (and a notice). Throws Error on
/// invalid points or options. O(q n + q n^2 log(q / size)) operations, about 3 q m doubles of memory.
Coreset compress(const WeightedPoints& points, const CompressOptions& options);

}  // namespace momentset
