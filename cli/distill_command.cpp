#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "commands.hpp"
#include "coreset_files.hpp"
#include "distill_options.hpp"
#include "momentset/compress.hpp"
#include "momentset/distill/glm.hpp"
#include "momentset/distill/linear.hpp"
#include "momentset/distill/path.hpp"
#include "momentset/error.hpp"
#include "momentset/io/table.hpp"
#include "progress.hpp"
#include "summary.hpp"
#include "text.hpp"
#include "write_rows.hpp"

namespace momentset::cli {
namespace {

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

distill::Examples examples_of(const io::Features& features, std::size_t targets) {
  return {features.points.view(), features.targets, targets};
}

io::ReadOptions read_options(const DistillArguments& options) {
  io::ReadOptions read = options.read_options();
  read.targets = options.targets;
  return read;
}

/// Takes in all batches, then forgets those of --forget. Rows are never all in memory.
Distilled distil_stream(const DistillArguments& options, const io::Table& table) {
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

distill::GlmOptions glm_options(const DistillArguments& options, double ridge) {
  if (options.model == "kernel") return {.family = distill::Family::linear};
  return {.family = distill::family_of(options.model),
          .link = distill::link_of(options.link),
          .dispersion = options.dispersion,
          .ridge = ridge,
          .fit_intercept = options.fit_intercept};
}

/// All rows with one target in the family's range, which is named by its row in the table.
io::Features read_rows(const DistillArguments& options, const io::Table& table, const distill::GlmOptions& glm,
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

Distilled distil_one_model(const DistillArguments& options, const io::Table& table, double ridge) {
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
Distilled distil_rows(const DistillArguments& options, const io::Table& table) {
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
Distilled distil_real_rows(const DistillArguments& options, const io::Table& table) {
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

Distilled distilled(const DistillArguments& options, const io::Table& table, double ridge) {
  if (options.tolerance) return distil_rows(options, table);
  if (options.real_rows) return distil_real_rows(options, table);
  return options.linear() ? distil_stream(options, table) : distil_one_model(options, table, ridge);
}

/// The points as a table: the columns, the targets, the weight.
void write_set(const DistillArguments& options, const Distilled& made, const CoresetFiles& files) {
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

int run(const DistillArguments& options) try {
  const double ridge = parse_ridge(options);
  require_consistent(options);
  CoresetFiles files(options.output, options.certificate, options.force);
  const io::Table table = io::Table::open(options.inputs);
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
  const auto options = std::make_shared<DistillArguments>();
  CLI::App* command =
      app.add_subcommand("distill", "make few points, or keep few rows, that train to the same coefficients");
  add_distill_options(*command, *options);
  command->callback([options, &status] { status = run(*options); });
}

}  // namespace momentset::cli
