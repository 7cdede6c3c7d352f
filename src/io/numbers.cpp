#include "io/numbers.hpp"

#include <arrow/compute/api_scalar.h>
#include <arrow/compute/cast.h>
#include <arrow/csv/options.h>
#include <arrow/util/value_parsing.h>

#include <cmath>
#include <limits>
#include <unordered_set>

#include "io/failure.hpp"

namespace momentset::io {
namespace {

// What Arrow's CSV converters trim before they parse.
std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

template <typename Type>
std::optional<typename Type::c_type> parse(std::string_view text) {
  typename Type::c_type value{};
  text = trimmed(text);
  if (!arrow::internal::ParseValue<Type>(text.data(), text.size(), &value)) return std::nullopt;
  return value;
}

std::shared_ptr<arrow::Array> cast(const std::string& file, const std::string& column, const arrow::Array& array,
                                   const std::shared_ptr<arrow::DataType>& type) {
  const auto options = arrow::compute::CastOptions::Unsafe();
  return unwrap(file, "column " + column + " cannot be converted to " + type->ToString(),
                arrow::compute::Cast(array, type, options));
}

std::vector<double> parse_all(const arrow::Array& array) {
  std::vector<double> values(static_cast<std::size_t>(array.length()), std::numeric_limits<double>::quiet_NaN());
  const auto parse_into = [&values](const auto& texts) {
    for (std::int64_t i = 0; i < texts.length(); ++i) {
      if (texts.IsNull(i) || is_null_text(texts.GetView(i))) continue;
      if (const auto number = parse_double(texts.GetView(i))) values[static_cast<std::size_t>(i)] = *number;
    }
  };
  // CSV is the only source of text that may hold numbers, and it is asked for these two.
  if (array.type_id() == arrow::Type::STRING || array.type_id() == arrow::Type::BINARY) {
    parse_into(static_cast<const arrow::BinaryArray&>(array));
  }
  return values;
}

}  // namespace

bool holds_numbers(const arrow::DataType& type) {
  return arrow::is_integer(type.id()) || arrow::is_floating(type.id()) || arrow::is_decimal(type.id());
}

bool holds_times(const arrow::DataType& type) {
  return arrow::is_temporal(type.id()) || type.id() == arrow::Type::DURATION || arrow::is_interval(type.id());
}

bool holds_text(const arrow::DataType& type) {
  return arrow::is_base_binary_like(type.id()) || arrow::is_binary_view_like(type.id());
}

bool holds_names(const arrow::DataType& type) {
  return holds_text(type) || type.id() == arrow::Type::BOOL || type.id() == arrow::Type::DICTIONARY;
}

bool is_null_text(std::string_view text) {
  static const std::unordered_set<std::string> spellings = [] {
    const auto values = arrow::csv::ConvertOptions::Defaults().null_values;
    return std::unordered_set<std::string>(values.begin(), values.end());
  }();
  return text.empty() || (text.size() < 16 && spellings.contains(std::string(text)));
}

std::optional<double> parse_double(std::string_view text) { return parse<arrow::DoubleType>(text); }
std::optional<std::int64_t> parse_integer(std::string_view text) { return parse<arrow::Int64Type>(text); }

Doubles::Doubles(const std::string& file, const std::string& column, std::shared_ptr<arrow::Array> array)
    : array_(std::move(array)) {
  if (holds_text(*array_->type())) {
    copy_ = parse_all(*array_);
    values_ = copy_;
    return;
  }
  if (!holds_numbers(*array_->type()) && array_->type_id() != arrow::Type::NA) {
    throw Error(file, column, "is " + array_->type()->ToString() + ", must be numeric");
  }
  converted_ = array_->type_id() == arrow::Type::DOUBLE ? array_ : cast(file, column, *array_, arrow::float64());
  const auto& doubles = static_cast<const arrow::DoubleArray&>(*converted_);
  values_ = {doubles.raw_values(), static_cast<std::size_t>(doubles.length())};
  if (array_->null_count() == 0) return;
  // The value under a null is undefined.
  copy_.assign(values_.begin(), values_.end());
  for (std::int64_t i = 0; i < array_->length(); ++i) {
    if (array_->IsNull(i)) copy_[static_cast<std::size_t>(i)] = std::numeric_limits<double>::quiet_NaN();
  }
  values_ = copy_;
}

std::vector<std::int64_t> to_integers(const std::string& file, const std::string& column, const arrow::Array& array) {
  if (array.null_count() > 0) throw Error(file, column, "must be an integer in every row");
  if (arrow::is_floating(array.type_id())) {
    const Doubles doubles(file, column, arrow::MakeArray(array.data()));
    std::vector<std::int64_t> integers;
    integers.reserve(doubles.values().size());
    for (const double value : doubles.values()) {
      if (!(std::abs(value) <= 9007199254740992.0) || value != std::floor(value)) {
        throw Error(file, column, "must be an integer in every row");
      }
      integers.push_back(static_cast<std::int64_t>(value));
    }
    return integers;
  }
  if (!arrow::is_integer(array.type_id())) throw Error(file, column, "must be an integer column");
  const auto converted = cast(file, column, array, arrow::int64());
  const auto* values = static_cast<const arrow::Int64Array&>(*converted).raw_values();
  return {values, values + converted->length()};
}

}  // namespace momentset::io
