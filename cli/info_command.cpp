#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "commands.hpp"
#include "momentset/compress.hpp"
#include "momentset/io/table.hpp"
#include "sketch_file.hpp"
#include "text.hpp"

namespace momentset::cli {
namespace {

struct InfoArguments {
  std::vector<std::string> inputs;
  int threads = 0;
  bool json = false;
};

struct Range {
  double low, high;
};

/// What a table holds: its columns, the ranges of those that can be coordinates, and the sizes that orders need.
struct Info {
  std::vector<std::string> files;
  std::size_t rows = 0, invalid_rows = 0;
  std::vector<io::Column> columns;
  std::vector<std::string> coordinates;  // what compress would take
  std::map<std::string, Range> ranges;
  std::optional<io::CoresetMetadata> coreset;
  std::vector<std::string> notices;
};

Info gather(const InfoArguments& options) {
  const io::Table table = io::Table::open(options.inputs);
  const io::Features features = table.read({.drop_invalid = true});
  const WeightedPoints points = features.points.view();
  Info info;
  info.files = table.files();
  info.rows = points.size() + features.dropped;
  info.invalid_rows = features.dropped;
  info.columns = table.columns();
  info.coordinates = features.columns;
  info.coreset = table.coreset();
  info.notices = features.notices;
  for (std::size_t a = 0; a < points.dimension; ++a) {
    Range range{points.point(0)[a], points.point(0)[a]};
    for (std::size_t i = 0; i < points.size(); ++i) {
      range.low = std::min(range.low, points.point(i)[a]);
      range.high = std::max(range.high, points.point(i)[a]);
    }
    info.ranges[features.columns[a]] = range;
  }
  return info;
}

std::string orders(std::size_t dimension, std::size_t rows) {
  constexpr int most = 12;
  std::string text = fmt::format("  order fits a size of at least (in {} columns)\n", dimension);
  for (int order = 1; order <= most; ++order) {
    const std::size_t size = feature_count(dimension, order);
    if (size >= rows) break;
    text += fmt::format("  {:>5} {:>12}\n", order, grouped(size));
  }
  return text;
}

std::string text(const Info& info) {
  std::string text =
      fmt::format("{}\n  {} rows, {} columns\n", fmt::join(info.files, " "), grouped(info.rows), info.columns.size());
  if (info.invalid_rows > 0) {
    text += fmt::format("  {} rows hold NaN, infinity or no value (see --drop-invalid)\n", grouped(info.invalid_rows));
  }
  if (info.coreset) {
    const io::CoresetMetadata& written = *info.coreset;
    text += fmt::format("  written by momentset {}: order {} over {}{}\n", written.version, written.order,
                        fmt::join(written.columns, ", "),
                        written.relabelled.empty()
                            ? ""
                            : fmt::format("; new values of {} (--relabel)", fmt::join(written.relabelled, ", ")));
  }
  std::size_t widest = 6;
  for (const io::Column& column : info.columns) widest = std::max(widest, column.name.size());
  for (const io::Column& column : info.columns) {
    const auto range = info.ranges.find(column.name);
    text += fmt::format(
        "  {:<{}}  {:<16}{}\n", column.name, widest, column.type,
        range == info.ranges.end() ? "" : fmt::format("{:g} to {:g}", range->second.low, range->second.high));
  }
  for (const std::string& notice : info.notices) text += fmt::format("  note: {}\n", notice);
  return text + orders(info.coordinates.size(), info.rows);
}

std::string json(const Info& info) {
  nlohmann::json object{{"files", info.files},
                        {"rows", info.rows},
                        {"invalid_rows", info.invalid_rows},
                        {"coordinates", info.coordinates},
                        {"notices", info.notices},
                        {"columns", nlohmann::json::array()},
                        {"orders", nlohmann::json::array()}};
  for (const io::Column& column : info.columns) {
    nlohmann::json entry{{"name", column.name}, {"type", column.type}, {"numeric", column.numeric}};
    if (const auto range = info.ranges.find(column.name); range != info.ranges.end()) {
      entry["minimum"] = range->second.low;
      entry["maximum"] = range->second.high;
    }
    object["columns"].push_back(entry);
  }
  for (int order = 1; order <= 12; ++order) {
    const std::size_t size = feature_count(info.coordinates.size(), order);
    if (size >= info.rows) break;
    object["orders"].push_back({{"order", order}, {"smallest_size", size}});
  }
  if (info.coreset) object["momentset"] = nlohmann::json::parse(info.coreset->to_json());
  return object.dump(2) + "\n";
}

}  // namespace

void add_info(CLI::App& app, int& status) {
  const auto options = std::make_shared<InfoArguments>();
  CLI::App* command = app.add_subcommand("info", "show rows, columns, ranges, and which orders fit which sizes");
  command->add_option("input", options->inputs, "tables, or a sketch")->required()->type_name("FILE");
  command->add_option("--threads", options->threads, "threads to use [all cores]");
  command->add_flag("--json", options->json, "print JSON");
  command->callback([options, &status] {
    io::set_threads(options->threads);
    status = success;
    if (options->inputs.size() == 1 && is_sketch(options->inputs.front())) {
      const std::string& path = options->inputs.front();
      fmt::print("{}", describe(path, read_sketch(path, options->threads), options->json));
      return;
    }
    const Info info = gather(*options);
    fmt::print("{}", options->json ? json(info) : text(info));
  });
}

}  // namespace momentset::cli
