#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "momentset/points.hpp"

namespace momentset::test {

/// Distinct points of some shape.
struct PointCase {
  std::string name;
  PointSet points;
};

void PrintTo(const PointCase& points, std::ostream* out);

/// Uniform, clustered, integer grids with massive ties, one column, many columns, extreme and denormal scales, points
/// on a line, constant columns.
std::vector<PointCase> distinct_point_cases();

/// count points, uniform in [low, high]^m.
PointSet uniform_points(std::size_t count, std::size_t m, std::uint64_t seed, double low = -1, double high = 1);

/// The side^m points of an integer grid, shuffled.
PointSet grid_points(std::size_t side, std::size_t m, std::uint64_t seed);

/// Like the pixels of a photograph: `count` integer colours in [0, 255]^3, smooth with noise, many of them equal.
PointSet colours(std::size_t count, std::uint64_t seed);

}  // namespace momentset::test
