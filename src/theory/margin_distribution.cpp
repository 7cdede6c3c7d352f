#include <cmath>

#include "momentset/error.hpp"
#include "momentset/theory/perceptron.hpp"
#include "theory/normal.hpp"
#include "theory/ranges.hpp"

namespace momentset::theory {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

/// The probability of lower < |z| < upper.
double share(const MarginBand& band) { return 2 * (upper_tail(band.lower) - upper_tail(band.upper)); }

void require_band(const MarginBand& band, double below) {
  if (!(band.lower >= 0) || !std::isfinite(band.lower)) {
    throw Error("window", shown(band.lower), "its lower end must be 0 or more and finite");
  }
  if (!(band.upper > band.lower)) {
    throw Error("window", shown(band.lower) + " to " + shown(band.upper), "its upper end must be above its lower end");
  }
  if (!(band.lower >= below)) throw Error("bands", shown(band.lower), "must be ascending and apart");
  if (!(band.keep > 0 && band.keep <= 1)) throw Error("keep", shown(band.keep), "must be above 0 and at most 1");
}

}  // namespace

MarginDistribution::MarginDistribution(std::vector<MarginBand> bands) : bands_(std::move(bands)), fraction_(0) {
  if (bands_.empty()) throw Error("bands", "", "must be at least one");
  double below = 0;
  for (const MarginBand& band : bands_) {
    require_band(band, below);
    below = band.upper;
    fraction_ += band.keep * share(band);
  }
  fraction_ = std::fmin(fraction_, 1);
  if (fraction_ < 0.999 * smallest_fraction) {  // less what rounding makes of the smallest one
    throw Error("window", shown(bands_.front().lower) + " to " + shown(bands_.back().upper),
                "must keep at least " + shown(smallest_fraction) + " of the examples");
  }
}

MarginDistribution MarginDistribution::random() { return MarginDistribution({MarginBand{}}); }

MarginDistribution MarginDistribution::keep_hard(double fraction) {
  require_fraction("fraction", fraction);
  return window(0, upper_quantile((1 - fraction) / 2));
}

MarginDistribution MarginDistribution::keep_easy(double fraction) {
  require_fraction("fraction", fraction);
  return window(std::fmax(0, upper_quantile(fraction / 2)), infinite);
}

MarginDistribution MarginDistribution::window(double lower, double upper) {
  return MarginDistribution({MarginBand{lower, upper}});
}

}  // namespace momentset::theory
