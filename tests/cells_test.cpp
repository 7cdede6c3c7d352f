#include "momentset/cells.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "support/random.hpp"

namespace momentset::test {
namespace {

/// Points on a coarse grid, so that coordinates often agree and points sometimes do.
std::vector<std::vector<double>> grid_points(std::size_t count, std::size_t m, std::uint64_t seed) {
  Random random(seed);
  std::vector<std::vector<double>> points(count, std::vector<double>(m));
  for (auto& point : points) {
    for (double& x : point) x = double(random.below(3)) - 1;
  }
  return points;
}

TEST(Precedes, IsAStrictTotalOrderOnDistinctPoints) {
  for (const std::size_t m : {1u, 2u, 4u}) {
    const auto points = grid_points(30, m, m);
    for (std::size_t axis = 0; axis < m; ++axis) {
      const auto before = [&](const auto& a, const auto& b) { return precedes(a.data(), b.data(), axis, m); };
      for (const auto& a : points) {
        for (const auto& b : points) {
          EXPECT_EQ(before(a, b) + before(b, a), a == b ? 0 : 1);
          for (const auto& c : points) {
            EXPECT_TRUE(before(a, c) || !before(a, b) || !before(b, c));
          }
        }
      }
    }
  }
}

TEST(Precedes, LooksAtTheAxisFirstAndThenAtThoseAfterIt) {
  const double a[] = {5, 1, 7}, b[] = {4, 1, 8};
  EXPECT_FALSE(precedes(a, b, 0, 3));
  EXPECT_TRUE(precedes(a, b, 1, 3));  // a tie, then 7 < 8
  EXPECT_TRUE(precedes(a, b, 2, 3));
  const double c[] = {4, 1, 7};
  EXPECT_FALSE(precedes(a, c, 1, 3));  // ties on axes 1 and 2, then 5 > 4
}

TEST(Precedes, TakesZeroAndMinusZeroAsEqual) {
  const double a[] = {-0.0, 1}, b[] = {0.0, 1};
  EXPECT_FALSE(precedes(a, b, 0, 2));
  EXPECT_FALSE(precedes(b, a, 0, 2));
}

TEST(CellTree, OneCellHoldsEverything) {
  const std::vector<double> x{3};
  EXPECT_EQ(CellTree{}.locate(x.data(), {x, {}, 1}), 0u);
}

// Five cells on the line, cut at 10, 20, 30, 40: the root gives 2 cells to its left child and 3 to its right.
TEST(CellTree, FollowsSplitsInPreorder) {
  const std::vector<double> coordinates{10, 20, 30, 40};
  const WeightedPoints points{coordinates, {}, 1};
  const CellTree tree{5, {{0, 1}, {0, 0}, {0, 2}, {0, 3}}};
  const double probes[] = {-1e300, 9.5, 10, 19, 20, 29.9, 30, 39, 40, 1e300};
  const std::size_t cells[] = {0, 0, 1, 1, 2, 2, 3, 3, 4, 4};
  for (std::size_t k = 0; k < std::size(probes); ++k) EXPECT_EQ(tree.locate(&probes[k], points), cells[k]) << probes[k];
}

TEST(CellTree, TheSplittingPointItselfGoesRightAndTiesAreBroken) {
  const std::vector<double> coordinates{1, 5};
  const WeightedPoints points{coordinates, {}, 2};
  const CellTree tree{2, {{0, 0}}};
  const double same[] = {1, 5}, below[] = {1, 4}, above[] = {1, 6};
  EXPECT_EQ(tree.locate(same, points), 1u);
  EXPECT_EQ(tree.locate(below, points), 0u);
  EXPECT_EQ(tree.locate(above, points), 1u);
}

TEST(CellTree, EqualPointsGoByTheirNumbers) {
  const std::vector<double> coordinates{1, 5, 1, 5, 1, 5};
  const WeightedPoints points{coordinates, {}, 2};
  const CellTree tree{2, {{0, 1}}};
  for (Index k = 0; k < 3; ++k) EXPECT_EQ(tree.locate(points.point(k), points, k), k < 1 ? 0u : 1u);
}

}  // namespace
}  // namespace momentset::test
