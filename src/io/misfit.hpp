#pragma once

#include <arrow/type.h>

#include <cstdint>
#include <string>

#include "io/table_data.hpp"

namespace momentset::io {

/// Throws the Error that names line and text of the first cell of `column` that does not convert to `type`.
[[noreturn]] void fail_at_misfit(const TableData& table, const std::string& column, const arrow::DataType& type);

/// Throws the Error for a value that breaks `rule`, naming the row and where the format knows it the line and the file.
[[noreturn]] void fail_at_row(const TableData& table, const TableData::Piece& piece, std::int64_t row_in_piece,
                              const std::string& column, const std::string& value, const std::string& rule);

}  // namespace momentset::io
