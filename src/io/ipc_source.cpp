#include <arrow/io/file.h>
#include <arrow/ipc/reader.h>

#include <algorithm>
#include <numeric>
#include <string_view>

#include "io/failure.hpp"
#include "io/source.hpp"

namespace momentset::io {
namespace {

const std::string problem = "cannot be read as Arrow IPC";

std::string first_bytes(const Input& input, std::int64_t count) {
  std::string bytes(static_cast<std::size_t>(count), '\0');
  const std::int64_t got = unwrap(input.name(), problem, input.open()->ReadAt(0, count, bytes.data()));
  bytes.resize(static_cast<std::size_t>(got));
  return bytes;
}

arrow::ipc::IpcReadOptions options_for(const arrow::Schema* schema, const arrow::FieldVector& fields) {
  auto options = arrow::ipc::IpcReadOptions::Defaults();
  options.use_threads = use_threads();
  for (const auto& field : fields) {
    // A column that is not there shows up as missing when the batch is picked apart.
    if (const int index = schema->GetFieldIndex(field->name()); index >= 0) options.included_fields.push_back(index);
  }
  std::sort(options.included_fields.begin(), options.included_fields.end());
  return options;
}

/// Arrow trusts the offsets of an IPC file; a damaged one must end here and not in a wild read.
void require_sound(const std::string& name, const arrow::RecordBatch& batch) {
  check(name, problem, guarded(name, problem, [&] { return batch.ValidateFull(); }));
}

class IpcFileSource : public Source {
 public:
  explicit IpcFileSource(Input input) : Source(std::move(input)) {
    guarded(name(), problem, [this] {
      const auto reader = open({});
      schema_ = reader->schema();
      batches_ = static_cast<std::size_t>(reader->num_record_batches());
    });
  }

  /// Known after one whole pass: Arrow would read the whole file to count before.
  std::optional<std::int64_t> rows() const override {
    if (lengths_.size() < batches_) return std::nullopt;
    return std::accumulate(lengths_.begin(), lengths_.end(), std::int64_t{0});
  }

  void scan(const Request& request, const Visitor& visit) override {
    const auto reader = guarded(name(), problem, [&] { return open(request.fields); });
    const int batches = reader->num_record_batches();
    if (static_cast<std::size_t>(batches) != batches_) throw Error(name(), "", "changed while being read");
    std::int64_t first_row = 0;
    for (int i = 0; i < batches; ++i) {
      const auto index = static_cast<std::size_t>(i);
      // Lengths are known from the first pass on, so the second can leave batches unread.
      if (index < lengths_.size() && request.needs && !request.needs(first_row, first_row + lengths_[index])) {
        first_row += lengths_[index];
        continue;
      }
      const auto batch = guarded(name(), problem, [&] { return unwrap(name(), problem, reader->ReadRecordBatch(i)); });
      require_sound(name(), *batch);
      if (index == lengths_.size()) lengths_.push_back(batch->num_rows());
      const double fraction = static_cast<double>(i + 1) / batches;
      if (batch->num_rows() > 0 && !visit({pick(name(), *batch, request.fields), first_row, fraction})) return;
      first_row += batch->num_rows();
    }
  }

 private:
  std::shared_ptr<arrow::ipc::RecordBatchFileReader> open(const arrow::FieldVector& fields) const {
    return unwrap(name(), problem,
                  arrow::ipc::RecordBatchFileReader::Open(input().open(), options_for(schema_.get(), fields)));
  }

  std::size_t batches_ = 0;
  std::vector<std::int64_t> lengths_;  ///< of the batches read so far, from the first on
};

class IpcStreamSource : public Source {
 public:
  explicit IpcStreamSource(Input input) : Source(std::move(input)) {
    guarded(name(), problem, [this] { schema_ = open(this->input().open(), {})->schema(); });
  }

  std::optional<std::int64_t> rows() const override { return std::nullopt; }

  void scan(const Request& request, const Visitor& visit) override {
    const auto file = input().open();
    const auto reader = guarded(name(), problem, [&] { return open(file, request.fields); });
    const auto bytes = static_cast<double>(std::max<std::int64_t>(1, input().bytes()));
    std::int64_t first_row = 0;
    for (;;) {
      const auto batch = guarded(name(), problem, [&] { return unwrap(name(), problem, reader->Next()); });
      if (batch == nullptr) return;
      require_sound(name(), *batch);
      const auto position = static_cast<double>(unwrap(name(), problem, file->Tell()));
      const double fraction = std::min(1.0, position / bytes);
      if (batch->num_rows() > 0 && !visit({pick(name(), *batch, request.fields), first_row, fraction})) return;
      first_row += batch->num_rows();
    }
  }

 private:
  std::shared_ptr<arrow::RecordBatchReader> open(const std::shared_ptr<arrow::io::InputStream>& stream,
                                                 const arrow::FieldVector& fields) const {
    return unwrap(name(), problem,
                  arrow::ipc::RecordBatchStreamReader::Open(stream, options_for(schema_.get(), fields)));
  }
};

}  // namespace

std::unique_ptr<Source> open_ipc(Input input) {
  const std::string start = first_bytes(input, 6);
  if (start.empty()) throw Error(input.name(), "", "is empty");
  if (start.starts_with("FEA1")) {
    throw Error(input.name(), "", "is Feather version 1: must be Arrow IPC (Feather version 2)");
  }
  if (start == "ARROW1") return std::make_unique<IpcFileSource>(std::move(input));
  return std::make_unique<IpcStreamSource>(std::move(input));
}

}  // namespace momentset::io
