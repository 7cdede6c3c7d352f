#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "column_roles.hpp"
#include "commands.hpp"
#include "compress_options.hpp"
#include "compress_stream.hpp"
#include "coreset_files.hpp"
#include "momentset/compress.hpp"
#include "momentset/error.hpp"
#include "momentset/io/table.hpp"
#include "progress.hpp"
#include "row_matrix.hpp"
#include "row_numbers.hpp"
#include "stopwatch.hpp"
#include "summary.hpp"
#include "text.hpp"
#include "weight_sum.hpp"
#include "write_rows.hpp"

namespace momentset::cli {
namespace {

const std::map<std::string, Effort> efforts{{"low", Effort::low}, {"normal", Effort::normal}, {"high", Effort::high}};
const std::map<std::string, Method> methods{
    {"auto", Method::automatic}, {"tree", Method::tree}, {"paper", Method::paper}, {"kernel", Method::kernel}};
const std::map<std::string, GroupSizes> group_sizes{
    {"mass", GroupSizes::mass}, {"error", GroupSizes::error}, {"equal", GroupSizes::equal}};
const std::map<std::string, Scale> scales{
    {"standard", Scale::standard}, {"robust", Scale::robust}, {"none", Scale::none}};
const std::map<std::string, Smoothness> smoothnesses{
    {"analytic", Smoothness::analytic}, {"smooth", Smoothness::smooth}, {"kinked", Smoothness::kinked}};

/// What the user should know of the reading.
std::vector<std::string> notices_of(const io::Features& features) {
  std::vector<std::string> notices = features.notices;
  if (features.dropped > 0) {
    notices.push_back(fmt::format("{} row{} with NaN, infinity or no value left out", features.dropped,
                                  features.dropped == 1 ? "" : "s"));
  }
  for (const io::Filled& filled : features.filled) {
    notices.push_back(
        fmt::format("missing values of {} are told by a coordinate of their own and filled with the mean, {}",
                    filled.column, filled.value));
  }
  return notices;
}

/// What the columns are for, and what they hold of it.
struct Roles {
  ColumnRoles columns;
  OwnedTargets targets;
  OwnedGroups groups;
  OwnedCategories categories;
  OwnedFeatures features;

  /// Of the companions, in their order.
  std::vector<std::string> names() const {
    std::vector<std::string> all = targets.names;
    all.insert(all.end(), categories.names.begin(), categories.names.end());
    all.insert(all.end(), features.names.begin(), features.names.end());
    return all;
  }

  std::vector<std::string> notices() const {
    std::vector<std::string> notices;
    for (const std::string& name : targets.constant) {
      notices.push_back(fmt::format("target {} is constant: its sums are those of the moments, kept anyway", name));
    }
    if (groups.names.size() == 1) {
      notices.push_back(fmt::format("{} {} '{}' in every row: there is one group only", fmt::join(columns.groups, ", "),
                                    columns.groups.size() == 1 ? "is" : "are", groups.names.front()));
    }
    return notices;
  }
};

/// Text for people; on standard error where standard output carries the rows.
void print_result(const std::string& text, const CompressArguments& options) {
  fmt::print(options.to_stdout() ? stderr : stdout, "{}", text);
}

/// 0 where a tolerance is asked for instead.
std::size_t asked_size(const CompressArguments& options, std::size_t rows) {
  if (options.tolerance) return 0;
  if (!options.size.empty()) return parse_count("--size", options.size);
  if (!(*options.keep > 0 && *options.keep <= 1)) {
    throw Error("--keep", fmt::format("{}", *options.keep), "must be a fraction above 0 and at most 1");
  }
  return std::max<std::size_t>(1, std::size_t(std::llround(*options.keep * double(rows))));
}

std::vector<Index> rows_to_keep(const CompressArguments& options, const io::Features& features) {
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
std::map<std::string, std::string> recorded(const CompressArguments& options, const io::Features& features,
                                            const Roles& roles, const Coreset& coreset) {
  return {{"inputs", fmt::format("{}", fmt::join(options.inputs, "\n"))},
          {"weights", features.weight_column},
          {"weight_sum", options.weight_sum},
          {"drop_invalid", options.drop_invalid ? "true" : "false"},
          {"missing", options.missing},
          {"filled", filled_text(features.filled)},
          {"dropped", std::to_string(features.dropped)},
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
          {"loss", roles.columns.loss},
          {"target_degree", roles.columns.targets.empty() ? "" : std::to_string(options.target_degree)},
          {"relabel", options.relabel ? "true" : ""},
          {"groups", fmt::format("{}", fmt::join(roles.columns.groups, "\n"))},
          {"group_sizes", roles.columns.groups.empty() ? "" : options.group_sizes},
          {"categories", fmt::format("{}", fmt::join(roles.columns.categories, "\n"))},
          {"category_pairs", options.category_pairs ? "true" : ""},
          {"features", fmt::format("{}", fmt::join(options.features, "\n"))},
          {"feature_columns", roles.features.names.empty() ? "" : std::to_string(roles.features.names.size())},
          {"scale", options.scale},
          {"column_weights", fmt::format("{}", fmt::join(options.column_weights, "\n"))}};
}

/// The columns of targets that the rows kept have others of.
std::vector<io::NewValues> new_targets(const CompressArguments& options, const Roles& roles, const Coreset& coreset) {
  std::vector<io::NewValues> columns;
  const std::vector<std::string>& names = roles.targets.names;
  for (std::size_t j = 0; options.relabel && j < names.size(); ++j) {
    columns.push_back({names[j], {}});
    for (std::size_t k = j; k < coreset.targets.size(); k += names.size()) {
      columns.back().values.push_back(coreset.targets[k]);
    }
  }
  return columns;
}

void print_plan(const CompressArguments& options, const io::Features& features,
                const CompressOptions& compress_options) {
  PlanReport report;
  report.columns = features.columns;
  const Choice choice = choose(features.points.view(), compress_options);
  report.plan = choice.plan;
  report.trials = choice.trials;
  report.groups = choice.groups;
  report.group_names = compress_options.groups.names;
  report.threads = options.threads > 0 ? options.threads : int(std::max(1u, std::thread::hardware_concurrency()));
  if (!report.plan.notice.empty() && !options.quiet) print_notices({report.plan.notice});
  print_result(options.json ? report.json() : report.text(), options);
}

void require_consistent(const CompressArguments& options) {
  if (options.size.empty() && !options.keep && !options.tolerance) {
    throw Error("--size", "", "it, --keep or --tolerance must be given");
  }
  if (options.threads < 0) throw Error("--threads", std::to_string(options.threads), "must not be negative");
  if (options.target_degree < 1) {
    throw Error("--target-degree", std::to_string(options.target_degree), "must be at least 1");
  }
  if (options.relabel && options.target_degree > 1) {
    throw Error("--relabel", fmt::format("--target-degree {}", options.target_degree),
                "needs the degree 1: new targets keep what is linear in them only");
  }
  if (options.category_pairs && options.categories.size() < 2) {
    throw Error("--category-pairs", "", "needs two --categories at least");
  }
  if (options.dry_run) return;
  if (options.output.empty()) throw Error("--output", "", "must be given (or --dry-run)");
  const io::Format format = io::format_of(options.output);  // an unknown suffix shall not cost a compression
  if (options.relabel && (format == io::Format::npy || options.columns_only)) {
    throw Error("--relabel", options.columns_only ? "--columns-only" : options.output,
                "needs an output with the targets: write CSV, Parquet or Arrow, with all columns");
  }
}

/// Which columns are what. Where the loss is general, targets are coordinates like others.
io::ReadOptions read_options(const CompressArguments& options, const ColumnRoles& roles) {
  if (options.target_degree > 1 && roles.targets.empty()) {
    throw Error("--target-degree", std::to_string(options.target_degree), "needs --target, and the loss squared");
  }
  if (options.relabel && roles.targets.empty()) {
    throw Error("--relabel", roles.loss, "needs a --target of numbers and the loss squared");
  }
  io::ReadOptions read = options.read_options();
  read.fill_missing = options.missing == "indicator";
  read.targets = roles.targets;
  read.groups = roles.groups;
  read.categories = roles.categories;
  if (!read.columns.empty()) read.columns.insert(read.columns.end(), roles.joint.begin(), roles.joint.end());
  return read;
}

void require_joint(const ColumnRoles& roles, const io::Features& features) {
  for (const std::string& name : roles.joint) {
    if (std::find(features.columns.begin(), features.columns.end(), name) != features.columns.end()) continue;
    throw Error("--target", name, "is none of the coordinates, as it must be for the loss general");
  }
}

Roles roles_of(const CompressArguments& options, const ColumnRoles& columns, io::Features& features) {
  const std::span<const io::Levels> levels = features.levels;
  const std::size_t groups = columns.groups.size();
  std::size_t most = features.points.view().size();
  if (!options.tolerance) most = std::min(most, asked_size(options, most)) - 1;
  return {columns, OwnedTargets(columns.targets, std::move(features.targets)), OwnedGroups(levels.first(groups)),
          OwnedCategories(levels.subspan(groups), options.category_pairs, most),
          OwnedFeatures(FeatureWords(options.features).files, features)};
}

CompressOptions library_options(const CompressArguments& options, const io::Features& features, const Roles& roles) {
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
  if (!roles.targets.names.empty()) {
    found.companions = {{.values = roles.targets.values,
                         .columns = roles.targets.names.size(),
                         .degree = options.target_degree,
                         .relabel = options.relabel}};
  }
  if (!roles.categories.names.empty()) found.companions.push_back(roles.categories.view());
  if (!roles.features.names.empty()) found.companions.push_back(roles.features.view());
  found.features = parse_features(FeatureWords(options.features).words, features.columns);
  found.groups = roles.groups.view();
  found.group_sizes = group_sizes.at(options.group_sizes);
  found.scale = scales.at(options.scale);
  found.column_weights = column_weights(options.column_weights, features.columns);
  found.keep_rows = rows_to_keep(options, features);
  found.seed = parse_count("--seed", options.seed);
  found.threads = options.threads;
  found.mass_scale = mass_scale(options.weight_sum, points);
  return found;
}

int run(CompressArguments options) {
  if (options.missing == "indicator" && options.drop_invalid) {
    throw Error("--missing", "indicator", "excludes --drop-invalid, which is --missing drop");
  }
  if (options.missing == "drop") options.drop_invalid = true;
  if (options.drop_invalid) options.missing = "drop";
  require_consistent(options);
  io::set_threads(options.threads);
  const std::uint64_t memory = parse_bytes("--memory", options.memory);
  std::optional<CoresetFiles> files;
  if (!options.dry_run) files.emplace(options.output, options.certificate, options.force);

  ProgressBar progress(!options.quiet && !options.json);
  const Stopwatch reading;
  const io::Table table = io::Table::open(options.inputs);
  if (!options.dry_run) table.require_writable(io::format_of(options.output));
  const ColumnRoles columns(table, options.targets, options.groups, options.categories, options.loss);
  io::ReadOptions read = read_options(options, columns);
  read.progress = [&](double fraction) { progress.show("read", fraction); };
  std::optional<io::Features> within = table.read_within(memory, read);
  progress.clear();
  if (!within) return compress_in_batches(options, table, files);
  io::Features& features = *within;
  require_joint(columns, features);
  columns.require_classes(table, features);
  const Roles roles = roles_of(options, columns, features);
  const double read_seconds = reading.seconds();
  std::vector<std::string> notices = notices_of(features);
  for (const std::string& notice : roles.notices()) notices.push_back(notice);
  if (!options.quiet) print_notices(notices);

  const WeightedPoints points = features.points.view();
  progress.set_rows(points.size());
  CompressOptions compress_options = library_options(options, features, roles);
  compress_options.progress = [&](std::string_view stage, double fraction) { progress.show(stage, fraction); };
  if (options.dry_run) {
    print_plan(options, features, compress_options);
    return success;
  }

  Coreset coreset = compress(points, compress_options);
  progress.clear();
  if (!options.quiet) print_notices(coreset.notices);
  coreset.certificate.columns = features.columns;
  const std::vector<std::string> names = roles.names();
  for (std::size_t j = 0; j < names.size(); ++j) coreset.certificate.companions[j].column = names[j];
  coreset.certificate.options = recorded(options, features, roles, coreset);

  const Stopwatch writing;
  files->write_certificate(coreset.certificate.to_json());
  write_rows(table, features,
             {.points = coreset.rows,
              .weights = coreset.weights,
              .order = coreset.plan.order,
              .output = options.output,
              .path = files->path(),
              .columns_only = options.columns_only,
              .new_values = new_targets(options, roles, coreset)});
  files->commit();

  Report report;
  report.inputs = table.files();
  report.output = options.output;
  report.certificate_path = files->certificate_path();
  report.table_rows = points.size() + features.dropped;
  report.dropped = features.dropped;
  report.notices = notices;
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
  const auto options = std::make_shared<CompressArguments>();
  CLI::App* command = app.add_subcommand("compress", "replace the rows of a table by few weighted ones");
  add_compress_options(*command, *options);
  command->callback([options, &status] { status = run(*options); });
}

}  // namespace momentset::cli
