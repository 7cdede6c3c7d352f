#include <arrow/csv/api.h>
#include <arrow/io/file.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "io/csv_records.hpp"
#include "io/failure.hpp"
#include "io/numbers.hpp"
#include "io/source.hpp"

namespace momentset::io {
namespace {

const std::string problem = "cannot be read as CSV";
constexpr std::int32_t block_bytes = 4 << 20;  ///< also the longest record, and what types are inferred from

/// The column that Arrow's "In CSV column #3: ..." speaks of; -1 for any other message.
int failed_column(const arrow::Status& status) {
  constexpr std::string_view prefix = "In CSV column #";
  const std::string_view message = status.message();
  if (!message.starts_with(prefix)) return -1;
  int column = -1;
  std::from_chars(message.data() + prefix.size(), message.data() + message.size(), column);
  return column;
}

class CsvSource : public Source {
 public:
  explicit CsvSource(Input input) : Source(std::move(input)) {
    CsvRecords records = walk();
    if (!records.next()) throw Error(name(), "", "is empty");
    for (const auto& field : records.fields()) header_.push_back(field.text);
    has_rows_ = records.next();
    if (has_rows_) {
      infer();
    } else if (records.open_quote_line() > 0) {
      fail_open_quote(records.open_quote_line());
    } else {
      arrow::FieldVector fields;
      for (const auto& text : header_) fields.push_back(arrow::field(text, arrow::null()));
      schema_ = arrow::schema(std::move(fields));
    }
  }

  std::optional<std::int64_t> rows() const override {
    return has_rows_ ? std::nullopt : std::optional<std::int64_t>(0);
  }

  void scan(const Request& request, const Visitor& visit) override {
    if (!has_rows_) return;
    auto convert = arrow::csv::ConvertOptions::Defaults();
    for (const auto& field : request.fields) {
      convert.include_columns.push_back(field->name());
      convert.column_types[field->name()] = field->type();
    }
    const auto reader = open(convert);
    const auto bytes = static_cast<double>(std::max<std::int64_t>(1, input().bytes()));
    std::int64_t first_row = 0;
    std::int64_t boundary = 0, next_boundary = 0;  // starts of the last batch and of the one after it
    for (;;) {
      auto next = guarded(name(), problem, [&] { return reader->Next(); });
      if (!next.ok()) explain(next.status());
      const auto& batch = *next;
      if (batch == nullptr) break;
      const double fraction = std::min(1.0, static_cast<double>(reader->bytes_read()) / bytes);
      if (batch->num_rows() > 0 && !visit({pick(name(), *batch, request.fields), first_row, fraction})) return;
      first_row += batch->num_rows();
      boundary = next_boundary;
      next_boundary = reader->bytes_read();
    }
    require_closed_quotes(boundary);
  }

  TextTally tally(const std::string& column) const override {
    const auto found = tallies_.find(column);
    return found == tallies_.end() ? TextTally{} : found->second;
  }

  std::optional<TextCell> first_misfit(const std::string& column, const arrow::DataType& type) const override {
    const auto position = std::find(header_.begin(), header_.end(), column);
    const auto index = static_cast<std::size_t>(position - header_.begin());
    CsvRecords records = walk();
    records.next();
    while (records.next()) {
      if (index >= records.fields().size()) continue;
      const auto& field = records.fields()[index];
      if (is_null_text(field.text)) continue;
      const bool fits =
          arrow::is_integer(type.id()) ? parse_integer(field.text).has_value() : parse_double(field.text).has_value();
      if (!fits) return TextCell{field.line, field.text};
    }
    return std::nullopt;
  }

  std::optional<std::int64_t> line_of(std::int64_t row) const override {
    CsvRecords records = walk();
    for (std::int64_t record = -1; records.next(); ++record) {
      if (record == row) return records.line();
    }
    return std::nullopt;
  }

  std::int64_t count_rows(std::int64_t limit) const override {
    CsvRecords records = walk();
    std::int64_t count = -1;
    while (count < limit && records.next()) ++count;
    return std::max<std::int64_t>(0, count);
  }

 private:
  CsvRecords walk() const { return {input().open(), name()}; }

  std::shared_ptr<arrow::csv::StreamingReader> open(const arrow::csv::ConvertOptions& convert) const {
    auto read = arrow::csv::ReadOptions::Defaults();
    read.block_size = block_bytes;
    read.use_threads = use_threads();
    auto parse = arrow::csv::ParseOptions::Defaults();
    parse.newlines_in_values = true;
    auto reader = guarded(name(), problem, [&] {
      return arrow::csv::StreamingReader::Make(arrow::io::default_io_context(), input().open(), read, parse, convert);
    });
    if (!reader.ok()) explain(reader.status());
    return std::move(reader).ValueUnsafe();
  }

  void infer() {
    const auto reader = open(arrow::csv::ConvertOptions::Defaults());
    schema_ = reader->schema();
    auto first = guarded(name(), problem, [&] { return reader->Next(); });
    if (!first.ok()) explain(first.status());
    if (*first == nullptr) return;
    for (int i = 0; i < schema_->num_fields(); ++i) {
      if (holds_text(*schema_->field(i)->type())) tallies_[schema_->field(i)->name()] = count(*(*first)->column(i));
    }
  }

  static TextTally count(const arrow::Array& array) {
    const auto& texts = static_cast<const arrow::BinaryArray&>(array);
    TextTally tally;
    for (std::int64_t i = 0; i < texts.length(); ++i) {
      const std::string_view text = texts.GetView(i);
      if (is_null_text(text)) continue;
      ++tally.filled;
      tally.numbers += parse_double(text).has_value() ? 1 : 0;
    }
    return tally;
  }

  /// Arrow's message says what broke but not on which line: walk the file again to find out.
  [[noreturn]] void explain(const arrow::Status& status) const {
    const int column = failed_column(status);
    if (column >= 0 && static_cast<std::size_t>(column) < header_.size()) {
      throw ConversionFailure{header_[static_cast<std::size_t>(column)]};
    }
    if (status.IsInvalid()) require_well_formed();
    fail(name(), problem, status);
  }

  void require_well_formed() const {
    CsvRecords records = walk();
    std::int64_t ragged_line = 0;
    std::size_t ragged_count = 0;
    while (records.next()) {
      if (ragged_line == 0 && records.count() != header_.size()) {
        ragged_line = records.line();
        ragged_count = records.count();
      }
    }
    // An open quote swallows the lines after it, so it comes before the ragged line that it makes.
    if (records.open_quote_line() > 0 && (ragged_line == 0 || records.line() <= ragged_line)) {
      fail_open_quote(records.open_quote_line());
    }
    if (ragged_line > 0) {
      throw Error(name(), "line " + std::to_string(ragged_line),
                  "must have " + std::to_string(header_.size()) + " fields like the header, has " +
                      std::to_string(ragged_count));
    }
  }

  /// Arrow takes a quote that is never closed for a long last cell, and the rows inside it would be lost unnoticed.
  /// Only the last block can end so: look at what follows `boundary`, and at all of it if that looks wrong.
  void require_closed_quotes(std::int64_t boundary) const {
    const auto stream = input().open();
    check(name(), problem, stream->Seek(boundary));
    CsvRecords tail(stream, name());
    while (tail.next()) {
    }
    if (tail.open_quote_line() == 0) return;
    CsvRecords records = walk();
    while (records.next()) {
    }
    if (records.open_quote_line() > 0) fail_open_quote(records.open_quote_line());
  }

  [[noreturn]] void fail_open_quote(std::int64_t line) const {
    throw Error(name(), "line " + std::to_string(line), "opens a quote that is never closed");
  }

  std::vector<std::string> header_;
  bool has_rows_ = false;
  std::map<std::string, TextTally> tallies_;
};

}  // namespace

std::unique_ptr<Source> open_csv(Input input) { return std::make_unique<CsvSource>(std::move(input)); }

}  // namespace momentset::io
