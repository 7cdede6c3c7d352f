#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "momentset/points.hpp"

namespace momentset {

/// Points of which every number is there, made of some of which NaN stands for numbers that are missing.
struct FilledPoints {
  PointSet points;  ///< the m columns with NaN replaced, then a column for each of `columns`: 1 where it
                    ///< was missing, 0 elsewhere
  std::vector<std::size_t> columns;  ///< that were filled, ascending
  std::vector<double> values;        ///< of each of these, what stands in place of NaN
};

/// Fills each column that has NaN with the weighted mean of its other numbers. Throws Error("points", ...) for a column
/// without any number in a row of positive weight; `names` are the columns', for that message. Infinite numbers are
/// left to require_valid. O(q m).
FilledPoints fill_missing(PointSet points, const std::vector<std::string>& names = {});

/// The same with columns and values as found for another table, whether or not anything is missing here. NaN elsewhere
/// stays. Throws Error unless each of the columns is below m, and there is one value for each.
FilledPoints fill_missing(PointSet points, std::vector<std::size_t> columns, std::vector<double> values);

}  // namespace momentset
