#include "momentset/partition/neighbour_tree.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/point_cases.hpp"
#include "support/random.hpp"

namespace momentset::test {
namespace {

std::vector<Neighbour> brute_force(const PointSet& points, const std::vector<bool>& in, const double* x,
                                   std::size_t count) {
  const std::size_t m = points.dimension;
  std::vector<Neighbour> all;
  for (std::size_t i = 0; i < points.view().size(); ++i) {
    if (!in[i]) continue;
    double sum = 0;
    for (std::size_t a = 0; a < m; ++a) sum += (x[a] - points.view().point(i)[a]) * (x[a] - points.view().point(i)[a]);
    all.push_back({sum, Index(i)});
  }
  std::sort(all.begin(), all.end());
  all.resize(std::min(all.size(), count));
  return all;
}

struct TreeCase {
  const char* name;
  PointSet points;
};

std::vector<TreeCase> tree_cases() {
  PointSet equal{std::vector<double>(300, 0.5), {}, 3};
  return {{"one", uniform_points(1, 2, 1)},           {"line", uniform_points(500, 1, 2)},
          {"plane", uniform_points(700, 2, 3)},       {"space", uniform_points(700, 5, 4)},
          {"lattice", grid_points(8, 3, 5)},          {"all_equal", equal},
          {"many_columns", uniform_points(90, 40, 6)}};
}

class NeighbourTreeCases : public testing::TestWithParam<TreeCase> {};

// Ties, which the lattice is full of, are broken by number, so the answer is one set and no other.
TEST_P(NeighbourTreeCases, AgreesWithBruteForceWhilePointsAreRemoved) {
  const PointSet& points = GetParam().points;
  const std::size_t q = points.view().size(), m = points.dimension;
  NeighbourTree tree(points.coordinates, m);
  std::vector<bool> in(q, true);
  Random random(7);
  std::vector<Neighbour> found;
  while (tree.size() > 0) {
    for (const std::size_t count : {std::size_t{1}, std::size_t{6}, std::size_t{57}, q + 1}) {
      std::vector<double> x(m);
      const Index row = Index(random.below(q));
      for (std::size_t a = 0; a < m; ++a) x[a] = points.view().point(row)[a] + (random.chance(0.5) ? 0.01 : 0.0);
      tree.nearest(x.data(), count, found);
      const std::vector<Neighbour> expected = brute_force(points, in, x.data(), count);
      ASSERT_EQ(found.front(), expected.back()) << "the farthest comes first";
      std::sort(found.begin(), found.end());
      ASSERT_EQ(found, expected) << tree.size() << " left, " << count << " asked for";
      const Index guess = expected[random.below(expected.size())].point;
      ASSERT_EQ(tree.nearest(x.data(), guess), expected[0]);
    }
    for (std::size_t removed = 0, most = 1 + q / 20; removed < most && tree.size() > 0; ++removed) {
      Index row = Index(random.below(q));
      while (!in[row]) row = Index((row + 1) % q);
      in[row] = false;
      tree.remove(row);
      ASSERT_FALSE(tree.contains(row));
    }
    ASSERT_EQ(tree.size(), std::size_t(std::count(in.begin(), in.end(), true)));
  }
}

INSTANTIATE_TEST_SUITE_P(Points, NeighbourTreeCases, testing::ValuesIn(tree_cases()),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(NeighbourTree, AsksForNoneOrOfAnEmptyTree) {
  const PointSet points = uniform_points(20, 2, 8);
  NeighbourTree tree(points.coordinates, 2);
  std::vector<Neighbour> found{{1.0, 3}};
  tree.nearest(points.view().point(0), 0, found);
  EXPECT_TRUE(found.empty());
  for (Index i = 0; i < 20; ++i) tree.remove(i);
  tree.nearest(points.view().point(0), 5, found);
  EXPECT_TRUE(found.empty());
}

}  // namespace
}  // namespace momentset::test
