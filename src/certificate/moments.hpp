#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "certificate/columns.hpp"
#include "certificate/compensated.hpp"
#include "certificate/selection.hpp"
#include "momentset/features.hpp"

namespace momentset::certificate {

/// Limits of what is measured: a residual for each of a million monomials of order 255 helps nobody.
inline constexpr int highest_order = 255;
inline constexpr std::size_t most_monomials = std::size_t(1) << 20;

/// Number of monomials in m variables of total degree <= K: C(m + K, K), or SIZE_MAX where it does not fit.
std::size_t monomial_count(std::size_t dimension, int order);

/// The same for those of a set; SIZE_MAX where they are more than most_monomials.
std::size_t monomial_count(std::size_t dimension, int order, const MonomialSet& set);

/// Sums over weighted points, one for each monomial.
struct MomentSums {
  std::vector<CompensatedSum> moments;  ///< sum_i c_i t_i^a
  std::vector<long double> magnitudes;  ///< sum_i |c_i t_i^a|

  explicit MomentSums(std::size_t monomials) : moments(monomials), magnitudes(monomials, 0) {}
  void join(const MomentSums& other);
};

/// |output - input| / magnitude, 0 where both sides vanish and 1 where only the magnitude does: see OrderResidual.
double scaled_residual(long double output, long double input, long double magnitude);

/// A further column y of the points, as a factor u^power of every monomial; u = (y - centre) / half.
struct Factor {
  const double* values;  ///< of row i of the array at [i * stride]
  std::size_t stride;
  long double centre = 0, half = 1;
  int power = 1;

  long double at(std::size_t row) const {
    const long double u = (values[row * stride] - centre) / half;
    long double product = u;
    for (int d = 1; d < power; ++d) product *= u;
    return product;
  }
};

/// The factor that lies in [-1, 1] over the points, and is 0 where the column is constant.
Factor local_factor(const Selection& points, const double* values, std::size_t stride);
/// The same without centring: over the largest magnitude.
Factor largest_factor(const Selection& points, const double* values, std::size_t stride);

/// All monomials t^a in m variables of total degree <= K, or those of a set: the certificate's own, shared with no
/// other room. Coordinates and weights are taken in long double, products and sums in pairs of doubles (Dekker 1971),
/// twice the precision of doubles: in units of the magnitudes the sums are off by less than 2^-64.
class Monomials {
 public:
  /// @param dimension m >= 1
  /// @param order     K >= 0
  Monomials(std::size_t dimension, int order, const MonomialSet& set = {});

  std::size_t size() const { return steps_.size(); }  ///< n, C(m + K, K) where all are kept
  int order() const { return order_; }

  /// t local to the box, each monomial times the factor if there is one. One multiplication per monomial and point.
  MomentSums sums(const Selection& points, const Box& box, const Factor* factor = nullptr) const;

  /// Exponent of each coordinate in each monomial: size() x m, row-major.
  std::vector<std::uint8_t> exponents() const;

  /// For each order 0..K, of the monomials that belong from it on, the worst |output / mass_scale - input| / magnitude
  /// of the input: see OrderResidual.
  std::vector<double> worst_residuals(const MomentSums& input, const MomentSums& output, double mass_scale) const;

 private:
  /// Monomials in depth-first order: each is one coordinate times the latest monomial of the degree below, so the
  /// values of only one monomial of each degree need be at hand.
  struct Step {
    std::uint32_t axis;
    int degree;
    int order;  // smallest K at which it belongs: the degree where all are kept
  };

  class Stretch;

  std::size_t dimension_;
  int order_;
  std::vector<Step> steps_;
};

}  // namespace momentset::certificate
