#include "write_rows.hpp"

#include <utility>
#include <vector>

#include "momentset/version.hpp"

namespace momentset::cli {
namespace {

io::CoresetMetadata metadata_of(std::vector<std::string> columns, std::size_t dimension, int order) {
  for (std::size_t a = columns.size(); a < dimension; ++a) columns.push_back("x" + std::to_string(a));
  return {.columns = std::move(columns), .order = order, .version = std::string(version)};
}

io::WriteOptions write_options(const io::Table& table, const std::vector<std::string>& columns, int order) {
  return {.metadata = metadata_of(columns, 0, order), .file_column = table.files().size() > 1};
}

/// The names that rows of a coreset have, of these rows of the table: one more pass.
std::vector<std::int64_t> row_names(const io::Table& table, io::ReadOptions read,
                                    const std::vector<std::int64_t>& rows) {
  if (!table.coreset()) return rows;
  read.progress = {};
  std::vector<std::int64_t> names;
  table.read_batches(read, 0, [&](const io::Features& batch, std::int64_t first_row) {
    for (std::size_t k = 0; k < batch.points.view().size() && names.size() < rows.size(); ++k) {
      const std::int64_t row = first_row + std::int64_t(batch.position(k));
      if (row == rows[names.size()]) names.push_back(batch.row_names.empty() ? row : batch.row_names[k]);
    }
    return names.size() < rows.size();
  });
  return names;
}

}  // namespace

void write_rows(const io::Table& table, const io::Features& features, const RowsToWrite& rows) {
  std::vector<Index> positions;
  std::vector<std::int64_t> names;
  for (const Index point : rows.points) {
    positions.push_back(Index(features.position(point)));
    names.push_back(features.row_name(point));
  }
  const std::vector<std::string> columns = features.own_columns();
  if (!rows.columns_only) {
    io::WriteOptions write = write_options(table, columns, rows.order);
    write.new_values = rows.new_values;
    table.write(rows.path, io::format_of(rows.output), positions, rows.weights, names, features, write);
    return;
  }
  PointSet kept{{}, {rows.weights.begin(), rows.weights.end()}, columns.size()};
  for (const Index point : rows.points) {
    for (std::size_t a = 0; a < columns.size(); ++a) kept.coordinates.push_back(features.original(point, a));
  }
  io::write_points(rows.path, io::format_of(rows.output), kept, std::vector<std::uint64_t>(names.begin(), names.end()),
                   metadata_of(columns, 0, rows.order));
}

void write_points(const CoresetFiles& files, const StreamCoreset& coreset) {
  const StreamCertificate& certificate = coreset.certificate;
  files.write_certificate(certificate.to_json());
  io::write_points(files.path(), files.format(), coreset.points, coreset.rows,
                   metadata_of(certificate.columns, certificate.dimension, certificate.order));
}

std::string weight_column(const io::Table& table, const io::ReadOptions& read) {
  return read.weights.empty() && table.coreset() ? table.coreset()->weight_column : read.weights;
}

void write_rows(const CoresetFiles& files, const io::Table& table, const io::ReadOptions& read,
                StreamCoreset& coreset) {
  StreamCertificate& certificate = coreset.certificate;
  const std::vector<std::int64_t> rows(coreset.rows.begin(), coreset.rows.end());
  io::Features kept;
  kept.points = coreset.points;
  kept.columns = certificate.columns;
  kept.row_names = row_names(table, read, rows);
  kept.weight_column = weight_column(table, read);
  certificate.output_hash =
      hash_of_output(kept.points.view(), std::vector<std::uint64_t>(kept.row_names.begin(), kept.row_names.end()));
  files.write_certificate(certificate.to_json());
  table.write(files.path(), files.format(), rows, kept, write_options(table, kept.columns, certificate.order));
}

}  // namespace momentset::cli
