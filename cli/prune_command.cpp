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
#include "config_file.hpp"
#include "momentset/compress.hpp"
#include "momentset/error.hpp"
#include "momentset/io/table.hpp"
#include "momentset/prune/selection.hpp"
#include "momentset/prune/theory_policy.hpp"
#include "momentset/version.hpp"
#include "prune_scores.hpp"
#include "summary.hpp"
#include "target_file.hpp"
#include "text.hpp"

namespace momentset::cli {
namespace {

struct Options {
  std::vector<std::string> inputs, columns, exclude;
  std::string output, pruned, certificate, labels, weights, policy = "hard", score_weights, size, order = "auto",
                                                            seed = "0";
  ScoreArguments scores;
  std::optional<double> keep, class_floor, skip_hardest, theta, epochs;
  double allowed_increase = 0.05, matched_iterations = 0.5;
  std::string parameters, clusters;
  std::size_t strata = 50;
  bool drop_invalid = false, json = false, quiet = false, force = false;

  bool by_theory() const { return policy == "theory"; }
  bool compresses() const { return !size.empty(); }
};

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

void require_consistent(const Options& options) {
  const auto refuse = [](const char* option, bool given, const std::string& rule) {
    if (given) throw Error(option, "", rule);
  };
  if (!options.by_theory()) {
    if (!options.keep) throw Error("--keep", "", "must be given, or --policy theory, which chooses it");
    refuse("--parameters", !options.parameters.empty(), "has a meaning for --policy theory only");
    refuse("--theta", options.theta.has_value(), "has a meaning for --policy theory only");
  } else if (options.parameters.empty()) {
    throw Error("--parameters", "", "must be given for --policy theory: how many the model has");
  }
  refuse("--skip-hardest", options.skip_hardest && options.policy != "window",
         "has a meaning for --policy window only");
  refuse("--class-floor", options.class_floor && options.labels.empty(), "needs --labels");
  refuse("--pruned", !options.pruned.empty() && !options.compresses(), "has a meaning with --then-compress only");
  refuse("--certificate", !options.certificate.empty() && !options.compresses(),
         "has a meaning with --then-compress only");
  if (options.output.empty()) throw Error("--output", "", "must be given");
  io::format_of(options.output);
  if (!options.pruned.empty()) io::format_of(options.pruned);
}

/// The column of labels: that which is named, or "label" where the table has one.
std::string label_column(const Options& options, const io::Table& table) {
  const std::string name = options.labels.empty() ? "label" : options.labels;
  const auto& columns = table.columns();
  const bool found =
      std::any_of(columns.begin(), columns.end(), [&](const auto& column) { return column.name == name; });
  return found ? name : "";
}

/// The angle that --theta states, or else the one that is estimated.
double theta_of(const Options& options, const std::optional<prune::ProbeAngle>& angle) {
  if (options.theta) return *options.theta;
  if (!angle) throw Error("--theta", "", "must be given, or two probes at least (--probs, --logits) that tell it");
  return angle->theta_deg;
}

void apply_theory(const Options& options, const io::Features& features, Pruned& pruned) {
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

prune::ScoreWeights weighting_of(const Options& options) {
  return weightings.at(!options.score_weights.empty() ? options.score_weights : options.compresses() ? "rank" : "none");
}

Pruned prune_points(const Options& options, const std::string& labels, const io::Features& features) {
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

Coreset compress_measure(const Options& options, const io::Features& features, const Pruned& pruned,
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

void write_rows(const io::Table& table, const io::Features& features, const std::vector<Index>& points,
                const std::vector<double>& weights, int order, const std::string& name, const std::string& path) {
  std::vector<Index> positions;
  std::vector<std::int64_t> names;
  for (const Index point : points) {
    positions.push_back(Index(features.position(point)));
    names.push_back(features.row_name(point));
  }
  io::WriteOptions write;
  write.metadata = {.columns = features.own_columns(), .order = order, .version = std::string(version)};
  write.file_column = table.files().size() > 1;
  table.write(path, io::format_of(name), positions, weights, names, features, write);
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

std::string text_of(const Options& options, const Pruned& pruned) {
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

nlohmann::ordered_json json_of(const Options& options, const Pruned& pruned) {
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

io::ReadOptions read_options(const Options& options, const std::string& label) {
  io::ReadOptions read;
  read.columns = options.columns;
  read.exclude = options.exclude;
  read.weights = options.weights;
  read.drop_invalid = options.drop_invalid;
  if (!label.empty()) read.groups = {label};
  return read;
}

int run(Options options) try {
  require_consistent(options);
  options.scores.seed = parse_count("--seed", options.seed);
  if (!options.clusters.empty()) options.scores.clusters = parse_count("--clusters", options.clusters);
  const std::string certificate_path = !options.compresses()          ? ""
                                       : !options.certificate.empty() ? options.certificate
                                                                      : options.output + ".certificate.json";
  TargetFile output("--output", options.output, options.force);
  std::optional<TargetFile> certificate, measure;
  if (options.compresses()) certificate.emplace("--certificate", certificate_path, options.force);
  if (!options.pruned.empty()) measure.emplace("--pruned", options.pruned, options.force);

  const io::Table table = io::Table::open(options.inputs);
  table.require_writable(io::format_of(options.output));
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
    certificate->write(coreset->certificate.to_json());
    if (measure) write_rows(table, features, pruned.selection.kept, pruned.weights, 0, options.pruned, measure->path());
  }
  write_rows(table, features, rows, coreset ? coreset->weights : pruned.weights, coreset ? coreset->plan.order : 0,
             options.output, output.path());
  std::vector<TargetFile*> files{&output};
  if (certificate) files.push_back(&*certificate);
  if (measure) files.push_back(&*measure);
  TargetFile::commit(files);

  if (options.quiet) notices.clear();
  for (const std::string& notice : notices) fmt::print(stderr, "momentset: note: {}\n", notice);
  Report report;
  if (coreset) {
    report.inputs = {"the rows kept"};
    report.output = options.output;
    report.certificate_path = certificate_path;
    report.table_rows = pruned.selection.kept.size();
    report.stages = coreset->stages;
    report.coreset = &*coreset;
  }
  if (options.json) {
    nlohmann::ordered_json object = json_of(options, pruned);
    if (coreset) object["compressed"] = nlohmann::ordered_json::parse(report.json());
    fmt::print("{}\n", object.dump(2));
  } else if (!options.quiet) {
    fmt::print("{}{}", text_of(options, pruned), coreset ? report.text() : "");
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
  const auto options = std::make_shared<Options>();
  ScoreArguments& scores = options->scores;
  CLI::App* command =
      app.add_subcommand("prune", "keep the examples of a training set that a score and a policy choose");
  command->add_option("input", options->inputs, "tables of examples, as for compress")->required()->type_name("IN");
  command->add_option("-o,--output", options->output, "table to write")->type_name("OUT");
  command
      ->add_option("--score", scores.score,
                   "el2n, entropy, least-confidence, margin, grand, forgetting, memorisation, prototypes, "
                   "supervised-prototypes, random or file (--scores)")
      ->required()
      ->check(CLI::IsMember({"el2n", "entropy", "least-confidence", "margin", "grand", "forgetting", "memorisation",
                             "prototypes", "supervised-prototypes", "random", "file"}))
      ->type_name("SCORE");
  const auto files = [&](const char* name, std::vector<std::string>& paths, const char* what) {
    command->add_option(name, paths, what)->delimiter(',')->type_name("FILE,...");
  };
  files("--probs", scores.probs, "probabilities of the classes, one file for each probe");
  files("--logits", scores.logits, "logits, or margins in one column; one file for each probe");
  files("--gradients", scores.gradients, "gradients of the loss, one file for each probe");
  files("--embeddings", scores.embeddings, "embeddings, one file for each model [the coordinates of IN]");
  command->add_option("--losses", scores.losses, "losses, a column for each epoch")->type_name("FILE");
  command->add_option("--correct", scores.correct, "1 where right, 0 where wrong: a column for each epoch or model")
      ->type_name("FILE");
  command->add_option("--members", scores.members, "1 where a model was trained on the row: a column for each model")
      ->type_name("FILE");
  command->add_option("--scores", scores.scores, "scores, in one column")->type_name("FILE");
  command->add_option("--hard", scores.hard, "the end of --scores that is hard [high]")
      ->check(CLI::IsMember({"high", "low"}))
      ->type_name("END");
  command->add_option("--clusters", options->clusters, "prototypes: clusters of k-means")->type_name("K");
  command->add_option("--labels", options->labels, "column of the classes, or file of a column of numbers [label]")
      ->type_name("COL|FILE");
  command->add_option("--keep", options->keep, "fraction of the rows to keep")->type_name("F");
  command
      ->add_option("--policy", options->policy,
                   "hard, easy, window, stratified (over the scores), random, or theory: what the theory of pruned "
                   "perceptrons predicts to be best")
      ->check(CLI::IsMember({"hard", "easy", "window", "stratified", "random", "theory"}))
      ->capture_default_str();
  command->add_option("--skip-hardest", options->skip_hardest, "window: fraction of the rows that are too hard [0]")
      ->type_name("F");
  command->add_option("--strata", options->strata, "stratified: ranges of scores")->capture_default_str();
  command
      ->add_option("--class-floor", options->class_floor,
                   "share of an equal part that every class keeps at least [0.5]")
      ->type_name("F");
  command->add_option("--parameters", options->parameters, "theory: parameters of the model")->type_name("N");
  command->add_option("--theta", options->theta, "theory: the probe's angle, degrees [from the agreement of probes]")
      ->type_name("DEG");
  command
      ->add_option("--allowed-increase", options->allowed_increase,
                   "theory, without --keep: keep as few rows as raise the predicted error by at most this share")
      ->type_name("E")
      ->capture_default_str();
  command->add_option("--then-compress", options->size, "compress the rows kept to N weighted ones")->type_name("N");
  command
      ->add_option("--score-weights", options->score_weights,
                   "weights within each class by rank, by value or none [rank with --then-compress, else none]")
      ->check(CLI::IsMember({"none", "rank", "value"}));
  command->add_option("--order", options->order, "of the moments, as for compress")
      ->type_name("K")
      ->capture_default_str();
  command->add_option("--pruned", options->pruned, "table to write the rows kept to, before they are compressed")
      ->type_name("FILE");
  command->add_option("--certificate", options->certificate, "certificate to write [OUT.certificate.json]")
      ->type_name("FILE");
  command->add_option("--epochs", options->epochs, "epochs that training on all rows takes, for the advice on training")
      ->type_name("N");
  command->add_option("--matched-iterations", options->matched_iterations, "factor of that advice, 0 to 1")
      ->type_name("F")
      ->capture_default_str();
  command->add_option("--columns", options->columns, "columns that are the coordinates, as for compress")
      ->delimiter(',')
      ->type_name("A,B");
  command->add_option("--exclude", options->exclude, "columns that are not coordinates")
      ->delimiter(',')
      ->type_name("A,B");
  command->add_option("--weights", options->weights, "column of the rows' weights [every row weighs 1]")
      ->type_name("COL");
  command->add_option("--seed", options->seed, "breaks ties, and draws what is random")
      ->type_name("N")
      ->capture_default_str();
  command->add_flag("--drop-invalid", options->drop_invalid, "leave out rows with NaN, infinity or no value");
  command->add_flag("--json", options->json, "print the report as JSON");
  command->add_flag("--quiet", options->quiet, "print errors only");
  command->add_flag("--force", options->force, "replace existing files");
  add_config_option(*command);
  command->callback([options, &status] { status = run(*options); });
}

}  // namespace momentset::cli
