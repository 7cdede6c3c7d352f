#include <algorithm>
#include <numeric>
#include <string>

#include "io/failure.hpp"
#include "io/gather.hpp"
#include "io/npy_header.hpp"
#include "io/numbers.hpp"
#include "io/sink.hpp"
#include "io/table_data.hpp"
#include "momentset/io/table.hpp"

namespace momentset::io {
namespace {

/// Number of the point that each of `rows` is. Throws Error unless the rows ascend and were all read.
std::vector<std::size_t> points_of(std::span<const Index> rows, const Features& features) {
  const std::size_t dimension = features.points.dimension;
  const std::size_t count = dimension == 0 ? 0 : features.points.coordinates.size() / dimension;
  std::vector<std::size_t> points;
  points.reserve(rows.size());
  std::size_t next = 0;
  for (const Index row : rows) {
    if (!points.empty() && rows[points.size() - 1] >= row) throw Error("rows", std::to_string(row), "must ascend");
    if (features.positions.empty()) next = row;
    while (next < count && features.position(next) < row) ++next;
    if (next >= count || features.position(next) != row) {
      throw Error("rows", std::to_string(row), "must be the row of a point that was read");
    }
    points.push_back(next);
  }
  return points;
}

void require_one_per_row(std::size_t rows, std::size_t weights, std::size_t row_names) {
  if (rows == 0) throw Error("rows", "", "must not be empty");
  if (weights != rows) throw Error("weights", std::to_string(weights), "must be one per row");
  if (row_names != rows) throw Error("row_names", std::to_string(row_names), "must be one per row");
}

/// float64 of shape (size, m + 2), from memory: no second pass is needed.
arrow::Status write_array(arrow::io::OutputStream& stream, const Gathered& rows, const Features& features) {
  const std::size_t dimension = features.columns.size() - features.filled.size();
  return write_npy(stream, rows.points.size(), dimension + 2, [&](std::size_t j, double* values) {
    for (std::size_t a = 0; a < dimension; ++a) values[a] = features.original(rows.points[j], a);
    values[dimension] = rows.weights[j];
    values[dimension + 1] = static_cast<double>(rows.row_names[j]);
  });
}

/// Type that holds whatever Arrow would not convert to `type`, which it had inferred from the first block only.
std::shared_ptr<arrow::DataType> wider(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::NA:
      return arrow::int64();
    case arrow::Type::INT64:
      return arrow::float64();
    case arrow::Type::STRING:
      return arrow::binary();
    default:
      return arrow::utf8();
  }
}

void widen_column(arrow::FieldVector& fields, const std::string& column, const std::string& file) {
  for (auto& field : fields) {
    if (field->name() != column) continue;
    if (field->type()->id() == arrow::Type::BINARY) break;
    field = field->WithType(wider(*field->type()));
    return;
  }
  throw Error(file, printable(column), "column cannot be converted");
}

/// The input's columns that the output keeps; CSV to CSV as text, so that every cell leaves as it came.
arrow::FieldVector kept_fields(const TableData& table, const AddedColumns& added, Format format) {
  arrow::FieldVector fields;
  for (const auto& field : table.schema->fields()) {
    const bool is_replaced =
        std::find(added.replaced.begin(), added.replaced.end(), field->name()) != added.replaced.end();
    if (is_replaced) continue;
    fields.push_back(table.is_csv() && format == Format::csv ? field->WithType(arrow::binary()) : field);
  }
  return fields;
}

/// Columns with new values, and those that had new ones already.
std::vector<std::string> relabelled_columns(const TableData& table, std::span<const NewValues> new_values) {
  std::vector<std::string> names;
  if (table.coreset) names = table.coreset->relabelled;
  for (const NewValues& each : new_values) {
    if (std::find(names.begin(), names.end(), each.column) == names.end()) names.push_back(each.column);
  }
  return names;
}

std::shared_ptr<arrow::KeyValueMetadata> merged_metadata(const arrow::Schema& schema, const AddedColumns& added,
                                                         CoresetMetadata metadata) {
  auto merged = schema.metadata() == nullptr ? std::make_shared<arrow::KeyValueMetadata>() : schema.metadata()->Copy();
  metadata.weight_column = added.weight;
  metadata.row_column = added.row;
  check("metadata", "cannot be written", merged->Set("momentset", metadata.to_json()));
  return merged;
}

void write_gathered(const TableData& table, const std::string& path, Format format, const Gathered& gathered,
                    const Features& features, const WriteOptions& options) {
  const std::string name = output_name(path);
  const QuietWrites quiet;
  if (format == Format::npy) {
    if (!gathered.new_values.empty()) throw Error(name, gathered.new_values.front().column, "has no place in NPY");
    const Stream stream = open_output(path);
    check(name, "cannot be written", write_array(*stream, gathered, features));
    check(name, "cannot be written", stream->Close());
    return;
  }
  const AddedColumns added = added_columns(table, features.weight_column, options.file_column);
  arrow::FieldVector fields = kept_fields(table, added, format);
  CoresetMetadata stated = options.metadata;
  stated.relabelled = relabelled_columns(table, gathered.new_values);
  const auto metadata = merged_metadata(*table.schema, added, std::move(stated));
  for (;;) {
    try {
      Gatherer gatherer(table, gathered, features, added, fields, metadata);
      gatherer.write(open_output(path), format, name);
      return;
    } catch (const ConversionFailure& failure) {
      // Only with typed output of CSV input: start again with a wider type. Each column widens three times at most.
      widen_column(fields, failure.column, table.sources.front()->name());
    }
  }
}

}  // namespace

void Table::require_writable(Format format) const {
  if (format != Format::csv || data_->is_csv()) return;
  for (const auto& field : data_->schema->fields()) {
    if (fits_csv(*field->type())) continue;
    throw Error(printable(field->name()), field->type()->ToString(), "has no CSV form: write Parquet or Arrow");
  }
}

void Table::write(const std::string& path, Format format, std::span<const Index> rows, std::span<const double> weights,
                  std::span<const std::int64_t> row_names, const Features& features,
                  const WriteOptions& options) const {
  require_one_per_row(rows.size(), weights.size(), row_names.size());
  write_gathered(*data_, path, format,
                 {{rows.begin(), rows.end()}, points_of(rows, features), weights, row_names, options.new_values},
                 features, options);
}

void Table::write(const std::string& path, Format format, std::span<const std::int64_t> rows, const Features& kept,
                  const WriteOptions& options) const {
  require_one_per_row(rows.size(), kept.points.weights.size(), kept.row_names.size());
  std::vector<std::size_t> points(rows.size());
  std::iota(points.begin(), points.end(), std::size_t{0});
  write_gathered(*data_, path, format, {{rows.begin(), rows.end()}, points, kept.points.weights, kept.row_names}, kept,
                 options);
}

}  // namespace momentset::io
