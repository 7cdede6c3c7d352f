#include "parts.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "format.hpp"
#include "momentset/error.hpp"

namespace momentset {
namespace {

std::vector<bool> marked(const std::vector<Index>& rows, std::size_t count) {
  std::vector<bool> marks;
  if (rows.empty()) return marks;
  marks.resize(count, false);
  for (const Index row : rows) {
    if (row >= count) {
      throw Error("keep_rows", std::to_string(row), formatted("must be below the number of rows, {}", count));
    }
    marks[row] = true;
  }
  return marks;
}

/// Rows that were asked to survive do, with their own weight; a row of zero weight stands for nothing and cannot.
std::vector<Survivor> kept_rows(const WeightedPoints& points, const std::vector<bool>& keep) {
  std::vector<Survivor> kept;
  for (std::size_t i = 0; i < keep.size(); ++i) {
    if (!keep[i]) continue;
    if (points.weight(i) <= 0) throw Error("keep_rows", std::to_string(i), "has weight 0 and cannot survive");
    kept.push_back({Index(i), points.weight(i)});
  }
  return kept;
}

std::vector<Survivor> rows_of_positive_weight(const WeightedPoints& points) {
  std::vector<Survivor> rows;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (points.weight(i) > 0) rows.push_back({Index(i), points.weight(i)});
  }
  return rows;
}

void name_rows_to_keep(Part& part) {
  part.request.keep_rows.clear();
  for (const Survivor& survivor : part.kept) part.request.keep_rows.push_back(survivor.row);
}

std::vector<Part> by_group(Part whole, const PointGroups& groups) {
  const GroupMembers members(groups);
  whole.request.groups = {};
  std::vector<Part> parts(members.count(), Part{.request = whole.request});
  for (std::size_t g = 0; g < parts.size(); ++g) {
    parts[g].group = groups.name(g);
    parts[g].rows.emplace(members.of(g).begin(), members.of(g).end());
  }
  for (const Survivor& survivor : whole.kept) parts[groups.of_points[survivor.row]].kept.push_back(survivor);
  for (std::size_t k = 0; k < whole.distinct.numbers.size(); ++k) {
    DistinctPoints& distinct = parts[groups.of_points[whole.distinct.numbers[k]]].distinct;
    distinct.numbers.push_back(whole.distinct.numbers[k]);
    distinct.weights.push_back(whole.distinct.weights[k]);
  }
  return parts;
}

/// The first of some names, and how many more there are.
std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t most = 8;
  const std::size_t shown = std::min(most, names.size());
  return formatted("{}{}", joined(std::span(names).first(shown), ", "),
                   names.size() > shown ? formatted(" and {} more", names.size() - shown) : "");
}

}  // namespace

DistinctPoints unmerged(const WeightedPoints& points, const std::vector<bool>& skip) {
  DistinctPoints found;
  for (const Survivor& row : rows_of_positive_weight(points)) {
    if (!skip.empty() && skip[row.row]) continue;
    found.numbers.push_back(row.row);
    found.weights.push_back(row.weight);
  }
  return found;
}

std::vector<Survivor> Part::positive_rows(const WeightedPoints& points) const {
  if (!rows) return rows_of_positive_weight(points);
  std::vector<Survivor> found;
  for (const Index row : *rows) {
    if (points.weight(row) > 0) found.push_back({row, points.weight(row)});
  }
  return found;
}

std::vector<Part> parts_of(const WeightedPoints& points, const CompressOptions& options) {
  const std::vector<bool> keep = marked(options.keep_rows, points.size());
  Part whole{.request = options};
  whole.kept = kept_rows(points, keep);
  whole.distinct = options.companions.empty() ? merge_equal(points, keep, options.stop, options.groups.of_points)
                                              : unmerged(points, keep);
  std::vector<Part> parts;
  if (options.groups.empty()) {
    parts.push_back(std::move(whole));
  } else {
    parts = by_group(std::move(whole), options.groups);
  }
  for (Part& part : parts) name_rows_to_keep(part);
  return parts;
}

void join(const std::vector<Part>& parts, double mass_scale, Coreset& result) {
  std::vector<Survivor> survivors;
  std::vector<double> targets;
  result.plan = plan_of_all(parts);
  result.rounds_from = result.rank_deficient_cells = result.inexact_cells = 0;
  result.singular_cells = result.overflown_cells = 0;
  result.by_kernel = false;
  result.corrected_order = std::numeric_limits<int>::max();
  for (const Part& part : parts) {
    survivors.insert(survivors.end(), part.survivors.begin(), part.survivors.end());
    const Coreset& found = part.result;
    targets.insert(targets.end(), found.targets.begin(), found.targets.end());
    result.singular_cells += found.singular_cells;
    result.overflown_cells += found.overflown_cells;
    result.rounds_from += found.rounds_from;
    result.rank_deficient_cells += found.rank_deficient_cells;
    result.inexact_cells += found.inexact_cells;
    result.by_kernel = result.by_kernel || found.by_kernel;
    if (!part.is_whole()) result.corrected_order = std::min(result.corrected_order, found.corrected_order);
    if (found.achieved_error) {
      result.achieved_error = std::max(result.achieved_error.value_or(0), *found.achieved_error);
    }
  }
  if (result.corrected_order == std::numeric_limits<int>::max()) result.corrected_order = 0;
  if (parts.size() == 1) {
    result.trials = parts.front().result.trials;
    result.alternatives = parts.front().result.alternatives;
  }
  std::vector<std::size_t> order(survivors.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return survivors[a].row < survivors[b].row; });
  result.rows.clear();
  result.weights.clear();
  result.targets.clear();
  const std::size_t columns = targets.size() / std::max<std::size_t>(1, survivors.size());
  for (const std::size_t k : order) {
    result.rows.push_back(survivors[k].row);
    result.weights.push_back(survivors[k].weight * mass_scale);
    const auto first = targets.begin() + std::ptrdiff_t(k * columns);
    result.targets.insert(result.targets.end(), first, first + std::ptrdiff_t(columns));
  }
}

Plan plan_of_all(const std::vector<Part>& parts) {
  if (parts.size() == 1) return parts.front().result.plan;
  Plan all;
  const Plan *lowest = nullptr, *highest_whole = &parts.front().result.plan;
  for (const Part& part : parts) {
    const Plan& plan = part.result.plan;
    all.dimension = std::max(all.dimension, plan.dimension);
    all.rows += plan.rows;
    all.size += plan.size;
    all.cells += plan.cells;
    all.operations += plan.operations;
    all.memory = std::max(all.memory, plan.memory);
    if (plan.rows <= plan.size) {  // kept whole, and with it the moments of any order
      if (plan.order > highest_whole->order) highest_whole = &plan;
      continue;
    }
    if (lowest == nullptr || plan.order < lowest->order) lowest = &plan;
  }
  if (lowest == nullptr) lowest = highest_whole;
  all.order = lowest->order;
  all.features = lowest->features;
  return all;
}

std::vector<std::string> notices_of_all(const std::vector<Part>& parts) {
  if (!parts.front().is_group()) return parts.front().result.notices;
  constexpr std::size_t most = 8;
  std::vector<std::string> notices, whole;
  std::size_t others = 0;
  for (const Part& part : parts) {
    if (part.is_whole() && part.count() > 0)
      whole.push_back(formatted("{} ({} row{})", part.group, part.count(), part.count() == 1 ? "" : "s"));
    for (const std::string& notice : part.result.notices) {
      if (notices.size() < most) {
        notices.push_back(formatted("group {}: {}", part.group, notice));
      } else {
        ++others;
      }
    }
  }
  if (others > 0) notices.push_back(formatted("{} more notices of groups", others));
  if (!whole.empty()) {
    notices.insert(notices.begin(),
                   formatted("{} of {} groups {} kept whole, with no more rows than their share: {}", whole.size(),
                             parts.size(), whole.size() == 1 ? "is" : "are", listed(whole)));
  }
  return notices;
}

}  // namespace momentset
