#include "certificate/json_fields.hpp"

#include <cmath>

#include "certificate/text.hpp"
#include "momentset/error.hpp"

namespace momentset::certificate {
namespace {

constexpr int deepest_nesting = 16;
constexpr std::size_t longest_excerpt = 60;

// What stands in the field, short enough for a message.
std::string excerpt(const nlohmann::json& value) {
  if (value.is_array()) return "an array of " + text(value.size());
  if (value.is_object()) return "an object";
  std::string shown = value.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  if (shown.size() > longest_excerpt) shown = shown.substr(0, longest_excerpt) + "...";
  return shown;
}

}  // namespace

void JsonField::require(bool holds, const std::string& rule) const {
  if (!holds) throw Error(name_.empty() ? "certificate" : name_, excerpt(value_), rule);
}

bool JsonField::has(const char* key) const { return value_.is_object() && value_.contains(key); }

JsonField JsonField::operator[](const char* key) const {
  require(value_.is_object(), "must be an object");
  const std::string name = name_.empty() ? key : name_ + "." + key;
  const auto found = value_.find(key);
  if (found == value_.end()) throw Error(name, "", "is missing");
  return {*found, name};
}

std::vector<JsonField> JsonField::elements(std::size_t limit) const {
  require(value_.is_array(), "must be an array");
  require(value_.size() <= limit, "must have at most " + text(limit) + " elements");
  std::vector<JsonField> list;
  list.reserve(value_.size());
  for (const nlohmann::json& element : value_) list.emplace_back(element, name_ + "[" + text(list.size()) + "]");
  return list;
}

std::vector<std::pair<std::string, JsonField>> JsonField::members() const {
  require(value_.is_object(), "must be an object");
  std::vector<std::pair<std::string, JsonField>> list;
  for (const auto& [key, member] : value_.items()) list.emplace_back(key, JsonField(member, name_ + "." + key));
  return list;
}

std::uint64_t JsonField::integer(std::uint64_t least, std::uint64_t most) const {
  const std::string rule = "must be an integer from " + text(least) + " to " + text(most);
  require(value_.is_number_unsigned(), rule);
  const auto number = value_.get<std::uint64_t>();
  require(least <= number && number <= most, rule);
  return number;
}

double JsonField::number(double least) const {
  require(value_.is_number(), "must be a number");
  const auto number = value_.get<double>();
  require(std::isfinite(number), "must be finite");
  require(number >= least, "must be at least " + text(least));
  return number;
}

bool JsonField::boolean() const {
  require(value_.is_boolean(), "must be true or false");
  return value_.get<bool>();
}

std::string JsonField::string() const {
  require(value_.is_string(), "must be a string");
  return value_.get<std::string>();
}

nlohmann::json parse_json(std::string_view text) {
  const auto check_depth = [](int depth, nlohmann::json::parse_event_t, const nlohmann::json&) {
    if (depth > deepest_nesting) throw Error("certificate", "", "is nested deeper than any certificate");
    return true;
  };
  try {
    return nlohmann::json::parse(text, check_depth);
  } catch (const nlohmann::json::exception& error) {
    throw Error("certificate", "", std::string("is not JSON: ") + error.what());
  }
}

}  // namespace momentset::certificate
