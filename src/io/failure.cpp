#include "io/failure.hpp"

#include <arrow/util/io_util.h>
#include <arrow/util/utf8.h>

#include <algorithm>
#include <cstring>
#include <string>

namespace momentset::io {
namespace {

std::string reason_of(const arrow::Status& status) {
  if (const int number = arrow::internal::ErrnoFromStatus(status); number != 0) return std::strerror(number);
  if (status.IsOutOfMemory()) return "not enough memory";
  const std::string& message = status.message();
  return printable(std::string_view(message).substr(0, message.find('\n')));
}

}  // namespace

std::string printable(std::string_view text, std::size_t limit) {
  std::string line(text.substr(0, limit));
  // A cut may leave half a character at the end: it belongs to the text that was cut off.
  while (line.size() < text.size() && !line.empty() && (static_cast<unsigned char>(text[line.size()]) & 0xC0) == 0x80) {
    line.pop_back();
  }
  const bool is_utf8 = arrow::util::ValidateUTF8(line);
  for (char& c : line) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F || (!is_utf8 && byte >= 0x80)) c = '?';
  }
  if (line.size() < text.size()) line += "...";
  return line;
}

void fail(const std::string& file, const std::string& problem, const arrow::Status& status) {
  const std::string reason = reason_of(status);
  throw Error(file, "", problem + (reason.empty() ? "" : ": " + reason));
}

}  // namespace momentset::io
