#include "certificate/running_moments.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "momentset/certificate.hpp"
#include "momentset/compress.hpp"
#include "support/expect_error.hpp"
#include "support/point_cases.hpp"
#include "support/random.hpp"

namespace momentset::test {
namespace {

using certificate::RunningMoments;

StreamCertificate measured(const RunningMoments& moments, const PointSet& output) {
  std::vector<std::uint64_t> rows(output.view().size());
  std::iota(rows.begin(), rows.end(), std::uint64_t{0});
  StreamCertificate result;
  moments.measure(output.view(), rows, result);
  return result;
}

WeightedPoints rows_of(const PointSet& points, std::size_t begin, std::size_t end) {
  const std::size_t m = points.dimension;
  return {std::span(points.coordinates).subspan(begin * m, (end - begin) * m),
          std::span(points.weights).subspan(begin, end - begin), m};
}

// As in residuals_test.cpp: the rules of three and five points agree up to order 5; at 6 they give 6/25 and 2/7.
TEST(RunningMoments, OfGaussRulesAreKnown) {
  const double a = std::sqrt(5 - 2 * std::sqrt(10.0 / 7)) / 3, b = std::sqrt(5 + 2 * std::sqrt(10.0 / 7)) / 3;
  const double u = (322 + 13 * std::sqrt(70.0)) / 900, v = (322 - 13 * std::sqrt(70.0)) / 900, r = std::sqrt(0.6);
  const PointSet five{{-b, -a, 0, a, b}, {v, u, 128.0 / 225, u, v}, 1},
      three{{-r, 0, r}, {5.0 / 9, 8.0 / 9, 5.0 / 9}, 1};
  for (std::size_t first = 1; first <= 5; ++first) {
    RunningMoments moments(1, 6);
    moments.add(rows_of(five, 0, first));
    if (first < 5) moments.add(rows_of(five, first, 5));
    const StreamCertificate c = measured(moments, three);
    ASSERT_EQ(c.residuals.size(), 7u);
    for (std::size_t k = 0; k <= 5; ++k) EXPECT_LT(c.residuals[k], 2e-15) << "order " << k;
    EXPECT_NEAR(c.residuals[6], (2.0 / 7 - 0.24) / 0.24, 1e-13);
    EXPECT_FALSE(c.holds());
    EXPECT_NEAR(c.mass_input, 2, 1e-15);
    EXPECT_NEAR(c.effective_sample_size, 4 / (50.0 / 81 + 64.0 / 81), 1e-14);
  }
}

/// Streams whose first rows say little of the others.
std::vector<PointCase> streams() {
  constexpr std::size_t count = 3000;
  Random random(1);
  std::vector<PointCase> cases;
  const auto add = [&](const std::string& name, const auto& value) {
    PointSet points{{}, {}, 2};
    for (std::size_t i = 0; i < count; ++i) {
      points.coordinates.push_back(value(i, random.normal()));
      points.coordinates.push_back(value(i, random.uniform()));
      points.weights.push_back(random.uniform());
    }
    cases.push_back({name, std::move(points)});
  };
  add("centred", [](std::size_t, double x) { return x; });
  add("off_centre", [](std::size_t, double x) { return 1e12 + x; });
  add("jumps_away", [](std::size_t i, double x) { return i < 100 ? x : 1e9 + x; });
  add("comes_closer", [](std::size_t i, double x) { return i < 100 ? 1e9 * x : 3 + x; });
  add("grows", [](std::size_t i, double x) { return x * std::pow(10.0, double(i) / 20); });
  add("shrinks", [](std::size_t i, double x) { return x * std::pow(10.0, -double(i) / 20); });
  add("constant_at_first", [](std::size_t i, double x) { return i < 1000 ? 1e6 : 1e6 + 1e-3 * x; });
  return cases;
}

class RunningMomentsOf : public testing::TestWithParam<PointCase> {};

// The rows themselves, with one weight changed: what is found out of the sums is what certify() finds in the rows.
TEST_P(RunningMomentsOf, SeesWhatTheRowsShow) {
  constexpr int order = 5;
  const PointSet& stream = GetParam().points;
  const std::size_t count = stream.view().size();
  RunningMoments moments(2, order), first(2, order), second(2, order);
  for (std::size_t begin = 0; begin < count; begin += 100) moments.add(rows_of(stream, begin, begin + 100));
  first.add(rows_of(stream, 0, 500));
  second.add(rows_of(stream, 500, count));
  second.scale(0.5);
  second.scale(2);
  RunningMoments backwards = second;
  backwards.join(first);
  first.join(second);

  std::vector<Index> rows(count);
  std::iota(rows.begin(), rows.end(), Index{0});
  for (const double change : {0.0, 1e-7}) {
    PointSet output = stream;
    output.weights[count / 2] += change * moments.mass();
    const Certificate expected = certify(stream.view(), rows, output.weights, {.order = order});
    for (const RunningMoments* each : {&moments, &first, &backwards}) {
      const StreamCertificate c = measured(*each, output);
      EXPECT_NEAR(c.mass_input, expected.mass_input, 1e-15 * expected.mass_input);
      EXPECT_EQ(c.tolerance, expected.tolerance);
      EXPECT_EQ(c.holds(), change == 0);
      for (std::size_t k = 0; k <= order; ++k) {
        // Rounding is far below what it may leave; the magnitudes, here of the output, differ by the residual.
        const double of_rows = expected.residuals[k].global;
        EXPECT_NEAR(c.residuals[k], of_rows, 1e-16 + 2 * of_rows * of_rows);
      }
    }
  }
}

TEST_P(RunningMomentsOf, LastAsNumbers) {
  RunningMoments moments(2, 3), read(2, 3);
  moments.add(GetParam().points.view());
  read.set_state(moments.state());
  EXPECT_EQ(read.state(), moments.state());
  moments.add(GetParam().points.view());
  read.add(GetParam().points.view());
  EXPECT_EQ(read.state(), moments.state());
}

INSTANTIATE_TEST_SUITE_P(All, RunningMomentsOf, testing::ValuesIn(streams()),
                         [](const testing::TestParamInfo<PointCase>& info) { return info.param.name; });

TEST(RunningMoments, RefuseWhatIsNoState) {
  RunningMoments moments(1, 2);
  moments.add(PointSet{{1, 2, 4}, {}, 1}.view());
  const std::vector<double> state = moments.state();
  const auto with = [&](std::size_t place, double value) {
    std::vector<double> other = state;
    other[place] = value;
    expect_error("sketch", "finite rows", [&] { RunningMoments(1, 2).set_state(other); });
  };
  for (std::size_t place = 1; place < state.size(); ++place) with(place, NAN);
  with(3, 3);  // no power of two
  with(3, -2);
  expect_error("sketch", "finite rows", [&] { RunningMoments(1, 2).set_state(std::span(state).first(9)); });
  expect_error("order", "between 0 and 255", [] { RunningMoments(1, 256); });
  expect_error("order", "monomials", [] { RunningMoments(100, 9); });
}

}  // namespace
}  // namespace momentset::test
