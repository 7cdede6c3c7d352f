#include <algorithm>
#include <cctype>
#include <string>
#include <utility>

#include "momentset/io/table.hpp"

namespace momentset::io {
namespace {

constexpr std::pair<const char*, Format> suffixes[] = {
    {".csv", Format::csv},       {".parquet", Format::parquet}, {".pq", Format::parquet}, {".arrow", Format::arrow},
    {".feather", Format::arrow}, {".ipc", Format::arrow},       {".npy", Format::npy},
};

std::string suffix_of(const std::string& path) {
  const std::string name = path.substr(path.find_last_of('/') + 1);
  const std::size_t dot = name.find_last_of('.');
  std::string suffix = dot == std::string::npos ? "" : name.substr(dot);
  std::transform(suffix.begin(), suffix.end(), suffix.begin(), [](unsigned char c) { return std::tolower(c); });
  return suffix;
}

}  // namespace

Format format_of(const std::string& path) {
  if (path == "-") return Format::csv;
  const std::string suffix = suffix_of(path);
  std::string known;
  for (const auto& [text, format] : suffixes) {
    if (suffix == text) return format;
    known += (known.empty() ? "" : ", ") + std::string(text);
  }
  throw Error(path, "", "must end in one of " + known + " (or be - for CSV)");
}

}  // namespace momentset::io
