#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "prune_scores.hpp"
#include "table_options.hpp"

namespace momentset::cli {

/// What `momentset prune` was asked for, as it was written.
struct PruneArguments : TableArguments {
  std::string output, pruned, certificate;
  ScoreArguments scores;
  std::string clusters, labels;
  std::string policy = "hard";
  std::optional<double> keep, class_floor, skip_hardest, theta, epochs;
  std::size_t strata = 50;
  std::string parameters;
  double allowed_increase = 0.05, matched_iterations = 0.5;
  std::string size, score_weights, order = "auto", seed = "0";
  bool json = false, quiet = false, force = false;

  bool by_theory() const { return policy == "theory"; }
  bool compresses() const { return !size.empty(); }
};

/// Adds the options of the command, whose values are read into the arguments; these must outlive it.
void add_prune_options(CLI::App& command, PruneArguments& arguments);

/// Throws Error naming the option: one is missing, or has no meaning beside the others.
void require_consistent(const PruneArguments& arguments);

}  // namespace momentset::cli
