#pragma once

#include <arrow/result.h>
#include <arrow/status.h>

#include <cstddef>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "momentset/error.hpp"

namespace momentset::io {

/// `text` fit for a one-line message: control characters and broken bytes as '?', cut after `limit` bytes.
std::string printable(std::string_view text, std::size_t limit = 160);

/// Throws Error(file, "", "<problem>: <reason>"); the reason is the operating system's where there is one, else the
/// first line of Arrow's message.
[[noreturn]] void fail(const std::string& file, const std::string& problem, const arrow::Status& status);

inline void check(const std::string& file, const std::string& problem, const arrow::Status& status) {
  if (!status.ok()) fail(file, problem, status);
}

template <typename T>
T unwrap(const std::string& file, const std::string& problem, arrow::Result<T> result) {
  if (!result.ok()) fail(file, problem, result.status());
  return std::move(result).ValueUnsafe();
}

/// Calls `work` and turns whatever Arrow, Parquet or the allocator throw into one Error that names the file.
template <typename Work>
auto guarded(const std::string& file, const std::string& problem, Work&& work) {
  try {
    return work();
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw Error(file, "", problem + ": not enough memory");
  } catch (const std::exception& error) {
    fail(file, problem, arrow::Status::IOError(error.what()));
  }
}

}  // namespace momentset::io
