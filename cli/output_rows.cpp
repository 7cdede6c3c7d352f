#include "output_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace momentset::cli {
namespace {

/// The output's own names of the coordinates, the weight and the row.
std::vector<std::string> names_of(const io::Table& table, const std::vector<std::string>& coordinates) {
  std::vector<std::string> names = coordinates;
  if (table.format() == io::Format::npy && table.columns().size() == coordinates.size() + 2) {
    names.clear();
    for (const io::Column& column : table.columns()) names.push_back(column.name);
  } else if (table.coreset()) {
    names.insert(names.end(), {table.coreset()->weight_column, table.coreset()->row_column});
  } else {  // where the input had columns of these names, ours are the longer ones
    names.emplace_back(has_column(table, "coreset_weight") ? "coreset_weight" : "weight");
    names.emplace_back(has_column(table, "coreset_row") ? "coreset_row" : "row");
  }
  return names;
}

}  // namespace

OutputRows read_output(const io::Table& table, const Claim& claim) {
  const std::vector<std::string>& columns = claim.columns;
  const auto has_all = [&](const std::vector<std::string>& names) {
    return table.format() != io::Format::npy &&
           std::all_of(names.begin(), names.end(), [&](const std::string& name) { return has_column(table, name); });
  };
  io::ReadOptions read{
      .columns = names_of(table, columns), .weighted = false, .fill_missing = claim.filled.has_value()};
  if (claim.filled) {
    read.filled = claim.filled;
    for (io::Filled& each : *read.filled) {  // by the output's own names
      const auto found = std::find(columns.begin(), columns.end(), each.column);
      if (found != columns.end()) each.column = read.columns[std::size_t(found - columns.begin())];
    }
  }
  if (has_all(claim.targets)) read.targets = claim.targets;
  if (has_all(claim.groups) && has_all(claim.categories)) {
    read.groups = claim.groups;
    read.categories = claim.categories;
  }
  const io::Features features = table.read(read);
  const WeightedPoints all = features.points.view();
  const std::size_t m = columns.size();
  OutputRows output;
  for (std::size_t j = 0; j < all.size(); ++j) {
    output.coordinates.insert(output.coordinates.end(), all.point(j), all.point(j) + m);
    output.coordinates.insert(output.coordinates.end(), all.point(j) + m + 2, all.point(j) + all.dimension);
    output.weights.push_back(all.point(j)[m]);
    output.rows.push_back(all.point(j)[m + 1]);
  }
  output.targets = features.targets;
  output.levels = features.levels;
  return output;
}

std::vector<std::uint64_t> row_numbers(const OutputRows& output, std::string& problem) {
  std::vector<std::uint64_t> numbers;
  for (const double row : output.rows) {
    if (!(row >= 0 && row < 0x1p63 && row == std::floor(row))) {
      problem = fmt::format("row {} is not in the input", row);
      return {};
    }
    numbers.push_back(std::uint64_t(row));
  }
  return numbers;
}

}  // namespace momentset::cli
