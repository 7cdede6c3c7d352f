#pragma once

#include <arrow/type.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/source.hpp"
#include "momentset/io/table.hpp"

namespace momentset::io {

/// What a Table holds.
struct TableData {
  std::vector<std::string> files;
  Format format = Format::csv;
  std::vector<std::unique_ptr<Source>> sources;
  std::shared_ptr<arrow::Schema> schema;  ///< of all files, CSV types widened until they fit all
  std::vector<Column> columns;
  std::optional<CoresetMetadata> coreset;
  std::vector<std::string> notices;

  /// A batch together with where it comes from.
  struct Piece {
    const Batch& batch;  ///< rows and fraction of its own source
    const Source& source;
    std::int64_t first_row = 0;  ///< number in the table of its first row
    double fraction = 0;         ///< share of the whole table read so far
  };

  /// One pass over all files; Request::needs is asked for table rows. Stops when `visit` returns false.
  void scan(const Request& request, const std::function<bool(const Piece&)>& visit) const;

  /// Number of rows where every file states it.
  std::optional<std::int64_t> rows() const;
  std::int64_t bytes() const;
  bool several() const { return sources.size() > 1; }

  const Column& column(int index) const { return columns[static_cast<std::size_t>(index)]; }
  bool is_csv() const { return format == Format::csv; }

  /// " of a.csv", or nothing where there is one file only.
  std::string of_file(const Source& source) const { return several() ? " of " + source.name() : ""; }
};

/// The columns that one read is about.
struct Selection {
  std::vector<int> coordinates, targets, levels;
  std::optional<int> weight;
  std::optional<int> row_name;
  std::vector<std::string> notices;
};
Selection select_columns(const TableData& table, const ReadOptions& options);

/// Names of the columns that `write` adds. Ours, unless the input has a column of that name that is its own: that one
/// is kept, and ours gets the prefix "coreset_".
struct AddedColumns {
  std::string weight = "weight", row = "row";
  std::string file;                   ///< empty: no such column
  std::vector<std::string> replaced;  ///< columns of the input that give way
};
AddedColumns added_columns(const TableData& table, const std::string& weight_column, bool with_file);

}  // namespace momentset::io
