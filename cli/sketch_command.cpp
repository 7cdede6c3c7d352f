#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "commands.hpp"
#include "config_file.hpp"
#include "momentset/error.hpp"
#include "momentset/io/table.hpp"
#include "momentset/version.hpp"
#include "progress.hpp"
#include "sketch_file.hpp"
#include "table_options.hpp"
#include "target_file.hpp"
#include "text.hpp"

namespace momentset::cli {
namespace {

struct Options : TableArguments {
  std::string output;
  std::string size, seed = "0", memory = std::to_string(SketchOptions{}.memory);
  int order = SketchOptions{}.order;
  std::string certificate, checkpoint;
  int threads = 0;
  double checkpoint_seconds = 60;
  bool quiet = false, force = false, resume = false;
};

/// Notices go to standard error, once each.
void print_notices(const std::vector<std::string>& notices, const Options& options) {
  if (options.quiet) return;
  for (const std::string& notice : notices) fmt::print(stderr, "momentset: note: {}\n", notice);
}

SketchOptions sketch_options(const Options& options, const std::vector<std::string>& columns) {
  return {.dimension = columns.size(),
          .columns = columns,
          .size = parse_count("--size", options.size),
          .order = options.order,
          .seed = parse_count("--seed", options.seed),
          .memory = parse_count("--memory", options.memory),
          .threads = options.threads};
}

/// Rows are numbered by their place in the table. Where some are left out, or have names of their own, by these.
std::vector<std::uint64_t> numbers_of(const io::Features& batch, std::int64_t first_row, bool named) {
  std::vector<std::uint64_t> numbers;
  if (!named) return numbers;
  for (std::size_t k = 0; k < batch.points.view().size(); ++k) {
    numbers.push_back(batch.row_names.empty() ? std::uint64_t(first_row) + batch.position(k)
                                              : std::uint64_t(batch.row_names[k]));
  }
  return numbers;
}

/// Whatever the state after some rows depends on, beside their number.
std::string description(const Options& options, const io::Table& table) {
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}", fmt::join(table.files(), "\n"), options.size, options.order,
                     options.memory, options.seed, fmt::join(options.columns, ","), fmt::join(options.exclude, ","),
                     options.weights, options.drop_invalid);
}

/// A sketch under way, which is put aside now and then.
class Work {
 public:
  Work(const Options& options, const io::Table& table)
      : options_(options), description_(description(options, table)), named_(options.drop_invalid || table.coreset()) {
    if (options.resume) restore(read_checkpoint(options.checkpoint, options.threads));
  }

  std::int64_t rows() const { return rows_; }
  std::size_t dropped() const { return dropped_; }
  std::optional<Sketch>& sketch() { return sketch_; }

  void take(const io::Features& batch, std::int64_t first_row) {
    if (!sketch_) sketch_.emplace(sketch_options(options_, batch.columns));
    sketch_->update(batch.points.view(), numbers_of(batch, first_row, named_));
    dropped_ += batch.dropped;
    rows_ += std::int64_t(batch.points.view().size() + batch.dropped);
    if (!options_.checkpoint.empty() && seconds_since_saved() >= options_.checkpoint_seconds) save();
  }

 private:
  double seconds_since_saved() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - saved_).count();
  }

  void restore(Checkpoint checkpoint) {
    if (checkpoint.description != description_) {
      throw Error("--resume", options_.checkpoint, "is of other inputs or options");
    }
    rows_ = checkpoint.rows;
    dropped_ = checkpoint.dropped;
    sketch_ = std::move(checkpoint.sketch);
  }

  void save() {
    write_checkpoint(options_.checkpoint, description_, rows_, dropped_, *sketch_);
    saved_ = std::chrono::steady_clock::now();
  }

  const Options& options_;
  std::string description_;
  bool named_;
  std::optional<Sketch> sketch_;
  std::int64_t rows_ = 0;  // of the table that were read
  std::size_t dropped_ = 0;
  std::chrono::steady_clock::time_point saved_ = std::chrono::steady_clock::now();
};

int run_sketch(const Options& options) {
  if (options.resume && options.checkpoint.empty()) throw Error("--resume", "", "needs --checkpoint");
  io::set_threads(options.threads);
  TargetFile output("--output", options.output, options.force);
  const io::Table table = io::Table::open(options.inputs);
  Work work(options, table);
  ProgressBar progress(!options.quiet);
  io::ReadOptions read = options.read_options();
  read.progress = [&](double fraction) { progress.show("sketch", fraction); };
  std::vector<std::string> notices =
      table.read_batches(read, work.rows(), [&](const io::Features& batch, std::int64_t first_row) {
        work.take(batch, first_row);
        return true;
      });
  progress.clear();
  if (work.dropped() > 0) {
    notices.push_back(fmt::format("{} rows with NaN, infinity or no value left out", grouped(work.dropped())));
  }
  print_notices(notices, options);
  std::optional<Sketch>& sketch = work.sketch();
  if (!sketch || sketch->points_held() == 0) {
    throw Error(table.files().front(), "", "has no row of positive weight");
  }
  sketch->compact();
  output.write(as_text(sketch->to_bytes()));
  TargetFile::commit({&output});
  if (!options.checkpoint.empty()) std::remove(options.checkpoint.c_str());
  if (!options.quiet) fmt::print("{}", describe(options.output, *sketch, false));
  return success;
}

int run_merge(const Options& options) {
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

int run_finish(const Options& options) {
  const io::Format format = io::format_of(options.output);
  const bool to_stdout = options.output == "-";
  std::optional<TargetFile> output, certificate;
  const std::string certificate_path =
      !options.certificate.empty() || to_stdout ? options.certificate : options.output + ".certificate.json";
  if (!to_stdout) output.emplace("--output", options.output, options.force);
  if (!certificate_path.empty()) certificate.emplace("--certificate", certificate_path, options.force);
  const Sketch sketch = read_sketch(options.inputs.front(), options.threads);
  const StreamCoreset coreset = sketch.coreset(options.size.empty() ? 0 : parse_count("--size", options.size));
  io::CoresetMetadata metadata{
      .columns = sketch.options().columns, .order = sketch.options().order, .version = std::string(version)};
  for (std::size_t a = metadata.columns.size(); a < coreset.points.dimension; ++a) {
    metadata.columns.push_back("x" + std::to_string(a));
  }
  if (certificate) certificate->write(coreset.certificate.to_json());
  io::write_points(output ? output->path() : "-", format, coreset.points, coreset.rows, metadata);
  std::vector<TargetFile*> files;
  if (certificate) files.push_back(&*certificate);
  if (output) files.push_back(&*output);
  TargetFile::commit(files);
  const StreamCertificate& stated = coreset.certificate;
  if (!options.quiet) {
    fmt::print(to_stdout ? stderr : stdout,
               "{} of {} rows kept, order {}, worst moment residual {:.1e} (allowed {:.1e})\n", grouped(stated.size),
               grouped(stated.rows), stated.order, stated.worst_residual(), stated.tolerance);
  }
  return stated.holds() ? success : check_failed;
}

void add_common(CLI::App& command, Options& options) {
  command.add_option("--threads", options.threads, "threads to use [all cores]; the result is the same for any")
      ->check(CLI::NonNegativeNumber);
  command.add_flag("--quiet", options.quiet, "print errors only");
  command.add_flag("--force", options.force, "replace existing files");
}

CLI::Option* add_output(CLI::App& command, Options& options, const std::string& what) {
  return command.add_option("-o,--output", options.output, what)->required();
}

}  // namespace

void add_sketch(CLI::App& app, int& status) {
  const auto options = std::make_shared<Options>();
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
  command->add_option("--checkpoint", options->checkpoint, "file to put the state aside in now and then")
      ->type_name("FILE");
  command->add_option("--checkpoint-seconds", options->checkpoint_seconds, "how often that is done")
      ->check(CLI::NonNegativeNumber)
      ->type_name("S")
      ->capture_default_str();
  command->add_flag("--resume", options->resume, "go on from the checkpoint");
  add_common(*command, *options);
  add_config_option(*command);
  command->callback([options, &status] { status = run_sketch(*options); });
}

void add_merge(CLI::App& app, int& status) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("merge", "merge sketches of the parts of a stream");
  command->add_option("input", options->inputs, "sketches, in the order of their parts")->required()->type_name("S");
  add_output(*command, *options, "sketch to write")->type_name("S");
  add_common(*command, *options);
  command->callback([options, &status] { status = run_merge(*options); });
}

void add_finish(CLI::App& app, int& status) {
  const auto options = std::make_shared<Options>();
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
