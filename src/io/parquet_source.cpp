#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>

#include <algorithm>
#include <unordered_map>

#include "io/failure.hpp"
#include "io/source.hpp"

namespace momentset::io {
namespace {

const std::string problem = "cannot be read as Parquet";

void append_leaves(const parquet::arrow::SchemaField& field, std::vector<int>& leaves) {
  if (field.is_leaf()) leaves.push_back(field.column_index);
  for (const auto& child : field.children) append_leaves(child, leaves);
}

/// Consecutive row groups that are all needed.
struct Run {
  std::vector<int> groups;
  std::int64_t first_row = 0, rows = 0;
};

class ParquetSource : public Source {
 public:
  explicit ParquetSource(Input input) : Source(std::move(input)) {
    guarded(name(), problem, [this] {
      const auto reader = open();
      check(name(), problem, reader->GetSchema(&schema_));
      rows_ = reader->parquet_reader()->metadata()->num_rows();
      if (rows_ < 0) throw Error(name(), "", problem + ": negative number of rows");
    });
  }

  std::optional<std::int64_t> rows() const override { return rows_; }

  void scan(const Request& request, const Visitor& visit) override {
    const auto reader = guarded(name(), problem, [this] { return open(); });
    const std::vector<int> leaves = leaves_of(*reader, request.fields);
    for (const Run& run : needed_runs(*reader, request)) {
      if (!scan_run(*reader, run, leaves, request.fields, visit)) return;
    }
  }

 private:
  std::unique_ptr<parquet::arrow::FileReader> open() const {
    // Buffered streams and no pre-buffering: a column chunk passes through a small buffer instead of lying in memory
    // whole, so that even a file with one row group is read in bounded memory.
    parquet::ReaderProperties properties = parquet::default_reader_properties();
    properties.enable_buffered_stream();
    properties.set_buffer_size(1 << 18);
    parquet::ArrowReaderProperties arrow_properties;
    arrow_properties.set_pre_buffer(false);
    arrow_properties.set_use_threads(use_threads());
    arrow_properties.set_batch_size(rows_per_batch);
    parquet::arrow::FileReaderBuilder builder;
    check(name(), problem, builder.Open(input().open(), properties));
    builder.properties(arrow_properties);
    return unwrap(name(), problem, builder.Build());
  }

  std::vector<int> leaves_of(const parquet::arrow::FileReader& reader, const arrow::FieldVector& fields) const {
    std::unordered_map<std::string, const parquet::arrow::SchemaField*> by_name;
    for (const auto& field : reader.manifest().schema_fields) by_name[field.field->name()] = &field;
    std::vector<int> leaves;
    for (const auto& field : fields) {
      const auto found = by_name.find(field->name());
      if (found == by_name.end()) {
        throw Error(name(), field->name(), "column is gone: the file changed while being read");
      }
      append_leaves(*found->second, leaves);
    }
    return leaves;
  }

  std::vector<Run> needed_runs(const parquet::arrow::FileReader& reader, const Request& request) const {
    return guarded(name(), problem, [&] {
      const auto metadata = reader.parquet_reader()->metadata();
      std::vector<Run> runs;
      bool previous_needed = false;
      std::int64_t first_row = 0;
      for (int group = 0; group < metadata->num_row_groups(); ++group) {
        const std::int64_t rows = metadata->RowGroup(group)->num_rows();
        if (rows < 0) throw Error(name(), "", problem + ": negative number of rows");
        const bool needed = !request.needs || request.needs(first_row, first_row + rows);
        if (needed && !previous_needed) runs.push_back({{}, first_row, 0});
        if (needed) {
          runs.back().groups.push_back(group);
          runs.back().rows += rows;
        }
        previous_needed = needed;
        first_row += rows;
      }
      return runs;
    });
  }

  bool scan_run(parquet::arrow::FileReader& reader, const Run& run, const std::vector<int>& leaves,
                const arrow::FieldVector& fields, const Visitor& visit) const {
    const auto batches = guarded(
        name(), problem, [&] { return unwrap(name(), problem, reader.GetRecordBatchReader(run.groups, leaves)); });
    std::int64_t done = 0;
    for (;;) {
      const auto batch = guarded(name(), problem, [&] { return unwrap(name(), problem, batches->Next()); });
      if (batch == nullptr) break;
      const std::int64_t first_row = run.first_row + done;
      done += batch->num_rows();
      const double fraction = rows_ > 0 ? static_cast<double>(run.first_row + done) / static_cast<double>(rows_) : 1;
      if (batch->num_rows() > 0 && !visit({pick(name(), *batch, fields), first_row, fraction})) return false;
    }
    if (done != run.rows) throw Error(name(), "", problem + ": holds fewer rows than it declares");
    return true;
  }

  std::int64_t rows_ = 0;
};

}  // namespace

std::unique_ptr<Source> open_parquet(Input input) { return std::make_unique<ParquetSource>(std::move(input)); }

}  // namespace momentset::io
