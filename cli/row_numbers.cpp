#include "row_numbers.hpp"

#include <charconv>
#include <fstream>
#include <system_error>

#include "momentset/error.hpp"

namespace momentset::cli {

RowNumbers::RowNumbers(const io::Features& features) : features_(features) {
  if (features.positions.empty() && features.row_names.empty()) return;
  const std::size_t count = features.points.view().size();
  points_.reserve(count);
  for (std::size_t i = 0; i < count; ++i) points_.emplace(features.row_name(i), Index(i));
}

std::optional<Index> RowNumbers::point(std::int64_t row) const {
  if (!points_.empty()) {
    const auto found = points_.find(row);
    return found == points_.end() ? std::nullopt : std::optional(found->second);
  }
  const bool inside = row >= 0 && static_cast<std::size_t>(row) < features_.points.view().size();
  return inside ? std::optional(Index(row)) : std::nullopt;
}

std::vector<std::uint64_t> BatchNumbers::of(const io::Features& batch, std::int64_t first_row) const {
  std::vector<std::uint64_t> numbers;
  if (!named_) return numbers;
  for (std::size_t k = 0; k < batch.points.view().size(); ++k) {
    numbers.push_back(batch.row_names.empty() || by_place_ ? std::uint64_t(first_row) + batch.position(k)
                                                           : std::uint64_t(batch.row_names[k]));
  }
  return numbers;
}

std::vector<std::int64_t> read_row_numbers(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw Error("--keep-rows", path, "cannot be read");
  std::vector<std::int64_t> rows;
  std::string line;
  for (std::size_t number = 1; std::getline(file, line); ++number) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty() || line.front() == '#') continue;
    std::int64_t row = 0;
    const auto [end, failure] = std::from_chars(line.data(), line.data() + line.size(), row);
    if (failure != std::errc{} || end != line.data() + line.size() || row < 0) {
      throw Error("--keep-rows", line.substr(0, 40),
                  path + " line " + std::to_string(number) + " must hold one row number, counted from 0");
    }
    rows.push_back(row);
  }
  if (file.bad()) throw Error("--keep-rows", path, "cannot be read");
  return rows;
}

}  // namespace momentset::cli
