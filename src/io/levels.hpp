#pragma once

#include <arrow/array.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "momentset/io/table.hpp"

namespace momentset::io {

/// The cells of a column as text.
class Texts {
 public:
  /// Numbers, booleans, times and dictionaries as Arrow prints them. Throws Error(file, column, ...) for nested types.
  /// @param empty_is_missing whether text of no length stands for no value, as it does in CSV
  Texts(const std::string& file, const std::string& column, const std::shared_ptr<arrow::Array>& array,
        bool empty_is_missing);

  bool is_missing(std::int64_t row) const;
  std::string_view operator[](std::int64_t row) const;

 private:
  std::shared_ptr<arrow::Array> texts_;  ///< large_binary
  bool empty_is_missing_;
};

/// Numbers the values of a column in the order in which they come first, batch by batch.
class LevelBuilder {
 public:
  explicit LevelBuilder(std::string column) { levels_.column = std::move(column); }

  void append(const Texts& texts, const std::vector<std::int64_t>& rows);
  Levels finish() && { return std::move(levels_); }

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };

  Levels levels_;
  std::unordered_map<std::string, Index, Hash, std::equal_to<>> numbers_;
};

}  // namespace momentset::io
