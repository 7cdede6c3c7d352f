#include "text.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <sstream>
#include <string_view>
#include <system_error>
#include <utility>

#include "momentset/error.hpp"

namespace momentset::cli {
namespace {

struct Scaled {
  double number;
  std::size_t power;  // of 1000, at most 4: no unit goes further
};

Scaled in_thousands(double number) {
  std::size_t power = 0;
  for (; number >= 1000 && power < 4; ++power) number /= 1000;
  return {number, power};
}

}  // namespace

std::string grouped(std::size_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t k = digits.size(); k > 3; k -= 3) digits.insert(k - 3, ",");
  return digits;
}

std::string with_unit(double number) {
  const Scaled scaled = in_thousands(number);
  return fmt::format("{:.3g}{}", scaled.number, std::array{"", " k", " M", " G", " T"}[scaled.power]);
}

std::string bytes(double count) {
  const Scaled scaled = in_thousands(count);
  const int decimals = scaled.power < 2 ? 0 : 1;
  return fmt::format("{:.{}f} {}", scaled.number, decimals, std::array{"B", "kB", "MB", "GB", "TB"}[scaled.power]);
}

std::string duration(double seconds) {
  if (seconds < 60) return fmt::format("{:.2f} s", seconds);
  const auto whole = static_cast<long long>(std::llround(seconds));
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

std::vector<std::string> split_lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::uint64_t parse_count(const std::string& option, const std::string& text) {
  std::uint64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure == std::errc{} && end == text.data() + text.size()) return number;
  throw Error(option, text, "must be a whole number, not negative and below 2^64");
}

std::uint64_t parse_bytes(const std::string& option, const std::string& text) {
  constexpr std::pair<std::string_view, std::uint64_t> units[] = {
      {"KiB", 1ULL << 10}, {"MiB", 1ULL << 20}, {"GiB", 1ULL << 30},   {"TiB", 1ULL << 40},       {"kB", 1'000},
      {"KB", 1'000},       {"MB", 1'000'000},   {"GB", 1'000'000'000}, {"TB", 1'000'000'000'000}, {"B", 1}};
  for (const auto& [unit, size] : units) {
    if (!text.ends_with(unit)) continue;
    std::string number = text.substr(0, text.size() - unit.size());
    while (number.ends_with(' ')) number.pop_back();
    const std::uint64_t count = parse_count(option, number);
    if (count > std::numeric_limits<std::uint64_t>::max() / size) throw Error(option, text, "must be below 2^64 bytes");
    return count * size;
  }
  return parse_count(option, text);
}

}  // namespace momentset::cli
