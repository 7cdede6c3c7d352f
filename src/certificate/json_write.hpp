#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "momentset/certificate.hpp"

namespace momentset {

// Fields that certificates of tables and of streams share.
nlohmann::ordered_json probes_json(const std::vector<ProbeError>& probes);
nlohmann::ordered_json diameters_json(const DiameterQuantiles& diameters);

/// One line a field: people can read it, and long arrays stay out of their way. Names that are not UTF-8, which JSON
/// cannot carry, get replacement characters.
std::string certificate_text(const nlohmann::ordered_json& fields);

}  // namespace momentset
