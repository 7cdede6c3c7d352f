#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "commands.hpp"
#include "config_file.hpp"
#include "coreset_files.hpp"
#include "momentset/compress.hpp"
#include "momentset/distill/glm.hpp"
#include "momentset/distill/limits.hpp"
#include "momentset/distill/linear.hpp"
#include "momentset/distill/path.hpp"
#include "momentset/error.hpp"
#include "momentset/io/table.hpp"
#include "progress.hpp"
#include "summary.hpp"
#include "table_options.hpp"
#include "text.hpp"
#include "write_rows.hpp"

namespace momentset::cli {
namespace {

struct Options {
  TableArguments table;
  std::string output, certificate, model = "linear", link = "canonical", ridge = "0";
  std::vector<std::string> targets, forget;
  double dispersion = distill::GlmOptions{}.dispersion;
  std::optional<double> scale, tolerance;
  std::vector<double> ridge_range;
  std::size_t batches = 0;
  distill::KernelRidge kernel;
  std::uint64_t seed = 0;
  bool fit_intercept = false, one_point = false, real_rows = false, exact = false, json = false, quiet = false,
       force = false;

  bool linear() const { return model == "linear" && !one_point && !tolerance; }
};

/// What is written, whichever the model: points, or rows of the table.
struct Distilled {
  distill::ExampleSet set;
  std::optional<io::Features> features;  // of the table whose rows are kept
  std::vector<Index> kept;
  std::vector<double> weights;
  std::vector<std::string> columns, notices;
  std::string certificate, status = "exact";
  std::size_t rows = 0;
  double worst_difference = 0;
  bool holds = false;

  std::size_t size() const { return features ? kept.size() : set.view().size(); }
};

double parse_ridge(const Options& options) {
  if (options.tolerance) {
    if (options.ridge == "path" || options.ridge == "0") return 0;
    throw Error("--ridge", options.ridge, "must be path with --tolerance; --ridge-range states the strengths");
  }
  if (options.ridge == "path") {
    distill::require_exact(options.model, distill::Demand::regularisation_path);
    if (options.one_point) throw Error("--ridge", "path", "is not what one point can serve");
    return 0;
  }
  distill::require_exact(options.model, distill::Demand::one_model);
  std::size_t read = 0;
  double ridge = -1;
  try {
    ridge = std::stod(options.ridge, &read);
  } catch (const std::exception&) {
  }
  if (read != options.ridge.size() || !(ridge >= 0)) {
    throw Error("--ridge", options.ridge, "must be a number that is not negative, or path");
  }
  return ridge;
}

void require_consistent(const Options& options) {
  if (!options.forget.empty()) {
    distill::require_exact(options.model, distill::Demand::combination);
    if (options.one_point) throw Error("--forget", "", "is not for one point");
  }
  if (options.scale && options.linear()) throw Error("--scale", "", "needs --one-point or another model");
  if (options.real_rows && !options.linear()) throw Error("--real-rows", "", "is for linear");
  if (options.real_rows && !options.forget.empty()) throw Error("--real-rows", "", "is not for --forget");
  if (options.tolerance && (options.one_point || !options.forget.empty())) {
    throw Error("--tolerance", "", "is not for --one-point or --forget");
  }
  if (!options.tolerance && (!options.ridge_range.empty() || options.batches > 0)) {
    throw Error(options.batches > 0 ? "--batches" : "--ridge-range", "", "needs --tolerance");
  }
  if (!options.linear() && options.targets.size() > 1) {
    throw Error("--target", fmt::format("{}", fmt::join(options.targets, ",")), "must be one column for this model");
  }
}

distill::Examples examples_of(const io::Features& features, std::size_t targets) {
  return {features.points.view(), features.targets, targets};
}

io::ReadOptions read_options(const Options& options) {
  io::ReadOptions read = options.table.read_options();
  read.targets = options.targets;
  return read;
}

/// Takes in all batches, then forgets those of --forget. Rows are never all in memory.
Distilled distil_stream(const Options& options, const io::Table& table) {
  std::optional<distill::LinearDistiller> state;
  Distilled made;
  ProgressBar progress(!options.quiet);
  io::ReadOptions read = read_options(options);
  read.progress = [&](double fraction) { progress.show("distill", fraction); };
  std::size_t dropped = 0;
  made.notices = table.read_batches(read, 0, [&](const io::Features& batch, std::int64_t) {
    if (!state) {
      state.emplace(batch.columns.size(), options.targets.size());
      made.columns = batch.columns;
    }
    state->update(examples_of(batch, options.targets.size()));
    dropped += batch.dropped;
    return true;
  });
  progress.clear();
  if (dropped > 0) {
    made.notices.push_back(fmt::format("{} rows with NaN, infinity or no value left out", grouped(dropped)));
  }
  if (!state || !(state->mass() > 0)) throw Error(table.files().front(), "", "has no row of positive weight");
  if (!options.forget.empty()) {
    read.columns = made.columns;
    io::Table::open(options.forget).read_batches(read, 0, [&](const io::Features& batch, std::int64_t) {
      const bool done = state->forget(examples_of(batch, options.targets.size())) == distill::Forgetting::done;
      if (!done) made.status = "ill-conditioned";
      return done;
    });
    progress.clear();
  }
  made.rows = state->rows();
  if (made.status != "exact") return made;
  distill::LinearDistillation distilled = state->distil(options.fit_intercept);
  made.set = std::move(distilled.set);
  made.certificate = distilled.certificate.to_json();
  made.worst_difference = distilled.certificate.worst_difference();
  made.holds = distilled.certificate.holds();
  return made;
}

/// The targets of two classes that have names: 1 for the later one in the alphabet.
std::vector<double> class_targets(const io::Levels& levels, std::vector<std::string>& notices) {
  if (levels.names.size() != 2) {
    throw Error("--target", levels.column, fmt::format("has {} classes, must have two", levels.names.size()));
  }
  const std::size_t later = levels.names[0] < levels.names[1] ? 1 : 0;
  notices.push_back(
      fmt::format("{}: 1 stands for {}, 0 for {}", levels.column, levels.names[later], levels.names[1 - later]));
  std::vector<double> targets;
  for (const Index level : levels.of_points) targets.push_back(level == later ? 1 : 0);
  return targets;
}

distill::GlmOptions glm_options(const Options& options, double ridge) {
  if (options.model == "kernel") return {.family = distill::Family::linear};
  return {.family = distill::family_of(options.model),
          .link = distill::link_of(options.link),
          .dispersion = options.dispersion,
          .ridge = ridge,
          .fit_intercept = options.fit_intercept};
}

/// All rows with one target in the family's range, which is named by its row in the table.
io::Features read_rows(const Options& options, const io::Table& table, const distill::GlmOptions& glm,
                       std::vector<std::string>& notices) {
  io::ReadOptions read = read_options(options);
  const auto& columns = table.columns();
  const bool names = std::any_of(columns.begin(), columns.end(), [&](const io::Column& column) {
    return column.name == options.targets.front() && column.categorical;
  });
  if (names && glm.family == distill::Family::logistic) std::swap(read.targets, read.groups);
  io::Features features = table.read(read);
  notices = features.notices;
  if (!features.levels.empty()) features.targets = class_targets(features.levels.front(), notices);
  std::vector<std::size_t> numbers;
  for (std::size_t i = 0; i < features.targets.size(); ++i) numbers.push_back(features.position(i));
  distill::require_in_range(features.targets, glm, numbers);
  return features;
}

Distilled distil_one_model(const Options& options, const io::Table& table, double ridge) {
  const distill::GlmOptions glm = glm_options(options, ridge);
  Distilled made;
  const io::Features features = read_rows(options, table, glm, made.notices);
  made.columns = features.columns;
  distill::GlmDistillation distilled = distill::distil_glm(examples_of(features, 1), glm, options.scale);
  made.set = std::move(distilled.set);
  made.certificate = distilled.certificate.to_json();
  made.status = distill::name_of(distilled.certificate.status);
  made.rows = distilled.certificate.rows;
  made.worst_difference = distilled.certificate.difference;
  made.holds = distilled.certificate.holds();
  return made;
}

/// Rows with new weights, within the tolerance along the ridges.
Distilled distil_rows(const Options& options, const io::Table& table) {
  distill::PathOptions path{.model = glm_options(options, 0),
                            .tolerance = *options.tolerance,
                            .batches = options.batches,
                            .seed = options.seed};
  if (!options.ridge_range.empty()) path.ridges = {options.ridge_range.front(), options.ridge_range.back()};
  Distilled made;
  made.features = read_rows(options, table, path.model, made.notices);
  const distill::Examples examples = examples_of(*made.features, 1);
  distill::PathDistillation distilled = options.model == "kernel"
                                            ? distill::distil_kernel_path(examples, options.kernel, path)
                                            : distill::distil_path(examples, path);
  made.kept = std::move(distilled.rows);
  made.weights = std::move(distilled.weights);
  made.certificate = distilled.certificate.to_json();
  made.status = distill::name_of(distilled.certificate.status);
  made.rows = distilled.certificate.rows;
  made.worst_difference = distilled.certificate.worst_difference();
  made.holds = distilled.certificate.holds();
  return made;
}

/// Rows with the moments up to order 2 of columns and targets together, which is more than a linear fit sees.
Distilled distil_real_rows(const Options& options, const io::Table& table) {
  Distilled made;
  made.features = table.read(read_options(options));
  made.notices = made.features->notices;
  const std::size_t targets = options.targets.size();
  const distill::Examples all = examples_of(*made.features, targets);
  const std::size_t width = all.points.dimension + targets;
  PointSet joint{{}, made.features->points.weights, width};
  for (std::size_t i = 0; i < all.size(); ++i) {
    const double* x = all.points.point(i);
    joint.coordinates.insert(joint.coordinates.end(), x, x + all.points.dimension);
    joint.coordinates.insert(joint.coordinates.end(), all.target(i), all.target(i) + targets);
  }
  Coreset coreset = compress(
      joint.view(), {.size = std::min(all.size(), (width + 1) * (width + 2) / 2), .order = 2, .method = Method::tree});
  made.kept = std::move(coreset.rows);
  made.weights = std::move(coreset.weights);
  distill::ExampleSet small{.target_count = targets};
  small.points = {{}, made.weights, all.points.dimension};
  for (const Index row : made.kept) {
    const double* x = all.points.point(row);
    small.points.coordinates.insert(small.points.coordinates.end(), x, x + all.points.dimension);
    small.targets.insert(small.targets.end(), all.target(row), all.target(row) + targets);
  }
  distill::LinearDistiller state(all.points.dimension, targets);
  state.update(all);
  const distill::LinearCertificate stated = certify_linear(state, small.view(), options.fit_intercept);
  made.certificate = stated.to_json();
  made.rows = stated.rows;
  made.worst_difference = stated.worst_difference();
  made.holds = stated.holds();
  return made;
}

Distilled distilled(const Options& options, const io::Table& table, double ridge) {
  if (options.tolerance) return distil_rows(options, table);
  if (options.real_rows) return distil_real_rows(options, table);
  return options.linear() ? distil_stream(options, table) : distil_one_model(options, table, ridge);
}

/// The points as a table: the columns, the targets, the weight.
void write_set(const Options& options, const Distilled& made, const CoresetFiles& files) {
  std::vector<std::string> names = made.columns;
  names.insert(names.end(), options.targets.begin(), options.targets.end());
  const bool taken = std::find(names.begin(), names.end(), "weight") != names.end();
  names.push_back(taken ? "distilled_weight" : "weight");
  const distill::Examples examples = made.set.view();
  std::vector<double> values;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const double* x = examples.points.point(i);
    values.insert(values.end(), x, x + examples.points.dimension);
    values.insert(values.end(), examples.target(i), examples.target(i) + examples.target_count);
    values.push_back(examples.points.weight(i));
  }
  io::write_numbers(files.path(), files.format(), names, values);
}

int run(const Options& options) try {
  const double ridge = parse_ridge(options);
  require_consistent(options);
  CoresetFiles files(options.output, options.certificate, options.force);
  const io::Table table = io::Table::open(options.table.inputs);
  const Distilled made = distilled(options, table, ridge);
  if (!options.quiet) print_notices(made.notices);
  if (made.size() == 0) {
    fmt::print(stderr, "momentset: {}: {}\n", fmt::join(options.targets, ","),
               made.status == "ill-conditioned"
                   ? "ill-conditioned: too little is left to forget these rows; distill those that remain"
                   : fmt::format("{}: the model {} has no coefficients to distill", made.status, options.model));
    return check_failed;
  }
  if (made.features) {
    write_rows(table, *made.features,
               {.points = made.kept, .weights = made.weights, .output = options.output, .path = files.path()});
  } else {
    write_set(options, made, files);
  }
  files.write_certificate(made.certificate);
  files.commit();
  if (options.json) {
    fmt::print(files.summary(), "{}", made.certificate);
  } else if (!options.quiet) {
    fmt::print(files.summary(), "{} rows in {} {}, model {}, worst difference of {} {:.1e}\n", grouped(made.rows),
               grouped(made.size()), made.features ? "of them" : "points", options.model,
               options.model == "kernel" ? "predictions" : "coefficients", made.worst_difference);
  }
  return made.holds ? success : check_failed;
} catch (const Error& error) {
  const std::string& field = error.field();
  if (field == "ridge_range") throw Error("--ridge-range", error.value(), error.rule());
  for (const char* option : {"model", "link", "dispersion", "ridge", "scale", "tolerance", "length", "landmarks"}) {
    if (field == option) throw Error("--" + field, error.value(), error.rule());
  }
  if (field == "targets") throw Error(options.targets.front(), error.value(), error.rule());
  if (field == "examples") throw Error("--forget", error.value(), error.rule());
  throw;
}

}  // namespace

void add_distill(CLI::App& app, int& status) {
  const auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("distill", "make few points, or keep few rows, that train to the same coefficients");
  add_table_options(*command, options->table);
  command->add_option("-o,--output", options->output, "table to write; - writes CSV to standard output")
      ->required()
      ->type_name("OUT");
  command->add_option("--target", options->targets, "column that the model predicts; several for linear")
      ->required()
      ->delimiter(',')
      ->type_name("Y");
  command
      ->add_option("--model", options->model,
                   "linear, logistic, binomial, poisson, gamma or negative-binomial; with --tolerance also kernel")
      ->type_name("M")
      ->capture_default_str();
  command->add_option("--link", options->link, "canonical; or probit, square-root or log where the model has it")
      ->type_name("G")
      ->capture_default_str();
  command->add_option("--dispersion", options->dispersion, "alpha of negative-binomial")
      ->type_name("A")
      ->capture_default_str();
  command
      ->add_option("--ridge", options->ridge,
                   "L, of the penalty L |theta|^2 / 2; points of linear serve every one, which path asks for")
      ->type_name("L|path")
      ->capture_default_str();
  command->add_flag("--fit-intercept", options->fit_intercept, "the model has an intercept");
  CLI::Option* exact =
      command->add_flag("--exact", options->exact, "points that give the same coefficients: the default");
  command
      ->add_option(
          "--tolerance", options->tolerance,
          "keep the fewest rows found whose coefficients differ by at most this share, for every ridge of a range")
      ->type_name("E")
      ->excludes(exact);
  command
      ->add_option("--ridge-range", options->ridge_range,
                   "with --tolerance: smallest and largest L [1e-4 and 1 times the mean of a column's sum of squares]")
      ->delimiter(',')
      ->expected(2)
      ->type_name("A,B");
  command
      ->add_option("--batches", options->batches,
                   "with --tolerance: serve unions with other data as well, by so many batches of rows")
      ->type_name("J")
      ->capture_default_str();
  command->add_option("--length", options->kernel.length, "of kernel, in standard deviations of a column")
      ->type_name("S")
      ->capture_default_str();
  command->add_option("--landmarks", options->kernel.landmarks, "of kernel: most landmarks of the reference")
      ->type_name("P")
      ->capture_default_str();
  command->add_option("--seed", options->seed, "of batches and landmarks")->type_name("S")->capture_default_str();
  command->add_flag("--real-rows", options->real_rows, "linear: rows of IN with new weights in place of points");
  command->add_flag("--one-point", options->one_point, "linear: one point, for this ridge alone");
  command->add_option("--scale", options->scale, "s of the point s theta [where its target keeps its digits]")
      ->type_name("S");
  command->add_option("--forget", options->forget, "linear: tables of rows of IN to take out again")
      ->delimiter(',')
      ->type_name("FILE,...");
  command->add_option("--certificate", options->certificate, "certificate to write [OUT.certificate.json]")
      ->type_name("FILE");
  command->add_flag("--json", options->json, "print the certificate");
  command->add_flag("--quiet", options->quiet, "print errors only");
  command->add_flag("--force", options->force, "replace existing files");
  add_config_option(*command);
  command->callback([options, &status] { status = run(*options); });
}

}  // namespace momentset::cli
