#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "momentset/certificate.hpp"

namespace momentset::certificate {

// What is measured held against what is stated: of tables and of streams alike.

/// What two evaluations of the same formula on the same data may differ by, on whatever processor: far above rounding,
/// far below any change that matters.
bool close(double found, double stated, double absolute = 0);

std::string found_and_stated(const std::string& found, const std::string& stated);

Check same_text(std::string name, const std::string& found, const std::string& stated);
Check same_count(std::string name, std::size_t found, std::size_t stated);
Check same_number(std::string name, double found, double stated);
Check not_negative(double smallest_weight);

bool same_diameters(const DiameterQuantiles& found, const DiameterQuantiles& stated);
std::string largest_diameters(const DiameterQuantiles& found, const DiameterQuantiles& stated);

Check same_probes(const std::vector<ProbeError>& found, const std::vector<ProbeError>& stated);

}  // namespace momentset::certificate
