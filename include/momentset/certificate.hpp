#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "momentset/cells.hpp"
#include "momentset/features.hpp"
#include "momentset/points.hpp"

namespace momentset {

/// Worst scaled moment residual among the monomials t^a of total degree `order` (of a set: MonomialSet::order_of):
/// max_a |sum_j c'_j t_j^a / s - sum_i c_i t_i^a| / sum_i c_i |t_i^a|, with t in [-1, 1]^m (box of the input points
/// concerned, centred and scaled; constant columns are only centred) and s the mass scale of CertifyOptions.
/// 0 where numerator and denominator vanish, 1 where only the denominator does.
struct OrderResidual {
  int order = 0;
  double global = 0;  ///< over all points, t in the box of all points
  double cells = 0;   ///< worst over the cells, t in the box of each cell
};

/// Worst scaled residual of the sums of one further column y (see Companions) times monomials of the coordinates: that
/// of OrderResidual with u^d t^a in place of t^a, for d = 1 to `degree` and every total degree of a up to `order`. u is
/// y in [-1, 1], centred and scaled over the points concerned like t. Where the output has values of its own, u is y
/// over its largest magnitude in the input, not centred, and residuals are in units of the mean of |u| times
/// sum_i c_i |t_i^a|: new values are rounded to doubles.
struct CompanionResidual {
  std::string column = {};  ///< its name; empty if unnamed
  int degree = 1;
  int order = 0;
  double global = 0;        ///< over all points
  double cells = 0;         ///< worst over the cells
  bool relabelled = false;  ///< whether the output has values of its own, of which these are the residuals
};

/// Worst scaled residual of the sums of the Fourier features cos(w.z + b) and kernel features k(z, z_j) of a map, that
/// of OrderResidual with these in place of t^a and sum_i c_i as denominator, z in standard deviations of all input
/// points.
struct FeatureResidual {
  double global = 0;  ///< over all points
  double cells = 0;   ///< worst over the cells
};

/// What was measured inside one group of the points (see PointGroups), which claims to keep its mass and its own
/// moments.
struct GroupResidual {
  std::string name = {};  ///< or its number
  std::size_t rows = 0;   ///< points of the input in it
  std::size_t size = 0;   ///< points of the output in it; may be 0 where its points weigh nothing
  int order = 0;          ///< K of the moments that are kept in it
  CellTree tree = {};     ///< cells in which they are kept; splits name points of the input
  double mass_input = 0, mass_output = 0;
  double global = 0;  ///< worst residual of the orders 0..K, companions and features, over the group, local to its box
  double cells = 0;   ///< the same, worst over its cells
};

/// Root mean square, over the functions of one family, of the error of the weighted mean, for functions that played
/// no part in choosing the subset.
struct ProbeError {
  std::string family;  ///< "cosine" or "sigmoid"
  double scale = 0;    ///< length scale of a cosine or slope of a sigmoid, in units of the columns' standard deviations
  int functions = 0;
  double coreset = 0;  ///< rms over the functions of |weighted mean over the coreset - weighted mean over the input|
  double random = 0;   ///< the same for random subsets of the same size: mean over 20 of them of their rms
};

/// Quantiles of the cells' diameters (diagonal of the bounding box, coordinates in standard deviations).
struct DiameterQuantiles {
  double minimum = 0, median = 0, upper_decile = 0, maximum = 0;
};

/// What a compression promises and what was measured of it. All numbers are recomputed from the input and the output
/// alone, by code that shares nothing with the compression: moments in twice the precision of doubles.
/// All of them are finite: what would overflow a double is given as the largest double.
/// Schema of the JSON: docs/certificate.md.
struct Certificate {
  static constexpr int format_version = 1;

  /// "subset": rows of the input; "relabelled": these, with companions of their own; "synthetic": other points
  std::string kind = "subset";
  std::string library_version;

  // What was asked and done.
  std::size_t rows = 0;       ///< q, points in
  std::size_t size = 0;       ///< points out
  std::size_t dimension = 0;  ///< m
  int order = 0;              ///< K
  std::size_t features = 0;   ///< n: monomials, C(m + K, K) if all are kept, and for each companion degree times those
                              ///< up to its order, and the Fourier and kernel features
  std::uint64_t seed = 0;
  std::vector<std::string> columns;  ///< names of the m coordinates; empty if unnamed
  FeatureMap feature_map;            ///< which functions keep their sums
  CellTree tree;
  std::map<std::string, std::string> options;  ///< whatever the caller wants to remember of how it was made

  // What was measured.
  double mass_input = 0;     ///< sum_i c_i
  double mass_output = 0;    ///< sum_j c'_j
  double mass_expected = 0;  ///< mass_input, or what the weights were asked to sum to
  double smallest_weight = 0, largest_weight = 0;
  double effective_sample_size = 0;      ///< (sum c')^2 / sum c'^2
  std::size_t moved_points = 0;          ///< output points whose coordinates are not, bit for bit, those of their row
  std::vector<OrderResidual> residuals;  ///< orders 0..K
  std::vector<CompanionResidual> companions;
  FeatureResidual map_columns;        ///< of the Fourier and kernel features of feature_map; 0 if there are none
  std::vector<GroupResidual> groups;  ///< by number; empty if there are none. Then cells are those of the groups
  double tolerance = 0;               ///< residuals above this fail: see residual_tolerance()
  DiameterQuantiles diameters;
  double taylor_bound = 0;  ///< sum_cells mass * diameter^(K+1) / (K+1)!  (paper 000, Theorem 3)
  std::vector<ProbeError> probes;

  // What it belongs to.
  std::string input_hash;   ///< "xxh3-128:<32 hex digits>" over m, coordinates and weights of the input
  std::string output_hash;  ///< the same over row numbers, coordinates and weights of the output

  double worst_residual() const;  ///< largest of all residuals
  double probe_coreset() const;   ///< rms over all probe functions
  double probe_random() const;
  bool holds() const;  ///< residuals and mass within tolerance, no negative weight, no moved point

  std::string to_json() const;
  /// Throws Error, naming the field at fault, on anything that is not a certificate of a known version.
  static Certificate from_json(std::string_view text);
};

/// Residual that rounding alone may leave: 64 n eps with n monomials (of companions, too) and eps = 2^-52.
double residual_tolerance(std::size_t features);

/// What a subset claims to keep in one group.
struct GroupClaim {
  int order = 0;       ///< K
  CellTree tree = {};  ///< splits name points of the input
};

struct CertifyOptions {
  int order = 0;       ///< K of the moments that the subset claims to keep, 0 to 255
  CellTree tree = {};  ///< cells inside which it claims to keep them; splits name points of the input
  /// What the output's weights claim to sum to, as a multiple of the input's mass; 1 keeps the mass.
  double mass_scale = 1;
  std::uint64_t seed = 0;  ///< seed of the probes and random subsets (mixed, so that it is not the caller's)
  int threads = 0;         ///< 0: all cores; more than there are make no difference. The result does not depend on it
  std::stop_token stop = {};                ///< when asked to stop, certify throws Cancelled
  std::vector<Companions> companions = {};  ///< columns of the input whose sums it claims to keep as well
  /// Values that the output has of the companions with `relabel`, row-major, all columns of the first of them, then of
  /// the next. Without companions there are none.
  std::vector<double> new_targets = {};
  FeatureMap features = {};                   ///< whose sums it claims to keep: by default all monomials up to K
  PointGroups groups = {};                    ///< of the input's points, in each of which it claims to keep moments
  std::vector<GroupClaim> group_claims = {};  ///< for each group; then `tree` is one cell, `order` kept by all
};

/// Measures how well the weighted rows stand for the input. `rows[j]` is the number of the input point that has
/// weight `weights[j]`; `output_coordinates` (size x m, row-major) are the coordinates as found in the output: they
/// are what is hashed, measured and compared with the input bit for bit. Empty: those of the rows themselves.
/// Throws Error on invalid points, a row number out of range or twice, sizes that disagree, numbers that are not
/// finite, or a tree that is not one. Negative weights are measured, not thrown.
/// O(q (n + m log L + 48 m)) time, and O(q m) more for each power of a companion and each Fourier or kernel feature;
/// about 8 bytes a row beyond the input.
Certificate certify(const WeightedPoints& input, std::span<const Index> rows, std::span<const double> weights,
                    const CertifyOptions& options, std::span<const double> output_coordinates = {});

/// One comparison of `verify`.
struct Check {
  std::string name;  ///< e.g. "moments in cells"
  bool passed = false;
  std::string detail;  ///< what was found and what was stated or allowed
};

/// Holds what a certificate states against what was measured afresh (with the stated order, tree, seed and mass
/// scale). Every check is listed, passed or not. Where companions or groups are stated but were not handed over to be
/// measured, the checks of them pass and say that nothing was checked.
std::vector<Check> verify(const Certificate& stated, const Certificate& measured);

}  // namespace momentset
