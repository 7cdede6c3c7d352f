#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/util/key_value_metadata.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "io/failure.hpp"
#include "io/metadata.hpp"
#include "io/npy_header.hpp"
#include "io/sink.hpp"
#include "momentset/io/table.hpp"

namespace momentset::io {
namespace {

/// The name for a column that is added, which no coordinate has.
std::string free_name(const std::string& wanted, const std::vector<std::string>& taken) {
  const auto is_free = [&](const std::string& name) {
    return std::find(taken.begin(), taken.end(), name) == taken.end();
  };
  if (is_free(wanted)) return wanted;
  if (is_free("coreset_" + wanted)) return "coreset_" + wanted;
  throw Error(printable(wanted), "", "column must be renamed: the output adds one of that name");
}

template <class Builder, class Value>
arrow::Result<std::shared_ptr<arrow::Array>> column_of(std::size_t count, const Value& value) {
  Builder builder;
  ARROW_RETURN_NOT_OK(builder.Reserve(static_cast<std::int64_t>(count)));
  for (std::size_t j = 0; j < count; ++j) builder.UnsafeAppend(value(j));
  return builder.Finish();
}

arrow::Status write_array(arrow::io::OutputStream& stream, const PointSet& points,
                          std::span<const std::uint64_t> rows) {
  const std::size_t dimension = points.dimension;
  ARROW_RETURN_NOT_OK(write_npy(stream, rows.size(), dimension + 2, [&](std::size_t j, double* values) {
    std::copy_n(points.view().point(j), dimension, values);
    values[dimension] = points.weights[j];
    values[dimension + 1] = static_cast<double>(rows[j]);
  }));
  return stream.Close();
}

arrow::Result<std::shared_ptr<arrow::RecordBatch>> batch_of(const PointSet& points, std::span<const std::uint64_t> rows,
                                                            const CoresetMetadata& metadata) {
  arrow::FieldVector fields;
  arrow::ArrayVector columns;
  const std::size_t count = rows.size(), dimension = points.dimension;
  for (std::size_t a = 0; a < dimension; ++a) {
    fields.push_back(arrow::field(metadata.columns[a], arrow::float64()));
    ARROW_ASSIGN_OR_RAISE(columns.emplace_back(), column_of<arrow::DoubleBuilder>(
                                                      count, [&](std::size_t j) { return points.view().point(j)[a]; }));
  }
  fields.push_back(arrow::field(metadata.weight_column, arrow::float64()));
  ARROW_ASSIGN_OR_RAISE(columns.emplace_back(),
                        column_of<arrow::DoubleBuilder>(count, [&](std::size_t j) { return points.weights[j]; }));
  fields.push_back(arrow::field(metadata.row_column, arrow::int64()));
  ARROW_ASSIGN_OR_RAISE(columns.emplace_back(), column_of<arrow::Int64Builder>(count, [&](std::size_t j) {
                          return static_cast<std::int64_t>(rows[j]);
                        }));
  const auto stated = arrow::key_value_metadata({{metadata_key, metadata.to_json()}});
  return arrow::RecordBatch::Make(arrow::schema(fields, stated), static_cast<std::int64_t>(count), columns);
}

/// The batch is asked for where the format is not NPY.
void write_output(const std::string& path, Format format, const std::function<arrow::Status(const Stream&)>& as_array,
                  const std::function<arrow::Result<std::shared_ptr<arrow::RecordBatch>>()>& as_batch) {
  const std::string name = output_name(path), problem = "cannot be written";
  const QuietWrites quiet;
  guarded(name, problem, [&] {
    const Stream stream = open_output(path);
    if (format == Format::npy) return check(name, problem, as_array(stream));
    const auto batch = unwrap(name, problem, as_batch());
    const auto sink = open_sink(format, stream, batch->schema(), name);
    check(name, problem, sink->write(*batch));
    check(name, problem, sink->close());
    check(name, problem, stream->Close());
  });
}

}  // namespace

void write_points(const std::string& path, Format format, const PointSet& points, std::span<const std::uint64_t> rows,
                  CoresetMetadata metadata) {
  for (const std::uint64_t row : rows) {
    if (row <= std::uint64_t(std::numeric_limits<std::int64_t>::max())) continue;
    throw Error("row", std::to_string(row), "must be below 2^63");
  }
  metadata.weight_column = free_name("weight", metadata.columns);
  metadata.row_column = free_name("row", metadata.columns);
  write_output(
      path, format, [&](const Stream& stream) { return write_array(*stream, points, rows); },
      [&] { return batch_of(points, rows, metadata); });
}

void write_numbers(const std::string& path, Format format, const std::vector<std::string>& names,
                   std::span<const double> values) {
  const std::size_t columns = names.size(), count = values.size() / columns;
  write_output(
      path, format,
      [&](const Stream& stream) -> arrow::Status {
        ARROW_RETURN_NOT_OK(write_npy(*stream, count, columns, [&](std::size_t j, double* row) {
          std::copy_n(values.data() + j * columns, columns, row);
        }));
        return stream->Close();
      },
      [&]() -> arrow::Result<std::shared_ptr<arrow::RecordBatch>> {
        arrow::FieldVector fields;
        arrow::ArrayVector arrays;
        for (std::size_t a = 0; a < columns; ++a) {
          fields.push_back(arrow::field(names[a], arrow::float64()));
          ARROW_ASSIGN_OR_RAISE(arrays.emplace_back(), column_of<arrow::DoubleBuilder>(count, [&](std::size_t j) {
                                  return values[j * columns + a];
                                }));
        }
        return arrow::RecordBatch::Make(arrow::schema(fields), static_cast<std::int64_t>(count), arrays);
      });
}

}  // namespace momentset::io
