#include "sketch_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <system_error>

#include "momentset/error.hpp"
#include "target_file.hpp"
#include "text.hpp"

namespace momentset::cli {

bool is_sketch(const std::string& path) {
  constexpr std::string_view begin = "momentset sketch";
  std::ifstream file(path, std::ios::binary);
  std::string found(begin.size(), '\0');
  return file.read(found.data(), std::streamsize(found.size())) && found == begin;
}

namespace {

std::string contents_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(path, "", fmt::format("cannot be read: {}", std::strerror(errno)));
  std::error_code unknown;  // of a pipe, whose size nobody knows
  const auto size = std::filesystem::file_size(path, unknown);
  std::string contents;
  if (!unknown) contents.reserve(size + 1);  // those of a checkpoint may take a third of the memory there is
  std::array<char, 1 << 16> part;
  while (file.read(part.data(), part.size()) || file.gcount() > 0) contents.append(part.data(), file.gcount());
  return contents;
}

Sketch sketch_of(const std::string& path, std::string_view bytes, int threads) {
  try {
    return Sketch::from_bytes({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, threads);
  } catch (const Error& error) {
    throw Error(path, error.value(), error.rule());
  }
}

constexpr const char* checkpoint_format = "momentset-checkpoint";

}  // namespace

Sketch read_sketch(const std::string& path, int threads) { return sketch_of(path, contents_of(path), threads); }

// A line of JSON, then the bytes of the sketch.
void write_checkpoint(const std::string& path, const std::string& description, std::int64_t rows, std::size_t dropped,
                      const Sketch& sketch) {
  const nlohmann::json head{
      {"format", checkpoint_format}, {"description", description}, {"rows", rows}, {"dropped", dropped}};
  TargetFile file("--checkpoint", path, true);
  const std::string line = head.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace) + "\n";
  file.write({line, as_text(sketch.to_bytes())});
  TargetFile::commit({&file});
}

Checkpoint read_checkpoint(const std::string& path, int threads) {
  const std::string text = contents_of(path);
  const std::size_t end = std::min(text.find('\n'), text.size());
  const nlohmann::json head = nlohmann::json::parse(text.substr(0, end), nullptr, false);
  if (!head.is_object() || head.value("format", "") != checkpoint_format || end == text.size()) {
    throw Error(path, "", "is not a checkpoint");
  }
  return {head.value("description", ""), head.value("rows", std::int64_t{0}), head.value("dropped", std::size_t{0}),
          sketch_of(path, std::string_view(text).substr(end + 1), threads)};
}

std::string_view as_text(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string describe(const std::string& path, const Sketch& sketch, bool json) {
  const SketchOptions& options = sketch.options();
  if (json) {
    return nlohmann::ordered_json{{"sketch", path},
                                  {"rows", sketch.rows_seen()},
                                  {"mass", sketch.mass()},
                                  {"points", sketch.points_held()},
                                  {"dimension", options.dimension},
                                  {"columns", options.columns},
                                  {"size", options.size},
                                  {"order", options.order},
                                  {"seed", options.seed},
                                  {"memory", options.memory}}
               .dump(2) +
           "\n";
  }
  return fmt::format(
      "{}\n  sketch of {} rows, total weight {:g}\n  {} of them held, for a coreset of {}\n"
      "  order {} in {} column{}{}{}\n",
      path, grouped(sketch.rows_seen()), sketch.mass(), grouped(sketch.points_held()), grouped(options.size),
      options.order, options.dimension, options.dimension == 1 ? "" : "s", options.columns.empty() ? "" : ": ",
      fmt::join(options.columns, ", "));
}

}  // namespace momentset::cli
