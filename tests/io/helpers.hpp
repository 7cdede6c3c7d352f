#pragma once

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <arrow/ipc/api.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/writer.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "momentset/io/table.hpp"

namespace momentset::io::testing {

/// A directory of its own for each test, removed afterwards.
class FileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "momentset-io-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string path(const std::string& name) const { return directory_ + "/" + name; }

  std::string put(const std::string& name, const std::string& content) const {
    std::ofstream(path(name), std::ios::binary) << content;
    return path(name);
  }

 private:
  std::string directory_;
};

inline std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// what() of the Error that `work` throws; "" if it throws none.
template <typename Work>
std::string error_of(Work&& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

inline std::string read_error(const std::vector<std::string>& inputs, const ReadOptions& options = {}) {
  return error_of([&] { Table::open(inputs).read(options); });
}

inline Features read(const std::vector<std::string>& inputs, const ReadOptions& options = {}) {
  return Table::open(inputs).read(options);
}

#define EXPECT_CONTAINS(text, part) \
  EXPECT_NE(std::string(text).find(part), std::string::npos) << "in: " << (text) << "\nlooked for: " << (part)

using Doubles = std::vector<double>;
using Names = std::vector<std::string>;

template <typename Builder, typename Value>
std::shared_ptr<arrow::Array> array(const std::vector<Value>& values) {
  Builder builder;
  EXPECT_TRUE(builder.AppendValues(values).ok());
  return builder.Finish().ValueOrDie();
}
inline std::shared_ptr<arrow::Array> doubles(const Doubles& values) { return array<arrow::DoubleBuilder>(values); }
inline std::shared_ptr<arrow::Array> integers(const std::vector<std::int64_t>& values) {
  return array<arrow::Int64Builder>(values);
}
inline std::shared_ptr<arrow::Array> texts(const Names& values) { return array<arrow::StringBuilder>(values); }

inline std::shared_ptr<arrow::Table> table(const Names& names, const arrow::ArrayVector& columns) {
  arrow::FieldVector fields;
  for (std::size_t i = 0; i < names.size(); ++i) fields.push_back(arrow::field(names[i], columns[i]->type()));
  return arrow::Table::Make(arrow::schema(fields), columns);
}

inline void save_parquet(const std::string& path, const arrow::Table& table, std::int64_t row_group = 1 << 20) {
  const auto file = arrow::io::FileOutputStream::Open(path).ValueOrDie();
  const auto stored = parquet::ArrowWriterProperties::Builder().store_schema()->build();
  ASSERT_TRUE(parquet::arrow::WriteTable(table, arrow::default_memory_pool(), file, row_group,
                                         parquet::default_writer_properties(), stored)
                  .ok());
  ASSERT_TRUE(file->Close().ok());
}

enum class IpcKind { file, stream };
inline void save_ipc(const std::string& path, const arrow::Table& table, IpcKind kind = IpcKind::file,
                     std::int64_t batch = 1 << 20) {
  const auto file = arrow::io::FileOutputStream::Open(path).ValueOrDie();
  const auto writer = (kind == IpcKind::file ? arrow::ipc::MakeFileWriter(file, table.schema())
                                             : arrow::ipc::MakeStreamWriter(file, table.schema()))
                          .ValueOrDie();
  ASSERT_TRUE(writer->WriteTable(table, batch).ok());
  ASSERT_TRUE(writer->Close().ok());
  ASSERT_TRUE(file->Close().ok());
}

inline std::shared_ptr<arrow::Table> load_parquet(const std::string& path) {
  const auto file = arrow::io::ReadableFile::Open(path).ValueOrDie();
  return parquet::arrow::OpenFile(file, arrow::default_memory_pool()).ValueOrDie()->ReadTable().ValueOrDie();
}

inline std::shared_ptr<arrow::Table> load_ipc(const std::string& path) {
  const auto file = arrow::io::ReadableFile::Open(path).ValueOrDie();
  return arrow::ipc::RecordBatchFileReader::Open(file).ValueOrDie()->ToTable().ValueOrDie();
}

/// An NPY file of version 1.0 with that header dictionary and those raw bytes.
template <typename Item>
std::string npy(const std::string& dictionary, const std::vector<Item>& items) {
  std::string file = "\x93NUMPY\x01";
  file.push_back('\0');
  const std::string header = dictionary + "\n";
  file.push_back(static_cast<char>(header.size() & 0xFF));
  file.push_back(static_cast<char>(header.size() >> 8));
  file += header;
  file.append(reinterpret_cast<const char*>(items.data()), items.size() * sizeof(Item));
  return file;
}

/// Writes those table rows with weights 1.5, 2.5, ... and whatever `row` they have.
inline void write_rows(const Table& table, const Features& features, const std::vector<Index>& rows,
                       const std::string& path, bool file_column = false) {
  Doubles weights;
  std::vector<std::int64_t> names;
  std::size_t point = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    weights.push_back(static_cast<double>(i) + 1.5);
    while (features.position(point) != rows[i]) ++point;
    names.push_back(features.row_name(point));
  }
  WriteOptions options;
  options.metadata.columns = features.columns;
  options.metadata.order = 5;
  options.metadata.version = "0.1.0";
  options.file_column = file_column;
  table.write(path, format_of(path), rows, weights, names, features, options);
}

}  // namespace momentset::io::testing
