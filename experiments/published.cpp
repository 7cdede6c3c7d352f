#include "experiments/published.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "momentset/error.hpp"

namespace momentset::experiments {
namespace {

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields;
  std::istringstream text(line);
  for (std::string field; std::getline(text, field, ',');) fields.push_back(field);
  return fields;
}

}  // namespace

Published::Published(const std::string& experiment) {
  const std::filesystem::path path =
      std::filesystem::path(__FILE__).parent_path() / "reference" / (experiment + ".csv");
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) throw Error(path.string(), "", "cannot be read");
  const std::vector<std::string> names = fields_of(line);
  while (std::getline(file, line)) {
    const std::vector<std::string> fields = fields_of(line);
    if (fields.size() != names.size()) throw Error(path.string(), line, "must have as many fields as the header");
    std::map<std::string, double>& row = rows_.emplace_back();
    for (std::size_t c = 0; c < names.size(); ++c) row[names[c]] = std::stod(fields[c]);
  }
}

std::optional<double> Published::find(const std::string& column, std::size_t m, std::size_t d,
                                      std::optional<int> k) const {
  for (const std::map<std::string, double>& row : rows_) {
    if (row.at("m") != double(m) || row.at("d") != double(d)) continue;
    if (k && row.contains("k") && row.at("k") != *k) continue;
    return row.at(column);
  }
  return std::nullopt;
}

}  // namespace momentset::experiments
