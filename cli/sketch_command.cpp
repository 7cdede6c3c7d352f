#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "commands.hpp"
#include "config_file.hpp"
#include "coreset_files.hpp"
#include "momentset/error.hpp"
#include "momentset/io/table.hpp"
#include "progress.hpp"
#include "sketch_file.hpp"
#include "summary.hpp"
#include "table_options.hpp"
#include "table_sketch.hpp"
#include "target_file.hpp"
#include "text.hpp"
#include "write_rows.hpp"

namespace momentset::cli {
namespace {

struct SketchArguments : TableArguments, CheckpointArguments {
  std::string output;
  std::string size, seed = "0", memory = std::to_string(SketchOptions{}.memory);
  int order = SketchOptions{}.order;
  std::string certificate;
  int threads = 0;
  bool quiet = false, force = false;
};

int run_sketch(const SketchArguments& options) {
  io::set_threads(options.threads);
  TargetFile output("--output", options.output, options.force);
  const io::Table table = io::Table::open(options.inputs);
  ProgressBar progress(!options.quiet);
  TableSketchOptions asked{.read = options.read_options(),
                           .size = parse_count("--size", options.size),
                           .order = options.order,
                           .seed = parse_count("--seed", options.seed),
                           .memory = parse_bytes("--memory", options.memory),
                           .threads = options.threads,
                           .by_place = false,
                           .aside = options};
  asked.read.progress = [&](double fraction) { progress.show("sketch", fraction); };
  TableSketch made = sketch_table(table, asked);
  progress.clear();
  if (!options.quiet) print_notices(made.notices);
  made.sketch.compact();
  output.write(as_text(made.sketch.to_bytes()));
  TargetFile::commit({&output});
  if (!options.checkpoint.empty()) std::remove(options.checkpoint.c_str());
  if (!options.quiet) fmt::print("{}", describe(options.output, made.sketch, false));
  return success;
}

int run_merge(const SketchArguments& options) {
  TargetFile output("--output", options.output, options.force);
  std::optional<Sketch> merged;
  for (const std::string& path : options.inputs) {
    Sketch next = read_sketch(path, options.threads);
    if (!merged) {
      merged.emplace(std::move(next));
      continue;
    }
    try {
      merged->merge(next);
    } catch (const Error& error) {
      throw Error(path, error.field() + " " + error.value(), error.rule());
    }
  }
  merged->compact();
  output.write(as_text(merged->to_bytes()));
  TargetFile::commit({&output});
  if (!options.quiet) fmt::print("{}", describe(options.output, *merged, false));
  return success;
}

int run_finish(const SketchArguments& options) {
  CoresetFiles files(options.output, options.certificate, options.force);
  const Sketch sketch = read_sketch(options.inputs.front(), options.threads);
  const StreamCoreset coreset = sketch.coreset(options.size.empty() ? 0 : parse_count("--size", options.size));
  write_points(files, coreset);
  files.commit();
  StreamReport report;
  report.inputs = options.inputs;
  report.output = options.output;
  report.certificate_path = files.certificate_path();
  report.certificate = &coreset.certificate;
  if (!options.quiet) fmt::print(files.summary(), "{}", report.text());
  return coreset.certificate.holds() ? success : check_failed;
}

void add_common(CLI::App& command, SketchArguments& options) {
  command.add_option("--threads", options.threads, "threads to use [all cores]; the result is the same for any")
      ->check(CLI::NonNegativeNumber);
  command.add_flag("--quiet", options.quiet, "print errors only");
  command.add_flag("--force", options.force, "replace existing files");
}

CLI::Option* add_output(CLI::App& command, SketchArguments& options, const std::string& what) {
  return command.add_option("-o,--output", options.output, what)->required();
}

}  // namespace

void add_sketch(CLI::App& app, int& status) {
  const auto options = std::make_shared<SketchArguments>();
  CLI::App* command = app.add_subcommand("sketch", "take the rows of tables into a sketch, in bounded memory");
  add_table_options(*command, *options);
  add_output(*command, *options, "sketch to write")->type_name("S");
  command->add_option("--size", options->size, "rows of the coreset")->required()->type_name("N");
  command->add_option("--order", options->order, "keep all moments up to this order")
      ->type_name("K")
      ->capture_default_str();
  command->add_option("--memory", options->memory, "bytes for buffered rows; results depend on it")
      ->type_name("BYTES")
      ->capture_default_str();
  command->add_option("--seed", options->seed, "seed of the samples by which cells are placed")
      ->type_name("N")
      ->capture_default_str();
  add_checkpoint_options(*command, *options);
  add_common(*command, *options);
  add_config_option(*command);
  command->callback([options, &status] { status = run_sketch(*options); });
}

void add_merge(CLI::App& app, int& status) {
  const auto options = std::make_shared<SketchArguments>();
  CLI::App* command = app.add_subcommand("merge", "merge sketches of the parts of a stream");
  command->add_option("input", options->inputs, "sketches, in the order of their parts")->required()->type_name("S");
  add_output(*command, *options, "sketch to write")->type_name("S");
  add_common(*command, *options);
  command->callback([options, &status] { status = run_merge(*options); });
}

void add_finish(CLI::App& app, int& status) {
  const auto options = std::make_shared<SketchArguments>();
  CLI::App* command = app.add_subcommand("finish", "write the coreset of a sketch as a table");
  command->add_option("input", options->inputs, "sketch")->required()->expected(1)->type_name("S");
  add_output(*command, *options, "table to write; - writes CSV to standard output")->type_name("OUT");
  command->add_option("--size", options->size, "rows to keep [the size of the sketch]")->type_name("N");
  command->add_option("--certificate", options->certificate, "certificate to write [OUT.certificate.json]")
      ->type_name("FILE");
  add_common(*command, *options);
  command->callback([options, &status] { status = run_finish(*options); });
}

}  // namespace momentset::cli
