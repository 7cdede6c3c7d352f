#pragma once

#include <stdexcept>
#include <string>

namespace momentset {

/// Invalid input: an argument, option, column or file broke a rule.
///
/// what() reads "<field>: <value>: <rule>", for example "order: -1: must be between 0 and 30".
/// Numerical outcomes (rank loss, a residual above its tolerance) are never exceptions: they are fields of the
/// results.
class Error : public std::runtime_error {
 public:
  /// @param field argument, option, column or file at fault
  /// @param value what was found there; may be empty where the rule says it all
  /// @param rule  the rule that it broke, as a phrase in lower case without a full stop
  Error(std::string field, std::string value, std::string rule)
      : std::runtime_error(field + ": " + (value.empty() ? "" : value + ": ") + rule),
        field_(std::move(field)),
        value_(std::move(value)),
        rule_(std::move(rule)) {}

  const std::string& field() const noexcept { return field_; }
  const std::string& value() const noexcept { return value_; }
  const std::string& rule() const noexcept { return rule_; }

 private:
  std::string field_, value_, rule_;
};

/// Thrown by a call whose std::stop_token was asked to stop. Nothing of what it was to return or write is left behind.
class Cancelled : public std::runtime_error {
 public:
  Cancelled() : std::runtime_error("cancelled") {}
};

}  // namespace momentset
