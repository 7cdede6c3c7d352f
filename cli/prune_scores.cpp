#include "prune_scores.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>

#include "momentset/error.hpp"
#include "row_matrix.hpp"

namespace momentset::cli {
namespace {

using Matrices = std::vector<RowMatrix>;

prune::Matrix view(const RowMatrix& matrix) { return {matrix.values, matrix.columns}; }

Matrices read_matrices(const std::string& option, const std::vector<std::string>& paths, const io::Features& features) {
  Matrices matrices;
  for (const std::string& path : paths) matrices.push_back(read_row_matrix(option, path, features));
  return matrices;
}

std::vector<prune::Matrix> views(const Matrices& matrices) {
  std::vector<prune::Matrix> all;
  for (const RowMatrix& matrix : matrices) all.push_back(view(matrix));
  return all;
}

void require(const ScoreArguments& arguments, const std::string& option, bool given) {
  if (!given) throw Error(option, "", "must be given for the score " + arguments.score);
}

/// Those of --probs, or of --logits by softmax.
Matrices probabilities(const ScoreArguments& arguments, const io::Features& features) {
  if (!arguments.probs.empty()) return read_matrices("--probs", arguments.probs, features);
  require(arguments, "--probs", !arguments.logits.empty());
  Matrices matrices = read_matrices("--logits", arguments.logits, features);
  for (RowMatrix& matrix : matrices) matrix.values = prune::softmax(view(matrix));
  return matrices;
}

/// Those of --embeddings, or the table's own coordinates.
prune::Scores by_embeddings(const ScoreArguments& arguments, const io::Features& features, const ClassLabels& labels) {
  Matrices matrices = read_matrices("--embeddings", arguments.embeddings, features);
  if (matrices.empty()) matrices.push_back({features.points.coordinates, features.points.dimension, features.columns});
  std::vector<std::vector<float>> singles;
  std::vector<prune::Embeddings> ensemble;
  for (RowMatrix& matrix : matrices) {
    singles.emplace_back(matrix.values.begin(), matrix.values.end());
    std::vector<double>().swap(matrix.values);
  }
  for (std::size_t k = 0; k < singles.size(); ++k) ensemble.push_back({singles[k], matrices[k].columns});
  if (arguments.score == "supervised-prototypes") return prune::class_prototypes(ensemble, labels.view());
  require(arguments, "--clusters", arguments.clusters > 0);
  return prune::prototypes(ensemble, {.clusters = arguments.clusters, .seed = arguments.seed});
}

prune::Scores by_forgetting(const ScoreArguments& arguments, const io::Features& features) {
  if (!arguments.losses.empty())
    return prune::forgetting(view(read_row_matrix("--losses", arguments.losses, features)));
  require(arguments, "--losses", !arguments.correct.empty());
  RowMatrix wrong = read_row_matrix("--correct", arguments.correct, features);
  for (double& each : wrong.values) each = 1 - each;
  return prune::forgetting(view(wrong), 0.5);
}

RowMatrix transposed(const RowMatrix& matrix) {
  const std::size_t rows = view(matrix).rows();
  RowMatrix turned{std::vector<double>(matrix.values.size()), rows};
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t c = 0; c < matrix.columns; ++c)
      turned.values[c * rows + i] = matrix.values[i * matrix.columns + c];
  }
  return turned;
}

prune::Scores by_memorisation(const ScoreArguments& arguments, const io::Features& features) {
  require(arguments, "--members", !arguments.members.empty());
  require(arguments, "--correct", !arguments.correct.empty());
  const RowMatrix members = transposed(read_row_matrix("--members", arguments.members, features));
  const RowMatrix correct = transposed(read_row_matrix("--correct", arguments.correct, features));
  std::vector<std::uint8_t> inside;
  for (const double each : members.values) inside.push_back(each != 0 ? 1 : 0);
  return prune::memorisation(inside, view(correct));
}

prune::Scores from_file(const ScoreArguments& arguments, const io::Features& features) {
  require(arguments, "--scores", !arguments.scores.empty());
  RowMatrix scores = read_row_matrix("--scores", arguments.scores, features);
  if (scores.columns != 1) {
    throw Error("--scores", fmt::format("{}: {} columns", arguments.scores, scores.columns), "must have one");
  }
  return {std::move(scores.values), arguments.hard == "low" ? prune::HardEnd::low : prune::HardEnd::high};
}

/// The numbers that the names are, where they are numbers.
std::vector<std::optional<double>> numbers_of(const std::vector<std::string>& names) {
  std::vector<std::optional<double>> numbers;
  for (const std::string& name : names) {
    double value = 0;
    const auto [end, failure] = std::from_chars(name.data(), name.data() + name.size(), value);
    const bool is_number = failure == std::errc{} && end == name.data() + name.size();
    numbers.push_back(is_number ? std::optional(value) : std::nullopt);
  }
  return numbers;
}

/// Prefixes what the library names with what the user typed.
std::string option_of(const std::string& argument) { return argument == "groups" ? "--labels" : "--" + argument; }

}  // namespace

std::vector<Index> ClassLabels::as_columns(std::size_t columns) const {
  if (names.empty()) throw Error("--labels", "", "must be given: a column of the table, or a file");
  const std::vector<std::optional<double>> numbers = numbers_of(names);
  const auto is_column = [&](const auto& each) {
    return each && *each >= 0 && *each < double(columns) && *each == std::floor(*each);
  };
  std::vector<Index> column_of(names.size());
  if (std::all_of(numbers.begin(), numbers.end(), is_column)) {
    for (std::size_t k = 0; k < names.size(); ++k) column_of[k] = Index(*numbers[k]);
  } else if (names.size() != columns) {
    throw Error("--labels", fmt::format("{} classes", names.size()),
                fmt::format("must be as many as the columns, {}, or their numbers from 0", columns));
  } else {
    const bool by_number =
        std::all_of(numbers.begin(), numbers.end(), [](const auto& each) { return each.has_value(); });
    std::vector<std::size_t> order(names.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return by_number ? *numbers[a] < *numbers[b] : names[a] < names[b];
    });
    for (std::size_t k = 0; k < order.size(); ++k) column_of[order[k]] = Index(k);
  }
  std::vector<Index> found;
  found.reserve(of_points.size());
  for (const Index label : of_points) found.push_back(column_of[label]);
  return found;
}

ClassLabels class_labels(const std::string& labels, const io::Features& features) {
  if (labels.empty()) return {};
  for (const io::Levels& levels : features.levels) {
    if (levels.column == labels) return {levels.of_points, levels.names};
  }
  const RowMatrix read = read_row_matrix("--labels", labels, features);
  if (read.columns != 1) {
    throw Error("--labels", fmt::format("{}: {} columns", labels, read.columns), "must have one");
  }
  ClassLabels found;
  std::map<double, Index> numbers;
  for (const double label : read.values) {
    const auto [place, is_new] = numbers.emplace(label, Index(numbers.size()));
    if (is_new) found.names.push_back(fmt::format("{}", label));
    found.of_points.push_back(place->second);
  }
  return found;
}

prune::Scores scores_of(const ScoreArguments& arguments, const io::Features& features, const ClassLabels& labels) try {
  using Way = std::function<prune::Scores()>;
  const auto from_probabilities = [&](const auto& metric) {
    const Matrices matrices = probabilities(arguments, features);
    return metric(views(matrices));
  };
  const std::map<std::string, Way> ways{
      {"el2n",
       [&] {
         return from_probabilities([&](const std::vector<prune::Matrix>& probes) {
           return prune::el2n(probes, labels.as_columns(probes[0].columns));
         });
       }},
      {"entropy", [&] { return from_probabilities([](const auto& probes) { return prune::entropy(probes); }); }},
      {"least-confidence",
       [&] { return from_probabilities([](const auto& probes) { return prune::least_confidence(probes); }); }},
      {"margin",
       [&] {
         require(arguments, "--logits", !arguments.logits.empty());
         const Matrices logits = read_matrices("--logits", arguments.logits, features);
         const bool labelled = logits[0].columns > 1 && !labels.names.empty();
         return prune::margin(views(logits), labelled ? labels.as_columns(logits[0].columns) : std::vector<Index>());
       }},
      {"grand",
       [&] {
         require(arguments, "--gradients", !arguments.gradients.empty());
         const Matrices gradients = read_matrices("--gradients", arguments.gradients, features);
         return prune::grand(views(gradients));
       }},
      {"forgetting", [&] { return by_forgetting(arguments, features); }},
      {"memorisation", [&] { return by_memorisation(arguments, features); }},
      {"prototypes", [&] { return by_embeddings(arguments, features, labels); }},
      {"supervised-prototypes", [&] { return by_embeddings(arguments, features, labels); }},
      {"random", [&] { return prune::random(features.points.view().size(), arguments.seed); }},
      {"file", [&] { return from_file(arguments, features); }},
  };
  return ways.at(arguments.score)();
} catch (const Error& error) {
  if (error.field().starts_with("--")) throw;
  throw Error(option_of(error.field()), error.value(), error.rule());
}

std::optional<prune::ProbeAngle> probe_angle_of(const ScoreArguments& arguments, const io::Features& features) {
  const bool by_probs = arguments.probs.size() > 1;
  const std::vector<std::string>& files = by_probs ? arguments.probs : arguments.logits;
  const std::string option = by_probs ? "--probs" : "--logits";
  if (files.size() < 2) return {};
  const std::size_t rows = features.points.view().size(), probes = files.size();
  std::vector<Index> predictions(rows * probes);
  for (std::size_t k = 0; k < probes; ++k) {
    const RowMatrix outputs = read_row_matrix(option, files[k], features);
    for (std::size_t i = 0; i < rows; ++i) {
      const double* row = view(outputs).row(i);
      predictions[i * probes + k] =
          Index(outputs.columns == 1 ? row[0] > 0 : std::max_element(row, row + outputs.columns) - row);
    }
  }
  try {
    return prune::probe_angle(predictions, probes);
  } catch (const Error& error) {
    throw Error(option, error.value(), error.rule());
  }
}

}  // namespace momentset::cli
