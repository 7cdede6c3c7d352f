#include "io/gather.hpp"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/compute/api_vector.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "io/failure.hpp"
#include "io/numbers.hpp"

namespace momentset::io {
namespace {

const std::string writing = "cannot be written";
constexpr const char* changed = "changed while being read";

bool holds_dictionary(const arrow::DataType& type) {
  if (type.id() == arrow::Type::DICTIONARY) return true;
  return std::any_of(type.fields().begin(), type.fields().end(),
                     [](const auto& field) { return holds_dictionary(*field->type()); });
}

/// The IPC file format has room for one dictionary per column, so there all rows have to go into one batch.
bool needs_one_batch(Format format, const arrow::Schema& schema) {
  return format == Format::arrow && std::any_of(schema.fields().begin(), schema.fields().end(),
                                                [](const auto& field) { return holds_dictionary(*field->type()); });
}

template <typename Builder, typename Values>
std::shared_ptr<arrow::Array> array_of(const Values& values) {
  Builder builder;
  check("output", writing, builder.AppendValues(values.data(), static_cast<std::int64_t>(values.size())));
  return unwrap("output", writing, builder.Finish());
}

std::shared_ptr<arrow::Array> repeated(const std::string& text, std::size_t count) {
  arrow::StringBuilder builder;
  for (std::size_t i = 0; i < count; ++i) check("output", writing, builder.Append(text));
  return unwrap("output", writing, builder.Finish());
}

bool same_bits(double a, double b) { return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b); }

/// For the types that Take does not know, such as string views.
arrow::Result<std::shared_ptr<arrow::Array>> take_one_by_one(const arrow::Array& array,
                                                             std::span<const std::int64_t> rows) {
  ARROW_ASSIGN_OR_RAISE(const auto builder, arrow::MakeBuilder(array.type()));
  const arrow::ArraySpan span(*array.data());
  for (const std::int64_t row : rows) ARROW_RETURN_NOT_OK(builder->AppendArraySlice(span, row, 1));
  return builder->Finish();
}

std::shared_ptr<arrow::RecordBatch> take_rows(const std::string& file, const arrow::RecordBatch& batch,
                                              std::span<const std::int64_t> rows) {
  const auto count = static_cast<std::int64_t>(rows.size());
  const bool is_run = rows.back() - rows.front() + 1 == count;
  if (is_run) return batch.Slice(rows.front(), count);
  const auto indices = array_of<arrow::Int64Builder>(rows);
  arrow::ArrayVector columns;
  for (const auto& column : batch.columns()) {
    auto taken = arrow::compute::Take(*column, *indices);
    if (taken.status().IsNotImplemented()) taken = take_one_by_one(*column, rows);
    columns.push_back(unwrap(file, "rows cannot be picked out of " + column->type()->ToString(), std::move(taken)));
  }
  return arrow::RecordBatch::Make(batch.schema(), count, std::move(columns));
}

}  // namespace

Gatherer::Gatherer(const TableData& table, const Gathered& rows, const Features& features, const AddedColumns& added,
                   arrow::FieldVector fields, std::shared_ptr<const arrow::KeyValueMetadata> metadata)
    : table_(table), rows_(rows), features_(features), with_file_(!added.file.empty()) {
  request_.fields = fields;
  request_.needs = [this](std::int64_t begin, std::int64_t end) {
    // From next_ on: batches come in order, so what lies before is dealt with.
    const auto found = std::lower_bound(rows_.rows.begin() + std::ptrdiff_t(next_), rows_.rows.end(), begin);
    return found != rows_.rows.end() && *found < end;
  };
  kept_columns_ = static_cast<int>(fields.size());
  // A coordinate may be a column that gives way in the output; it is still compared with what was read.
  for (const std::string& column : features.own_columns()) {
    const bool is_kept =
        std::any_of(fields.begin(), fields.end(), [&](const auto& field) { return field->name() == column; });
    if (!is_kept) request_.fields.push_back(arrow::field(column, arrow::float64()));
  }
  for (const NewValues& each : rows.new_values) {
    const auto found =
        std::find_if(fields.begin(), fields.end(), [&](const auto& field) { return field->name() == each.column; });
    if (found == fields.end()) throw Error("new_values", each.column, "must be a column that the output keeps");
    if (each.values.size() != rows.rows.size()) throw Error("new_values", each.column, "must have one per row");
    *found = (*found)->WithType(arrow::float64());
    new_columns_.push_back(int(found - fields.begin()));
  }
  fields.push_back(arrow::field(added.weight, arrow::float64()));
  fields.push_back(arrow::field(added.row, arrow::int64()));
  if (with_file_) fields.push_back(arrow::field(added.file, arrow::utf8()));
  schema_ = arrow::schema(std::move(fields), std::move(metadata));
}

void Gatherer::write(const Stream& stream, Format format, const std::string& name) {
  name_ = name;
  sink_ = open_sink(format, stream, schema_, name);
  flush_rows_ = needs_one_batch(format, *schema_) ? std::numeric_limits<std::int64_t>::max() : rows_per_batch;
  table_.scan(request_, [this](const TableData::Piece& piece) {
    take(piece);
    return next_ < rows_.rows.size();
  });
  if (next_ < rows_.rows.size())
    throw Error(table_.sources.back()->name(), "", changed + std::string(": rows are gone"));
  flush();
  check(name, writing, guarded(name, writing, [this] { return sink_->close(); }));
  check(name, writing, stream->Close());
}

void Gatherer::take(const TableData::Piece& piece) {
  const std::int64_t end_row = piece.first_row + piece.batch.data->num_rows();
  const std::size_t begin = next_;
  std::vector<std::int64_t> local;
  for (; next_ < rows_.rows.size() && rows_.rows[next_] < end_row; ++next_) {
    local.push_back(rows_.rows[next_] - piece.first_row);
  }
  if (local.empty()) return;
  const auto taken = take_rows(piece.source.name(), *piece.batch.data, local);
  require_unchanged(piece, *taken, begin);
  arrow::ArrayVector columns(taken->columns().begin(), taken->columns().begin() + kept_columns_);
  for (std::size_t k = 0; k < new_columns_.size(); ++k) {
    const std::span<const double> values = rows_.new_values[k].values;
    columns[std::size_t(new_columns_[k])] = array_of<arrow::DoubleBuilder>(values.subspan(begin, next_ - begin));
  }
  const arrow::ArrayVector added = added_columns(piece.source, begin, next_);
  columns.insert(columns.end(), added.begin(), added.end());
  pending_.push_back(arrow::RecordBatch::Make(schema_, taken->num_rows(), std::move(columns)));
  pending_rows_ += taken->num_rows();
  if (pending_rows_ >= flush_rows_) flush();
}

void Gatherer::require_unchanged(const TableData::Piece& piece, const arrow::RecordBatch& taken,
                                 std::size_t begin) const {
  const std::size_t own = features_.columns.size() - features_.filled.size();
  for (std::size_t a = 0; a < own; ++a) {
    const std::string& column = features_.columns[a];
    const Doubles doubles(piece.source.name(), column, taken.GetColumnByName(column));
    for (std::size_t i = 0; i < doubles.values().size(); ++i) {
      const double read = features_.original(rows_.points[begin + i], a), now = doubles.values()[i];
      if (same_bits(now, read) || (std::isnan(now) && std::isnan(read))) continue;
      throw Error(
          piece.source.name(), "",
          std::string(changed) + ": row " + std::to_string(rows_.rows[begin + i]) + " of the table is another now");
    }
  }
}

arrow::ArrayVector Gatherer::added_columns(const Source& source, std::size_t begin, std::size_t end) const {
  const std::size_t count = end - begin;
  arrow::ArrayVector columns = {array_of<arrow::DoubleBuilder>(rows_.weights.subspan(begin, count)),
                                array_of<arrow::Int64Builder>(rows_.row_names.subspan(begin, count))};
  if (with_file_) columns.push_back(repeated(source.input().path(), count));
  return columns;
}

void Gatherer::flush() {
  if (pending_.empty()) return;
  const auto write = [this](const arrow::RecordBatch& batch) {
    check(name_, writing, guarded(name_, writing, [&] { return sink_->write(batch); }));
  };
  // Many small batches make a slow file. What cannot be joined (cells of more than 2 GB together) goes out as it is.
  auto joined = arrow::ConcatenateRecordBatches(pending_);
  if (joined.ok()) {
    write(**joined);
  } else {
    for (const auto& batch : pending_) write(*batch);
  }
  pending_.clear();
  pending_rows_ = 0;
}

}  // namespace momentset::io
