#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "commands.hpp"
#include "config_file.hpp"
#include "momentset/compress.hpp"
#include "momentset/error.hpp"
#include "momentset/io/table.hpp"
#include "momentset/version.hpp"
#include "progress.hpp"
#include "row_numbers.hpp"
#include "summary.hpp"
#include "target_file.hpp"
#include "text.hpp"
#include "weight_sum.hpp"

namespace momentset::cli {
namespace {

struct Options {
  std::vector<std::string> inputs;
  std::string output;
  std::string size;  // parsed here: what CLI11 makes of -1 as an unsigned number is no error to it
  std::optional<double> keep;
  std::optional<double> tolerance;
  std::string order = "auto";
  std::string effort = "normal", smoothness = "smooth";
  std::string method = "auto";
  std::optional<double> max_weight, min_ess;
  std::vector<std::string> columns, exclude, targets;
  std::string loss = "squared";
  int target_degree = 1;
  std::string weights;
  std::string weight_sum = "mass";
  std::string keep_rows;
  std::string seed = "0";
  int threads = 0;
  std::string certificate;
  bool drop_invalid = false, quiet = false, force = false, json = false, dry_run = false;

  bool to_stdout() const { return output == "-"; }
  /// Whether targets are companions of the coordinates; for other losses they are coordinates themselves.
  bool has_companions() const { return !targets.empty() && loss == "squared"; }
};

const std::map<std::string, Effort> efforts{{"low", Effort::low}, {"normal", Effort::normal}, {"high", Effort::high}};
const std::map<std::string, Method> methods{
    {"auto", Method::automatic}, {"tree", Method::tree}, {"paper", Method::paper}, {"kernel", Method::kernel}};
const std::map<std::string, Smoothness> smoothnesses{
    {"analytic", Smoothness::analytic}, {"smooth", Smoothness::smooth}, {"kinked", Smoothness::kinked}};

class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count(); }

 private:
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

/// What the user should know of the reading.
std::vector<std::string> notices_of(const io::Features& features) {
  std::vector<std::string> notices = features.notices;
  if (features.dropped > 0) {
    notices.push_back(fmt::format("{} row{} with NaN, infinity or no value left out", features.dropped,
                                  features.dropped == 1 ? "" : "s"));
  }
  return notices;
}

/// Notices go to standard error, where they do not mix with what the command was asked to print.
void print_notices(const std::vector<std::string>& notices, const Options& options) {
  if (options.quiet) return;
  for (const std::string& notice : notices) fmt::print(stderr, "momentset: note: {}\n", notice);
}

/// Text for people; on standard error where standard output carries the rows.
void print_result(const std::string& text, const Options& options) {
  fmt::print(options.to_stdout() ? stderr : stdout, "{}", text);
}

/// 0 where a tolerance is asked for instead.
std::size_t asked_size(const Options& options, std::size_t rows) {
  if (options.tolerance) return 0;
  if (!options.size.empty()) return parse_count("--size", options.size);
  if (!(*options.keep > 0 && *options.keep <= 1)) {
    throw Error("--keep", fmt::format("{}", *options.keep), "must be a fraction above 0 and at most 1");
  }
  return std::max<std::size_t>(1, std::size_t(std::llround(*options.keep * double(rows))));
}

std::vector<Index> rows_to_keep(const Options& options, const io::Features& features) {
  std::vector<Index> points;
  if (options.keep_rows.empty()) return points;
  const RowNumbers numbers(features);
  for (const std::int64_t row : read_row_numbers(options.keep_rows)) {
    const std::optional<Index> point = numbers.point(row);
    if (!point) throw Error("--keep-rows", std::to_string(row), "the input has no such row");
    points.push_back(*point);
  }
  return points;
}

/// Everything that `verify` needs to read the input in the same way, and what a reader of the certificate asks first.
std::map<std::string, std::string> recorded(const Options& options, const io::Features& features,
                                            const Coreset& coreset) {
  return {{"inputs", fmt::format("{}", fmt::join(options.inputs, "\n"))},
          {"weights", features.weight_column},
          {"weight_sum", options.weight_sum},
          {"drop_invalid", options.drop_invalid ? "true" : "false"},
          {"order", options.order == "auto" ? "auto" : "stated"},
          {"tolerance", options.tolerance ? fmt::format("{}", *options.tolerance) : ""},
          {"effort", options.effort},
          {"smoothness", options.smoothness},
          {"finish", coreset.finish()},
          {"choice", coreset.choice()},
          {"achieved_error", coreset.achieved_error ? fmt::format("{:.3g}", *coreset.achieved_error) : ""},
          {"method", options.method},
          {"max_weight", options.max_weight ? fmt::format("{}", *options.max_weight) : ""},
          {"min_ess", options.min_ess ? fmt::format("{}", *options.min_ess) : ""},
          {"keep_rows", options.keep_rows},
          {"target", fmt::format("{}", fmt::join(options.targets, "\n"))},
          {"loss", options.targets.empty() ? "" : options.loss},
          {"target_degree", options.has_companions() ? std::to_string(options.target_degree) : ""}};
}

void write_output(const io::Table& table, const io::Features& features, const Options& options, const Coreset& coreset,
                  const std::string& path) {
  std::vector<Index> positions(coreset.rows.size());
  std::vector<std::int64_t> names(coreset.rows.size());
  for (std::size_t j = 0; j < coreset.rows.size(); ++j) {
    positions[j] = Index(features.position(coreset.rows[j]));
    names[j] = features.row_name(coreset.rows[j]);
  }
  io::WriteOptions write;
  write.metadata = {.columns = features.columns, .order = coreset.plan.order, .version = std::string(version)};
  write.file_column = table.files().size() > 1;
  table.write(path, io::format_of(options.output), positions, coreset.weights, names, features, write);
}

void print_plan(const Options& options, const io::Features& features, const CompressOptions& compress_options) {
  PlanReport report;
  report.columns = features.columns;
  const Choice choice = choose(features.points.view(), compress_options);
  report.plan = choice.plan;
  report.trials = choice.trials;
  report.threads = options.threads > 0 ? options.threads : int(std::max(1u, std::thread::hardware_concurrency()));
  if (!report.plan.notice.empty()) print_notices({report.plan.notice}, options);
  print_result(options.json ? report.json() : report.text(), options);
}

void require_consistent(const Options& options) {
  if (options.size.empty() && !options.keep && !options.tolerance) {
    throw Error("--size", "", "it, --keep or --tolerance must be given");
  }
  if (options.threads < 0) throw Error("--threads", std::to_string(options.threads), "must not be negative");
  if (options.target_degree < 1) {
    throw Error("--target-degree", std::to_string(options.target_degree), "must be at least 1");
  }
  if (options.target_degree > 1 && !options.has_companions()) {
    throw Error("--target-degree", std::to_string(options.target_degree), "needs --target, and the loss squared");
  }
  if (options.dry_run) return;
  if (options.output.empty()) throw Error("--output", "", "must be given (or --dry-run)");
  io::format_of(options.output);  // an unknown suffix shall not cost a compression
}

std::optional<int> stated_order(const std::string& text) {
  if (text == "auto") return std::nullopt;
  int order = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), order);
  if (failure != std::errc() || end != text.data() + text.size()) {
    throw Error("--order", text, "must be auto or a whole number");
  }
  return order;
}

/// Which columns are what. Where the loss is general, targets are coordinates like others.
io::ReadOptions read_options(const Options& options) {
  io::ReadOptions read;
  read.columns = options.columns;
  read.exclude = options.exclude;
  read.weights = options.weights;
  read.drop_invalid = options.drop_invalid;
  if (options.has_companions()) {
    read.targets = options.targets;
  } else if (!read.columns.empty()) {
    read.columns.insert(read.columns.end(), options.targets.begin(), options.targets.end());
  }
  return read;
}

void require_targets(const Options& options, const io::Features& features) {
  if (options.has_companions()) return;
  for (const std::string& name : options.targets) {
    if (std::find(features.columns.begin(), features.columns.end(), name) != features.columns.end()) continue;
    throw Error("--target", name, "is none of the coordinates, as it must be for the loss general");
  }
}

CompressOptions library_options(const Options& options, const io::Features& features) {
  const WeightedPoints points = features.points.view();
  CompressOptions found;
  found.size = asked_size(options, points.size());
  found.tolerance = options.tolerance;
  found.order = stated_order(options.order);
  found.effort = efforts.at(options.effort);
  found.smoothness = smoothnesses.at(options.smoothness);
  found.method = methods.at(options.method);
  found.max_weight = options.max_weight;
  found.min_ess = options.min_ess;
  if (options.has_companions()) {
    found.companions = {
        {.values = features.targets, .columns = options.targets.size(), .degree = options.target_degree}};
  }
  found.keep_rows = rows_to_keep(options, features);
  found.seed = parse_count("--seed", options.seed);
  found.threads = options.threads;
  found.mass_scale = mass_scale(options.weight_sum, points);
  return found;
}

int run(const Options& options) {
  require_consistent(options);
  io::set_threads(options.threads);
  std::optional<TargetFile> output, certificate;
  const std::string certificate_path =
      !options.certificate.empty() || options.to_stdout() ? options.certificate : options.output + ".certificate.json";
  if (!options.dry_run) {
    if (!options.to_stdout()) output.emplace("--output", options.output, options.force);
    if (!certificate_path.empty()) certificate.emplace("--certificate", certificate_path, options.force);
  }

  ProgressBar progress(!options.quiet && !options.json);
  const Stopwatch reading;
  const io::Table table = io::Table::open(options.inputs);
  if (!options.dry_run) table.require_writable(io::format_of(options.output));
  io::ReadOptions read = read_options(options);
  read.progress = [&](double fraction) { progress.show("read", fraction); };
  const io::Features features = table.read(read);
  require_targets(options, features);
  const double read_seconds = reading.seconds();
  progress.clear();
  print_notices(notices_of(features), options);

  const WeightedPoints points = features.points.view();
  progress.set_rows(points.size());
  CompressOptions compress_options = library_options(options, features);
  compress_options.progress = [&](std::string_view stage, double fraction) { progress.show(stage, fraction); };
  if (options.dry_run) {
    print_plan(options, features, compress_options);
    return success;
  }

  Coreset coreset = compress(points, compress_options);
  progress.clear();
  print_notices(coreset.notices, options);
  coreset.certificate.columns = features.columns;
  for (std::size_t j = 0; j < coreset.certificate.companions.size(); ++j) {
    coreset.certificate.companions[j].column = options.targets[j];
  }
  coreset.certificate.options = recorded(options, features, coreset);

  const Stopwatch writing;
  if (certificate) certificate->write(coreset.certificate.to_json());
  write_output(table, features, options, coreset, output ? output->path() : "-");
  std::vector<TargetFile*> files;
  if (certificate) files.push_back(&*certificate);
  if (output) files.push_back(&*output);
  TargetFile::commit(files);

  Report report;
  report.inputs = table.files();
  report.output = options.output;
  report.certificate_path = certificate_path;
  report.table_rows = points.size() + features.dropped;
  report.dropped = features.dropped;
  report.notices = notices_of(features);
  report.notices.insert(report.notices.end(), coreset.notices.begin(), coreset.notices.end());
  report.stages = coreset.stages;
  report.stages.insert(report.stages.begin(), {"read", read_seconds});
  report.stages.push_back({"write", writing.seconds()});
  report.coreset = &coreset;
  if (!options.quiet) print_result(options.json ? report.json() : report.text(), options);
  return coreset.certificate.holds() ? success : check_failed;
}

}  // namespace

void add_compress(CLI::App& app, int& status) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("compress", "replace the rows of a table by few weighted ones");
  command
      ->add_option("input", options->inputs,
                   "tables: .csv, .parquet, .arrow, .feather, .npy, globs, or - for CSV on standard input")
      ->required()
      ->type_name("IN");
  command->add_option("-o,--output", options->output, "table to write; - writes CSV to standard output")
      ->type_name("OUT");
  CLI::Option* size = command->add_option("--size", options->size, "rows to keep")->type_name("N");
  CLI::Option* keep =
      command->add_option("--keep", options->keep, "fraction of the rows to keep")->type_name("F")->excludes(size);
  command
      ->add_option("--tolerance", options->tolerance,
                   "keep as few rows as make the error of test functions at most E of their spread")
      ->type_name("E")
      ->excludes(size)
      ->excludes(keep);
  command
      ->add_option("--order", options->order, "keep all moments up to this order; auto tries some and takes the best")
      ->type_name("K")
      ->capture_default_str();
  command->add_option("--effort", options->effort, "operations that auto may lead to: low, normal or high")
      ->check(CLI::IsMember({"low", "normal", "high"}))
      ->capture_default_str();
  command
      ->add_option("--smoothness", options->smoothness,
                   "functions to be exact for: analytic (long waves), smooth or kinked (short waves, ridges)")
      ->check(CLI::IsMember({"analytic", "smooth", "kinked"}))
      ->capture_default_str();
  command
      ->add_option(
          "--method", options->method,
          "how rows are found: tree (cells, kept exactly), auto (tree, then finishing steps within the effort; in many "
          "columns the best of several ways), kernel (for many columns: kernel means, exact means and covariances) or "
          "paper (k-means and nearest neighbours, in rounds)")
      ->check(CLI::IsMember({"auto", "tree", "kernel", "paper"}))
      ->type_name("M")
      ->capture_default_str();
  command
      ->add_option("--max-weight", options->max_weight,
                   "no new weight above X times their mean, X > 1 [no bound]: nearly equal weights, fewer cells")
      ->type_name("X");
  command
      ->add_option("--min-ess", options->min_ess,
                   "smallest effective sample size of the new weights, as a share of the size; takes the method kernel")
      ->type_name("F");
  command->add_option("--columns", options->columns, "columns that are the coordinates [every numeric one]")
      ->delimiter(',')
      ->type_name("A,B");
  command->add_option("--exclude", options->exclude, "columns that are not coordinates")
      ->delimiter(',')
      ->type_name("A,B");
  command
      ->add_option("--target", options->targets,
                   "columns to be predicted from the coordinates: their sums, times the moments, are kept as well")
      ->delimiter(',')
      ->type_name("Y,Z");
  command
      ->add_option("--loss", options->loss,
                   "squared: targets are no coordinates, and all that is linear in them is kept; general: targets are "
                   "coordinates like others")
      ->check(CLI::IsMember({"squared", "general"}))
      ->capture_default_str();
  command->add_option("--target-degree", options->target_degree, "keep the powers of the targets up to this one")
      ->type_name("D")
      ->capture_default_str();
  command->add_option("--weights", options->weights, "column of the rows' weights [every row weighs 1]")
      ->type_name("COL");
  command->add_option("--weight-sum", options->weight_sum, "what the new weights sum to: mass, n (rows) or 1")
      ->check(CLI::IsMember({"mass", "n", "1"}))
      ->capture_default_str();
  command->add_option("--keep-rows", options->keep_rows, "file of row numbers, one a line, that must survive")
      ->type_name("FILE");
  command->add_option("--seed", options->seed, "seed of the certificate's test functions and random subsets")
      ->type_name("N")
      ->capture_default_str();
  command->add_option("--threads", options->threads, "threads to use [all cores]; the result is the same for any");
  command->add_option("--certificate", options->certificate, "certificate to write [OUT.certificate.json]")
      ->type_name("FILE");
  command->add_flag("--drop-invalid", options->drop_invalid, "leave out rows with NaN, infinity or no value");
  command->add_flag("--dry-run", options->dry_run, "print the plan and stop");
  command->add_flag("--json", options->json, "print the summary as JSON");
  command->add_flag("--quiet", options->quiet, "print errors only");
  command->add_flag("--force", options->force, "replace existing files");
  add_config_option(*command);
  command->callback([options, &status] { status = run(*options); });
}

}  // namespace momentset::cli
