// Compression inside groups: mass and moments of each, whatever the groups are like.

#include "parts.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <string>

#include "support/coreset_moments.hpp"
#include "support/expect_error.hpp"
#include "support/point_cases.hpp"
#include "support/random.hpp"
#include "support/threads.hpp"

namespace momentset::test {
namespace {

struct GroupsCase {
  std::string name;
  PointSet points;
  std::vector<Index> groups;
  CompressOptions options;
  std::vector<double> y = {};  // a companion, if not empty

  CompressOptions request() const {
    CompressOptions request = options;
    request.groups.of_points = groups;
    if (!y.empty()) request.companions = {{.values = y, .columns = 1}};
    return request;
  }
};

void PrintTo(const GroupsCase& problem, std::ostream* out) { *out << problem.name; }

/// Group g with about the share[g] of the points, in any order.
std::vector<Index> random_groups(std::size_t count, const std::vector<double>& shares, std::uint64_t seed) {
  Random random(seed);
  std::vector<Index> groups;
  for (std::size_t i = 0; i < count; ++i) {
    double left = random.uniform();
    Index g = 0;
    while (g + 1 < shares.size() && left >= shares[g]) left -= shares[g++];
    groups.push_back(i < shares.size() ? Index(i) : g);  // none is empty
  }
  return groups;
}

CompressOptions options(std::size_t size, std::optional<int> order) {
  CompressOptions options;
  options.size = size;
  options.order = order;
  options.effort = Effort::low;
  options.method = Method::tree;
  return options;
}

/// The groups must outlive it.
CompressOptions grouped(const std::vector<Index>& groups, CompressOptions options) {
  options.groups.of_points = groups;
  return options;
}

std::vector<double> wave(const PointSet& points) {
  std::vector<double> y;
  for (std::size_t i = 0; i < points.view().size(); ++i)
    y.push_back(std::sin(3 * points.view().point(i)[0]) + double(i % 7));
  return y;
}

std::vector<GroupsCase> groups_cases() {
  const PointSet square = uniform_points(6000, 2, 1);
  const std::vector<Index> three = random_groups(6000, {0.6, 0.3, 0.1}, 2);
  std::vector<GroupsCase> cases{
      {"three", square, three, options(400, 2)},
      {"order_chosen", square, three, options(400, {})},
      {"one_group", square, std::vector<Index>(6000, 0), options(400, 2)},
      {"rare", square, random_groups(6000, {0.995, 0.004, 0.0005, 0.0005}, 3), options(300, 3)},
      {"many", square, random_groups(6000, std::vector<double>(100, 0.01), 4), options(900, 1)},
      {"finished", square, three, options(400, 2)},
      {"companion", square, three, options(400, 2), wave(square)},
      {"bounded", square, three, options(600, 1)},
      {"mass_scaled", square, three, options(400, 2)},
      {"rows_kept", square, three, options(400, 2)},
      {"by_error", square, three, options(400, 2)},
      {"equal", square, three, options(400, 2)},
      {"colours", colours(20'000, 5), random_groups(20'000, {0.5, 0.5}, 6), options(500, 2)},
      {"weights", square, three, options(400, 2)},
  };
  const auto find = [&](const std::string& name) -> CompressOptions& {
    return std::find_if(cases.begin(), cases.end(), [&](const GroupsCase& each) { return each.name == name; })->options;
  };
  find("finished").method = Method::automatic;
  find("bounded").max_weight = 2;
  find("mass_scaled").mass_scale = 1.0 / 6000;
  find("rows_kept").keep_rows = {17, 5999, 4};
  find("by_error").group_sizes = GroupSizes::error;
  find("equal").group_sizes = GroupSizes::equal;
  Random random(7);
  cases.back().points.weights = weights_over_decades(random, 6000, -3, 3);
  for (std::size_t i = 0; i < 6000; i += 3) cases.back().points.weights[i] = 0;
  return cases;
}

class CompressGroups : public testing::TestWithParam<GroupsCase> {
 protected:
  static WeightedPoints points() { return GetParam().points.view(); }
  static CompressOptions request() { return GetParam().request(); }
};

/// What lies in one group, or one of its cells.
struct Content {
  std::vector<Index> rows, kept;
  std::vector<double> weights;
};

double residual(const WeightedPoints& points, const Content& content, int order, const CompressOptions& request) {
  double worst = moment_residual(points, content.rows, content.kept, content.weights, order, request.mass_scale);
  for (const Companions& each : request.companions) {
    worst = std::max(worst, moment_residual(points, content.rows, content.kept, content.weights, order,
                                            request.mass_scale, [&](Index row) { return each.values[row]; }));
  }
  return worst;
}

TEST_P(CompressGroups, MassAndMomentsOfEachGroupAndEachOfItsCellsAreKept) {
  const Coreset coreset = compress(points(), request());
  const auto& groups = GetParam().groups;
  for (std::size_t g = 0; g < coreset.certificate.groups.size(); ++g) {
    const GroupResidual& stated = coreset.certificate.groups[g];
    std::vector<Content> cells(stated.tree.cells + 1);  // the last holds all
    const auto contents = [&](Index row) {
      return std::array{&cells[stated.tree.locate(points().point(row), points(), row)], &cells.back()};
    };
    for (Index i = 0; i < groups.size(); ++i) {
      if (groups[i] != g || points().weight(i) <= 0) continue;
      for (Content* content : contents(i)) content->rows.push_back(i);
    }
    for (std::size_t j = 0; j < coreset.rows.size(); ++j) {
      if (groups[coreset.rows[j]] != g) continue;
      for (Content* content : contents(coreset.rows[j])) {
        content->kept.push_back(coreset.rows[j]);
        content->weights.push_back(coreset.weights[j]);
      }
    }
    EXPECT_EQ(cells.back().kept.size(), stated.size);
    for (const Content& content : cells) EXPECT_LE(residual(points(), content, stated.order, request()), 1e-11) << g;
  }
}

TEST_P(CompressGroups, CertificateSaysSo) {
  const Coreset coreset = compress(points(), request());
  const Certificate& certificate = coreset.certificate;
  EXPECT_TRUE(certificate.holds()) << certificate.worst_residual() << " against " << certificate.tolerance;
  const std::size_t count = *std::max_element(GetParam().groups.begin(), GetParam().groups.end()) + 1;
  ASSERT_EQ(certificate.groups.size(), count);
  double mass = 0;
  std::size_t rows = 0, size = 0;
  for (const GroupResidual& group : certificate.groups) {
    mass += group.mass_input;
    rows += group.rows;
    size += group.size;
    EXPECT_GE(group.order, certificate.order);
    EXPECT_NEAR(group.mass_output, group.mass_input * request().mass_scale, 1e-12 * group.mass_output);
  }
  EXPECT_NEAR(mass, certificate.mass_input, 1e-12 * mass);
  EXPECT_EQ(rows, points().size());
  EXPECT_EQ(size, coreset.rows.size());
  EXPECT_EQ(Certificate::from_json(certificate.to_json()).to_json(), certificate.to_json());
}

TEST_P(CompressGroups, KeepsExactlyTheRequestedNumberOfRows) {
  const Coreset coreset = compress(points(), request());
  EXPECT_EQ(coreset.rows.size(), request().size);
  for (const double weight : coreset.weights) EXPECT_GT(weight, 0);
  for (const Index row : request().keep_rows) {
    const auto found = std::find(coreset.rows.begin(), coreset.rows.end(), row);
    ASSERT_NE(found, coreset.rows.end());
    EXPECT_EQ(coreset.weights[std::size_t(found - coreset.rows.begin())], points().weight(row) * request().mass_scale);
  }
}

TEST_P(CompressGroups, PlanIsTheSumOfTheGroups) {
  const Coreset coreset = compress(points(), request());
  const Choice choice = choose(points(), request());
  ASSERT_EQ(choice.groups.size(), coreset.groups.size());
  std::size_t rows = 0, cells = 0;
  for (std::size_t g = 0; g < coreset.groups.size(); ++g) {
    EXPECT_EQ(choice.groups[g].size, coreset.groups[g].size);
    EXPECT_EQ(choice.groups[g].order, coreset.groups[g].order);
    rows += coreset.groups[g].rows;
    cells += coreset.groups[g].cells;
  }
  EXPECT_EQ(coreset.plan.rows, rows);
  EXPECT_EQ(coreset.plan.cells, cells);
  EXPECT_EQ(coreset.plan.order, coreset.certificate.order);
}

TEST_P(CompressGroups, SameBytesForAnyNumberOfThreads) {
  const Coreset one = with_threads(1, [] { return compress(points(), request()); });
  CompressOptions with_8 = request();
  with_8.threads = 8;
  const Coreset eight = with_threads(8, [&] { return compress(points(), with_8); });
  EXPECT_EQ(one.rows, eight.rows);
  EXPECT_EQ(one.weights, eight.weights);
  EXPECT_EQ(one.certificate.to_json(), eight.certificate.to_json());
}

INSTANTIATE_TEST_SUITE_P(All, CompressGroups, testing::ValuesIn(groups_cases()),
                         [](const testing::TestParamInfo<GroupsCase>& info) { return info.param.name; });

// Points of one group come out as if there were no others: the same cells, rows and weights.
TEST(GroupsOutcome, EachIsCompressedAsByItself) {
  const PointSet square = uniform_points(4000, 2, 10);
  const std::vector<Index> groups = random_groups(4000, {0.7, 0.3}, 11);
  const Coreset together = compress(square.view(), grouped(groups, options(300, 3)));
  for (Index g = 0; g < 2; ++g) {
    PointSet alone{{}, {}, 2};
    std::vector<Index> rows;
    for (Index i = 0; i < 4000; ++i) {
      if (groups[i] != g) continue;
      rows.push_back(i);
      alone.coordinates.insert(alone.coordinates.end(), square.view().point(i), square.view().point(i) + 2);
    }
    const Coreset expected = compress(alone.view(), options(together.certificate.groups[g].size, 3));
    std::vector<Index> expected_rows, found_rows;
    std::vector<double> found_weights;
    for (const Index row : expected.rows) expected_rows.push_back(rows[row]);
    for (std::size_t j = 0; j < together.rows.size(); ++j) {
      if (groups[together.rows[j]] != g) continue;
      found_rows.push_back(together.rows[j]);
      found_weights.push_back(together.weights[j]);
    }
    EXPECT_EQ(found_rows, expected_rows);
    EXPECT_EQ(found_weights, expected.weights);
  }
}

TEST(GroupsOutcome, EqualPointsOfDifferentGroupsAreNotMerged) {
  const PointSet places = grid_points(5, 2, 12);
  PointSet twice = places;
  twice.coordinates.insert(twice.coordinates.end(), places.coordinates.begin(), places.coordinates.end());
  std::vector<Index> groups(50, 0);
  std::fill(groups.begin() + 25, groups.end(), 1);
  const Coreset coreset = compress(twice.view(), grouped(groups, options(20, 1)));
  EXPECT_EQ(coreset.distinct, 50U);
  EXPECT_EQ(coreset.certificate.groups[0].mass_output, 25);
}

TEST(GroupsOutcome, RareOnesAreKeptWholeAndNamed) {
  const PointSet square = uniform_points(3000, 2, 13);
  std::vector<Index> groups(3000, 0);
  groups[5] = groups[77] = groups[2000] = 1;
  CompressOptions request = grouped(groups, options(100, 2));
  request.groups.names = {"common", "rare"};
  const Coreset coreset = compress(square.view(), request);
  EXPECT_EQ(coreset.certificate.groups[1].name, "rare");
  EXPECT_EQ(coreset.certificate.groups[1].size, 3U);
  for (const Index row : {5U, 77U, 2000U}) {
    const auto found = std::find(coreset.rows.begin(), coreset.rows.end(), row);
    ASSERT_NE(found, coreset.rows.end());
    EXPECT_EQ(coreset.weights[std::size_t(found - coreset.rows.begin())], 1);
  }
  ASSERT_FALSE(coreset.notices.empty());
  EXPECT_EQ(coreset.notices.front(), "1 of 2 groups is kept whole, with no more rows than their share: rare (3 rows)");
  EXPECT_EQ(coreset.certificate.order, 2);
}

TEST(GroupsOutcome, AGroupWithoutWeightKeepsNothing) {
  PointSet square = uniform_points(2000, 2, 14);
  square.weights.assign(2000, 1);
  std::vector<Index> groups(2000, 1);
  for (std::size_t i = 0; i < 50; ++i) {
    groups[i] = 0;
    square.weights[i] = 0;
  }
  const Coreset coreset = compress(square.view(), grouped(groups, options(60, 2)));
  EXPECT_EQ(coreset.certificate.groups[0].size, 0U);
  EXPECT_EQ(coreset.rows.size(), 60U);
  EXPECT_TRUE(coreset.certificate.holds());
}

TEST(GroupsOutcome, AToleranceIsMetInEach) {
  const PointSet square = uniform_points(20'000, 2, 15);
  const std::vector<Index> groups = random_groups(20'000, {0.8, 0.2}, 16);
  CompressOptions request = grouped(groups, options(0, {}));
  request.tolerance = 0.01;
  const Coreset coreset = compress(square.view(), request);
  ASSERT_TRUE(coreset.achieved_error);
  EXPECT_LE(*coreset.achieved_error, 0.01);
  for (const GroupResidual& group : coreset.certificate.groups) EXPECT_LT(group.size, group.rows / 4);
}

TEST(GroupsOutcome, MoreThanThereAreAreAllKept) {
  const PointSet square = uniform_points(300, 2, 17);
  const std::vector<Index> groups = random_groups(300, {0.5, 0.5}, 18);
  const Coreset coreset = compress(square.view(), grouped(groups, options(400, 2)));
  EXPECT_EQ(coreset.rows.size(), 300U);
  EXPECT_TRUE(coreset.certificate.holds());
}

TEST(GroupsInvalid, AreNamed) {
  const PointSet square = uniform_points(200, 2, 19);
  const auto with = [&](std::vector<Index> groups, std::vector<std::string> names) {
    return [&square, groups = std::move(groups), names = std::move(names)] {
      CompressOptions request = options(50, 1);
      request.groups = {groups, names};
      compress(square.view(), request);
    };
  };
  expect_error("groups", "one for each of the 200 points", with(std::vector<Index>(199, 0), {}));
  expect_error("groups", "row 0 must be below the number of points", with(std::vector<Index>(200, 200), {}));
  expect_error("groups", "0: is the number of no point", with(std::vector<Index>(200, 1), {}));
  expect_error("groups", "one for each of the 1 groups", with(std::vector<Index>(200, 0), {"a", "b"}));
  std::vector<Index> each(200);
  std::iota(each.begin(), each.end(), Index{0});
  expect_error("size", "200 groups", with(each, {}));
}

}  // namespace
}  // namespace momentset::test
