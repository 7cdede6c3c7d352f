#include "io/sink.hpp"

#include <arrow/io/file.h>
#include <arrow/ipc/writer.h>
#include <parquet/arrow/writer.h>
#include <parquet/properties.h>
#include <pthread.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include "io/failure.hpp"

namespace momentset::io {
namespace {

const std::string problem = "cannot be written";

class ParquetSink : public Sink {
 public:
  ParquetSink(const Stream& stream, const arrow::Schema& schema, const std::string& name) {
    const auto properties = parquet::WriterProperties::Builder().compression(parquet::Compression::ZSTD)->build();
    // Parquet knows fewer types than Arrow: the stored schema brings the others back.
    const auto arrow_properties = parquet::ArrowWriterProperties::Builder().store_schema()->build();
    writer_ = guarded(name, problem, [&] {
      return unwrap(
          name, problem,
          parquet::arrow::FileWriter::Open(schema, arrow::default_memory_pool(), stream, properties, arrow_properties));
    });
  }
  arrow::Status write(const arrow::RecordBatch& batch) override { return writer_->WriteRecordBatch(batch); }
  arrow::Status close() override { return writer_->Close(); }

 private:
  std::unique_ptr<parquet::arrow::FileWriter> writer_;
};

class IpcSink : public Sink {
 public:
  IpcSink(const Stream& stream, const std::shared_ptr<arrow::Schema>& schema, const std::string& name)
      : writer_(unwrap(name, problem, arrow::ipc::MakeFileWriter(stream, schema))) {}
  arrow::Status write(const arrow::RecordBatch& batch) override { return writer_->WriteRecordBatch(batch); }
  arrow::Status close() override { return writer_->Close(); }

 private:
  std::shared_ptr<arrow::ipc::RecordBatchWriter> writer_;
};

}  // namespace

QuietWrites::QuietWrites() {
  sigemptyset(&signals_);
  sigaddset(&signals_, SIGPIPE);
  sigaddset(&signals_, SIGXFSZ);
  pthread_sigmask(SIG_BLOCK, &signals_, &before_);
}

QuietWrites::~QuietWrites() {
  // Both are sent to the writing thread: take back what this one has caused before it can be delivered.
  const timespec no_wait{};
  while (sigtimedwait(&signals_, nullptr, &no_wait) > 0) {
  }
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

std::string output_name(const std::string& path) { return path == "-" ? "standard output" : path; }

Stream open_output(const std::string& path) {
  if (path != "-") return unwrap(path, problem, arrow::io::FileOutputStream::Open(path));
  const int fd = ::dup(STDOUT_FILENO);
  if (fd < 0) throw Error(output_name(path), "", problem + ": " + std::strerror(errno));
  return unwrap(output_name(path), problem, arrow::io::FileOutputStream::Open(fd));
}

std::unique_ptr<Sink> open_sink(Format format, const Stream& stream, const std::shared_ptr<arrow::Schema>& schema,
                                const std::string& name) {
  switch (format) {
    case Format::csv:
      return open_csv_sink(stream, schema, name);
    case Format::parquet:
      return std::make_unique<ParquetSink>(stream, *schema, name);
    case Format::arrow:
      return std::make_unique<IpcSink>(stream, schema, name);
    case Format::npy:
      break;
  }
  throw Error(name, "", problem + ": not a format for record batches");
}

}  // namespace momentset::io
