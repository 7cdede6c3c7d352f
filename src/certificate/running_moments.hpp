#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "certificate/columns.hpp"
#include "certificate/moments.hpp"
#include "momentset/certificate/stream.hpp"
#include "momentset/points.hpp"

namespace momentset::certificate {

/// The unevaluated sum of two doubles: 106 bits (Dekker 1971; Knuth's two-sum).
struct DoubleDouble {
  double high = 0, low = 0;

  void add(long double x);
  long double value() const { return static_cast<long double>(high) + low; }
};

/// Sums of all monomials of total degree <= K over rows that come and go, mergeable and the same for any number of
/// threads. The range of the rows is not known beforehand: monomials are those of t = (x - centre) / unit. The centre
/// of the first rows stays; units, powers of two, grow so that |t| <= 1, which changes sums by powers of two, exactly.
class RunningMoments {
 public:
  /// Throws Error where the monomials are more than a certificate measures.
  RunningMoments(std::size_t dimension, int order);

  std::size_t size() const { return sums_.size(); }
  std::size_t dimension() const { return extent_.lower.size(); }
  int order() const { return monomials_.order(); }

  /// O(q n).
  void add(const WeightedPoints& rows, const std::stop_token& stop = {});
  /// O(n m K).
  void join(const RunningMoments& other);
  /// As if every weight had been multiplied by the factor.
  void scale(double factor);

  double mass() const { return static_cast<double>(sums_[0].value()); }

  /// Fills in what can be measured of weighted points that claim to have the same moments.
  void measure(const WeightedPoints& output, std::span<const std::uint64_t> rows, StreamCertificate& result) const;

  /// All there is to it: lower, upper, centre and unit of each coordinate, then high and low of each sum.
  std::vector<double> state() const;
  /// Throws Error unless the state is one of finite numbers, or of no rows.
  void set_state(std::span<const double> state);

 private:
  bool empty() const { return extent_.lower[0] > extent_.upper[0]; }
  Box frame() const;
  void start_at(const Extent& extent);
  /// Enlarges units so that the extent, by now the own one, lies in the frame.
  void make_room();
  /// The sums in t' = scale t + shift, for each coordinate.
  std::vector<long double> moved(std::span<const long double> scale, std::span<const long double> shift) const;

  Monomials monomials_;
  std::vector<std::uint8_t> exponents_;  // of each monomial, m each
  Extent extent_;
  std::vector<double> centre_, unit_;  // unit 0: all rows are at the centre
  std::vector<DoubleDouble> sums_;
};

}  // namespace momentset::certificate
