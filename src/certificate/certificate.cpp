#include "momentset/certificate.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "certificate/probes.hpp"

namespace momentset {

double Certificate::worst_residual() const {
  double worst = 0;
  for (const OrderResidual& residual : residuals) worst = std::max({worst, residual.global, residual.cells});
  for (const CompanionResidual& residual : companions) worst = std::max({worst, residual.global, residual.cells});
  worst = std::max({worst, map_columns.global, map_columns.cells});
  for (const GroupResidual& group : groups) worst = std::max({worst, group.global, group.cells});
  return worst;
}

double Certificate::probe_coreset() const { return certificate::rms_of_all(probes, &ProbeError::coreset); }

double Certificate::probe_random() const { return certificate::rms_of_all(probes, &ProbeError::random); }

bool Certificate::holds() const {
  return worst_residual() <= tolerance && std::fabs(mass_output - mass_expected) <= tolerance * mass_expected &&
         smallest_weight >= 0 && moved_points == 0;
}

double residual_tolerance(std::size_t features) {
  return 64 * static_cast<double>(features) * std::numeric_limits<double>::epsilon();
}

}  // namespace momentset
