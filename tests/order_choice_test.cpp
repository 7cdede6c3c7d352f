// The automatic order against what compressions at each order do, and the tolerance against the error of functions
// that played no part.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <stop_token>

#include "column_spreads.hpp"
#include "held_out_probes.hpp"
#include "momentset/compress.hpp"
#include "momentset/error.hpp"
#include "support/expect_error.hpp"
#include "support/point_cases.hpp"
#include "support/same_coreset.hpp"

namespace momentset::test {
namespace {

DistinctPoints all_distinct(const WeightedPoints& points) {
  DistinctPoints distinct;
  distinct.numbers.resize(points.size());
  std::iota(distinct.numbers.begin(), distinct.numbers.end(), Index{0});
  distinct.weights.assign(points.size(), 1.0);
  return distinct;
}

/// Errors over the probes' families of a coreset of points that all weigh 1.
FamilyErrors errors_of_one_set(const WeightedPoints& points, const Coreset& coreset, std::uint64_t seed) {
  const HeldOutProbes probes(points, inverse_spreads(points, all_distinct(points)), seed);
  std::vector<double> sums(probes.size()), minus(points.size(), -1.0);
  probes.add(points.coordinates.data(), minus.data(), points.size(), sums);
  for (std::size_t j = 0; j < coreset.rows.size(); ++j) {
    probes.add(points.point(coreset.rows[j]), &coreset.weights[j], 1, sums);
  }
  for (double& sum : sums) sum *= sum / std::pow(double(points.size()), 2);
  return probes.errors(sums);
}

/// The same, rms over some sets of functions.
FamilyErrors errors_of(const WeightedPoints& points, const Coreset& coreset, std::uint64_t seed) {
  constexpr std::uint64_t sets = 4;
  FamilyErrors mean{};
  for (std::uint64_t set = 0; set < sets; ++set) {
    const FamilyErrors errors = errors_of_one_set(points, coreset, seed + set);
    for (std::size_t k = 0; k < probe_families; ++k) mean[k] += errors[k] * errors[k] / sets;
  }
  for (double& each : mean) each = std::sqrt(each);
  return mean;
}

double sigmoid_error(const WeightedPoints& points, const Coreset& coreset) {
  std::mt19937_64 random(77);
  std::uniform_real_distribution<double> uniform(-1, 1);
  double squares = 0;
  for (int k = 0; k < 20; ++k) {
    std::vector<double> x(points.dimension);
    for (double& each : x) each = uniform(random);
    const auto value = [&](std::size_t i) {
      return 1 / (1 + std::exp(-std::inner_product(x.begin(), x.end(), points.point(i), 0.0)));
    };
    long double change = 0;
    for (std::size_t i = 0; i < points.size(); ++i) change -= value(i);
    for (std::size_t j = 0; j < coreset.rows.size(); ++j) change += coreset.weights[j] * value(coreset.rows[j]);
    squares += double(change * change);
  }
  return std::sqrt(squares / 20) / double(points.size());
}

TEST(HeldOutProbes, KnowHowFarRandomSubsetsErr) {
  const PointSet points = uniform_points(20'000, 3, 4);
  const HeldOutProbes probes(points.view(), inverse_spreads(points.view(), all_distinct(points.view())), 1);
  constexpr std::size_t size = 400, subsets = 200;
  std::mt19937_64 random(5);
  std::vector<double> squares(probes.size());
  std::vector<double> all(probes.size()), weights(points.view().size(), -1 / 20'000.0);
  probes.add(points.coordinates.data(), weights.data(), weights.size(), all);
  for (std::size_t subset = 0; subset < subsets; ++subset) {
    std::vector<double> sums = all;
    for (std::size_t j = 0; j < size; ++j) {
      const double weight = 1.0 / size;
      probes.add(points.view().point(random() % 20'000), &weight, 1, sums);
    }
    for (std::size_t f = 0; f < sums.size(); ++f) squares[f] += sums[f] * sums[f] / subsets;
  }
  // The mean of `size` independent draws errs by one standard deviation over sqrt(size).
  for (const double error : probes.errors(squares)) EXPECT_NEAR(error * std::sqrt(double(size)), 1, 0.15);
}

TEST(OrderChoice, TrialsPredictWhatCompressionsDo) {
  for (const std::size_t m : {1u, 2u, 4u}) {
    const PointSet points = uniform_points(8000, m, 11);
    CompressOptions options;
    options.size = 800;
    options.method = Method::tree;
    double difference = 0;
    int compared = 0;
    for (const OrderTrial& trial : choose(points.view(), options).trials) {
      if (!trial.measured || trial.typical_error < 1e-13) continue;
      options.order = trial.order;
      const FamilyErrors errors = errors_of(points.view(), compress(points.view(), options), 99);
      const double ratio = typical_error(errors, options.smoothness) / trial.typical_error;
      EXPECT_GT(ratio, 1.0 / 12) << m << " columns, order " << trial.order;
      EXPECT_LT(ratio, 12) << m << " columns, order " << trial.order;
      difference += std::log(ratio);
      ++compared;
    }
    ASSERT_GE(compared, 3);
    EXPECT_LT(std::abs(difference / compared), std::log(3.0)) << m << " columns";
  }
}

TEST(OrderChoice, BeatsOrderFiveOnSmoothFunctionsOfUniformPoints) {
  const PointSet points = uniform_points(8000, 3, 12);
  CompressOptions options;
  options.size = 800;
  const Coreset chosen = compress(points.view(), options);
  options.order = 5;
  EXPECT_LT(sigmoid_error(points.view(), chosen),
            0.05 * sigmoid_error(points.view(), compress(points.view(), options)));
  EXPECT_TRUE(chosen.certificate.holds());
}

TEST(OrderChoice, StaysWithinTheEffort) {
  const PointSet points = uniform_points(4000, 3, 13);
  const auto most = [&](Effort effort, double fixed, double each) {
    CompressOptions options;
    options.size = 1500;
    options.effort = effort;
    const std::vector<OrderTrial> trials = choose(points.view(), options).trials;
    EXPECT_LE(trials.back().operations, fixed + each * 4000);
    return trials.back().order;
  };
  const int low = most(Effort::low, 5e10, 1e4), normal = most(Effort::normal, 5e11, 5e4);
  EXPECT_LT(low, normal);
  EXPECT_LE(normal, most(Effort::high, 5e12, 5e5));
}

TEST(OrderChoice, IsLoweredWhereRoundingWouldLeaveTooMuch) {
  int lowered = 0;
  for (const std::uint64_t seed : {1, 2, 3, 4}) {
    std::mt19937_64 random(seed);
    std::normal_distribution<double> normal;
    PointSet points{{}, {}, 2};
    for (int i = 0; i < 40'000; ++i) points.coordinates.push_back(normal(random));
    CompressOptions options;
    options.size = 300;
    const Coreset coreset = compress(points.view(), options);
    EXPECT_TRUE(coreset.certificate.holds()) << seed;
    EXPECT_EQ(coreset.rows.size(), 300u);
    if (coreset.notices.empty()) continue;
    ++lowered;
    EXPECT_NE(coreset.notices.front().find("order lowered from"), std::string::npos) << coreset.notices.front();
    EXPECT_EQ(coreset.certificate.order, coreset.plan.order);
    options.order = coreset.trials.back().order;  // a stated order is not changed
    EXPECT_EQ(compress(points.view(), options).plan.order, *options.order);
  }
  EXPECT_GT(lowered, 0) << "tells nothing";
}

TEST(OrderChoice, HigherOrdersGainMoreForAnalyticFunctionsThanForKinkedOnes) {
  const PointSet points = uniform_points(10'000, 3, 14);
  CompressOptions options;
  options.size = 500;
  const auto gain = [&](Smoothness smoothness) {
    options.smoothness = smoothness;
    const std::vector<OrderTrial> trials = choose(points.view(), options).trials;
    return trials[1].typical_error / trials[6].typical_error;
  };
  EXPECT_GT(gain(Smoothness::analytic), 10 * gain(Smoothness::smooth));
  EXPECT_GT(gain(Smoothness::smooth), 10 * gain(Smoothness::kinked));
}

TEST(OrderChoice, DoesNotDependOnThreads) {
  const PointSet points = uniform_points(3000, 3, 15);
  CompressOptions options;
  options.tolerance = 1e-2;
  expect_same_coreset_with_any_threads(points.view(), options);
}

TEST(OrderChoice, WorksWhereThereIsNothingToTell) {
  PointSet points = uniform_points(300, 2, 16);
  for (std::size_t i = 0; i < 300; ++i) points.coordinates[2 * i] = 7;  // a constant column
  CompressOptions options;
  options.size = 20;
  EXPECT_EQ(compress(points.view(), options).rows.size(), 20u);
  options.size = 1;
  EXPECT_EQ(compress(points.view(), options).plan.order, 0);
}

TEST(OrderChoice, StopsWhenAsked) {
  std::stop_source source;
  source.request_stop();
  CompressOptions options;
  options.size = 1000;
  options.stop = source.get_token();
  const PointSet points = uniform_points(20'000, 3, 17);
  EXPECT_THROW(choose(points.view(), options), Cancelled);
}

TEST(Tolerance, IsMetWithFewPoints) {
  const PointSet points = uniform_points(10'000, 2, 21);
  for (const double tolerance : {1e-1, 1e-3, 1e-5}) {
    CompressOptions options;
    options.tolerance = tolerance;
    const Coreset coreset = compress(points.view(), options);
    ASSERT_TRUE(coreset.achieved_error.has_value());
    EXPECT_LE(*coreset.achieved_error, tolerance);
    // By functions that neither the choice nor the check has seen; they scatter.
    EXPECT_LE(largest_error(errors_of(points.view(), coreset, 4242), Smoothness::smooth), 3 * tolerance);
    // A third of the points does not do.
    options.tolerance.reset();
    options.size = coreset.rows.size() / 3;
    const Coreset fewer = compress(points.view(), options);
    EXPECT_GT(largest_error(errors_of(points.view(), fewer, 4242), Smoothness::smooth), tolerance) << options.size;
  }
}

TEST(Tolerance, LooseKeepsFew) {
  const PointSet points = uniform_points(2000, 3, 22);
  CompressOptions options;
  options.tolerance = 10;
  EXPECT_LE(compress(points.view(), options).rows.size(), 4u);
}

TEST(Tolerance, OutOfReachKeepsAll) {
  const PointSet points = uniform_points(200, 5, 23);
  CompressOptions options;
  options.tolerance = 1e-9;
  const Coreset coreset = compress(points.view(), options);
  EXPECT_EQ(coreset.rows.size(), 200u);
  EXPECT_FALSE(coreset.notices.empty());
}

TEST(Tolerance, KeepsAStatedOrderAndStatedRows) {
  const PointSet points = uniform_points(5000, 2, 24);
  CompressOptions options;
  options.tolerance = 1e-3;
  options.order = 3;
  options.keep_rows = {17, 4711};
  const Coreset coreset = compress(points.view(), options);
  EXPECT_EQ(coreset.plan.order, 3);
  EXPECT_LE(*coreset.achieved_error, 1e-3);
  for (const Index row : options.keep_rows) {
    EXPECT_TRUE(std::binary_search(coreset.rows.begin(), coreset.rows.end(), row));
  }
}

TEST(Tolerance, RefusesWhatCannotBe) {
  const PointSet points = uniform_points(100, 2, 25);
  CompressOptions options;
  for (const double bad : {0.0, -1.0, std::nan(""), double(INFINITY)}) {
    options.tolerance = bad;
    expect_error("tolerance", "must be positive", [&] { compress(points.view(), options); });
  }
  options.tolerance = 0.1;
  options.size = 10;
  expect_error("size", "excludes a tolerance", [&] { compress(points.view(), options); });
  options.size = 0;
  options.method = Method::paper;
  expect_error("tolerance", "is not for the method paper", [&] { compress(points.view(), options); });
}

}  // namespace
}  // namespace momentset::test
