#pragma once

#include <span>
#include <string>
#include <vector>

#include "coreset_files.hpp"
#include "momentset/io/table.hpp"
#include "momentset/sketch.hpp"

namespace momentset::cli {

/// Some rows of a table, and where they go.
struct RowsToWrite {
  std::span<const Index> points;  ///< of the features, ascending
  std::span<const double> weights;
  int order = 0;                               ///< of the moments that they keep; 0: of none
  std::string output;                          ///< as the user named it: the suffix tells the format
  std::string path;                            ///< written to: a file beside the output, or "-"
  bool columns_only = false;                   ///< leave out all columns but the coordinates, which become float64
  std::vector<io::NewValues> new_values = {};  ///< of columns that change
};

/// Writes the rows as they stand in the table, with their new weights and the metadata of a coreset.
void write_rows(const io::Table& table, const io::Features& features, const RowsToWrite& rows);

/// Writes the coreset of a stream: coordinates as float64, weight and row, and the certificate.
void write_points(const CoresetFiles& files, const StreamCoreset& coreset);

/// Writes the coreset of a table that was read in batches, whose row numbers are places in it, with all columns as they
/// stand in the table, and the certificate, whose hash of the output becomes that of the row names written.
/// @param read how the table was read
void write_rows(const CoresetFiles& files, const io::Table& table, const io::ReadOptions& read, StreamCoreset& coreset);

/// The column of weights that is read; empty if there is none.
std::string weight_column(const io::Table& table, const io::ReadOptions& read);

}  // namespace momentset::cli
