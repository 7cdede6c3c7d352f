#include "certificate/checks.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "certificate/probes.hpp"
#include "certificate/text.hpp"

namespace momentset::certificate {
namespace {

constexpr double relative = 1e-9;

bool same_probe(const ProbeError& found, const ProbeError& stated) {
  // Function values are of order 1, so that errors of the means below this are rounding.
  constexpr double rounding = 64 * std::numeric_limits<double>::epsilon();
  return found.family == stated.family && found.scale == stated.scale && found.functions == stated.functions &&
         close(found.coreset, stated.coreset, rounding) && close(found.random, stated.random, rounding);
}

}  // namespace

bool close(double found, double stated, double absolute) {
  return std::fabs(found - stated) <= relative * std::max(std::fabs(found), std::fabs(stated)) + absolute;
}

std::string found_and_stated(const std::string& found, const std::string& stated) {
  return "found " + found + ", stated " + stated;
}

Check same_text(std::string name, const std::string& found, const std::string& stated) {
  return {std::move(name), found == stated, found_and_stated(found, stated)};
}

Check same_count(std::string name, std::size_t found, std::size_t stated) {
  return {std::move(name), found == stated, found_and_stated(text(found), text(stated))};
}

Check same_number(std::string name, double found, double stated) {
  return {std::move(name), close(found, stated), found_and_stated(text(found), text(stated))};
}

Check not_negative(double smallest_weight) {
  return {"weights not negative", smallest_weight >= 0, "smallest " + text(smallest_weight)};
}

bool same_diameters(const DiameterQuantiles& found, const DiameterQuantiles& stated) {
  return close(found.minimum, stated.minimum) && close(found.median, stated.median) &&
         close(found.upper_decile, stated.upper_decile) && close(found.maximum, stated.maximum);
}

std::string largest_diameters(const DiameterQuantiles& found, const DiameterQuantiles& stated) {
  return "largest diameter " + found_and_stated(text(found.maximum), text(stated.maximum));
}

Check same_probes(const std::vector<ProbeError>& found, const std::vector<ProbeError>& stated) {
  const auto rms = [](const std::vector<ProbeError>& probes, double ProbeError::*error) {
    return text(rms_of_all(probes, error));
  };
  return {"probes", std::equal(found.begin(), found.end(), stated.begin(), stated.end(), same_probe),
          "rms error " + found_and_stated(rms(found, &ProbeError::coreset), rms(stated, &ProbeError::coreset)) +
              "; of a random subset " +
              found_and_stated(rms(found, &ProbeError::random), rms(stated, &ProbeError::random))};
}

}  // namespace momentset::certificate
