#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "momentset/io/table.hpp"
#include "momentset/prune/prototypes.hpp"
#include "momentset/prune/scores.hpp"
#include "momentset/prune/theory_policy.hpp"

namespace momentset::cli {

/// What `momentset prune` computes its scores from: files with a row for each row of IN.
struct ScoreArguments {
  std::string score;
  std::vector<std::string> probs, logits, gradients, embeddings;  ///< one file for each probe or model
  std::string losses, correct, members, scores, hard;
  std::size_t clusters = 0;
  std::uint64_t seed = 0;
};

/// The class of each point, and the classes' names.
struct ClassLabels {
  std::vector<Index> of_points;
  std::vector<std::string> names;

  PointGroups view() const { return {of_points, names}; }
  /// The column of each point's class among so many: the class itself where all are whole numbers that fit, else its
  /// place in the order of the names, as numbers where they are. Throws Error(--labels, ...) where there are fewer
  /// names or more.
  std::vector<Index> as_columns(std::size_t columns) const;
};

/// The label of each point, from the column of that name, which was read as levels, or from a file of one column of
/// numbers. None where `labels` is empty.
ClassLabels class_labels(const std::string& labels, const io::Features& features);

/// The scores of the points. Throws Error naming the option: a file that the score needs is not given or does not fit.
prune::Scores scores_of(const ScoreArguments& arguments, const io::Features& features, const ClassLabels& labels);

/// From the agreement of the probes of --probs or --logits; none where there are fewer than two.
std::optional<prune::ProbeAngle> probe_angle_of(const ScoreArguments& arguments, const io::Features& features);

}  // namespace momentset::cli
