#pragma once

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace momentset::certificate {

/// A JSON value of someone else's making and its name. Every question it cannot answer as asked is an Error that
/// names the field.
class JsonField {
 public:
  JsonField(const nlohmann::json& value, std::string name) : value_(value), name_(std::move(name)) {}

  /// Whether this is an object with such a member.
  bool has(const char* key) const;
  /// A member that must be there.
  JsonField operator[](const char* key) const;
  /// The elements; at most `limit`.
  std::vector<JsonField> elements(std::size_t limit) const;
  /// Members by name; this must be an object.
  std::vector<std::pair<std::string, JsonField>> members() const;

  std::uint64_t integer(std::uint64_t least, std::uint64_t most) const;
  double number(double least = std::numeric_limits<double>::lowest()) const;
  bool boolean() const;
  std::string string() const;

  /// Throws the Error that this field breaks the rule, unless it holds.
  void require(bool holds, const std::string& rule) const;

 private:
  const nlohmann::json& value_;
  std::string name_;
};

/// Throws Error unless the text is JSON, nested no deeper than any certificate.
nlohmann::json parse_json(std::string_view text);

}  // namespace momentset::certificate
