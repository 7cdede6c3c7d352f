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
#include "momentset/distill/glm.hpp"
#include "momentset/distill/limits.hpp"
#include "momentset/distill/linear.hpp"
#include "momentset/error.hpp"
#include "momentset/io/table.hpp"
#include "progress.hpp"
#include "summary.hpp"
#include "table_options.hpp"
#include "text.hpp"

namespace momentset::cli {
namespace {

struct Options {
  TableArguments table;
  std::string output, certificate, model = "linear", link = "canonical", ridge = "0";
  std::vector<std::string> targets, forget;
  double dispersion = distill::GlmOptions{}.dispersion;
  std::optional<double> scale;
  bool fit_intercept = false, one_point = false, json = false, quiet = false, force = false;

  bool linear() const { return model == "linear" && !one_point; }
};

/// What is written, whichever the model.
struct Distilled {
  distill::ExampleSet set;
  std::vector<std::string> columns, notices;
  std::string certificate, status = "exact";
  std::size_t rows = 0;
  double worst_difference = 0;
  bool holds = false;
};

double parse_ridge(const Options& options) {
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

Distilled distil_one_model(const Options& options, const io::Table& table, double ridge) {
  const distill::GlmOptions glm{.family = distill::family_of(options.model),
                                .link = distill::link_of(options.link),
                                .dispersion = options.dispersion,
                                .ridge = ridge,
                                .fit_intercept = options.fit_intercept};
  io::ReadOptions read = read_options(options);
  const auto& columns = table.columns();
  const bool names = std::any_of(columns.begin(), columns.end(), [&](const io::Column& column) {
    return column.name == options.targets.front() && column.categorical;
  });
  if (names && glm.family == distill::Family::logistic) std::swap(read.targets, read.groups);
  io::Features features = table.read(read);
  Distilled made;
  made.notices = features.notices;
  made.columns = features.columns;
  if (!features.levels.empty()) features.targets = class_targets(features.levels.front(), made.notices);
  distill::GlmDistillation distilled = distill::distil_glm(examples_of(features, 1), glm, options.scale);
  made.set = std::move(distilled.set);
  made.certificate = distilled.certificate.to_json();
  made.status = distill::name_of(distilled.certificate.status);
  made.rows = distilled.certificate.rows;
  made.worst_difference = distilled.certificate.difference;
  made.holds = distilled.certificate.holds();
  return made;
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
  const Distilled made = options.linear() ? distil_stream(options, table) : distil_one_model(options, table, ridge);
  if (!options.quiet) print_notices(made.notices);
  if (made.set.view().size() == 0) {
    fmt::print(stderr, "momentset: {}: {}\n", fmt::join(options.targets, ","),
               made.status == "ill-conditioned"
                   ? "ill-conditioned: too little is left to forget these rows; distill those that remain"
                   : fmt::format("{}: the model {} has no coefficients to distill", made.status, options.model));
    return check_failed;
  }
  write_set(options, made, files);
  files.write_certificate(made.certificate);
  files.commit();
  if (options.json) {
    fmt::print(files.summary(), "{}", made.certificate);
  } else if (!options.quiet) {
    fmt::print(files.summary(), "{} rows in {} points, model {}, worst difference of coefficients {:.1e}\n",
               grouped(made.rows), grouped(made.set.view().size()), options.model, made.worst_difference);
  }
  return made.holds ? success : check_failed;
} catch (const Error& error) {
  const std::string& field = error.field();
  for (const char* option : {"model", "link", "dispersion", "ridge", "scale"}) {
    if (field == option) throw Error("--" + field, error.value(), error.rule());
  }
  if (field == "targets") throw Error(options.targets.front(), error.value(), error.rule());
  if (field == "examples") throw Error("--forget", error.value(), error.rule());
  throw;
}

}  // namespace

void add_distill(CLI::App& app, int& status) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("distill", "make few points on which a model trains to the same coefficients");
  add_table_options(*command, options->table);
  command->add_option("-o,--output", options->output, "table to write; - writes CSV to standard output")
      ->required()
      ->type_name("OUT");
  command->add_option("--target", options->targets, "column that the model predicts; several for linear")
      ->required()
      ->delimiter(',')
      ->type_name("Y");
  command->add_option("--model", options->model, "linear, logistic, binomial, poisson, gamma or negative-binomial")
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
