#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "momentset/io/table.hpp"

namespace momentset::cli {

/// Table::read_batches() in a thread of its own, some batches ahead of the visitor, which runs in the caller's: reading
/// and the work on what was read overlap. Order and batches are the same. What goes wrong in reading is thrown when the
/// batches before it have been visited. The progress is reported by the other thread.
std::vector<std::string> read_ahead(
    const io::Table& table, const io::ReadOptions& options, std::int64_t first_row,
    const std::function<void(const io::Features& batch, std::int64_t first_row)>& visit);

}  // namespace momentset::cli
