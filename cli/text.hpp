#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace momentset::cli {

std::string grouped(std::size_t number);  ///< 1234567 -> "1,234,567"
std::string with_unit(double number);     ///< 1234567 -> "1.23 M"
std::string bytes(double count);          ///< 1234567 -> "1.2 MB"
std::string duration(double seconds);     ///< 75 -> "1:15", 0.034 -> "0.03 s"

/// The lines of a text; none of an empty one.
std::vector<std::string> split_lines(const std::string& text);

/// The whole number that a user gave. Throws Error unless it is one, not negative and below 2^64.
std::uint64_t parse_count(const std::string& option, const std::string& text);

/// A number of bytes, which may have a unit: B, kB, MB, GB, TB, KiB, MiB, GiB or TiB. Throws Error as parse_count().
std::uint64_t parse_bytes(const std::string& option, const std::string& text);

}  // namespace momentset::cli
