#pragma once

#include <vector>

#include "claim.hpp"
#include "momentset/io/table.hpp"

namespace momentset::cli {

/// The rows of a compressed table as they stand in the file, nothing checked.
struct OutputRows {
  std::vector<double> coordinates;  ///< row-major
  std::vector<double> weights, rows;
  std::vector<double> targets;     ///< row by row; none where the output has no such columns
  std::vector<io::Levels> levels;  ///< of the columns of the groups; none where the output has no such columns
};

/// Throws Error where columns that the claim speaks of are missing, or hold no finite numbers.
OutputRows read_output(const io::Table& table, const Claim& claim);

/// The numbers of rows. Where one of them cannot be the number of a row it is described in `problem`.
std::vector<std::uint64_t> row_numbers(const OutputRows& output, std::string& problem);

}  // namespace momentset::cli
