#pragma once

#include <span>
#include <string>
#include <vector>

#include "momentset/io/table.hpp"
#include "momentset/points.hpp"

namespace momentset::cli {

/// What columns are for that are no coordinates.
struct ColumnRoles {
  std::vector<std::string> targets;     ///< of which sums times the moments are kept
  std::vector<std::string> classes;     ///< targets whose classes are groups
  std::vector<std::string> groups;      ///< inside whose levels moments are kept: those asked for, then the classes
  std::vector<std::string> joint;       ///< targets that are coordinates like others
  std::vector<std::string> categories;  ///< of whose levels counts are kept
  std::string loss;                     ///< squared, logistic, both or general; empty where there is no target

  /// @param loss auto: text, booleans and dictionaries are classes, numbers are targets of a squared loss; squared,
  ///             logistic or general for all targets
  /// Throws Error for a target that the loss is not for.
  ColumnRoles(const io::Table& table, const std::vector<std::string>& targets, const std::vector<std::string>& groups,
              const std::vector<std::string>& categories, const std::string& loss);

  /// Throws Error where a class target of fractions has more than two values: they are no classes.
  void require_classes(const io::Table& table, const io::Features& features) const;
};

/// Groups of points that own what they are told by: one for each combination of levels, in the order in which they come
/// first, named by the levels with commas between them.
struct OwnedGroups {
  std::vector<Index> of_points;
  std::vector<std::string> names;

  explicit OwnedGroups(std::span<const io::Levels> levels);
  PointGroups view() const { return {of_points, names}; }
};

/// What keeps exact counts of levels: a column of 0 and 1 for each level but the last, whose count the others and the
/// mass leave no choice. Of pairs, for each combination that occurs, which keeps the counts of each column as well.
struct OwnedCategories {
  std::vector<std::string> names;  ///< of these columns: "zone=north", "zone=north, late=true"
  std::vector<double> values;      ///< row-major

  /// @param levels of the columns, two at least for pairs
  /// @param most   columns that there may be. Throws Error(--categories, ...) where there are more: before allocating
  OwnedCategories(std::span<const io::Levels> levels, bool pairs, std::size_t most);
  Companions view() const { return {.values = values, .columns = names.size(), .order = 0}; }
};

/// The columns of targets that tell something: a constant one has the moments that are kept anyway.
struct OwnedTargets {
  std::vector<std::string> names, constant;
  std::vector<double> values;  ///< row-major

  /// @param names of the columns of features.targets, whose numbers are taken over
  OwnedTargets(const std::vector<std::string>& names, std::vector<double> values);
};

/// "column=value" of what was filled, a line for each; and back again.
std::string filled_text(const std::vector<io::Filled>& filled);
std::vector<io::Filled> parse_filled(const std::string& text);

/// The numbers of "name=number" for each coordinate, 1 for those that are not named; none where nothing was. Throws
/// Error(--column-weights, ...) for a column that is no coordinate, one that is named twice, and what is no number.
std::vector<double> column_weights(const std::vector<std::string>& words, const std::vector<std::string>& columns);

}  // namespace momentset::cli
