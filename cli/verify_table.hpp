#pragma once

#include <string>
#include <vector>

#include "claim.hpp"
#include "output_rows.hpp"

namespace momentset::cli {

/// Holds a compressed table against its input, which lies in memory.
/// @param feature_files columns whose sums were kept beside the moments, in the order in which they were given
std::vector<Check> checks_in_memory(const Claim& claim, const io::Features& input, const OutputRows& output,
                                    const std::vector<std::string>& feature_files, int threads);

}  // namespace momentset::cli
