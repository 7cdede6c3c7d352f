#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "momentset/certificate.hpp"

namespace momentset {

// Fields that certificates of tables and of streams share.
nlohmann::ordered_json probes_json(const std::vector<ProbeError>& probes);
nlohmann::ordered_json diameters_json(const DiameterQuantiles& diameters);

}  // namespace momentset
