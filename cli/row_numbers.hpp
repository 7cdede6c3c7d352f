#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "momentset/io/table.hpp"

namespace momentset::cli {

/// From the number of a row in the first input to the point that it became.
class RowNumbers {
 public:
  explicit RowNumbers(const io::Features& features);

  /// Nothing if there is no such row, or if it was left out.
  std::optional<Index> point(std::int64_t row) const;

 private:
  const io::Features& features_;
  std::unordered_map<std::int64_t, Index> points_;  // empty where numbers and points agree
};

/// The numbers of rows that are read in batches: their places in the table, all files one behind the other. Rows of a
/// coreset have names instead, by which they are found in its first input.
class BatchNumbers {
 public:
  /// @param by_place whether rows of a coreset are numbered by their places, too
  BatchNumbers(const io::Table& table, const io::ReadOptions& read, bool by_place = false)
      : named_(read.drop_invalid || table.coreset()), by_place_(by_place) {}

  /// None where all rows are numbered as they come.
  std::vector<std::uint64_t> of(const io::Features& batch, std::int64_t first_row) const;

 private:
  bool named_, by_place_;
};

/// Reads a text file with one row number on each line; blank lines and lines that start with # are passed over.
/// Throws Error naming the file and line.
std::vector<std::int64_t> read_row_numbers(const std::string& path);

}  // namespace momentset::cli
