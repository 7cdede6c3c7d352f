#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/input.hpp"

namespace momentset::io {

/// What a pass over a source shall deliver.
struct Request {
  /// Columns, in the order wanted. A typed format delivers the types it has; CSV converts to the types given here,
  /// where utf8 and binary keep the text of every cell as it stands.
  arrow::FieldVector fields;
  /// False where nobody needs a row of [begin, end): such rows may be skipped. Unset: all are needed.
  std::function<bool(std::int64_t begin, std::int64_t end)> needs;
};

/// Consecutive rows of a source.
struct Batch {
  std::shared_ptr<arrow::RecordBatch> data;  ///< the requested columns, in the requested order
  std::int64_t first_row = 0;                ///< number in the source of its first row
  double fraction = 0;                       ///< share of the source read so far, this batch included
};

/// Returns false to end the pass.
using Visitor = std::function<bool(const Batch&)>;

/// Thrown by Source::scan where a CSV cell does not fit the type asked for. Whoever asked knows whether another type
/// will do, so this is not an Error yet.
struct ConversionFailure {
  std::string column;
};

/// How many cells of a column hold something and how many of those read as numbers.
struct TextTally {
  std::int64_t filled = 0, numbers = 0;
  bool mostly_numbers() const { return 2 * numbers > filled; }
};

/// A cell of a text file.
struct TextCell {
  std::int64_t line = 0;  ///< physical line, from 1
  std::string text;
};

/// One input file as a sequence of record batches. Memory is bounded by a few batches, whatever the size of the file.
class Source {
 public:
  explicit Source(Input input) : input_(std::move(input)) {}
  virtual ~Source() = default;

  const Input& input() const { return input_; }
  const std::string& name() const { return input_.name(); }

  const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }
  /// Number of rows where the format states it.
  virtual std::optional<std::int64_t> rows() const = 0;

  /// One pass from the first row on. Throws Error, or ConversionFailure.
  virtual void scan(const Request& request, const Visitor& visit) = 0;

  // For text formats, which know lines and may meet text where numbers are due.

  /// What the first block holds in a column of text.
  virtual TextTally tally(const std::string& /*column*/) const { return {}; }
  /// The first cell of `column` that does not convert to `type`.
  virtual std::optional<TextCell> first_misfit(const std::string& /*column*/, const arrow::DataType& /*type*/) const {
    return std::nullopt;
  }
  virtual std::optional<std::int64_t> line_of(std::int64_t /*row*/) const { return std::nullopt; }
  /// Number of rows, counted if need be, but not beyond `limit`.
  virtual std::int64_t count_rows(std::int64_t /*limit*/) const { return rows().value_or(0); }

 protected:
  std::shared_ptr<arrow::Schema> schema_;

 private:
  Input input_;
};

std::unique_ptr<Source> open_csv(Input input);
std::unique_ptr<Source> open_parquet(Input input);
std::unique_ptr<Source> open_ipc(Input input);
std::unique_ptr<Source> open_npy(Input input);

/// The columns of `fields` by name, in that order. Throws Error where one is missing.
std::shared_ptr<arrow::RecordBatch> pick(const std::string& file, const arrow::RecordBatch& batch,
                                         const arrow::FieldVector& fields);

/// Whether Arrow may use its thread pools (set_threads).
bool use_threads();

constexpr std::int64_t rows_per_batch = 65'536;

}  // namespace momentset::io
