// How a size is shared among groups.

#include "group_sizes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "support/expect_error.hpp"
#include "support/point_cases.hpp"
#include "support/random.hpp"

namespace momentset::test {
namespace {

using Sizes = std::vector<std::size_t>;

TEST(Shares, AreInProportionToTheClaims) {
  EXPECT_EQ(shares(60, std::vector<Demand>{{1, 0, 100}, {2, 0, 100}, {3, 0, 100}}), (Sizes{10, 20, 30}));
  EXPECT_EQ(shares(10, std::vector<Demand>{{1, 0, 9}, {1, 0, 9}, {1, 0, 9}}), (Sizes{4, 3, 3}));
}

TEST(Shares, StayWithinTheirBounds) {
  EXPECT_EQ(shares(60, std::vector<Demand>{{1, 25, 100}, {2, 0, 100}, {3, 0, 100}}), (Sizes{25, 14, 21}));
  EXPECT_EQ(shares(60, std::vector<Demand>{{1, 0, 100}, {2, 0, 100}, {3, 0, 15}}), (Sizes{15, 30, 15}));
  EXPECT_EQ(shares(9, std::vector<Demand>{{0, 2, 5}, {0, 2, 5}}), (Sizes{5, 4}));
}

TEST(Shares, GoWhereThereIsRoomEvenWithoutAClaim) {
  EXPECT_EQ(shares(14, std::vector<Demand>{{1, 0, 10}, {0, 0, 10}}), (Sizes{10, 4}));
}

// Against the definition: within the bounds, summing to the size, and no two shares from which moving one row would
// bring both nearer to one factor times their claims.
TEST(Shares, OfRandomDemandsAreProportionalUpToRounding) {
  Random random(1);
  for (int problem = 0; problem < 500; ++problem) {
    std::vector<Demand> demands(random.between(1, 12));
    std::size_t least = 0, most = 0;
    for (Demand& demand : demands) {
      demand.claim = std::pow(10, random.uniform(-3, 3));
      demand.least = random.below(20);
      demand.most = demand.least + random.below(200);
      least += demand.least;
      most += demand.most;
    }
    const std::size_t size = random.between(least, most);
    const Sizes found = shares(size, demands);
    EXPECT_EQ(std::accumulate(found.begin(), found.end(), std::size_t{0}), size);
    double factor_below = 0, factor_above = 1e300;  // of what shares that are not held by a bound allow
    for (std::size_t g = 0; g < found.size(); ++g) {
      EXPECT_GE(found[g], demands[g].least);
      EXPECT_LE(found[g], demands[g].most);
      if (found[g] > demands[g].least) factor_below = std::max(factor_below, (double(found[g]) - 1) / demands[g].claim);
      if (found[g] < demands[g].most) factor_above = std::min(factor_above, (double(found[g]) + 1) / demands[g].claim);
    }
    EXPECT_LE(factor_below, factor_above * (1 + 1e-9)) << "problem " << problem;
  }
}

/// Three groups of 3,000 normal points in two columns: the second has a third of the spread, the third weighs a third.
struct ThreeGroups {
  PointSet points{{}, {}, 2};
  std::vector<Index> groups;
  CompressOptions options;

  ThreeGroups() {
    Random random(2);
    for (Index g = 0; g < 3; ++g) {
      for (int i = 0; i < 3000; ++i) {
        const double spread = g == 1 ? 1.0 / 3 : 1;
        points.coordinates.insert(points.coordinates.end(), {spread * random.normal(), spread * random.normal()});
        points.weights.push_back(g == 2 ? 1.0 / 3 : 1);
        groups.push_back(g);
      }
    }
    options.groups.of_points = groups;
    options.size = 700;
    options.order = 3;
  }

  Sizes sizes(GroupSizes by) {
    options.group_sizes = by;
    std::vector<Part> parts = parts_of(points.view(), options);
    share_out(points.view(), parts, options);
    Sizes found;
    for (const Part& part : parts) found.push_back(part.request.size);
    return found;
  }
};

TEST(ShareOut, ByMass) { EXPECT_EQ(ThreeGroups().sizes(GroupSizes::mass), (Sizes{300, 300, 100})); }

TEST(ShareOut, Equally) { EXPECT_EQ(ThreeGroups().sizes(GroupSizes::equal), (Sizes{234, 233, 233})); }

// (mass spread^4)^(2 / 6): spreads of 3 to 1 make 3^(4/3), masses of 3 to 1 make 3^(1/3).
TEST(ShareOut, ByErrorFollowsTheFormula) {
  const double second = std::pow(3, -4.0 / 3), third = std::pow(3, -1.0 / 3), sum = 1 + second + third;
  const Sizes found = ThreeGroups().sizes(GroupSizes::error);
  EXPECT_NEAR(double(found[0]), 700 / sum, 0.05 * 700);
  EXPECT_NEAR(double(found[1]), 700 * second / sum, 0.05 * 700);
  EXPECT_NEAR(double(found[2]), 700 * third / sum, 0.05 * 700);
}

TEST(ShareOut, GivesEachItsMinimum) {
  ThreeGroups problem;
  problem.options.size = 33;
  EXPECT_EQ(problem.sizes(GroupSizes::mass), (Sizes{12, 11, 10}));
  problem.options.size = 29;
  expect_error("size", "order 3 in each of 3 groups needs a size of at least 30; order 2 is the highest that fits",
               [&] { problem.sizes(GroupSizes::mass); });
}

// In two columns 6 rows for order 2, 3 for order 1 and 1 for order 0, as far as half the size goes.
TEST(ShareOut, TakesNoMoreThanHalfForTheMinimumWhereTheOrderIsOpen) {
  ThreeGroups problem;
  problem.options.order = {};
  std::fill_n(problem.points.weights.begin() + 6000, 3000, 1e-9);
  for (const auto& [size, least] : std::vector<std::pair<std::size_t, std::size_t>>{{36, 6}, {34, 3}, {17, 1}}) {
    problem.options.size = size;
    EXPECT_EQ(problem.sizes(GroupSizes::mass).back(), least) << size;
  }
  problem.options.size = 2;
  expect_error("size", "3 groups need a size of at least 3", [&] { problem.sizes(GroupSizes::mass); });
}

}  // namespace
}  // namespace momentset::test
