#pragma once

#include <cstddef>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "certificate/json_fields.hpp"
#include "momentset/certificate.hpp"

namespace momentset::certificate {

// Fields that certificates of tables and of streams share. All throw Error, naming the field at fault.

inline constexpr std::size_t anything = std::numeric_limits<std::size_t>::max();

void require_format(const JsonField& root, const std::string& format, int version);
/// Names of the coordinates: none, or one for each.
std::vector<std::string> read_columns(const JsonField& root, std::size_t dimension);
std::map<std::string, std::string> read_options(const JsonField& root);
DiameterQuantiles read_diameters(const JsonField& diameters);
/// With the overall errors, which repeat what the families say.
std::vector<ProbeError> read_probes(const JsonField& root);
/// That there is a residual for each order, and that the worst is stated.
void require_residuals(const JsonField& root, int order, std::size_t found, double worst);
/// "xxh3-128:" and 32 hexadecimal digits.
std::string read_hash(const JsonField& field);

}  // namespace momentset::certificate
