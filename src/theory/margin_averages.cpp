#include "theory/margin_averages.hpp"

#include <cmath>

#include "theory/normal.hpp"

namespace momentset::theory {
namespace {

/// Beyond this the normal distribution is taken to end: Phi(-9.5) = 1e-21.
constexpr double reach = 9.5;

/// Averages over all s, the part of an example across the probe, standard normal: of M2, M1, s M1, P, s P and s^2 P at
/// m = offset - slope s.
enum : std::size_t { of_M2, of_M1, of_sM1, of_P, of_sP, of_ssP, across_averages };

/// By E[s g(s)] = E[g'(s)]; m less an independent normal number is normal around `offset`.
Sums<across_averages> average_everywhere(double offset, double slope) {
  const double variance = 1 + slope * slope, deviation = std::sqrt(variance), x = offset / deviation;
  const double p = cumulative(x), d = density(x) / deviation;
  return {(offset * offset + variance) * p + offset * variance * d,
          offset * p + variance * d,
          -slope * p,
          p,
          -slope * d,
          p - slope * slope * d * offset / variance};
}

/// The averages over the teacher's side at one margin z along the probe.
class AtMargin {
 public:
  AtMargin(double sine, double cosine, const StudentRatios& student, double tolerance)
      : sine_(sine), cosine_(cosine), student_(student), tolerance_(tolerance) {}

  double along() const { return student_.a * cosine_ + student_.b * sine_; }   ///< the student's part along the probe
  double across() const { return student_.a * sine_ - student_.b * cosine_; }  ///< and across it

  Sums<margin_averages> operator()(double z) const {
    const double lower = sine_ == 0 ? (z > 0 ? -HUGE_VAL : HUGE_VAL) : -z * cosine_ / sine_;  // u > 0: the label is +1
    if (lower >= reach) return {};
    return lower > -reach ? above(lower, z) : everywhere(z);
  }

 private:
  /// Where the label is certain.
  Sums<margin_averages> everywhere(double z) const {
    const Sums<across_averages> over = average_everywhere(student_.k - along() * z, across());
    const double z_u = student_.a * z * cosine_, s_u = student_.a * sine_, z_v = z * sine_, s_v = -cosine_;
    Sums<margin_averages> sums;
    sums[M2] = over[of_M2];
    sums[M1] = over[of_M1];
    sums[wM1] = z_u * over[of_M1] + s_u * over[of_sM1];
    sums[vM1] = z_v * over[of_M1] + s_v * over[of_sM1];
    sums[P] = over[of_P];
    sums[wP] = z_u * over[of_P] + s_u * over[of_sP];
    sums[vP] = z_v * over[of_P] + s_v * over[of_sP];
    sums[wwP] = z_u * z_u * over[of_P] + 2 * z_u * s_u * over[of_sP] + s_u * s_u * over[of_ssP];
    sums[wvP] = z_u * z_v * over[of_P] + (z_u * s_v + s_u * z_v) * over[of_sP] + s_u * s_v * over[of_ssP];
    sums[vvP] = z_v * z_v * over[of_P] + 2 * z_v * s_v * over[of_sP] + s_v * s_v * over[of_ssP];
    return sums;
  }

  /// Over s > lower. w and v are taken point by point: put together from averages of powers of s they would lose the
  /// digits that a large `a` asks for.
  Sums<margin_averages> above(double lower, double z) const {
    const double offset = student_.k - along() * z, slope = across();
    double upper = reach;
    if (slope > 0) upper = std::fmin(upper, (offset + reach) / slope);  // beyond, m < -reach: nothing is left
    if (slope < 0) lower = std::fmax(lower, (offset + reach) / slope);
    if (!(lower < upper)) return {};
    Breaks breaks(lower, upper);
    breaks.add(0);
    if (std::abs(slope) > 1) {
      for (const double m : {-5.0, 0.0, 5.0}) breaks.add((offset - m) / slope);
    }
    const auto integrand = [&](double s) -> Sums<margin_averages> {
      const double w = student_.a * (z * cosine_ + s * sine_), v = z * sine_ - s * cosine_;
      const double m = offset - slope * s, weight = density(s);
      const double p = weight * cumulative(m), d = weight * density(m), first = m * p + d;
      return {(m * m + 1) * p + m * d, first, w * first, v * first, p, w * p, v * p, w * w * p, w * v * p, v * v * p};
    };
    return integrate<margin_averages>(integrand, breaks.sorted(), tolerance_);
  }

  double sine_, cosine_;
  StudentRatios student_;
  double tolerance_;
};

/// Where the averages at one margin change their scale: the label's doubt around z = 0, and the student's margin.
Breaks breaks_of(const MarginBand& band, double sine, double cosine, const StudentRatios& student,
                 const AtMargin& at_margin) {
  const double least = upper_tail(band.lower) * 1e-20;  // beyond, nothing of the band is left
  Breaks breaks(band.lower, std::fmin(band.upper, upper_quantile(least)));
  const double tangent = sine / cosine;
  for (const double factor : {0.5, 2.0, 4.0, reach}) breaks.add(factor * tangent);
  const double along = at_margin.along(), width = std::sqrt(1 + at_margin.across() * at_margin.across());
  for (const double j : {-8.0, -3.0, 0.0, 3.0, 8.0}) breaks.add(std::abs((student.k + j * width) / along));
  for (const double j : {-5.0, 5.0}) breaks.add(std::abs((student.k + j) * sine / student.b));
  return breaks;
}

}  // namespace

Sums<margin_averages> average_margins(const MarginDistribution& margins, double sine, double cosine,
                                      const StudentRatios& student, double tolerance) {
  const AtMargin at_margin(sine, cosine, student, tolerance / 10);
  Sums<margin_averages> total{};
  for (const MarginBand& band : margins.bands()) {
    const auto integrand = [&](double z) {
      Sums<margin_averages> both = at_margin(z);
      if (sine > 0) add(both, 1, at_margin(-z));
      for (double& value : both) value *= density(z);
      return both;
    };
    Breaks breaks = breaks_of(band, sine, cosine, student, at_margin);
    add(total, 2 * band.keep / margins.fraction(), integrate<margin_averages>(integrand, breaks.sorted(), tolerance));
  }
  return total;
}

}  // namespace momentset::theory
