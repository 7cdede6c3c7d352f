#include "io/csv_records.hpp"

#include <string_view>
#include <utility>

#include "io/failure.hpp"

namespace momentset::io {
namespace {

constexpr int end_of_file = -1;
constexpr std::size_t block_size = 1 << 20;

bool ends_line(int c) { return c == '\n' || c == '\r'; }

}  // namespace

CsvRecords::CsvRecords(std::shared_ptr<arrow::io::InputStream> stream, std::string name)
    : stream_(std::move(stream)), name_(std::move(name)), block_(block_size) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (peek() != end_of_file && std::string_view(block_.data(), end_).starts_with(byte_order_mark)) {
    position_ = byte_order_mark.size();
  }
}

int CsvRecords::peek() {
  if (position_ == end_) {
    position_ = 0;
    end_ = static_cast<std::size_t>(
        unwrap(name_, "cannot be read", stream_->Read(static_cast<std::int64_t>(block_.size()), block_.data())));
    if (end_ == 0) return end_of_file;
  }
  return static_cast<unsigned char>(block_[position_]);
}

void CsvRecords::skip_line_end() {
  const bool carriage_return = peek() == '\r';
  skip();
  if (carriage_return && peek() == '\n') skip();
  ++line_;
}

void CsvRecords::keep(char c) {
  if (count_ <= max_fields && fields_.back().text.size() < max_text) fields_.back().text.push_back(c);
}

void CsvRecords::read_field() {
  if (++count_ <= max_fields) fields_.push_back({line_, {}});
  if (peek() == '"') {
    const std::int64_t quote_line = line_;
    skip();
    for (;;) {
      const int c = peek();
      if (c == end_of_file) {
        open_quote_line_ = quote_line;
        return;
      }
      skip();
      if (c == '"') {
        if (peek() != '"') break;
        skip();
      }
      // CRLF inside quotes is one line end.
      if (c == '\n' || (c == '\r' && peek() != '\n')) ++line_;
      keep(static_cast<char>(c));
    }
  }
  for (int c = peek(); c != end_of_file && c != ',' && !ends_line(c); c = peek()) {
    keep(static_cast<char>(c));
    skip();
  }
}

bool CsvRecords::next() {
  while (ends_line(peek())) skip_line_end();
  if (peek() == end_of_file) return false;
  record_line_ = line_;
  count_ = 0;
  fields_.clear();
  for (;;) {
    read_field();
    if (peek() != ',') break;
    skip();
  }
  if (ends_line(peek())) skip_line_end();
  return true;
}

}  // namespace momentset::io
