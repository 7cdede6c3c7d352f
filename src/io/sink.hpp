#pragma once

#include <arrow/io/interfaces.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <csignal>
#include <memory>
#include <span>
#include <string>

#include "momentset/io/table.hpp"

namespace momentset::io {

/// While it lives, a closed pipe or a file size limit makes this thread's writes fail with EPIPE or EFBIG instead of
/// killing the process with SIGPIPE or SIGXFSZ. Leaves the process's handlers alone.
class QuietWrites {
 public:
  QuietWrites();
  ~QuietWrites();
  QuietWrites(const QuietWrites&) = delete;
  QuietWrites& operator=(const QuietWrites&) = delete;

 private:
  sigset_t signals_{}, before_{};
};

/// Where record batches go.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual arrow::Status write(const arrow::RecordBatch& batch) = 0;
  virtual arrow::Status close() = 0;
};

using Stream = std::shared_ptr<arrow::io::OutputStream>;

/// A file, emptied, or for "-" standard output.
Stream open_output(const std::string& path);
std::string output_name(const std::string& path);

/// CSV, Parquet (zstd) or Arrow IPC file format (uncompressed, so that every reader can map it).
std::unique_ptr<Sink> open_sink(Format format, const Stream& stream, const std::shared_ptr<arrow::Schema>& schema,
                                const std::string& name);
std::unique_ptr<Sink> open_csv_sink(const Stream& stream, const std::shared_ptr<arrow::Schema>& schema,
                                    const std::string& name);

/// Whether cells of that type have a CSV form.
bool fits_csv(const arrow::DataType& type);

}  // namespace momentset::io
