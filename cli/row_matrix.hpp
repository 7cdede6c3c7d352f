#pragma once

#include <string>
#include <vector>

#include "momentset/io/table.hpp"

namespace momentset::cli {

/// The numbers of a file with a row for each row of IN.
struct RowMatrix {
  std::vector<double> values;  ///< of the points, row-major
  std::size_t columns = 0;
  std::vector<std::string> names = {};  ///< of the columns
};

/// All columns of a file. Throws Error naming the option and the file: it cannot be read, its rows are not as many as
/// those of IN, or it holds what is no finite number.
RowMatrix read_row_matrix(const std::string& option, const std::string& path, const io::Features& features);

/// Features that --features asks for: words that the library knows, and files of numbers, as file:PATH.
struct FeatureWords {
  std::vector<std::string> words, files;

  explicit FeatureWords(const std::vector<std::string>& all);
};

/// The columns of such files side by side, whose sums are kept in every cell.
struct OwnedFeatures {
  std::vector<std::string> names;  ///< FILE:COLUMN, without the file's folder
  std::vector<double> values;      ///< row-major

  OwnedFeatures(const std::vector<std::string>& files, const io::Features& features);
  Companions view() const { return {.values = values, .columns = names.size(), .order = 0}; }
};

}  // namespace momentset::cli
