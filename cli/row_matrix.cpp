#include "row_matrix.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "momentset/error.hpp"

namespace momentset::cli {

RowMatrix read_row_matrix(const std::string& option, const std::string& path, const io::Features& features) {
  io::Features read;
  try {
    const io::Table table = io::Table::open({path});
    io::ReadOptions every_column;
    every_column.weighted = false;
    for (const io::Column& column : table.columns()) every_column.columns.push_back(column.name);
    read = table.read(every_column);
  } catch (const Error& error) {
    if (error.field() == path) throw Error(option, path, error.rule());
    throw Error(option, path + ": " + error.field() + (error.value().empty() ? "" : ": " + error.value()),
                error.rule().substr(0, error.rule().find(';')));
  }
  const std::size_t points = features.points.view().size(), rows = points + features.dropped;
  const std::size_t columns = read.points.dimension, found = read.points.view().size();
  if (found != rows) {
    throw Error(option, fmt::format("{}: {} rows", path, found),
                fmt::format("must have one for each of the {} rows of the table", rows));
  }
  if (features.positions.empty()) return {std::move(read.points.coordinates), columns, std::move(read.columns)};
  RowMatrix kept{{}, columns, read.columns};
  kept.values.reserve(points * columns);
  for (std::size_t i = 0; i < points; ++i) {
    const double* row = read.points.view().point(features.position(i));
    kept.values.insert(kept.values.end(), row, row + columns);
  }
  return kept;
}

FeatureWords::FeatureWords(const std::vector<std::string>& all) {
  const std::string file = "file:";
  for (const std::string& word : all) {
    if (word.starts_with(file)) {
      files.push_back(word.substr(file.size()));
    } else {
      words.push_back(word);
    }
  }
}

OwnedFeatures::OwnedFeatures(const std::vector<std::string>& files, const io::Features& features) {
  std::vector<RowMatrix> matrices;
  for (const std::string& file : files) {
    matrices.push_back(read_row_matrix("--features", file, features));
    const std::string name = std::filesystem::path(file).filename().string();
    for (const std::string& column : matrices.back().names) names.push_back(name + ":" + column);
  }
  const std::size_t points = features.points.view().size();
  values.reserve(points * names.size());
  for (std::size_t i = 0; i < points && !matrices.empty(); ++i) {
    for (const RowMatrix& matrix : matrices) {
      const auto row = matrix.values.begin() + std::ptrdiff_t(i * matrix.columns);
      values.insert(values.end(), row, row + std::ptrdiff_t(matrix.columns));
    }
  }
}

}  // namespace momentset::cli
