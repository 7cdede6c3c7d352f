#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace momentset {

/// Number of a row in memory. One call handles fewer than 2^32 - 1 rows; larger data are for sketches.
using Index = std::uint32_t;

/// Non-owning view of q weighted points in R^m: w_i with weights c_i >= 0.
struct WeightedPoints {
  std::span<const double> coordinates;  ///< row-major, q x m: coordinate a of point i at [i * m + a]
  std::span<const double> weights;      ///< q weights >= 0, or empty: every point weighs 1
  std::size_t dimension = 0;            ///< m

  std::size_t size() const { return dimension == 0 ? 0 : coordinates.size() / dimension; }
  const double* point(std::size_t i) const { return coordinates.data() + i * dimension; }
  double weight(std::size_t i) const { return weights.empty() ? 1.0 : weights[i]; }
};

/// Owner of weighted points, same layout as the view.
struct PointSet {
  std::vector<double> coordinates;
  std::vector<double> weights;  ///< may be empty: every point weighs 1
  std::size_t dimension = 0;

  WeightedPoints view() const { return {coordinates, weights, dimension}; }
};

/// Further columns of q points, y_1 to y_p, whose sums are kept beside those of the coordinates x: of y^d times every
/// polynomial of x up to an order, for d = 1 to `degree`. Targets of a regression, features of one's own.
struct Companions {
  std::span<const double> values;  ///< row-major, q x p: column j of point i at [i * p + j]; finite
  std::size_t columns = 0;         ///< p >= 1
  /// Highest total degree of the polynomials of x, 0 or more; never above K, the order of the moments of x. Unset: K.
  std::optional<int> order = {};
  int degree = 1;  ///< highest power of a column, 1 or more
  /// Whether the points that are kept may get other values. Then weights are found for the polynomials of x alone, and
  /// the values are solved from the sums: half as many points are needed, or fewer. Degree 1 only.
  bool relabel = false;

  std::size_t rows() const { return columns == 0 ? 0 : values.size() / columns; }
  /// Degree of the polynomials where the moments of x are kept up to order K.
  int order_beside(int highest) const { return std::min(order.value_or(highest), highest); }
};

/// Of how many columns the points that are kept may get other values.
std::size_t relabelled_columns(std::span<const Companions> companions);

/// A division of q points into groups, in each of which mass and moments are kept: classes of a target, levels of a
/// column.
struct PointGroups {
  std::span<const Index> of_points = {};  ///< number of each point's group, below q; empty: there are no groups
  std::vector<std::string> names = {};    ///< of the groups, for messages and the certificate; empty: their numbers

  bool empty() const { return of_points.empty(); }
  std::size_t count() const;                  ///< one more than the largest number. O(q)
  std::string name(std::size_t group) const;  ///< or its number where there are no names
};

/// The points of each group: those of group g are numbers[first[g]] .. numbers[first[g + 1]] - 1, ascending.
struct GroupMembers {
  std::vector<Index> numbers;
  std::vector<std::size_t> first;  ///< one more than there are groups

  explicit GroupMembers(const PointGroups& groups);  ///< O(q)
  std::size_t count() const { return first.size() - 1; }
  std::span<const Index> of(std::size_t group) const {
    return std::span(numbers).subspan(first[group], first[group + 1] - first[group]);
  }
};

/// Throws Error unless there are no groups, or a number below q for each of the `rows` points, such that each number up
/// to the largest has a point, and no names or as many as groups. O(q).
void require_valid(const PointGroups& groups, std::size_t rows);

/// Throws Error unless each has p >= 1 columns of `rows` finite numbers, an order >= 0 and a degree >= 1,
/// of exactly 1 where values may change. O(q p).
void require_valid(std::span<const Companions> companions, std::size_t rows);

/// Throws Error unless the view is usable: m >= 1, at least one point, fewer than 2^32 - 1, coordinates.size() a
/// multiple of m, as many weights as points (or none), all numbers finite, weights >= 0 with a positive finite sum.
/// O(q m).
void require_valid(const WeightedPoints& points);

/// The same for a batch of a larger set: there may be any number of points, and weights may all be 0. O(q m).
void require_valid_batch(const WeightedPoints& points);

}  // namespace momentset
