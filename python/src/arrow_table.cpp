#include "arrow_table.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <string_view>

#include "momentset/error.hpp"

namespace momentset::python {
namespace {

// Rows converted at once: their doubles stay in the cache while column after column is written between them.
constexpr std::size_t block_rows = 4096;

bool bit(const void* bitmap, std::size_t i) { return (static_cast<const std::uint8_t*>(bitmap)[i / 8] >> (i % 8)) & 1; }

/// Decimal digits after the point of a type "d:precision,scale"; false for other types and widths than 128 bits.
bool is_decimal128(std::string_view format, int& scale) {
  if (!format.starts_with("d:")) return false;
  const auto comma = format.find(',');
  if (comma == std::string_view::npos || format.find(',', comma + 1) != std::string_view::npos) return false;
  const char* begin = format.data() + comma + 1;
  const char* end = format.data() + format.size();
  return std::from_chars(begin, end, scale).ptr == end;
}

bool is_integer(std::string_view format) {
  return format.size() == 1 && std::string_view("cCsSiIlL").find(format[0]) != std::string_view::npos;
}

/// Text of any width, or a boolean.
bool is_names(std::string_view format) {
  return format == "u" || format == "U" || format == "z" || format == "Z" || format == "vu" || format == "vz" ||
         format == "b";
}

bool is_numeric(std::string_view format) {
  int scale = 0;
  return is_integer(format) || format == "f" || format == "g" || is_decimal128(format, scale);
}

/// Where values go: every `step`-th double from `out` on.
struct Target {
  double* out;
  std::size_t step, count;
};

template <class T>
void copy_values(const void* buffer, std::size_t first, const Target& target) {
  const T* values = static_cast<const T*>(buffer) + first;
  for (std::size_t i = 0; i < target.count; ++i) target.out[i * target.step] = double(values[i]);
}

/// Two's complement, 128 bits, little-endian.
void copy_decimals(const void* buffer, std::size_t first, int scale, const Target& target) {
  const auto* words = static_cast<const std::uint64_t*>(buffer) + 2 * first;
  const long double unit = std::pow(10.0L, scale);
  for (std::size_t i = 0; i < target.count; ++i) {
    const long double high = static_cast<std::int64_t>(words[2 * i + 1]), low = words[2 * i];
    target.out[i * target.step] = double((high * 0x1p64L + low) / unit);
  }
}

void copy_column(std::string_view format, const void* buffer, std::size_t first, const Target& target) {
  int scale = 0;
  if (is_decimal128(format, scale)) return copy_decimals(buffer, first, scale, target);
  switch (format[0]) {
    case 'c':
      return copy_values<std::int8_t>(buffer, first, target);
    case 'C':
      return copy_values<std::uint8_t>(buffer, first, target);
    case 's':
      return copy_values<std::int16_t>(buffer, first, target);
    case 'S':
      return copy_values<std::uint16_t>(buffer, first, target);
    case 'i':
      return copy_values<std::int32_t>(buffer, first, target);
    case 'I':
      return copy_values<std::uint32_t>(buffer, first, target);
    case 'l':
      return copy_values<std::int64_t>(buffer, first, target);
    case 'L':
      return copy_values<std::uint64_t>(buffer, first, target);
    case 'f':
      return copy_values<float>(buffer, first, target);
    default:
      return copy_values<double>(buffer, first, target);
  }
}

/// Writes NaN where the array has no value. `first` counts from the start of its buffers.
void erase_nulls(const ArrowArray& array, std::size_t first, const Target& target) {
  if (array.null_count == 0 || array.n_buffers == 0 || array.buffers[0] == nullptr) return;
  for (std::size_t i = 0; i < target.count; ++i) {
    if (!bit(array.buffers[0], first + i)) target.out[i * target.step] = std::numeric_limits<double>::quiet_NaN();
  }
}

}  // namespace

ArrowTable::ArrowTable(Owned<ArrowArrayStream> stream) {
  const auto require = [&stream](int status) {
    if (status == 0) return;
    const char* message = stream->get_last_error(stream.get());
    throw Error("X", message == nullptr ? std::strerror(status) : message, "its Arrow stream must not fail");
  };
  ArrowSchema schema{};
  require(stream->get_schema(stream.get(), &schema));
  take_schema(Owned(schema));
  for (;;) {
    ArrowArray batch{};
    require(stream->get_next(stream.get(), &batch));
    if (batch.release == nullptr) return;
    take_batch(Owned(batch));
  }
}

ArrowTable::ArrowTable(Owned<ArrowSchema> schema, Owned<ArrowArray> batch) {
  take_schema(std::move(schema));
  take_batch(std::move(batch));
}

void ArrowTable::take_schema(Owned<ArrowSchema> schema) {
  schema_ = std::move(schema);
  is_struct_ = std::string_view(schema_->format) == "+s";
  const std::size_t count = is_struct_ ? std::size_t(schema_->n_children) : 1;
  for (std::size_t k = 0; k < count; ++k) {
    const ArrowSchema& field = is_struct_ ? *schema_->children[k] : *schema_;
    Column column{.name = field.name == nullptr ? "" : field.name, .format = field.format};
    column.numeric = field.dictionary == nullptr && is_numeric(column.format);
    column.integer = column.numeric && is_integer(column.format);
    column.categorical = field.dictionary != nullptr || is_names(column.format);
    columns_.push_back(std::move(column));
  }
  if (columns_.empty()) throw Error("X", "a table without columns", "must have a numeric column to compress");
}

void ArrowTable::take_batch(Owned<ArrowArray> batch) {
  rows_ += std::size_t(batch->length);
  batches_.push_back(std::move(batch));
}

std::string ArrowTable::metadata(const std::string& key) const {
  const char* at = schema_->metadata;
  if (at == nullptr) return {};
  const auto number = [&at] {
    std::int32_t value = 0;
    std::memcpy(&value, at, sizeof value);
    at += sizeof value;
    return value;
  };
  const auto text = [&at, &number] {
    const auto length = std::size_t(number());
    return std::string(std::exchange(at, at + length), length);
  };
  for (std::int32_t left = number(); left > 0; --left) {
    const std::string name = text();
    std::string value = text();
    if (name == key) return value;
  }
  return {};
}

void ArrowTable::read(std::span<const std::size_t> columns, std::size_t rows, double* out) const {
  const std::size_t step = columns.size();
  for (const Owned<ArrowArray>& batch : batches_) {
    const std::size_t count = std::min(rows, std::size_t(batch->length));
    for (std::size_t begin = 0; begin < count; begin += block_rows) {
      const std::size_t size = std::min(block_rows, count - begin);
      for (std::size_t k = 0; k < step; ++k) {
        const Target target{out + begin * step + k, step, size};
        // A struct's offset applies to its children as well, on top of their own.
        const auto in_batch = std::size_t(batch->offset) + begin;
        const ArrowArray& array = is_struct_ ? *batch->children[columns[k]] : *batch;
        const std::size_t first = is_struct_ ? in_batch + std::size_t(array.offset) : in_batch;
        copy_column(columns_[columns[k]].format, array.buffers[1], first, target);
        erase_nulls(array, first, target);
        if (is_struct_) erase_nulls(*batch, in_batch, target);
      }
    }
    rows -= count;
    out += count * step;
  }
}

}  // namespace momentset::python
