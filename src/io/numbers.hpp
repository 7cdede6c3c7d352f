#pragma once

#include <arrow/array.h>
#include <arrow/type.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace momentset::io {

bool holds_numbers(const arrow::DataType& type);  ///< integer, floating-point or decimal
bool holds_times(const arrow::DataType& type);    ///< date, time, timestamp, duration or interval
bool holds_text(const arrow::DataType& type);     ///< string or binary of any width

/// Whether the values are names by themselves: text, booleans, whatever is encoded by a dictionary.
bool holds_names(const arrow::DataType& type);

/// Spellings that a CSV file may use for "no value": nothing, NA, null, nan and the like.
bool is_null_text(std::string_view text);
/// The number that a CSV cell holds, read as Arrow's CSV reader does.
std::optional<double> parse_double(std::string_view text);
std::optional<std::int64_t> parse_integer(std::string_view text);

/// The values of a numeric array as doubles, NaN for null; int64 beyond 2^53 rounds. Text is parsed, NaN where it is no
/// number. Throws Error(file, column, ...) for other types.
class Doubles {
 public:
  Doubles(const std::string& file, const std::string& column, std::shared_ptr<arrow::Array> array);
  std::span<const double> values() const { return values_; }
  bool is_null(std::int64_t row) const { return array_->IsNull(row); }

 private:
  std::shared_ptr<arrow::Array> array_, converted_;  ///< owners of what values_ may point to
  std::vector<double> copy_;
  std::span<const double> values_;
};

/// The values of an integer array, or of whole numbers in a floating-point array. Throws Error for anything else.
std::vector<std::int64_t> to_integers(const std::string& file, const std::string& column, const arrow::Array& array);

}  // namespace momentset::io
