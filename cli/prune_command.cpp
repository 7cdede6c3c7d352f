#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "commands.hpp"
#include "compress_options.hpp"
#include "coreset_files.hpp"
#include "momentset/compress.hpp"
#include "momentset/error.hpp"
#include "momentset/io/table.hpp"
#include "momentset/prune/selection.hpp"
#include "momentset/prune/theory_policy.hpp"
#include "prune_options.hpp"
#include "summary.hpp"
#include "target_file.hpp"
#include "text.hpp"
#include "write_rows.hpp"

namespace momentset::cli {
namespace {

const std::map<std::string, prune::Policy> policies{{"hard", prune::Policy::hard},
                                                    {"easy", prune::Policy::easy},
                                                    {"window", prune::Policy::window},
                                                    {"stratified", prune::Policy::stratified},
                                                    {"random", prune::Policy::random}};
const std::map<std::string, prune::ScoreWeights> weightings{
    {"none", prune::ScoreWeights::none}, {"rank", prune::ScoreWeights::rank}, {"value", prune::ScoreWeights::value}};

const std::string& name_of(prune::Policy policy) {
  return std::find_if(policies.begin(), policies.end(), [&](const auto& each) { return each.second == policy; })->first;
}

/// What was chosen, and by what.
struct Pruned {
  prune::Scores scores;
  ClassLabels labels;
  prune::SelectOptions policy;
  std::optional<prune::ProbeAngle> angle;  ///< estimated
  std::optional<prune::TheoryChoice> theory;
  prune::Selection selection;
  std::vector<double> weights;  ///< of the kept examples
};

/// The column of labels: that which is named, or "label" where the table has one.
std::string label_column(const PruneArguments& options, const io::Table& table) {
  const std::string name = options.labels.empty() ? "label" : options.labels;
  const auto& columns = table.columns();
  const bool found =
      std::any_of(columns.begin(), columns.end(), [&](const auto& column) { return column.name == name; });
  return found ? name : "";
}

/// The angle that --theta states, or else the one that is estimated.
double theta_of(const PruneArguments& options, const std::optional<prune::ProbeAngle>& angle) {
  if (options.theta) return *options.theta;
  if (!angle) throw Error("--theta", "", "must be given, or two probes at least (--probs, --logits) that tell it");
  return angle->theta_deg;
}

void apply_theory(const PruneArguments& options, const io::Features& features, Pruned& pruned) {
  pruned.angle = probe_angle_of(options.scores, features);
  const std::uint64_t parameters = parse_count("--parameters", options.parameters);
  if (parameters == 0) throw Error("--parameters", "0", "must be at least 1");
  prune::TheoryOptions theory;
  theory.examples_per_parameter = double(features.points.view().size()) / double(parameters);
  theory.theta_deg = theta_of(options, pruned.angle);
  theory.keep = options.keep;
  theory.allowed_increase = options.allowed_increase;
  pruned.theory = prune::choose_by_theory(theory);
  pruned.policy.policy = pruned.theory->policy;
  pruned.policy.keep = pruned.theory->keep;
  pruned.policy.skip_hardest = pruned.theory->skip_hardest;
}

prune::ScoreWeights weighting_of(const PruneArguments& options) {
  return weightings.at(!options.score_weights.empty() ? options.score_weights : options.compresses() ? "rank" : "none");
}

Pruned prune_points(const PruneArguments& options, const std::string& labels, const io::Features& features) {
  Pruned pruned;
  pruned.labels = class_labels(labels, features);
  pruned.scores = scores_of(options.scores, features, pruned.labels);
  pruned.policy.seed = options.scores.seed;
  pruned.policy.strata = options.strata;
  pruned.policy.class_floor = options.class_floor.value_or(pruned.policy.class_floor);
  if (options.by_theory()) {
    apply_theory(options, features, pruned);
  } else {
    pruned.policy.policy = policies.at(options.policy);
    pruned.policy.keep = *options.keep;
    pruned.policy.skip_hardest = options.skip_hardest.value_or(0);
  }
  const auto& [values, hard] = pruned.scores;
  pruned.selection = prune::select(values, hard, pruned.labels.view(), pruned.policy);
  pruned.weights = prune::score_weights(values, hard, pruned.labels.view(), pruned.selection.kept,
                                        weighting_of(options), pruned.policy.policy, features.points.weights);
  return pruned;
}

/// The pruned measure: the kept points with their weights, and their classes, numbered without those that lost all.
struct PrunedMeasure {
  PointSet points;
  ClassLabels labels;

  PrunedMeasure(const io::Features& features, const Pruned& pruned) {
    const WeightedPoints all = features.points.view();
    points.dimension = all.dimension;
    points.weights = pruned.weights;
    std::map<Index, Index> numbers;
    for (const Index i : pruned.selection.kept) {
      points.coordinates.insert(points.coordinates.end(), all.point(i), all.point(i) + all.dimension);
      if (pruned.labels.names.empty()) continue;
      const Index label = pruned.labels.of_points[i];
      const auto [place, is_new] = numbers.emplace(label, Index(numbers.size()));
      if (is_new) labels.names.push_back(pruned.labels.names[label]);
      labels.of_points.push_back(place->second);
    }
  }
};

Coreset compress_measure(const PruneArguments& options, const io::Features& features, const Pruned& pruned,
                         const std::string& labels) {
  const PrunedMeasure measure(features, pruned);
  CompressOptions request;
  request.size = parse_count("--then-compress", options.size);
  request.order = stated_order(options.order);
  request.groups = measure.labels.view();
  request.seed = options.scores.seed;
  Coreset coreset = compress(measure.points.view(), request);
  coreset.certificate.columns = features.columns;
  coreset.certificate.options = {
      {"inputs", options.pruned.empty() ? fmt::format("{}", fmt::join(options.inputs, "\n")) : options.pruned},
      {"order", options.order == "auto" ? "auto" : "stated"},
      {"finish", coreset.finish()},
      {"choice", coreset.choice()},
      {"groups", labels},
      {"pruned", fmt::format("score {}, policy {}, {} of {} rows kept, score weights {}", options.scores.score,
                             name_of(pruned.policy.policy), pruned.selection.kept.size(), features.points.view().size(),
                             options.score_weights.empty() ? "rank" : options.score_weights)}};
  return coreset;
}

void line(std::string& text, const char* label, const std::string& value) {
  text += fmt::format("  {:<16}{}\n", label, value);
}

std::string angle_text(const prune::ProbeAngle& angle, const std::optional<double>& known) {
  std::string text = fmt::format("{:.3g} degrees, standard error {:.2g}, from the agreement {:.4g} of {} probes",
                                 angle.theta_deg, angle.standard_error_deg, angle.agreement, angle.probes);
  if (known) text += fmt::format("; {:+.2g} from the one stated, {:.3g}", angle.theta_deg - *known, *known);
  return text;
}

std::string text_of(const PruneArguments& options, const Pruned& pruned) {
  constexpr std::size_t shown = 20;
  const prune::Selection& selection = pruned.selection;
  const std::size_t rows = pruned.scores.values.size();
  std::string text = fmt::format("{} -> {}\n", fmt::join(options.inputs, " "), options.output);
  line(text, "rows", fmt::format("{} -> {}", grouped(rows), grouped(selection.kept.size())));
  line(text, "score",
       fmt::format("{}, hard where {}", options.scores.score,
                   pruned.scores.hard == prune::HardEnd::high ? "high" : "low"));
  line(text, "policy", name_of(pruned.policy.policy));
  if (pruned.angle) line(text, "probe", angle_text(*pruned.angle, options.theta));
  if (pruned.theory) line(text, "theory", pruned.theory->why());
  if (!selection.classes.empty()) {
    line(text, "classes",
         fmt::format("{}; balance b {:.1f} % before, {:.1f} % after; floor {} of each", selection.classes.size(),
                     100 * selection.balance_before, 100 * selection.balance_after,
                     grouped(selection.classes[0].floor)));
  }
  for (std::size_t c = 0; c < std::min(shown, selection.classes.size()); ++c) {
    const prune::ClassReport& each = selection.classes[c];
    line(text, "", fmt::format("{}: {} of {}", each.name, grouped(each.kept), grouped(each.examples)));
  }
  if (selection.classes.size() > shown) line(text, "", fmt::format("... all {} with --json", selection.classes.size()));
  const double share = double(selection.kept.size()) / double(rows);
  const double epochs = prune::matched_epochs(options.epochs.value_or(1), share, options.matched_iterations);
  line(text, "training",
       fmt::format("{:.3g} {} on all rows (matched iterations factor {:g})", epochs,
                   options.epochs ? fmt::format("epochs, for {:g}", *options.epochs) : "times as many epochs as",
                   options.matched_iterations));
  return text;
}

nlohmann::ordered_json json_of(const PruneArguments& options, const Pruned& pruned) {
  const prune::Selection& selection = pruned.selection;
  const double share = double(selection.kept.size()) / double(pruned.scores.values.size());
  nlohmann::ordered_json object{{"inputs", options.inputs},
                                {"output", options.output},
                                {"rows", pruned.scores.values.size()},
                                {"kept", selection.kept.size()},
                                {"score", options.scores.score},
                                {"hard", pruned.scores.hard == prune::HardEnd::high ? "high" : "low"},
                                {"policy", name_of(pruned.policy.policy)},
                                {"skip_hardest", pruned.policy.skip_hardest},
                                {"epochs_factor", prune::matched_epochs(1, share, options.matched_iterations)},
                                {"notices", selection.notices}};
  if (pruned.angle) {
    object["probe"] = {{"theta_deg", pruned.angle->theta_deg},
                       {"standard_error_deg", pruned.angle->standard_error_deg},
                       {"agreement", pruned.angle->agreement},
                       {"probes", pruned.angle->probes}};
  }
  if (pruned.theory) {
    object["theory"] = {{"alpha", pruned.theory->alpha},
                        {"theta_deg", pruned.theory->theta_deg},
                        {"predicted_error", pruned.theory->predicted_error},
                        {"random_error", pruned.theory->random_error},
                        {"full_error", pruned.theory->full_error},
                        {"f_min", pruned.theory->f_min},
                        {"why", pruned.theory->why()}};
  }
  if (selection.classes.empty()) return object;
  object["balance"] = {{"before", selection.balance_before}, {"after", selection.balance_after}};
  for (const prune::ClassReport& each : selection.classes) {
    object["classes"].push_back(
        {{"name", each.name}, {"examples", each.examples}, {"kept", each.kept}, {"floor", each.floor}});
  }
  return object;
}

io::ReadOptions read_options(const PruneArguments& options, const std::string& label) {
  io::ReadOptions read = options.read_options();
  if (!label.empty()) read.groups = {label};
  return read;
}

int run(PruneArguments options) try {
  require_consistent(options);
  options.scores.seed = parse_count("--seed", options.seed);
  if (!options.clusters.empty()) options.scores.clusters = parse_count("--clusters", options.clusters);
  CoresetFiles files(options.output, options.certificate, options.force, options.compresses());
  std::optional<TargetFile> measure;
  if (!options.pruned.empty()) measure.emplace("--pruned", options.pruned, options.force);

  const io::Table table = io::Table::open(options.inputs);
  table.require_writable(files.format());
  const std::string label = label_column(options, table);
  const io::Features features = table.read(read_options(options, label));
  const std::string labels = label.empty() ? options.labels : label;
  const Pruned pruned = prune_points(options, labels, features);
  std::vector<std::string> notices = features.notices;
  notices.insert(notices.end(), pruned.selection.notices.begin(), pruned.selection.notices.end());

  std::optional<Coreset> coreset;
  std::vector<Index> rows = pruned.selection.kept;
  if (options.compresses()) {
    coreset = compress_measure(options, features, pruned, labels);
    for (std::size_t j = 0; j < coreset->rows.size(); ++j) rows[j] = pruned.selection.kept[coreset->rows[j]];
    rows.resize(coreset->rows.size());
    notices.insert(notices.end(), coreset->notices.begin(), coreset->notices.end());
    files.write_certificate(coreset->certificate.to_json());
    if (measure) {
      write_rows(table, features,
                 {.points = pruned.selection.kept,
                  .weights = pruned.weights,
                  .output = options.pruned,
                  .path = measure->path()});
    }
  }
  write_rows(table, features,
             {.points = rows,
              .weights = coreset ? coreset->weights : pruned.weights,
              .order = coreset ? coreset->plan.order : 0,
              .output = options.output,
              .path = files.path()});
  files.commit(measure ? &*measure : nullptr);

  if (options.quiet) notices.clear();
  print_notices(notices);
  Report report;
  if (coreset) {
    report.inputs = {"the rows kept"};
    report.output = options.output;
    report.certificate_path = files.certificate_path();
    report.table_rows = pruned.selection.kept.size();
    report.stages = coreset->stages;
    report.coreset = &*coreset;
  }
  if (options.json) {
    nlohmann::ordered_json object = json_of(options, pruned);
    if (coreset) object["compressed"] = nlohmann::ordered_json::parse(report.json());
    fmt::print(files.summary(), "{}\n", object.dump(2));
  } else if (!options.quiet) {
    fmt::print(files.summary(), "{}{}", text_of(options, pruned), coreset ? report.text() : "");
  }
  const bool solved = !pruned.theory || pruned.theory->solved;
  return solved && (!coreset || coreset->certificate.holds()) ? success : check_failed;
} catch (const Error& error) {
  const std::string& field = error.field();
  if (field == "keep" || field == "skip_hardest" || field == "class_floor" || field == "strata") {
    std::string option = "--" + field;
    std::replace(option.begin(), option.end(), '_', '-');
    throw Error(option, error.value(), error.rule());
  }
  if (field == "theta_deg") throw Error("--theta", error.value(), error.rule());
  throw;
}

}  // namespace

void add_prune(CLI::App& app, int& status) {
  const auto options = std::make_shared<PruneArguments>();
  CLI::App* command =
      app.add_subcommand("prune", "keep the examples of a training set that a score and a policy choose");
  add_prune_options(*command, *options);
  command->callback([options, &status] { status = run(*options); });
}

}  // namespace momentset::cli
