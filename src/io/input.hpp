#pragma once

#include <arrow/io/file.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace momentset::io {

/// A file to read from, any number of times.
class Input {
 public:
  /// Throws Error unless `path` is a regular file.
  static Input file(const std::string& path);
  /// Copies standard input to an unnamed temporary file, so that it can be read twice.
  static Input standard_input();

  const std::string& path() const { return path_; }  ///< "-" for standard input
  const std::string& name() const { return name_; }  ///< for messages
  std::int64_t bytes() const { return bytes_; }      ///< size when it was opened first

  /// At its beginning. Streams of the spooled standard input share one position: use one at a time.
  std::shared_ptr<arrow::io::ReadableFile> open() const;

 private:
  struct Spool;
  Input() = default;

  std::string path_, name_;
  std::int64_t bytes_ = 0;
  std::shared_ptr<Spool> spool_;
};

/// Paths and globs in the order given, each glob's matches sorted. A file that exists under the literal name wins
/// over a glob. Throws Error for a missing file and for a glob without matches.
std::vector<std::string> expand(const std::vector<std::string>& inputs);

}  // namespace momentset::io
