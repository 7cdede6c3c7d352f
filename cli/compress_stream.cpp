#include "compress_stream.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>
#include <string>
#include <utility>

#include "commands.hpp"
#include "momentset/error.hpp"
#include "progress.hpp"
#include "read_ahead.hpp"
#include "stopwatch.hpp"
#include "summary.hpp"
#include "table_sketch.hpp"
#include "text.hpp"
#include "write_rows.hpp"

namespace momentset::cli {
namespace {

/// The way out is to have room for all rows.
void require_streamable(const CompressArguments& options) {
  const CompressArguments usual;
  const std::pair<const char*, bool> given[] = {
      {"--dry-run", options.dry_run},
      {"--keep", options.keep.has_value()},
      {"--tolerance", options.tolerance.has_value()},
      {"--method", options.method != usual.method && options.method != "tree"},
      {"--effort", options.effort != usual.effort},
      {"--smoothness", options.smoothness != usual.smoothness},
      {"--max-weight", options.max_weight.has_value()},
      {"--min-ess", options.min_ess.has_value()},
      {"--target", !options.targets.empty()},
      {"--groups", !options.groups.empty()},
      {"--categories", !options.categories.empty()},
      {"--features", !options.features.empty()},
      {"--scale", options.scale != usual.scale},
      {"--column-weights", !options.column_weights.empty()},
      {"--weight-sum", options.weight_sum != usual.weight_sum},
      {"--keep-rows", !options.keep_rows.empty()},
      {"--missing", options.missing == "indicator"},
  };
  for (const auto& [option, is_given] : given) {
    if (!is_given) continue;
    throw Error(
        option, "",
        fmt::format("takes all rows at once, and their coordinates take more than the {} of --memory: give more",
                    bytes(double(parse_bytes("--memory", options.memory)))));
  }
}

void measure_again(const io::Table& table, const CompressArguments& options, StreamCoreset& coreset,
                   ProgressBar& progress) {
  SecondPass pass(coreset.points.view(), coreset.certificate, coreset.cells, options.threads);
  io::ReadOptions read = options.read_options();
  read.progress = [&](double fraction) { progress.show("second pass", fraction); };
  read_ahead(table, read, 0, [&](const io::Features& batch, std::int64_t) { pass.add(batch.points.view()); });
  pass.measure(coreset.certificate);
  progress.clear();
}

}  // namespace

int compress_in_batches(const CompressArguments& options, const io::Table& table, std::optional<CoresetFiles>& files) {
  require_streamable(options);
  ProgressBar progress(!options.quiet && !options.json);
  TableSketchOptions asked{.read = options.read_options(),
                           .size = parse_count("--size", options.size),
                           .order = stated_order(options.order),
                           .seed = parse_count("--seed", options.seed),
                           .memory = parse_bytes("--memory", options.memory),
                           .threads = options.threads,
                           .by_place = !options.columns_only,
                           .aside = options};
  asked.read.progress = [&](double fraction) { progress.show("sketch", fraction); };
  StreamReport report;
  const Stopwatch reading;
  const TableSketch made = sketch_table(table, asked);
  progress.clear();
  report.stages.push_back({"sketch", reading.seconds()});
  if (!options.quiet) print_notices(made.notices);

  const Stopwatch finishing;
  StreamCoreset coreset = made.sketch.coreset();
  report.stages.push_back({"finish", finishing.seconds()});
  if (options.second_pass) {
    const Stopwatch measuring;
    measure_again(table, options, coreset, progress);
    report.stages.push_back({"second pass", measuring.seconds()});
  }
  coreset.certificate.options = {{"inputs", fmt::format("{}", fmt::join(table.files(), "\n"))},
                                 {"weights", weight_column(table, asked.read)},
                                 {"drop_invalid", options.drop_invalid ? "true" : "false"},
                                 {"memory", std::to_string(asked.memory)}};
  const Stopwatch writing;
  if (options.columns_only) {
    write_points(*files, coreset);
  } else {
    write_rows(*files, table, asked.read, coreset);
  }
  files->commit();
  if (!options.checkpoint.empty()) std::remove(options.checkpoint.c_str());
  report.stages.push_back({"write", writing.seconds()});

  report.inputs = table.files();
  report.output = options.output;
  report.certificate_path = files->certificate_path();
  report.dropped = made.dropped;
  report.notices = made.notices;
  report.certificate = &coreset.certificate;
  if (!options.quiet) {
    fmt::print(options.to_stdout() ? stderr : stdout, "{}", options.json ? report.json() : report.text());
  }
  return coreset.certificate.holds() ? success : check_failed;
}

}  // namespace momentset::cli
