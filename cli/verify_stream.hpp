#pragma once

#include <vector>

#include "claim.hpp"
#include "output_rows.hpp"
#include "progress.hpp"

namespace momentset::cli {

/// Holds the coreset of a stream, of which the claim has the certificate, against the tables that were the stream: one
/// pass, a few batches in memory.
std::vector<Check> checks_in_batches(const Claim& claim, const io::Table& input, const OutputRows& output, int threads,
                                     ProgressBar& progress);

}  // namespace momentset::cli
