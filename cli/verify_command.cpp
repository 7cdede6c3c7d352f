#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "column_roles.hpp"
#include "commands.hpp"
#include "momentset/certificate.hpp"
#include "momentset/compress.hpp"
#include "momentset/error.hpp"
#include "momentset/io/table.hpp"
#include "row_matrix.hpp"
#include "row_numbers.hpp"
#include "text.hpp"
#include "weight_sum.hpp"

namespace momentset::cli {
namespace {

struct Options {
  std::vector<std::string> files;  // inputs, then the output
  std::string certificate;
  std::vector<std::string> columns;
  std::optional<int> order;
  std::string weights;
  std::vector<std::string> features;  // files of the columns that were kept beside the moments
  int threads = 0;
  bool drop_invalid = false, quiet = false;
};

/// What the output claims, from whichever source tells it.
struct Claim {
  std::optional<Certificate> certificate;  // if there is one
  std::vector<std::string> columns;
  std::vector<std::string> targets;     // columns of the input that are the certificate's companions; none if unnamed
  std::vector<std::string> groups;      // columns of the input that tell its groups apart
  std::vector<std::string> categories;  // columns of which counts are kept
  bool category_pairs = false;
  std::size_t feature_columns = 0;  // of files, the last of the companions
  int order = 0;
  std::string weights;  // column of the input
  std::string weight_sum = "mass";
  bool drop_invalid = false;
  std::optional<std::vector<io::Filled>> filled;  // columns whose missing values were filled
  std::string source;                             // for people
};

/// The output's rows as they stand in the file, nothing checked.
struct OutputRows {
  std::vector<double> coordinates, weights, rows;
  std::vector<double> targets;     // row by row; none where the output has no such columns
  std::vector<io::Levels> levels;  // of the columns of the groups; none where the output has no such columns
};

std::string option_of(const Certificate& certificate, const std::string& name, const std::string& otherwise) {
  const auto found = certificate.options.find(name);
  return found == certificate.options.end() ? otherwise : found->second;
}

/// Companions that have names are columns of the input.
std::vector<std::string> targets_of(const Certificate& certificate) {
  const std::vector<std::string> targets = split_lines(option_of(certificate, "target", ""));
  std::vector<std::string> names;
  for (const CompanionResidual& each : certificate.companions) {
    if (each.column.empty()) return {};
    if (std::find(targets.begin(), targets.end(), each.column) != targets.end()) names.push_back(each.column);
  }
  return names;
}

std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error("--certificate", path, "cannot be read");
  return {std::istreambuf_iterator<char>(file), {}};
}

Claim claim_of(const Options& options, const std::string& output, const io::Table& table) {
  const std::string beside = output + ".certificate.json";
  const std::string path = !options.certificate.empty()               ? options.certificate
                           : std::filesystem::is_regular_file(beside) ? beside
                                                                      : "";
  Claim claim;
  claim.weights = options.weights;
  claim.drop_invalid = options.drop_invalid;
  if (!path.empty()) {
    claim.certificate = Certificate::from_json(read_text(path));
    claim.columns = claim.certificate->columns;
    claim.targets = targets_of(*claim.certificate);
    claim.groups = split_lines(option_of(*claim.certificate, "groups", ""));
    claim.categories = split_lines(option_of(*claim.certificate, "categories", ""));
    claim.category_pairs = option_of(*claim.certificate, "category_pairs", "") == "true";
    if (const std::string columns = option_of(*claim.certificate, "feature_columns", ""); !columns.empty()) {
      claim.feature_columns = parse_count("feature_columns", columns);
    }
    claim.order = claim.certificate->order;
    claim.weights = option_of(*claim.certificate, "weights", options.weights);
    claim.weight_sum = option_of(*claim.certificate, "weight_sum", "mass");
    claim.drop_invalid = option_of(*claim.certificate, "drop_invalid", "false") == "true";
    if (option_of(*claim.certificate, "missing", "error") == "indicator") {
      claim.filled = parse_filled(option_of(*claim.certificate, "filled", ""));
      claim.columns.resize(claim.columns.size() - std::min(claim.columns.size(), claim.filled->size()));
    }
    claim.source = path;
    return claim;
  }
  if (table.coreset()) {
    claim.columns = table.coreset()->columns;
    claim.order = table.coreset()->order;
    claim.source = "the metadata of " + output;
  } else if (options.order && !options.columns.empty()) {
    claim.source = "the command line";
  } else {
    throw Error(output, "", "has no certificate and no metadata: give --certificate, or --columns and --order");
  }
  if (options.order) claim.order = *options.order;
  if (!options.columns.empty()) claim.columns = options.columns;
  return claim;
}

bool has_column(const io::Table& table, const std::string& name) {
  return std::any_of(table.columns().begin(), table.columns().end(),
                     [&](const io::Column& column) { return column.name == name; });
}

/// The output's own names of the coordinates, the weight and the row.
std::vector<std::string> names_of(const io::Table& table, const std::vector<std::string>& coordinates) {
  std::vector<std::string> names = coordinates;
  if (table.format() == io::Format::npy && table.columns().size() == coordinates.size() + 2) {
    names.clear();
    for (const io::Column& column : table.columns()) names.push_back(column.name);
  } else if (table.coreset()) {
    names.insert(names.end(), {table.coreset()->weight_column, table.coreset()->row_column});
  } else {  // where the input had columns of these names, ours are the longer ones
    names.emplace_back(has_column(table, "coreset_weight") ? "coreset_weight" : "weight");
    names.emplace_back(has_column(table, "coreset_row") ? "coreset_row" : "row");
  }
  return names;
}

OutputRows read_output(const io::Table& table, const Claim& claim) {
  const std::vector<std::string>& columns = claim.columns;
  const auto has_all = [&](const std::vector<std::string>& names) {
    return table.format() != io::Format::npy &&
           std::all_of(names.begin(), names.end(), [&](const std::string& name) { return has_column(table, name); });
  };
  io::ReadOptions read{
      .columns = names_of(table, columns), .weighted = false, .fill_missing = claim.filled.has_value()};
  if (claim.filled) {
    read.filled = claim.filled;
    for (io::Filled& each : *read.filled) {  // by the output's own names
      const auto found = std::find(columns.begin(), columns.end(), each.column);
      if (found != columns.end()) each.column = read.columns[std::size_t(found - columns.begin())];
    }
  }
  if (has_all(claim.targets)) read.targets = claim.targets;
  if (has_all(claim.groups) && has_all(claim.categories)) {
    read.groups = claim.groups;
    read.categories = claim.categories;
  }
  const io::Features features = table.read(read);
  const WeightedPoints all = features.points.view();
  const std::size_t m = columns.size();
  OutputRows output;
  for (std::size_t j = 0; j < all.size(); ++j) {
    output.coordinates.insert(output.coordinates.end(), all.point(j), all.point(j) + m);
    output.coordinates.insert(output.coordinates.end(), all.point(j) + m + 2, all.point(j) + all.dimension);
    output.weights.push_back(all.point(j)[m]);
    output.rows.push_back(all.point(j)[m + 1]);
  }
  output.targets = features.targets;
  output.levels = features.levels;
  return output;
}

/// The input points that the rows name; what cannot be one is described in `problem`.
std::vector<Index> points_of(const OutputRows& output, const io::Features& input, std::string& problem) {
  const RowNumbers numbers(input);
  std::vector<Index> points;
  std::vector<bool> seen(input.points.view().size(), false);
  for (const double row : output.rows) {
    const std::optional<Index> point = numbers.point(static_cast<std::int64_t>(row));
    if (!point) {
      problem = fmt::format("row {:.0f} is not in the input", row);
    } else if (seen[*point]) {
      problem = fmt::format("row {:.0f} stands there twice", row);
    } else {
      seen[*point] = true;
      points.push_back(*point);
      continue;
    }
    break;
  }
  return points;
}

/// A coreset of a coreset keeps the moments of the table that it was made from, which alone can tell.
void require_source(const Claim& claim, const io::Table& input) {
  if (claim.weights.empty() || has_column(input, claim.weights)) return;
  throw Error(input.files().front(), "",
              fmt::format("has no column '{}' of weights: the output was made from another table{}", claim.weights,
                          claim.certificate ? ", " + option_of(*claim.certificate, "inputs", "") : ""));
}

/// Whether the certificate says that the output has values of its own in this target.
bool is_relabelled(const Claim& claim, std::size_t target) {
  return claim.certificate && claim.certificate->companions[target].relabelled;
}

/// Each column by itself, as they may be of different orders.
struct TargetColumns {
  std::vector<std::vector<double>> values;
  std::vector<Companions> companions;

  TargetColumns(const Claim& claim, const io::Features& input) : values(claim.targets.size()) {
    const std::size_t p = claim.targets.size();
    for (std::size_t j = 0; j < p; ++j) {
      for (std::size_t k = j; k < input.targets.size(); k += p) values[j].push_back(input.targets[k]);
      const CompanionResidual& stated = claim.certificate->companions[j];
      companions.push_back({.values = values[j],
                            .columns = 1,
                            .order = stated.order,
                            .degree = stated.degree,
                            .relabel = stated.relabelled});
    }
  }
};

/// The output's own values of the targets that have some, row by row.
std::vector<double> new_targets(const Claim& claim, const OutputRows& output) {
  const std::size_t p = claim.targets.size();
  std::vector<double> targets;
  for (std::size_t k = 0; k < output.targets.size(); ++k) {
    if (is_relabelled(claim, k % p)) targets.push_back(output.targets[k]);
  }
  return targets;
}

/// Whether the output's targets, but for those of its own, are those of the rows that it names.
Check same_targets(const Claim& claim, const std::vector<double>& found, const std::vector<Index>& points,
                   const io::Features& input) {
  const std::size_t p = claim.targets.size();
  std::size_t differing = 0;
  for (std::size_t j = 0; j < points.size(); ++j) {
    bool same = true;
    for (std::size_t k = 0; k < p; ++k) {
      same = same && (is_relabelled(claim, k) || found[j * p + k] == input.targets[points[j] * p + k]);
    }
    differing += !same;
  }
  std::size_t own = 0;
  for (std::size_t k = 0; k < p; ++k) own += is_relabelled(claim, k);
  return {"targets", differing == 0,
          fmt::format(
              "{} of {} differ from the input row they name{}", differing, points.size(),
              own > 0 ? fmt::format("; {} of {} columns are new ones, of which the sums were checked", own, p) : "")};
}

/// Whether the output's rows are of the groups of the rows that they name.
Check same_levels(const std::vector<io::Levels>& found, const std::vector<Index>& points, const io::Features& input) {
  std::size_t differing = 0;
  for (std::size_t j = 0; j < points.size(); ++j) {
    bool same = true;
    for (std::size_t k = 0; k < found.size(); ++k) {
      const io::Levels& stated = input.levels[k];
      same = same && found[k].names[found[k].of_points[j]] == stated.names[stated.of_points[points[j]]];
    }
    differing += !same;
  }
  return {"levels", differing == 0,
          fmt::format("{} of {} differ from the input row they name", differing, points.size())};
}

/// How the names of the levels that are counted differ from those stated after the targets; empty if they do not.
std::string other_name(const std::vector<std::string>& names, const Claim& claim) {
  const auto& stated = claim.certificate->companions;
  const std::size_t first = claim.targets.size(), end = stated.size() - std::min(claim.feature_columns, stated.size());
  for (std::size_t k = 0; k < std::max(names.size(), end - std::min(first, end)); ++k) {
    const std::string found = k < names.size() ? names[k] : "nothing";
    const std::string said = first + k < end ? stated[first + k].column : "nothing";
    if (found != said) return fmt::format("found {}, stated {}", found, said);
  }
  return "";
}

/// The claims of the certificate's groups; what cannot be one is described in `problem`.
std::vector<GroupClaim> group_claims(const Certificate& certificate, std::size_t groups, std::size_t points,
                                     std::string& problem) {
  if (certificate.groups.size() != groups) {
    problem = fmt::format("found {} groups, stated {}", groups, certificate.groups.size());
    return {};
  }
  std::vector<GroupClaim> claims;
  for (const GroupResidual& group : certificate.groups) {
    for (const CellTree::Split& split : group.tree.splits) {
      if (split.point >= points) problem = fmt::format("the cells name row {}, which is not in the input", split.point);
    }
    claims.push_back({group.order, group.tree});
  }
  return claims;
}

/// Without a certificate there is nothing to compare with; what the numbers say by themselves can still be told.
bool speaks_for_itself(const Check& check) {
  return check.name == "mass" || check.name == "weights not negative" || check.name == "points" ||
         check.name == "moments overall";
}

std::vector<Check> all_checks(const Claim& claim, const io::Features& input, const OutputRows& output,
                              const Options& options) {
  std::string problem;
  const std::vector<Index> points = points_of(output, input, problem);
  if (!problem.empty()) return {{"rows", false, problem}};

  CertifyOptions certify_options;
  certify_options.order = claim.order;
  certify_options.mass_scale = mass_scale(claim.weight_sum, input.points.view());
  certify_options.threads = options.threads;
  const TargetColumns targets(claim, input);
  certify_options.companions = targets.companions;
  certify_options.new_targets = new_targets(claim, output);
  if (output.targets.empty() && relabelled_columns(targets.companions) > 0) {
    return {{"targets", false, "the output has no such columns, of which it is to have values of its own"}};
  }
  const std::span<const io::Levels> levels = input.levels;
  const OwnedGroups groups(levels.first(claim.groups.size()));
  const OwnedCategories categories(levels.subspan(claim.groups.size()), claim.category_pairs,
                                   input.points.view().size());
  const bool all_named =
      !claim.certificate || std::none_of(claim.certificate->companions.begin(), claim.certificate->companions.end(),
                                         [](const auto& each) { return each.column.empty(); });
  if (!categories.names.empty() && all_named) {  // else not all companions are at hand, and none is checked
    if (const std::string other = other_name(categories.names, claim); !other.empty()) {
      return {{"companions", false, other}};
    }
    certify_options.companions.push_back(categories.view());
  }
  const OwnedFeatures features(options.features, input);
  if (!features.names.empty()) certify_options.companions.push_back(features.view());
  // Where some of the companions are not at hand none is checked.
  if (claim.feature_columns > 0 && features.names.empty()) certify_options.companions.clear();
  if (claim.certificate) {
    certify_options.features = claim.certificate->feature_map;
    certify_options.groups = groups.view();
    certify_options.group_claims =
        group_claims(*claim.certificate, groups.names.size(), input.points.view().size(), problem);
    if (!problem.empty()) return {{"groups", false, problem}};
    certify_options.tree = claim.certificate->tree;
    certify_options.seed = claim.certificate->seed;
    for (const Index landmark : certify_options.features.landmarks) {
      if (landmark >= input.points.view().size()) {
        return {{"input", false, fmt::format("a landmark is row {}, which is not in the input", landmark)}};
      }
    }
    for (const CellTree::Split& split : certify_options.tree.splits) {
      if (split.point >= input.points.view().size()) {
        return {{"input", false, fmt::format("the cells name row {}, which is not in the input", split.point)}};
      }
    }
  }
  const Certificate measured =
      certify(input.points.view(), points, output.weights, certify_options, output.coordinates);
  std::vector<Check> checks = verify(claim.certificate ? *claim.certificate : measured, measured);
  if (!output.targets.empty()) checks.push_back(same_targets(claim, output.targets, points, input));
  if (!output.levels.empty()) checks.push_back(same_levels(output.levels, points, input));
  if (!claim.certificate) std::erase_if(checks, [](const Check& check) { return !speaks_for_itself(check); });
  return checks;
}

int run(const Options& options) {
  if (options.files.size() < 2) throw Error("verify", "", "needs the input and the output, in this order");
  if (options.threads < 0) throw Error("--threads", std::to_string(options.threads), "must not be negative");
  io::set_threads(options.threads);
  const std::string& output_path = options.files.back();
  const std::vector<std::string> inputs(options.files.begin(), options.files.end() - 1);

  const io::Table output_table = io::Table::open({output_path});
  const Claim claim = claim_of(options, output_path, output_table);
  OutputRows output = read_output(output_table, claim);
  const io::Table input_table = io::Table::open(inputs);
  if (input_table.format() != output_table.format()) output.levels.clear();  // their texts may differ
  require_source(claim, input_table);
  const io::Features input = input_table.read({.columns = claim.columns,
                                               .targets = claim.targets,
                                               .groups = claim.groups,
                                               .categories = claim.categories,
                                               .weights = claim.weights,
                                               .drop_invalid = claim.drop_invalid,
                                               .fill_missing = claim.filled.has_value(),
                                               .filled = claim.filled});

  const std::vector<Check> checks = all_checks(claim, input, output, options);
  if (!options.quiet) {
    fmt::print("{} against {}, as stated by {}\n", output_path, fmt::join(inputs, " "), claim.source);
    for (const Check& check : checks) {
      fmt::print("  {:<6} {:<24} {}\n", check.passed ? "ok" : "FAILED", check.name, check.detail);
    }
  }
  // The hash of the output fails with whatever else does, and says least: it is named only if nothing else is.
  auto failed = checks.end();
  for (auto check = checks.begin(); check != checks.end(); ++check) {
    if (!check->passed && (failed == checks.end() || failed->name == "output")) failed = check;
  }
  if (failed == checks.end()) return success;
  fmt::print(stderr, "momentset: {}: check '{}' failed: {}\n", output_path, failed->name, failed->detail);
  return check_failed;
}

}  // namespace

void add_verify(CLI::App& app, int& status) {
  const auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("verify", "recompute everything that a compressed table claims; exit status 3 if it fails");
  command->add_option("files", options->files, "the input table or tables, then the compressed one")
      ->required()
      ->type_name("IN... OUT");
  command->add_option("--certificate", options->certificate, "certificate [OUT.certificate.json, if there is one]")
      ->type_name("FILE");
  command->add_option("--columns", options->columns, "without a certificate: the coordinates")
      ->delimiter(',')
      ->type_name("A,B");
  command->add_option("--order", options->order, "without a certificate: the order")->type_name("K");
  command->add_option("--weights", options->weights, "without a certificate: the input's column of weights")
      ->type_name("COL");
  command
      ->add_option("--features", options->features,
                   "files of columns whose sums were kept, as after file: in compress, in the same order")
      ->allow_extra_args(false)
      ->type_name("FILE");
  command->add_option("--threads", options->threads, "threads to use [all cores]");
  command->add_flag("--drop-invalid", options->drop_invalid, "without a certificate: as in compress");
  command->add_flag("--quiet", options->quiet, "print errors only");
  command->callback([options, &status] { status = run(*options); });
}

}  // namespace momentset::cli
