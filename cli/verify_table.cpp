#include "verify_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>

#include "column_roles.hpp"
#include "momentset/compress.hpp"
#include "row_matrix.hpp"
#include "row_numbers.hpp"
#include "weight_sum.hpp"

namespace momentset::cli {
namespace {

/// The input points that the rows name; what cannot be one is described in `problem`.
std::vector<Index> points_of(const OutputRows& output, const io::Features& input, std::string& problem) {
  const RowNumbers numbers(input);
  std::vector<Index> points;
  std::vector<bool> seen(input.points.view().size(), false);
  for (const std::uint64_t row : row_numbers(output, problem)) {
    const std::optional<Index> point = numbers.point(std::int64_t(row));
    if (!point) {
      problem = fmt::format("row {} is not in the input", row);
    } else if (seen[*point]) {
      problem = fmt::format("row {} stands there twice", row);
    } else {
      seen[*point] = true;
      points.push_back(*point);
      continue;
    }
    break;
  }
  return points;
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

}  // namespace

std::vector<Check> checks_in_memory(const Claim& claim, const io::Features& input, const OutputRows& output,
                                    const std::vector<std::string>& feature_files, int threads) {
  std::string problem;
  const std::vector<Index> points = points_of(output, input, problem);
  if (!problem.empty()) return {{"rows", false, problem}};

  CertifyOptions certify_options;
  certify_options.order = claim.order;
  certify_options.mass_scale = mass_scale(claim.weight_sum, input.points.view());
  certify_options.threads = threads;
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
  const OwnedFeatures features(feature_files, input);
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

}  // namespace momentset::cli
