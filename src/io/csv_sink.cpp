#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/compute/cast.h>
#include <arrow/scalar.h>

#include <array>
#include <charconv>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "io/failure.hpp"
#include "io/numbers.hpp"
#include "io/sink.hpp"

namespace momentset::io {
namespace {

using CellWriter = std::function<void(std::int64_t row, std::string& line)>;

void append_text(std::string_view text, bool quote_empty, std::string& line) {
  const bool quoted = text.empty() ? quote_empty : text.find_first_of(",\"\r\n") != std::string_view::npos;
  if (!quoted) {
    line += text;
    return;
  }
  line += '"';
  for (const char c : text) {
    if (c == '"') line += '"';
    line += c;
  }
  line += '"';
}

/// The shortest text that reads back as the same number.
template <typename Number>
void append_number(Number number, std::string& line) {
  std::array<char, 64> text;
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc()) line.append(text.data(), end);
}

template <typename ArrayType>
CellWriter number_writer(const arrow::Array& array) {
  const auto& numbers = static_cast<const ArrayType&>(array);
  return [&numbers](std::int64_t row, std::string& line) { append_number(numbers.Value(row), line); };
}

template <typename ArrayType>
CellWriter text_writer(const arrow::Array& array, bool quote_empty) {
  const auto& texts = static_cast<const ArrayType&>(array);
  return [&texts, quote_empty](std::int64_t row, std::string& line) {
    append_text(texts.GetView(row), quote_empty, line);
  };
}

/// Instants in UTC, as "2024-02-29 13:00:00.000000Z": converting to the column's own zone would need a time zone
/// database, and CSV could not name the zone anyway.
std::shared_ptr<arrow::Array> without_zone(const arrow::Array& array) {
  const auto& type = static_cast<const arrow::TimestampType&>(*array.type());
  auto data = array.data()->Copy();
  data->type = arrow::timestamp(type.unit());
  return arrow::MakeArray(data);
}

bool has_zone(const arrow::DataType& type) {
  return type.id() == arrow::Type::TIMESTAMP && !static_cast<const arrow::TimestampType&>(type).timezone().empty();
}

class CsvSink : public Sink {
 public:
  CsvSink(const Stream& stream, const arrow::Schema& schema, const std::string& name) : stream_(stream) {
    std::string line;
    for (const auto& field : schema.fields()) {
      if (!fits_csv(*field->type())) {
        throw Error(name, printable(field->name()),
                    "column of type " + field->type()->ToString() + " has no CSV form: write Parquet or Arrow");
      }
      if (!line.empty() || field != schema.field(0)) line += ',';
      append_text(field->name(), true, line);
    }
    header_ = line + '\n';
  }

  arrow::Status write(const arrow::RecordBatch& batch) override {
    std::vector<std::shared_ptr<arrow::Array>> arrays;
    std::vector<CellWriter> writers;
    for (const auto& column : batch.columns()) {
      ARROW_ASSIGN_OR_RAISE(auto array, plain(column));
      writers.push_back(writer_for(*array, *column->type()));
      arrays.push_back(std::move(array));
    }
    std::string text = std::move(header_);
    header_.clear();
    for (std::int64_t row = 0; row < batch.num_rows(); ++row) {
      for (std::size_t column = 0; column < writers.size(); ++column) {
        if (column > 0) text += ',';
        if (arrays[column]->IsValid(row)) writers[column](row, text);
      }
      text += '\n';
    }
    return stream_->Write(text);
  }

  arrow::Status close() override { return header_.empty() ? arrow::Status::OK() : stream_->Write(header_); }

 private:
  /// An array of numbers or text with the content of `column`.
  static arrow::Result<std::shared_ptr<arrow::Array>> plain(const std::shared_ptr<arrow::Array>& column) {
    const arrow::DataType& type = *column->type();
    if (type.id() == arrow::Type::HALF_FLOAT) return to(*column, arrow::float32());
    if (type.id() == arrow::Type::DICTIONARY) {
      const auto& dictionary = static_cast<const arrow::DictionaryType&>(type);
      ARROW_ASSIGN_OR_RAISE(const auto values, to(*column, dictionary.value_type()));
      return plain(values);
    }
    if (type.id() == arrow::Type::EXTENSION) return plain(static_cast<const arrow::ExtensionArray&>(*column).storage());
    if (holds_text(type) || arrow::is_integer(type.id()) || arrow::is_floating(type.id())) return column;
    if (type.id() == arrow::Type::FIXED_SIZE_BINARY) return to(*column, arrow::binary());
    if (has_zone(type)) return to(*without_zone(*column), arrow::utf8());
    if (auto text = to(*column, arrow::utf8()); text.ok()) return text;
    return scalar_texts(*column);
  }

  static arrow::Result<std::shared_ptr<arrow::Array>> to(const arrow::Array& array,
                                                         const std::shared_ptr<arrow::DataType>& type) {
    return arrow::compute::Cast(array, type);
  }

  /// For the rare types that Arrow cannot cast to text, such as intervals.
  static arrow::Result<std::shared_ptr<arrow::Array>> scalar_texts(const arrow::Array& array) {
    arrow::StringBuilder builder;
    for (std::int64_t row = 0; row < array.length(); ++row) {
      if (array.IsNull(row)) {
        ARROW_RETURN_NOT_OK(builder.AppendNull());
        continue;
      }
      ARROW_ASSIGN_OR_RAISE(const auto scalar, array.GetScalar(row));
      ARROW_RETURN_NOT_OK(builder.Append(scalar->ToString()));
    }
    return builder.Finish();
  }

  /// @param original type of the column before it was made plain
  static CellWriter writer_for(const arrow::Array& array, const arrow::DataType& original) {
    using arrow::Type;
    // Cells of a CSV input arrive as binary and leave as they came; else an empty text must not look like a null.
    const bool quote_empty = original.id() != Type::BINARY;
    switch (array.type_id()) {
      case Type::INT8:
        return number_writer<arrow::Int8Array>(array);
      case Type::INT16:
        return number_writer<arrow::Int16Array>(array);
      case Type::INT32:
        return number_writer<arrow::Int32Array>(array);
      case Type::INT64:
        return number_writer<arrow::Int64Array>(array);
      case Type::UINT8:
        return number_writer<arrow::UInt8Array>(array);
      case Type::UINT16:
        return number_writer<arrow::UInt16Array>(array);
      case Type::UINT32:
        return number_writer<arrow::UInt32Array>(array);
      case Type::UINT64:
        return number_writer<arrow::UInt64Array>(array);
      case Type::FLOAT:
        return number_writer<arrow::FloatArray>(array);
      case Type::DOUBLE:
        return number_writer<arrow::DoubleArray>(array);
      case Type::LARGE_STRING:
      case Type::LARGE_BINARY:
        return text_writer<arrow::LargeBinaryArray>(array, quote_empty);
      case Type::STRING_VIEW:
      case Type::BINARY_VIEW:
        return text_writer<arrow::BinaryViewArray>(array, quote_empty);
      default:
        break;
    }
    if (!has_zone(original)) return text_writer<arrow::BinaryArray>(array, quote_empty);
    const auto& texts = static_cast<const arrow::BinaryArray&>(array);
    return [&texts](std::int64_t row, std::string& line) { line.append(texts.GetView(row)).append("Z"); };
  }

  Stream stream_;
  std::string header_;
};

}  // namespace

bool fits_csv(const arrow::DataType& type) {
  if (type.id() == arrow::Type::DICTIONARY)
    return fits_csv(*static_cast<const arrow::DictionaryType&>(type).value_type());
  if (type.id() == arrow::Type::EXTENSION)
    return fits_csv(*static_cast<const arrow::ExtensionType&>(type).storage_type());
  return !arrow::is_nested(type.id());
}

std::unique_ptr<Sink> open_csv_sink(const Stream& stream, const std::shared_ptr<arrow::Schema>& schema,
                                    const std::string& name) {
  return std::make_unique<CsvSink>(stream, *schema, name);
}

}  // namespace momentset::io
