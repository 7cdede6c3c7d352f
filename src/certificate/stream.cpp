#include "momentset/certificate/stream.hpp"

#include <algorithm>
#include <cmath>

#include "certificate/json_write.hpp"
#include "certificate/probes.hpp"

namespace momentset {

double StreamCertificate::worst_residual() const {
  return residuals.empty() ? 0 : *std::max_element(residuals.begin(), residuals.end());
}

double StreamCertificate::probe_coreset() const { return certificate::rms_of_all(probes, &ProbeError::coreset); }
double StreamCertificate::probe_random() const { return certificate::rms_of_all(probes, &ProbeError::random); }

bool StreamCertificate::holds() const {
  return worst_residual() <= tolerance && std::fabs(mass_output - mass_input) <= tolerance * mass_input &&
         smallest_weight >= 0;
}

std::string StreamCertificate::to_json() const {
  nlohmann::ordered_json fields{
      {"format", "momentset-stream-certificate"},
      {"format_version", format_version},
      {"library_version", library_version},
      {"rows", rows},
      {"size", size},
      {"dimension", dimension},
      {"order", order},
      {"features", features},
      {"seed", seed},
      {"columns", columns},
      {"mass", {{"input", mass_input}, {"output", mass_output}}},
      {"weights",
       {{"smallest", smallest_weight}, {"largest", largest_weight}, {"effective_sample_size", effective_sample_size}}},
      {"residuals", residuals},
      {"worst_residual", worst_residual()},
      {"tolerance", tolerance},
      {"output_hash", output_hash}};
  if (cells > 0) {
    fields["cells"] = cells;
    fields["diameters"] = diameters_json(diameters);
    fields["probes"] = probes_json(probes);
    fields["probe_rms"] = {{"coreset", probe_coreset()}, {"random", probe_random()}};
  }
  return fields.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace momentset
