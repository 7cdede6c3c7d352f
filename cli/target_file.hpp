#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace momentset::cli {

/// Installs handlers that end the process on SIGINT, SIGTERM and SIGHUP with status 128 + signal (130 for Ctrl-C),
/// after removing every TargetFile that is not yet in place.
void remove_targets_when_interrupted();

/// A file that appears under its name only when it is complete: it is written beside the target and renamed by
/// `commit`; without that, nothing is left behind.
class TargetFile {
 public:
  /// @param option    what to blame in errors, e.g. "--output"
  /// @param overwrite whether an existing file may be replaced
  /// Throws Error if the target exists and may not be replaced, is not a plain file, or its folder cannot be written.
  TargetFile(const std::string& option, const std::string& path, bool overwrite);
  ~TargetFile();
  TargetFile(const TargetFile&) = delete;
  TargetFile& operator=(const TargetFile&) = delete;

  /// Where to write until commit.
  const std::string& path() const { return temporary_; }

  /// Replaces what the file holds. Throws Error naming the target if that fails.
  void write(std::string_view text) const { write({text}); }
  /// The same of several texts, one behind the other.
  void write(std::initializer_list<std::string_view> parts) const;

  /// Brings all files to disk, then puts them in place. An interrupt waits until that is done.
  static void commit(const std::vector<TargetFile*>& files);

 private:
  void synchronise() const;

  std::string target_, temporary_;
  int slot_ = -1;
};

}  // namespace momentset::cli
