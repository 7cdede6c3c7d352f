#pragma once

#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "io/sink.hpp"
#include "io/table_data.hpp"
#include "momentset/io/table.hpp"

namespace momentset::io {

/// The rows to write, one entry each.
struct Gathered {
  std::vector<std::int64_t> rows;   ///< table rows, ascending
  std::vector<std::size_t> points;  ///< that they are, by number in the features
  std::span<const double> weights;
  std::span<const std::int64_t> row_names;
  std::span<const NewValues> new_values = {};
};

/// Second pass over a table: picks the rows out, checks that their coordinates are those that were read, and writes
/// them in batches. Holds a few batches in memory.
class Gatherer {
 public:
  /// @param fields columns of the input to keep, with the types to ask a CSV source for
  /// @param added  names of the new columns; no `file` column where its name is empty
  Gatherer(const TableData& table, const Gathered& rows, const Features& features, const AddedColumns& added,
           arrow::FieldVector fields, std::shared_ptr<const arrow::KeyValueMetadata> metadata);

  /// Throws Error, or ConversionFailure: the caller may ask for other types and write again.
  void write(const Stream& stream, Format format, const std::string& name);

 private:
  void take(const TableData::Piece& piece);
  void require_unchanged(const TableData::Piece& piece, const arrow::RecordBatch& taken, std::size_t begin) const;
  void flush();
  arrow::ArrayVector added_columns(const Source& source, std::size_t begin, std::size_t end) const;

  const TableData& table_;
  const Gathered& rows_;
  const Features& features_;
  Request request_;
  std::shared_ptr<arrow::Schema> schema_;  ///< of the output
  bool with_file_ = false;
  std::vector<int> new_columns_;  ///< number of the column for each of rows_.new_values
  int kept_columns_ = 0;          ///< the first of the request; coordinates that are not kept follow
  std::string name_;              ///< of the output, for messages
  std::unique_ptr<Sink> sink_;
  std::int64_t flush_rows_ = 0;
  std::size_t next_ = 0;  ///< first of rows_ that is still to come
  std::vector<std::shared_ptr<arrow::RecordBatch>> pending_;
  std::int64_t pending_rows_ = 0;
};

}  // namespace momentset::io
