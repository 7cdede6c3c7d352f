#pragma once

#include <charconv>
#include <string>

namespace momentset::certificate {

/// A number as text: integers in full, floating-point numbers as the shortest text that reads back the same.
template <class Number>
std::string text(Number number) {
  char buffer[64];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, number);
  return std::string(buffer, end);
}

}  // namespace momentset::certificate
