#define FMT_HEADER_ONLY 1
#include "format.hpp"

#include <fmt/format.h>

namespace momentset {

std::string formatted_arguments(fmt::string_view pattern, fmt::format_args arguments) {
  return fmt::vformat(pattern, arguments);
}

std::string joined(std::span<const std::string> words, std::string_view separator) {
  std::string all;
  for (const std::string& word : words) {
    if (&word != words.data()) all += separator;
    all += word;
  }
  return all;
}

}  // namespace momentset
