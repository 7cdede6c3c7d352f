#include "theory/ranges.hpp"

#include <locale>
#include <sstream>
#include <string>

#include "momentset/error.hpp"

namespace momentset::theory {

std::string shown(double value) {
  std::ostringstream text;
  text.imbue(std::locale::classic());
  text << value;
  return text.str();
}

void require_alpha(double alpha) {
  if (!(alpha >= 1e-3 && alpha <= 1e4)) {
    throw Error("alpha", shown(alpha), "must be at least 0.001 and at most 10000 kept examples per parameter");
  }
}

void require_fraction(const char* name, double fraction) {
  if (!(fraction > 0 && fraction <= 1)) throw Error(name, shown(fraction), "must be above 0 and at most 1");
  if (fraction < smallest_fraction) throw Error(name, shown(fraction), "must be at least " + shown(smallest_fraction));
}

void require_theta(double theta_deg) {
  if (!(theta_deg >= 0 && theta_deg < 90)) {
    throw Error("theta_deg", shown(theta_deg), "must be at least 0 and below 90 degrees");
  }
}

}  // namespace momentset::theory
