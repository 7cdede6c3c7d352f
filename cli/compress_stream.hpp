#pragma once

#include <optional>

#include "compress_options.hpp"
#include "coreset_files.hpp"
#include "momentset/io/table.hpp"

namespace momentset::cli {

/// `compress` for a table that --memory has no room for: one pass through a sketch, another that gathers the survivors.
/// Throws Error for options that take all rows at once. Returns the exit status.
int compress_in_batches(const CompressArguments& options, const io::Table& table, std::optional<CoresetFiles>& files);

}  // namespace momentset::cli
