#pragma once

#include <span>
#include <string>

#include "momentset/io/table.hpp"

namespace momentset::cli {

/// Some rows of a table, and where they go.
struct RowsToWrite {
  std::span<const Index> points;  ///< of the features, ascending
  std::span<const double> weights;
  int order = 0;       ///< of the moments that they keep; 0: of none
  std::string output;  ///< as the user named it: the suffix tells the format
  std::string path;    ///< written to: a file beside the output, or "-"
};

/// Writes the rows as they stand in the table, with their new weights and the metadata of a coreset.
void write_rows(const io::Table& table, const io::Features& features, const RowsToWrite& rows);

}  // namespace momentset::cli
