#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "certificate/selection.hpp"

namespace momentset::certificate {

/// "xxh3-128:<32 hex digits>" of m, the number of points, the coordinates and the weights, as little-endian 64-bit
/// numbers; absent weights count as ones.
std::string hash_input(const Selection& points);

/// The same of m, the number of points, the row numbers, the coordinates and the weights.
std::string hash_output(std::span<const Index> rows, const Selection& points);
std::string hash_output(std::span<const std::uint64_t> rows, const Selection& points);

}  // namespace momentset::certificate
