#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "momentset/sketch.hpp"

namespace momentset::cli {

/// Whether the file begins like a sketch. False where it cannot be read.
bool is_sketch(const std::string& path);

/// Throws Error naming the file where it cannot be read or is no sketch.
Sketch read_sketch(const std::string& path, int threads);

/// A sketch of the first rows of a table.
struct Checkpoint {
  std::string description;  ///< of inputs and options
  std::int64_t rows = 0;    ///< of the table that were read
  std::size_t dropped = 0;  ///< of these
  Sketch sketch;
};

/// Replaces the file as a whole: whoever is killed leaves the one before.
void write_checkpoint(const std::string& path, const std::string& description, std::int64_t rows, std::size_t dropped,
                      const Sketch& sketch);

/// Throws Error naming the file where it cannot be read or is no checkpoint.
Checkpoint read_checkpoint(const std::string& path, int threads);

std::string_view as_text(std::span<const std::uint8_t> bytes);

/// What `momentset info` says of it.
std::string describe(const std::string& path, const Sketch& sketch, bool json);

}  // namespace momentset::cli
