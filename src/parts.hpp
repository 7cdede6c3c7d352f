#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "merge_equal.hpp"
#include "momentset/compress.hpp"
#include "momentset/points.hpp"
#include "reduction.hpp"

namespace momentset {

/// Points that are compressed by themselves: all of them, or those of one group. Points keep their numbers.
struct Part {
  std::string group = {};                       ///< name; empty where all points are one part
  std::optional<std::vector<Index>> rows = {};  ///< numbers of its points, ascending; unset: all
  std::vector<Survivor> kept = {};              ///< that were asked to survive, with their own weights
  DistinctPoints distinct = {};                 ///< the others, as they are worked on
  CompressOptions request;                      ///< of this part, each row to keep named once
  std::vector<double> scale = {};               ///< one over the standard deviation of each column, if any are dropped
  Coreset result = {};                          ///< plan, trials, notices and counts of this part
  CellTree tree = {};
  std::vector<Survivor> survivors = {};

  bool is_group() const { return rows.has_value(); }
  std::size_t count() const { return distinct.numbers.size() + kept.size(); }
  bool must_drop() const { return count() > 0 && (request.tolerance || count() > request.size); }
  bool is_whole() const { return survivors.size() >= count(); }
  /// Rows of positive weight with their own weights.
  std::vector<Survivor> positive_rows(const WeightedPoints& points) const;
};

/// The points of positive weight that are not to be skipped (`skip` may be empty), equal ones as rows of their own.
/// O(q).
DistinctPoints unmerged(const WeightedPoints& points, const std::vector<bool>& skip);

/// The points as they are worked on: one part, or one for each group, by number. Equal points are merged unless they
/// have companions of their own. Throws Error where a row to keep is not there or weighs nothing.
std::vector<Part> parts_of(const WeightedPoints& points, const CompressOptions& options);

/// The parts' survivors in the order of their rows, with the mass asked for, and what was done in all parts together.
void join(const std::vector<Part>& parts, double mass_scale, Coreset& result);

/// Of all parts together, by their plans; see Plan.
Plan plan_of_all(const std::vector<Part>& parts);

/// Notices of the parts as those of the whole: few, and with the names of the groups.
std::vector<std::string> notices_of_all(const std::vector<Part>& parts);

}  // namespace momentset
