#include <gtest/gtest.h>

#include <cmath>

#include "certificate/stream_problem.hpp"
#include "support/expect_error.hpp"

namespace momentset::test {
namespace {

// certify() draws the same functions, and scales by the deviations of the input.
TEST(SecondPass, AgreesWithWhatIsMeasuredInMemory) {
  const StreamProblem problem;
  for (const std::size_t step : {9000, 700}) {
    SecondPass pass(problem.kept.view(), problem.stream, CutTree{});
    for (std::size_t k = 0; k < 9000; k += step) pass.add(problem.part(k, std::min<std::size_t>(9000, k + step)));
    StreamCertificate found = problem.stream;
    pass.measure(found);
    ASSERT_EQ(found.probes.size(), problem.whole.probes.size());
    for (std::size_t f = 0; f < found.probes.size(); ++f) {
      const ProbeError &here = found.probes[f], &there = problem.whole.probes[f];
      EXPECT_EQ(here.family, there.family);
      EXPECT_NEAR(here.coreset, there.coreset, 1e-12);
      EXPECT_NEAR(here.random / there.random, 1, 0.5);  // other subsets: 20 of them, over 8 functions
    }
    EXPECT_NEAR(found.probe_coreset(), problem.whole.probe_coreset(), 1e-12);
    EXPECT_EQ(found.cells, 1u);
    EXPECT_TRUE(found.holds());
    EXPECT_NE(found.to_json().find("probe_rms"), std::string::npos);
  }
}

TEST(SecondPass, MeasuresCells) {
  const PointSet square{{-1, -1, 1, -1, -1, 1, 1, 1}, {1, 1, 1, 1}, 2};  // mean 0, deviation 1 in both columns
  certificate::RunningMoments moments(2, 2);
  moments.add(square.view());
  StreamCertificate stated;
  moments.measure(square.view(), std::vector<std::uint64_t>{0, 1, 2, 3}, stated);
  stated.rows = 4;
  const auto measured = [&](CutTree cells) {
    SecondPass pass(square.view(), stated, std::move(cells));
    pass.add(square.view());
    StreamCertificate found = stated;
    pass.measure(found);
    return found;
  };
  EXPECT_DOUBLE_EQ(measured(CutTree{}).diameters.maximum, std::sqrt(8.0));
  const StreamCertificate halves = measured({{{0, 2, 0.0}, {0, 0, 0}, {1, 0, 0}}});
  EXPECT_EQ(halves.cells, 2u);
  EXPECT_DOUBLE_EQ(halves.diameters.minimum, 2);
  EXPECT_DOUBLE_EQ(halves.diameters.maximum, 2);
  EXPECT_EQ(measured({{{0, 2, 5.0}, {0, 0, 0}, {1, 0, 0}}}).cells, 1u) << "no row lies beyond 5";
  EXPECT_EQ(halves.probe_coreset(), 0) << "all rows are kept";
  EXPECT_EQ(halves.probe_random(), 0) << "there is one subset of all rows only";
}

TEST(SecondPass, NoticesOtherRows) {
  const StreamProblem problem;
  const auto pass = [&] { return SecondPass(problem.kept.view(), problem.stream, CutTree{}); };
  StreamCertificate found = problem.stream;
  SecondPass few = pass();
  few.add(problem.part(0, 8999));
  expect_error("points", "of the first pass", [&] { few.measure(found); });
  expect_error("points", "must be the 9000 of the first pass", [&] { few.add(problem.part(0, 2)); });
  PointSet heavier = problem.all;
  heavier.weights[7] *= 2;
  SecondPass other = pass();
  other.add(heavier.view());
  expect_error("points", "of the first pass", [&] { other.measure(found); });
  expect_error("points", "those of the coreset", [&] { pass().add(PointSet{{1}, {1}, 1}.view()); });
}

}  // namespace
}  // namespace momentset::test
