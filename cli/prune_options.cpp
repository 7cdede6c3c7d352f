#include "prune_options.hpp"

#include <CLI/CLI.hpp>

#include "config_file.hpp"
#include "momentset/error.hpp"

namespace momentset::cli {
namespace {

void add_score_options(CLI::App& command, PruneArguments& arguments) {
  ScoreArguments& scores = arguments.scores;
  command
      .add_option("--score", scores.score,
                  "el2n, entropy, least-confidence, margin, grand, forgetting, memorisation, prototypes, "
                  "supervised-prototypes, random or file (--scores)")
      ->required()
      ->check(CLI::IsMember({"el2n", "entropy", "least-confidence", "margin", "grand", "forgetting", "memorisation",
                             "prototypes", "supervised-prototypes", "random", "file"}))
      ->type_name("SCORE");
  const auto files = [&](const char* name, std::vector<std::string>& paths, const char* what) {
    command.add_option(name, paths, what)->delimiter(',')->type_name("FILE,...");
  };
  files("--probs", scores.probs, "probabilities of the classes, one file for each probe");
  files("--logits", scores.logits, "logits, or margins in one column; one file for each probe");
  files("--gradients", scores.gradients, "gradients of the loss, one file for each probe");
  files("--embeddings", scores.embeddings, "embeddings, one file for each model [the coordinates of IN]");
  command.add_option("--losses", scores.losses, "losses, a column for each epoch")->type_name("FILE");
  command.add_option("--correct", scores.correct, "1 where right, 0 where wrong: a column for each epoch or model")
      ->type_name("FILE");
  command.add_option("--members", scores.members, "1 where a model was trained on the row: a column for each model")
      ->type_name("FILE");
  command.add_option("--scores", scores.scores, "scores, in one column")->type_name("FILE");
  command.add_option("--hard", scores.hard, "the end of --scores that is hard [high]")
      ->check(CLI::IsMember({"high", "low"}))
      ->type_name("END");
  command.add_option("--clusters", arguments.clusters, "prototypes: clusters of k-means")->type_name("K");
}

void add_policy_options(CLI::App& command, PruneArguments& arguments) {
  command.add_option("--labels", arguments.labels, "column of the classes, or file of a column of numbers [label]")
      ->type_name("COL|FILE");
  command.add_option("--keep", arguments.keep, "fraction of the rows to keep")->type_name("F");
  command
      .add_option("--policy", arguments.policy,
                  "hard, easy, window, stratified (over the scores), random, or theory: what the theory of pruned "
                  "perceptrons predicts to be best")
      ->check(CLI::IsMember({"hard", "easy", "window", "stratified", "random", "theory"}))
      ->capture_default_str();
  command.add_option("--skip-hardest", arguments.skip_hardest, "window: fraction of the rows that are too hard [0]")
      ->type_name("F");
  command.add_option("--strata", arguments.strata, "stratified: ranges of scores")->capture_default_str();
  command
      .add_option("--class-floor", arguments.class_floor,
                  "share of an equal part that every class keeps at least [0.5]")
      ->type_name("F");
  command.add_option("--parameters", arguments.parameters, "theory: parameters of the model")->type_name("N");
  command.add_option("--theta", arguments.theta, "theory: the probe's angle, degrees [from the agreement of probes]")
      ->type_name("DEG");
  command
      .add_option("--allowed-increase", arguments.allowed_increase,
                  "theory, without --keep: keep as few rows as raise the predicted error by at most this share")
      ->type_name("E")
      ->capture_default_str();
}

void add_then_compress_options(CLI::App& command, PruneArguments& arguments) {
  command.add_option("--then-compress", arguments.size, "compress the rows kept to N weighted ones")->type_name("N");
  command
      .add_option("--score-weights", arguments.score_weights,
                  "weights within each class by rank, by value or none [rank with --then-compress, else none]")
      ->check(CLI::IsMember({"none", "rank", "value"}));
  command.add_option("--order", arguments.order, "of the moments, as for compress")
      ->type_name("K")
      ->capture_default_str();
  command.add_option("--pruned", arguments.pruned, "table to write the rows kept to, before they are compressed")
      ->type_name("FILE");
  command.add_option("--certificate", arguments.certificate, "certificate to write [OUT.certificate.json]")
      ->type_name("FILE");
}

}  // namespace

void add_prune_options(CLI::App& command, PruneArguments& arguments) {
  add_table_options(command, arguments);
  command.add_option("-o,--output", arguments.output, "table to write; - writes CSV to standard output")
      ->type_name("OUT");
  add_score_options(command, arguments);
  add_policy_options(command, arguments);
  add_then_compress_options(command, arguments);
  command
      .add_option("--epochs", arguments.epochs, "epochs that training on all rows takes, for the advice on training")
      ->type_name("N");
  command.add_option("--matched-iterations", arguments.matched_iterations, "factor of that advice, 0 to 1")
      ->type_name("F")
      ->capture_default_str();
  command.add_option("--seed", arguments.seed, "breaks ties, and draws what is random")
      ->type_name("N")
      ->capture_default_str();
  command.add_flag("--json", arguments.json, "print the report as JSON");
  command.add_flag("--quiet", arguments.quiet, "print errors only");
  command.add_flag("--force", arguments.force, "replace existing files");
  add_config_option(command);
}

void require_consistent(const PruneArguments& arguments) {
  const auto refuse = [](const char* option, bool given, const std::string& rule) {
    if (given) throw Error(option, "", rule);
  };
  if (!arguments.by_theory()) {
    if (!arguments.keep) throw Error("--keep", "", "must be given, or --policy theory, which chooses it");
    refuse("--parameters", !arguments.parameters.empty(), "has a meaning for --policy theory only");
    refuse("--theta", arguments.theta.has_value(), "has a meaning for --policy theory only");
  } else if (arguments.parameters.empty()) {
    throw Error("--parameters", "", "must be given for --policy theory: how many the model has");
  }
  refuse("--skip-hardest", arguments.skip_hardest && arguments.policy != "window",
         "has a meaning for --policy window only");
  refuse("--class-floor", arguments.class_floor && arguments.labels.empty(), "needs --labels");
  refuse("--pruned", !arguments.pruned.empty() && !arguments.compresses(), "has a meaning with --then-compress only");
  refuse("--certificate", !arguments.certificate.empty() && !arguments.compresses(),
         "has a meaning with --then-compress only");
  if (arguments.output.empty()) throw Error("--output", "", "must be given");
  io::format_of(arguments.output);
  if (!arguments.pruned.empty()) io::format_of(arguments.pruned);
}

}  // namespace momentset::cli
