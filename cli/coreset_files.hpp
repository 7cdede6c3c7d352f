#pragma once

#include <cstdio>
#include <optional>
#include <string>

#include "momentset/io/table.hpp"
#include "target_file.hpp"

namespace momentset::cli {

/// The table of a coreset and its certificate, which appear together. The certificate lies beside the table unless it
/// is told where; for standard output there is none then.
class CoresetFiles {
 public:
  /// @param certified whether there is a certificate to write
  /// Throws Error where one of them exists and may not be replaced, or cannot be written.
  CoresetFiles(const std::string& output, const std::string& certificate, bool overwrite, bool certified = true);

  io::Format format() const { return format_; }
  std::string path() const { return output_ ? output_->path() : "-"; }  ///< where the table is to be written
  const std::string& certificate_path() const { return certificate_path_; }
  std::FILE* summary() const { return output_ ? stdout : stderr; }  ///< where text does not mix with the table

  void write_certificate(const std::string& json) const;
  /// Puts both in place, and `other` with them.
  void commit(TargetFile* other = nullptr);

 private:
  io::Format format_;
  std::string certificate_path_;  ///< empty: none
  std::optional<TargetFile> output_, certificate_;
};

}  // namespace momentset::cli
