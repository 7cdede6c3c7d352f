#pragma once

// Text of errors and notices. fmt's headers define everything inline and take longer to compile than most sources:
// here only format.cpp does that for all.

#include <fmt/core.h>

#include <span>
#include <string>
#include <string_view>

namespace momentset {

std::string formatted_arguments(fmt::string_view pattern, fmt::format_args arguments);

/// fmt::format(): the pattern is checked when it is compiled.
template <class... Values>
std::string formatted(fmt::format_string<Values...> pattern, Values&&... values) {
  return formatted_arguments(pattern, fmt::make_format_args(values...));
}

std::string joined(std::span<const std::string> words, std::string_view separator);

}  // namespace momentset
