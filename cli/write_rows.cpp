#include "write_rows.hpp"

#include <vector>

#include "momentset/version.hpp"

namespace momentset::cli {

void write_rows(const io::Table& table, const io::Features& features, const RowsToWrite& rows) {
  std::vector<Index> positions;
  std::vector<std::int64_t> names;
  for (const Index point : rows.points) {
    positions.push_back(Index(features.position(point)));
    names.push_back(features.row_name(point));
  }
  io::WriteOptions write;
  write.metadata = {.columns = features.own_columns(), .order = rows.order, .version = std::string(version)};
  write.file_column = table.files().size() > 1;
  table.write(rows.path, io::format_of(rows.output), positions, rows.weights, names, features, write);
}

}  // namespace momentset::cli
