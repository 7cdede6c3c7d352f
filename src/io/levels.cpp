#include "io/levels.hpp"

#include <arrow/compute/cast.h>
#include <arrow/type.h>

#include "io/failure.hpp"
#include "io/numbers.hpp"

namespace momentset::io {
namespace {

std::shared_ptr<arrow::Array> cast(const std::string& file, const std::string& column,
                                   const std::shared_ptr<arrow::Array>& array,
                                   const std::shared_ptr<arrow::DataType>& type) {
  if (array->type()->Equals(*type)) return array;
  return unwrap(file, "column " + column + " of " + array->type()->ToString() + " has no names for groups",
                arrow::compute::Cast(*array, type, arrow::compute::CastOptions::Unsafe()));
}

std::shared_ptr<arrow::Array> as_text(const std::string& file, const std::string& column,
                                      std::shared_ptr<arrow::Array> array) {
  if (array->type_id() == arrow::Type::DICTIONARY) {
    const auto& type = static_cast<const arrow::DictionaryType&>(*array->type());
    array = cast(file, column, array, type.value_type());
  }
  if (arrow::is_nested(array->type_id())) {
    throw Error(file, column, "is of the nested type " + array->type()->ToString() + ", which has no names for groups");
  }
  if (!holds_text(*array->type())) array = cast(file, column, array, arrow::utf8());
  return cast(file, column, array, arrow::large_binary());
}

}  // namespace

Texts::Texts(const std::string& file, const std::string& column, const std::shared_ptr<arrow::Array>& array,
             bool empty_is_missing)
    : texts_(as_text(file, column, array)), empty_is_missing_(empty_is_missing) {}

bool Texts::is_missing(std::int64_t row) const {
  return texts_->IsNull(row) || (empty_is_missing_ && (*this)[row].empty());
}

std::string_view Texts::operator[](std::int64_t row) const {
  return static_cast<const arrow::LargeBinaryArray&>(*texts_).GetView(row);
}

void LevelBuilder::append(const Texts& texts, const std::vector<std::int64_t>& rows) {
  for (const std::int64_t row : rows) {
    const std::string_view text = texts[row];
    auto found = numbers_.find(text);
    if (found == numbers_.end()) {
      found = numbers_.emplace(text, Index(levels_.names.size())).first;
      levels_.names.emplace_back(text);
    }
    levels_.of_points.push_back(found->second);
  }
}

}  // namespace momentset::io
