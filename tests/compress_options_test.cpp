#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <limits>
#include <map>
#include <stop_token>
#include <string>

#include "momentset/compress.hpp"
#include "momentset/error.hpp"
#include "support/expect_error.hpp"
#include "support/point_cases.hpp"
#include "support/threads.hpp"

namespace momentset::test {
namespace {

CompressOptions of_size(std::size_t size) {
  CompressOptions options;
  options.size = size;
  options.effort = Effort::low;
  return options;
}

std::vector<Index> every_row(std::size_t count) {
  std::vector<Index> rows(count);
  for (std::size_t i = 0; i < count; ++i) rows[i] = Index(i);
  return rows;
}

bool mentions(const std::vector<std::string>& notices, const std::string& text) {
  return std::any_of(notices.begin(), notices.end(),
                     [&](const std::string& notice) { return notice.find(text) != std::string::npos; });
}

// Bounded weights

CompressOptions bounded(std::size_t size, int order, double max_weight) {
  CompressOptions options = of_size(size);
  options.order = order;
  options.max_weight = max_weight;
  return options;
}

TEST(CompressMaxWeight, NoNewWeightIsAboveItsMultipleOfTheMean) {
  const PointSet points = uniform_points(20'000, 3, 40);
  for (const double multiple : {1.1, 1.5, 4.0}) {
    const Coreset coreset = compress(points.view(), bounded(2000, 2, multiple));
    const double mean = 20'000.0 / 2000;
    EXPECT_EQ(coreset.rows.size(), 2000u);
    EXPECT_LE(*std::max_element(coreset.weights.begin(), coreset.weights.end()), multiple * mean);
    EXPECT_TRUE(coreset.certificate.holds());
  }
}

// All but n + 1 rows of a cell weigh the bound or next to nothing: tight bounds make the weights nearly equal.
TEST(CompressMaxWeight, TightBoundsGiveNearlyEqualWeights) {
  const PointSet points = uniform_points(20'000, 3, 41);
  CompressOptions unbounded = of_size(2000);
  unbounded.order = 2;
  const double without = compress(points.view(), unbounded).certificate.effective_sample_size;
  const double tight = compress(points.view(), bounded(2000, 2, 1.05)).certificate.effective_sample_size;
  EXPECT_LT(without, 0.8 * 2000);
  EXPECT_GT(tight, 0.95 * 2000);
}

TEST(CompressMaxWeight, RowsAboveItFromTheStartKeepTheirOwnWeightAtMost) {
  PointSet points = uniform_points(2000, 2, 42);
  points.weights.assign(2000, 1.0);
  points.weights[7] = points.weights[1234] = 1000;
  const Coreset coreset = compress(points.view(), bounded(200, 1, 2));
  EXPECT_TRUE(mentions(coreset.notices, "2 rows are above max_weight from the start"));
  const double bound = 2 * (1998 + 2000) / 200.0;
  for (std::size_t j = 0; j < coreset.rows.size(); ++j) {
    const bool heavy = coreset.rows[j] == 7 || coreset.rows[j] == 1234;
    EXPECT_LE(coreset.weights[j], heavy ? 1000 : bound);
  }
  EXPECT_TRUE(coreset.certificate.holds());
}

TEST(CompressMaxWeight, OnlyOrdersThatFitTheBoundAreTried) {
  const PointSet points = uniform_points(5000, 5, 43);
  CompressOptions options = of_size(300);
  options.max_weight = 2;
  const Coreset coreset = compress(points.view(), options);
  EXPECT_EQ(coreset.trials.back().order, 4);  // 2 (126 + 1) = 254 points; order 5 needs 2 (252 + 1) = 506
  const Plan unseen = plan(5000, 5, options);
  EXPECT_EQ(unseen.order, 4);
  EXPECT_NE(unseen.notice.find("order lowered from 5 to 4"), std::string::npos) << unseen.notice;
}

TEST(CompressMaxWeight, RefusesWhatCannotBe) {
  const PointSet points = uniform_points(5000, 5, 44);
  for (const double bad : {1.0, 0.5, -2.0, std::numeric_limits<double>::quiet_NaN()}) {
    expect_error("max_weight", "must be above 1", [&] { compress(points.view(), bounded(1000, 2, bad)); });
  }
  expect_error("size", "with max_weight 2 needs a size of at least 506",
               [&] { compress(points.view(), bounded(300, 5, 2)); });
  expect_error("max_weight", "needs a size of at least 202 even at order 0",
               [&] { compress(points.view(), bounded(100, 0, 1.01)); });
}

// Stopping

TEST(CompressStop, AtAnyStage) {
  const PointSet points = uniform_points(50'000, 3, 45);
  for (const std::string stage : {"merge equal points", "partition", "recombine", "certify"}) {
    std::stop_source source;
    CompressOptions options = of_size(5000);
    options.stop = source.get_token();
    options.progress = [&](std::string_view now, double) {
      if (now == stage) source.request_stop();
    };
    EXPECT_THROW(compress(points.view(), options), Cancelled) << stage;
  }
}

// Sizes at and above the number of rows

TEST(CompressSize, AtOrAboveTheRowsCopiesThem) {
  PointSet points = uniform_points(30, 3, 1);
  points.weights.assign(30, 0.25);
  points.weights[7] = 3;
  for (const std::size_t size : {30u, 31u, 100'000u}) {
    const Coreset coreset = compress(points.view(), of_size(size));
    EXPECT_EQ(coreset.rows, every_row(30));
    EXPECT_EQ(coreset.weights, points.weights);
    EXPECT_TRUE(mentions(coreset.notices, "all are kept"));
    EXPECT_TRUE(coreset.certificate.holds());
  }
}

TEST(CompressSize, AboveTheRowsCopiesThemAtAStatedOrderToo) {
  const PointSet points = uniform_points(20, 3, 2);
  CompressOptions options = of_size(1000);
  options.order = 5;  // 56 monomials: the size has room for them, the rows have not
  const Coreset coreset = compress(points.view(), options);
  EXPECT_EQ(coreset.rows, every_row(20));
  EXPECT_EQ(coreset.weights, std::vector<double>(20, 1.0));
}

TEST(CompressSize, ACopyKeepsEqualRowsWhereTheyFit) {
  const PointSet points{{1, 2, 1, 3}, {1, 1, 2, 1}, 1};
  EXPECT_EQ(compress(points.view(), of_size(4)).rows, every_row(4));
}

TEST(CompressSize, BetweenDistinctAndAllRowsKeepsTheDistinctOnes) {
  const PointSet points{{1, 2, 1, 3, 2}, {1, 1, 2, 1, 4}, 1};
  for (const std::size_t size : {3u, 4u}) {
    const Coreset coreset = compress(points.view(), of_size(size));
    EXPECT_EQ(coreset.rows, (std::vector<Index>{0, 1, 3}));
    EXPECT_EQ(coreset.weights, (std::vector<double>{3, 5, 1}));
    EXPECT_EQ(coreset.distinct, 3u);
    EXPECT_TRUE(mentions(coreset.notices, "3 distinct rows"));
  }
}

TEST(CompressSize, OneRow) {
  const PointSet points{{4, 5, 6}, {0.5}, 3};
  for (const std::size_t size : {1u, 10u}) {
    const Coreset coreset = compress(points.view(), of_size(size));
    EXPECT_EQ(coreset.rows, every_row(1));
    EXPECT_EQ(coreset.weights, (std::vector<double>{0.5}));
    EXPECT_TRUE(coreset.certificate.holds());
  }
}

TEST(CompressSize, AllRowsEqual) {
  PointSet points{{}, {}, 2};
  for (int i = 0; i < 100; ++i) points.coordinates.insert(points.coordinates.end(), {1.5, -2});
  const Coreset coreset = compress(points.view(), of_size(10));
  EXPECT_EQ(coreset.rows, every_row(1));
  EXPECT_EQ(coreset.weights, (std::vector<double>{100}));
  EXPECT_EQ(coreset.distinct, 1u);
  EXPECT_TRUE(coreset.certificate.holds());
}

TEST(CompressSize, OneOfManyKeepsTheMassAtOrderZero) {
  const Coreset coreset = compress(uniform_points(50, 2, 3).view(), of_size(1));
  EXPECT_EQ(coreset.plan.order, 0);
  EXPECT_EQ(coreset.rows.size(), 1u);
  EXPECT_NEAR(coreset.weights[0], 50, 50 * 8 * std::numeric_limits<double>::epsilon());
}

TEST(CompressSize, RowsOfNoWeightDoNotCount) {
  PointSet points = uniform_points(100, 2, 4);
  points.weights.assign(100, 0);
  for (const std::size_t i : {3u, 50u, 99u}) points.weights[i] = double(i);
  const Coreset coreset = compress(points.view(), of_size(10));
  EXPECT_EQ(coreset.rows, (std::vector<Index>{3, 50, 99}));
  EXPECT_EQ(coreset.weights, (std::vector<double>{3, 50, 99}));
}

// Orders

TEST(CompressOrder, UnstatedFitsTheSize) {
  const PointSet points = uniform_points(500, 3, 5);
  const std::map<std::size_t, int> highest{{1, 0}, {3, 0}, {4, 1}, {9, 1}, {10, 2}, {20, 3}, {35, 4}, {55, 4}, {56, 5}};
  for (const auto& [size, order] : highest) {
    const Coreset coreset = compress(points.view(), of_size(size));
    EXPECT_EQ(coreset.trials.back().order, order) << "size " << size;
    EXPECT_LE(coreset.plan.order, order);
    EXPECT_EQ(coreset.certificate.order, coreset.plan.order);
    EXPECT_EQ(coreset.rows.size(), size);
    EXPECT_EQ(plan(500, 3, of_size(size)).order, order);  // which does not see the points
  }
}

TEST(CompressOrder, StatedTooHighNamesTheSizesAndOrdersThatFit) {
  const PointSet points = uniform_points(500, 3, 6);
  CompressOptions options = of_size(100);
  options.order = 7;  // 120 monomials
  expect_error("size", "at least 120", [&] { compress(points.view(), options); });
  expect_error("size", "order 6 is the highest that fits", [&] { compress(points.view(), options); });
  options.order = 2'000'000'000;
  expect_error("size", "more points than can be counted", [&] { compress(points.view(), options); });
}

TEST(CompressOrder, StatedIsUsed) {
  const PointSet points = uniform_points(800, 2, 7);
  for (const int order : {0, 1, 4, 9}) {
    CompressOptions options = of_size(60);
    options.order = order;
    const Coreset coreset = compress(points.view(), options);
    EXPECT_EQ(coreset.plan.order, order);
    EXPECT_EQ(coreset.certificate.residuals.size(), std::size_t(order) + 1);
    EXPECT_FALSE(mentions(coreset.notices, "order lowered"));
  }
}

// Rows kept on request

TEST(CompressKeepRows, MayFillTheSizeUpWhereNothingElseIsLeft) {
  const PointSet points = uniform_points(12, 2, 8);
  CompressOptions options = of_size(12);
  options.keep_rows = every_row(12);
  const Coreset coreset = compress(points.view(), options);
  EXPECT_EQ(coreset.rows, every_row(12));
  EXPECT_EQ(coreset.weights, std::vector<double>(12, 1.0));
}

TEST(CompressKeepRows, MustLeaveRoomForTheOtherRows) {
  const PointSet points = uniform_points(100, 2, 9);
  CompressOptions options = of_size(10);
  options.keep_rows = every_row(11);
  expect_error("keep_rows", "size 10", [&] { compress(points.view(), options); });
  options.keep_rows = every_row(10);  // nothing would be left for the mass of the other 90
  expect_error("keep_rows", "10", [&] { compress(points.view(), options); });
}

TEST(CompressKeepRows, MustExistAndHaveWeight) {
  PointSet points = uniform_points(100, 2, 10);
  points.weights.assign(100, 1);
  points.weights[4] = 0;
  CompressOptions options = of_size(10);
  options.keep_rows = {3, 100};
  expect_error("keep_rows", "below the number of rows, 100", [&] { compress(points.view(), options); });
  options.keep_rows = {3, 4};
  expect_error("keep_rows", "weight 0", [&] { compress(points.view(), options); });
}

TEST(CompressKeepRows, ScaleWithTheMass) {
  const PointSet points = uniform_points(200, 2, 11);
  CompressOptions options = of_size(40);
  options.keep_rows = {17};
  options.mass_scale = 0.25;
  const Coreset coreset = compress(points.view(), options);
  const auto found = std::find(coreset.rows.begin(), coreset.rows.end(), Index(17));
  ASSERT_NE(found, coreset.rows.end());
  EXPECT_EQ(coreset.weights[std::size_t(found - coreset.rows.begin())], 0.25);
}

// Invalid input

TEST(CompressInvalid, OptionsAreNamed) {
  const PointSet points = uniform_points(100, 2, 12);
  const auto with = [&](const std::function<void(CompressOptions&)>& change) {
    return [&points, change] {
      CompressOptions options = of_size(30);
      change(options);
      compress(points.view(), options);
    };
  };
  expect_error("size", "at least 1", with([](CompressOptions& o) { o.size = 0; }));
  expect_error("order", "-1", with([](CompressOptions& o) { o.order = -1; }));
  expect_error("threads", "-2", with([](CompressOptions& o) { o.threads = -2; }));
  for (const double scale :
       {0.0, -1.0, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    expect_error("mass_scale", "positive and finite", with([=](CompressOptions& o) { o.mass_scale = scale; }));
  }
}

TEST(CompressInvalid, PointsAreNamed) {
  expect_error("points", "0 rows", [] { compress({{}, {}, 3}, of_size(1)); });
  PointSet points = uniform_points(100, 2, 13);
  points.coordinates[41] = std::numeric_limits<double>::quiet_NaN();
  expect_error("points", "row 20, coordinate 1", [&] { compress(points.view(), of_size(30)); });
  points.coordinates[41] = 0;
  points.weights.assign(100, 0);
  expect_error("weights", "positive", [&] { compress(points.view(), of_size(30)); });
  points.weights[99] = -1;
  expect_error("weights", "row 99", [&] { compress(points.view(), of_size(30)); });
}

// Progress

TEST(CompressProgress, IsCalledInOrderAndNeverByTwoAtOnce) {
  const PointSet points = uniform_points(30'000, 3, 14);
  std::atomic<int> inside{0};
  std::map<std::string, double> last;
  int calls = 0;
  CompressOptions options = of_size(3000);
  options.threads = 8;
  options.progress = [&](std::string_view stage, double fraction) {
    EXPECT_EQ(inside.fetch_add(1), 0) << "two calls at once";
    EXPECT_TRUE(fraction >= 0 && fraction <= 1) << fraction;
    double& before = last.try_emplace(std::string(stage), 0.0).first->second;
    EXPECT_GE(fraction, before) << stage << " went backwards";
    before = fraction;
    ++calls;
    for (std::atomic<int> turn{0}; turn < 50'000; ++turn) {  // long enough for another thread to get here
    }
    inside.fetch_sub(1);
  };
  const Coreset coreset = with_threads(8, [&] { return compress(points.view(), options); });
  EXPECT_EQ(last.size(), coreset.stages.size());
  for (const StageSeconds& stage : coreset.stages) {
    EXPECT_EQ(last.at(stage.stage), 1) << stage.stage;
    EXPECT_GE(stage.seconds, 0);
  }
  EXPECT_GT(calls, 20) << "the recombination of 53 cells reports on its way";
}

// Nothing is written to the standard streams, also where more threads are asked for than there are cores.
TEST(CompressOutput, IsSilent) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  CompressOptions options = of_size(300);
  options.threads = 64;
  const Coreset coreset = compress(uniform_points(20'000, 3, 15).view(), options);
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(coreset.rows.size(), 300u);
}

TEST(CompressSummary, NamesWhatMatters) {
  CompressOptions options = of_size(210);
  options.order = 5;
  const Coreset coreset = compress(uniform_points(2000, 2, 16).view(), options);
  const std::string summary = coreset.summary();
  for (const std::string part : {"210 of 2000 rows", "order 5", "10 cells", "residual", "effective sample size"}) {
    EXPECT_NE(summary.find(part), std::string::npos) << summary;
  }
  EXPECT_EQ(summary.find('\n'), std::string::npos);
}

}  // namespace
}  // namespace momentset::test
