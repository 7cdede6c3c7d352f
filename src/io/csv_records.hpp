#pragma once

#include <arrow/io/interfaces.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace momentset::io {

/// Walks the records of a CSV file by the rules of Arrow's parser, and knows the physical line of every field. Arrow
/// converts the numbers, fast, but says neither line nor row when it fails; this says where. Also serves as a count.
///
/// Rules: fields end at ',' and records at LF, CR or CRLF; a field that starts with '"' ends at the next '"' that is
/// not doubled; lines with nothing in them are no records; a byte order mark at the start of the file is skipped.
class CsvRecords {
 public:
  struct Field {
    std::int64_t line = 0;  ///< physical line it starts on
    std::string text;       ///< unquoted; cut after max_text bytes
  };
  static constexpr std::size_t max_text = 1 << 16;
  static constexpr std::size_t max_fields = 1 << 20;  ///< kept of a record; more are only counted

  /// @param stream at the start of a record
  /// @param name   of the file, for messages
  CsvRecords(std::shared_ptr<arrow::io::InputStream> stream, std::string name);

  /// Moves to the next record; false at the end of the file.
  bool next();

  std::int64_t line() const { return record_line_; }  ///< physical line the record starts on, from 1
  std::size_t count() const { return count_; }        ///< fields of the record
  const std::vector<Field>& fields() const { return fields_; }
  /// Line of a quote that the end of the file left open; 0 if there is none. Known after next() returned false or
  /// delivered the last record.
  std::int64_t open_quote_line() const { return open_quote_line_; }

 private:
  int peek();
  void skip() { ++position_; }
  void skip_line_end();
  void read_field();
  void keep(char c);

  std::shared_ptr<arrow::io::InputStream> stream_;
  std::string name_;
  std::vector<char> block_;
  std::size_t position_ = 0, end_ = 0;
  std::int64_t line_ = 1, record_line_ = 0, open_quote_line_ = 0;
  std::size_t count_ = 0;
  std::vector<Field> fields_;
};

}  // namespace momentset::io
