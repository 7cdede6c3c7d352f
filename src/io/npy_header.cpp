#include "io/npy_header.hpp"

#include <bit>
#include <cctype>
#include <charconv>
#include <string_view>
#include <vector>

#include "io/failure.hpp"

namespace momentset::io {
namespace {

const std::string problem = "cannot be read as NPY";
constexpr std::string_view magic = "\x93NUMPY";
constexpr std::int64_t max_header = 1 << 16;  ///< numpy itself writes some 120 bytes
constexpr std::int64_t max_columns = 1 << 16;

/// Reads the Python literal {'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), } and nothing else.
class HeaderParser {
 public:
  HeaderParser(std::string_view text, std::string name) : text_(text), name_(std::move(name)) {}

  void parse() {
    expect('{');
    while (!accept('}')) {
      const std::string_view key = quoted();
      expect(':');
      value(key);
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    if (descr.empty() || !has_order_ || !has_shape_) bad();
  }

  std::string_view descr;
  bool fortran_order = false;
  std::vector<std::int64_t> shape;

 private:
  [[noreturn]] void bad() const { throw Error(name_, "", problem + ": malformed header"); }

  void skip_space() {
    while (!text_.empty() && std::isspace(static_cast<unsigned char>(text_.front())) != 0) text_.remove_prefix(1);
  }
  bool accept(char c) {
    skip_space();
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  void expect(char c) {
    if (!accept(c)) bad();
  }
  bool accept_word(std::string_view word) {
    skip_space();
    if (!text_.starts_with(word)) return false;
    text_.remove_prefix(word.size());
    return true;
  }
  std::string_view quoted() {
    const char quote = accept('\'') ? '\'' : '"';
    if (quote == '"') expect('"');
    const std::size_t end = text_.find(quote);
    if (end == std::string_view::npos) bad();
    const std::string_view content = text_.substr(0, end);
    text_.remove_prefix(end + 1);
    return content;
  }
  std::int64_t integer() {
    skip_space();
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), number);
    if (error != std::errc() || number < 0) bad();
    text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
    accept('L');  // Python 2 wrote long integers so
    return number;
  }
  void value(std::string_view key) {
    if (key == "descr") {
      skip_space();
      if (text_.starts_with('[')) throw Error(name_, "", "must hold numbers of one type, holds records");
      descr = quoted();
    } else if (key == "fortran_order") {
      has_order_ = true;
      fortran_order = accept_word("True");
      if (!fortran_order && !accept_word("False")) bad();
    } else if (key == "shape") {
      has_shape_ = true;
      expect('(');
      while (!accept(')')) {
        shape.push_back(integer());
        if (!accept(',')) {
          expect(')');
          break;
        }
      }
    } else {
      bad();
    }
  }

  std::string_view text_;
  std::string name_;
  bool has_order_ = false, has_shape_ = false;
};

std::string read_exactly(arrow::io::RandomAccessFile& file, const std::string& name, std::int64_t offset,
                         std::int64_t count) {
  std::string bytes(static_cast<std::size_t>(count), '\0');
  if (unwrap(name, problem, file.ReadAt(offset, count, bytes.data())) != count) {
    throw Error(name, "", problem + ": file is too short");
  }
  return bytes;
}

std::int64_t little_endian(std::string_view bytes) {
  std::int64_t number = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) number = number << 8 | static_cast<unsigned char>(bytes[i]);
  return number;
}

std::shared_ptr<arrow::DataType> type_of(const std::string& name, std::string_view descr) {
  if (descr == "<f8") return arrow::float64();
  if (descr == "<f4") return arrow::float32();
  if (descr == "<i8") return arrow::int64();
  if (descr == "<i4") return arrow::int32();
  if (descr == "|u1" || descr == "|b1") return arrow::uint8();
  throw Error(name, printable(descr, 32),
              "must hold little-endian float32 ('<f4'), float64 ('<f8'), int32, int64, uint8 or booleans");
}

}  // namespace

NpyHeader read_npy_header(arrow::io::RandomAccessFile& file, const std::string& name) {
  const std::int64_t file_bytes = unwrap(name, problem, file.GetSize());
  if (file_bytes == 0) throw Error(name, "", "is empty");
  const std::string start = read_exactly(file, name, 0, static_cast<std::int64_t>(magic.size()) + 2);
  if (!start.starts_with(magic)) throw Error(name, "", problem + ": does not start with the NPY signature");
  const int major = static_cast<unsigned char>(start[magic.size()]);
  if (major < 1 || major > 3) throw Error(name, "", problem + ": version " + std::to_string(major) + " is not known");

  const std::int64_t length_bytes = major == 1 ? 2 : 4;
  const auto length_offset = static_cast<std::int64_t>(start.size());
  const std::int64_t length = little_endian(read_exactly(file, name, length_offset, length_bytes));
  if (length > max_header) throw Error(name, "", problem + ": header is too long");
  const std::string text = read_exactly(file, name, length_offset + length_bytes, length);
  HeaderParser parser(text, name);
  parser.parse();

  NpyHeader header;
  header.type = type_of(name, parser.descr);
  header.fortran_order = parser.fortran_order;
  header.data_offset = length_offset + length_bytes + length;
  if (parser.shape.empty() || parser.shape.size() > 2) {
    throw Error(name, std::to_string(parser.shape.size()) + " dimensions", "must have 1 or 2");
  }
  header.rows = parser.shape[0];
  header.columns = parser.shape.size() == 2 ? parser.shape[1] : 1;
  if (header.columns == 0) throw Error(name, "", "has no columns");
  if (header.columns > max_columns) {
    throw Error(name, std::to_string(header.columns) + " columns", "must be at most " + std::to_string(max_columns));
  }
  const std::int64_t row_bytes = header.columns * header.item_bytes();
  const std::int64_t data_bytes = file_bytes - header.data_offset;
  if (data_bytes % row_bytes != 0 || data_bytes / row_bytes != header.rows) {
    throw Error(name, "", problem + ": its shape does not match its length (truncated?)");
  }
  return header;
}

std::string npy_header(std::int64_t rows, std::int64_t columns) {
  std::string text = "{'descr': '<f8', 'fortran_order': False, 'shape': (" + std::to_string(rows) + ", " +
                     std::to_string(columns) + "), }";
  constexpr std::size_t alignment = 64;
  const std::size_t prefix = magic.size() + 4;
  text.append(alignment - (prefix + text.size() + 1) % alignment, ' ');
  text.push_back('\n');
  std::string header(magic);
  header += {'\x01', '\x00', static_cast<char>(text.size() & 0xFF), static_cast<char>(text.size() >> 8)};
  return header + text;
}

arrow::Status write_npy(arrow::io::OutputStream& stream, std::size_t rows, std::size_t columns,
                        const std::function<void(std::size_t row, double* values)>& fill) {
  ARROW_RETURN_NOT_OK(stream.Write(npy_header(static_cast<std::int64_t>(rows), static_cast<std::int64_t>(columns))));
  static_assert(std::endian::native == std::endian::little, "NPY is written as '<f8' straight from memory");
  constexpr std::size_t block_values = 1 << 16;
  std::vector<double> block;
  for (std::size_t j = 0; j < rows; ++j) {
    block.resize(block.size() + columns);
    fill(j, block.data() + block.size() - columns);
    if (block.size() < block_values && j + 1 < rows) continue;
    ARROW_RETURN_NOT_OK(stream.Write(block.data(), static_cast<std::int64_t>(block.size() * sizeof(double))));
    block.clear();
  }
  return arrow::Status::OK();
}

}  // namespace momentset::io
