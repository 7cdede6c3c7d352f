#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "momentset/points.hpp"

namespace momentset {

/// Which monomials of total degree <= K keep their sums: those that meet every condition stated here. The constant
/// does, so that mass is kept. With a monomial all that divide it do (a lower set, as in sparse approximation; Chkifa,
/// Cohen and Schwab 2014), so that they span the same functions in whatever box the columns are centred and scaled to.
struct MonomialSet {
  /// Highest exponent of each of the m columns, 0 or more; empty: K.
  std::vector<int> degrees = {};
  /// What a power of each of the m columns counts, 1 or more: sum_j weights[j] a_j <= K, the anisotropic total degree.
  /// Empty: 1.
  std::vector<double> weights = {};
  /// Sets of columns, by number. Above `low_order` only monomials whose columns all lie in one of the sets: a set of
  /// one column stands for its powers, one of two for their products as well. Empty: any columns.
  std::vector<std::vector<std::uint32_t>> interactions = {};
  int low_order = 1;  ///< total degree, 0 or more, up to which all monomials are kept beside those of `interactions`

  /// Whether all monomials of total degree <= K are kept.
  bool is_whole() const { return degrees.empty() && weights.empty() && interactions.empty(); }

  /// The smallest K at which the monomial is kept; none if at none. Its total degree where the set is whole.
  /// @param columns of the monomial, ascending, each as often as its exponent says
  std::optional<int> order_of(std::span<const std::uint32_t> columns) const;

  /// Calls `see` with the columns of each monomial kept at K = `order`, as above, and its order_of, depth first from
  /// the constant on, until it returns false. A monomial comes after the one without its last column.
  void visit(std::size_t dimension, int order,
             const std::function<bool(std::span<const std::uint32_t> columns, int order)>& see) const;

  /// How many there are at K = `order` in m variables; SIZE_MAX where more than 2^20. O(m) for each.
  std::size_t count(std::size_t dimension, int order) const;
};

/// Which functions of the points' coordinates keep their sums in every cell, as asked for. By default all monomials of
/// total degree <= K. z are the coordinates less their means, over their scale (CompressOptions::scale,
/// column_weights).
struct Features {
  MonomialSet monomials = {};  ///< of the columns; not with `directions`
  /// r >= 1: cells and monomials are those of r directions u = v.z in place of the columns; fewer where the columns do
  /// not vary in so many. 0: the columns themselves.
  std::size_t directions = 0;
  /// The directions are not the leading principal ones of z, but those of partial least squares for the companions
  /// kept beyond order 0 (Dayal and MacGregor, J. Chemometrics 11, 1997).
  bool supervised = false;
  /// Random Fourier features cos(w.z + b) beside the monomials, whose differences estimate the Gaussian kernel
  /// k(z, z') = exp(-|z - z'|^2 / (2 m l^2)): w normal of deviation 1 / (l sqrt(m)), b uniform, drawn from the seed
  /// (Rahimi and Recht 2007). z is by standard deviations, clipped to |z| <= 2^20.
  std::size_t fourier = 0;
  /// Nystroem features beside the monomials: k(z, z_j) at landmarks z_j, which pivoted Cholesky factorisation of the
  /// kernel chooses among 4,096 points (Fine and Scheinberg 2001). Fewer where these say nothing new.
  std::size_t nystroem = 0;
  double length = 1;  ///< l, above 0

  bool is_default() const { return monomials.is_whole() && directions == 0 && fourier == 0 && nystroem == 0; }
};

/// Which functions keep their sums, as found out from the points: all that it takes to evaluate them again.
struct FeatureMap {
  MonomialSet monomials = {};
  std::vector<double> centre = {};  ///< m; empty where there are no directions
  /// r x m, row-major: u_k = sum_a directions[k m + a] (x_a - centre[a]), each difference, product and sum rounded to
  /// long double in this order, the result to double, so that it can be told again which cell a point lies in.
  std::vector<double> directions = {};
  std::size_t fourier = 0;            ///< as in Features
  std::vector<Index> landmarks = {};  ///< numbers of the points
  double length = 1;                  ///< l

  bool is_default() const { return monomials.is_whole() && directions.empty() && columns() == 0; }
  std::size_t columns() const { return fourier + landmarks.size(); }  ///< features beside the monomials
  /// Number of variables that the monomials are of, in m columns.
  std::size_t variables(std::size_t dimension) const {
    return directions.empty() ? dimension : directions.size() / dimension;
  }
};

/// Throws Error(features, ...) unless all is as said above for m columns; of a map also for so many points.
void require_valid(const Features& features, std::size_t dimension);
void require_valid(const FeatureMap& map, std::size_t dimension, std::size_t points);

/// Features as they are written on the command line, one word for each condition:
///   total                   nothing but the total degree
///   degrees:x=3,y=1         highest exponents; other columns: K
///   weights:x=1.5,y=2       what a power counts; other columns: 1
///   interactions:x*y,z      sets of columns whose powers and products are kept above the low order
///   low:2                   the low order
///   pca:3, pls:3            directions, principal or supervised
///   fourier:100             random Fourier features
///   nystroem:100            Nystroem features
///   length:0.5              l of both
/// Throws Error(features, ...) for what is none of these, and for a column that is not among `columns`.
Features parse_features(std::span<const std::string> words, std::span<const std::string> columns);

}  // namespace momentset
