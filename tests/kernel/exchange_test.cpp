// kernel_exchange against its contract, against random subsets, and its moments in long double.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <stop_token>
#include <string>
#include <vector>

#include "column_spreads.hpp"
#include "momentset/error.hpp"
#include "momentset/kernel.hpp"
#include "support/coreset_moments.hpp"
#include "support/expect_error.hpp"
#include "support/random.hpp"
#include "support/threads.hpp"

namespace momentset::test {
namespace {

PointSet normal_points(std::size_t count, std::size_t m, std::uint64_t seed) {
  Random random(seed);
  PointSet points{{}, {}, m};
  for (std::size_t k = 0; k < count * m; ++k) points.coordinates.push_back(random.normal());
  return points;
}

std::vector<double> scale_of(const WeightedPoints& points) {
  DistinctPoints all;
  for (std::size_t i = 0; i < points.size(); ++i) {
    all.numbers.push_back(Index(i));
    all.weights.push_back(points.weight(i));
  }
  return inverse_spreads(points, all);
}

KernelSelection select(const PointSet& points, KernelOptions options) {
  const std::vector<double> scale = scale_of(points.view());
  options.scale = scale;
  return kernel_exchange(points.view(), options);
}

struct Case {
  std::string name;
  PointSet points;
  std::size_t size;
  int order;         ///< that kernel_order() would take
  std::size_t rank;  ///< of the moments
};

void PrintTo(const Case& each, std::ostream* out) { *out << each.name; }

std::vector<Case> cases() {
  std::vector<Case> all;
  all.push_back({"normal", normal_points(900, 3, 1), 60, 2, 10});
  all.push_back({"twelve columns", normal_points(900, 12, 2), 60, 1, 13});
  all.push_back({"too small a size for the means", normal_points(900, 12, 2), 20, 0, 1});
  all.push_back({"one column", normal_points(500, 1, 3), 12, 2, 3});

  Random random(4);
  PointSet weighted = normal_points(900, 4, 4);
  weighted.weights = weights_over_decades(random, 900, -3, 1);
  all.push_back({"weights over four decades", weighted, 80, 2, 15});
  for (std::size_t i = 0; i < 900; i += 2) weighted.weights[i] = 0;
  all.push_back({"every other weight zero", weighted, 80, 2, 15});

  PointSet twice = normal_points(400, 3, 5);
  const std::vector<double> copy = twice.coordinates;
  twice.coordinates.insert(twice.coordinates.end(), copy.begin(), copy.end());
  all.push_back({"every point twice", twice, 60, 2, 10});

  PointSet constant = normal_points(700, 3, 6);
  for (std::size_t i = 0; i < 700; ++i) constant.coordinates[3 * i + 1] = 17;
  all.push_back({"constant column", constant, 60, 2, 6});

  PointSet collinear = normal_points(700, 3, 7);
  for (std::size_t i = 0; i < 700; ++i) {
    double* x = collinear.coordinates.data() + 3 * i;
    x[2] = x[0] - 2 * x[1];
  }
  all.push_back({"collinear columns", collinear, 60, 2, 6});

  PointSet scaled = normal_points(700, 3, 8);
  for (std::size_t i = 0; i < 700; ++i) {
    scaled.coordinates[3 * i] = 1e300 * std::tanh(scaled.coordinates[3 * i]);
    scaled.coordinates[3 * i + 1] *= 1e-250;
    scaled.coordinates[3 * i + 2] += 1e6;
  }
  all.push_back({"huge, tiny and far away", scaled, 60, 2, 10});

  PointSet rare = normal_points(900, 3, 9);  // a level that 4 of 900 rows have
  for (std::size_t i = 0; i < 900; ++i) rare.coordinates[3 * i] = i % 225 == 7 ? 1 : 0;
  all.push_back({"rare level", rare, 60, 2, 9});
  return all;
}

class KernelContract : public testing::TestWithParam<Case> {};

TEST_P(KernelContract, KeepsSizeMassAndMoments) {
  const Case& each = GetParam();
  const WeightedPoints points = each.points.view();
  const KernelSelection found = select(each.points, {.size = each.size});
  EXPECT_EQ(found.rows.size(), each.size);
  EXPECT_TRUE(std::is_sorted(found.rows.begin(), found.rows.end()));
  EXPECT_EQ(std::adjacent_find(found.rows.begin(), found.rows.end()), found.rows.end());
  ASSERT_EQ(found.weights.size(), found.rows.size());
  for (const double weight : found.weights) EXPECT_GT(weight, 0);
  for (const Index row : found.rows) EXPECT_GT(points.weight(row), 0);
  EXPECT_EQ(found.order, each.order);
  EXPECT_EQ(found.rank, each.rank);
  std::vector<Index> rows(points.size());
  std::iota(rows.begin(), rows.end(), Index{0});
  const double allowed = 64 * double(found.features) * std::numeric_limits<double>::epsilon();
  EXPECT_LE(found.residual, allowed);
  EXPECT_LE(moment_residual(points, rows, found.rows, found.weights, each.order, 1), allowed);
  EXPECT_GT(found.effective_sample_size, double(each.size) / 4);
}

INSTANTIATE_TEST_SUITE_P(Cases, KernelContract, testing::ValuesIn(cases()));

/// Squared discrepancy of weights that sum to 1 from equally weighted points, but for what all subsets share.
class Discrepancy {
 public:
  /// @param power 2: exp(-|x - y|^2 / (2 m)), 1: exp(-|x - y| / sqrt(m))
  Discrepancy(const WeightedPoints& points, int power) : points_(points), power_(power), means_(points.size()) {
    for (std::size_t i = 0; i < points.size(); ++i) {
      for (std::size_t j = 0; j < points.size(); ++j) means_[i] += kernel(i, j) / double(points.size());
      mean_ += means_[i] / double(points.size());
    }
  }

  double of(const std::vector<Index>& rows, const std::vector<double>& weights) const {
    const double mass = std::accumulate(weights.begin(), weights.end(), 0.0);
    double sum = mean_;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      sum -= 2 * weights[i] / mass * means_[rows[i]];
      for (std::size_t j = 0; j < rows.size(); ++j)
        sum += weights[i] * weights[j] / (mass * mass) * kernel(rows[i], rows[j]);
    }
    return std::sqrt(std::max(0.0, sum));
  }

  double of_random_subsets(std::size_t size, std::uint64_t seed) const {
    constexpr int subsets = 10;
    Random random(seed);
    double total = 0;
    for (int k = 0; k < subsets; ++k) {
      std::vector<Index> rows;
      while (rows.size() < size) {
        const auto row = Index(random.below(points_.size()));
        if (std::find(rows.begin(), rows.end(), row) == rows.end()) rows.push_back(row);
      }
      total += of(rows, std::vector<double>(size, 1.0)) / subsets;
    }
    return total;
  }

 private:
  double kernel(std::size_t i, std::size_t j) const {
    const std::size_t m = points_.dimension;
    double square = 0;
    for (std::size_t a = 0; a < m; ++a) square += std::pow(points_.point(i)[a] - points_.point(j)[a], 2) / double(m);
    return power_ == 2 ? std::exp(-square / 2) : std::exp(-std::sqrt(square));
  }

  WeightedPoints points_;
  int power_;
  std::vector<double> means_;
  double mean_ = 0;
};

TEST(KernelExchange, IsFarCloserThanRandomSubsets) {
  struct Bar {
    std::size_t m;
    double gauss, laplace;  // of the discrepancy of random subsets
  };
  for (const Bar& bar : {Bar{2, 0.03, 0.5}, Bar{6, 0.15, 0.75}, Bar{30, 0.5, 0.92}}) {
    const PointSet points = normal_points(1200, bar.m, 20 + bar.m);
    const KernelSelection found = select(points, {.size = 100});
    const Discrepancy gauss(points.view(), 2), laplace(points.view(), 1);
    EXPECT_LT(gauss.of(found.rows, found.weights), bar.gauss * gauss.of_random_subsets(100, 1)) << bar.m;
    EXPECT_LT(laplace.of(found.rows, found.weights), bar.laplace * laplace.of_random_subsets(100, 1)) << bar.m;
  }
}

TEST(KernelExchange, KeepsAsManyEffectivePointsAsAskedFor) {
  const PointSet points = normal_points(1500, 8, 31);
  const KernelSelection free = select(points, {.size = 200});
  EXPECT_LT(free.effective_sample_size, 0.95 * 200);
  const KernelSelection equal = select(points, {.size = 200, .least_effective_share = 0.99});
  EXPECT_GE(equal.effective_sample_size, 0.99 * 200 * (1 - 1e-9));
  EXPECT_GT(equal.ridge, free.ridge);
  EXPECT_EQ(equal.rows.size(), 200u);
  EXPECT_EQ(equal.order, 2);
  const Discrepancy gauss(points.view(), 2);
  EXPECT_LT(gauss.of(equal.rows, equal.weights), 0.3 * gauss.of_random_subsets(200, 1));
}

TEST(KernelExchange, TellsWhereWeightsCannotBeThatEqual) {
  PointSet points = normal_points(300, 2, 32);
  points.weights.assign(300, 1.0);
  points.weights[11] = 1000;  // more than three quarters of the mass, outside all others
  points.coordinates[22] = points.coordinates[23] = 50;
  const KernelSelection found = select(points, {.size = 40, .order = 1, .least_effective_share = 0.9});
  EXPECT_LT(found.effective_sample_size, 0.9 * 40);
  EXPECT_EQ(found.order, 1);
}

TEST(KernelExchange, LowersTheOrderWhereNoWeightsCarryIt) {
  PointSet points = normal_points(400, 3, 33);
  for (std::size_t i = 0; i < 400; ++i) {  // the mean of each column lies outside what 8 rows can reach, but for few
    for (std::size_t a = 0; a < 3; ++a)
      points.coordinates[3 * i + a] = i % 100 == a ? 1e4 : points.coordinates[3 * i + a];
  }
  const KernelSelection two = select(points, {.size = 10, .order = 2});
  EXPECT_LE(two.order, 2);
  EXPECT_GE(two.order, 0);
  std::vector<Index> rows(400);
  std::iota(rows.begin(), rows.end(), Index{0});
  EXPECT_LE(moment_residual(points.view(), rows, two.rows, two.weights, two.order, 1), 1e-12);
}

TEST(KernelExchange, KeepsAllWhereNoneHasToGo) {
  PointSet points = normal_points(30, 2, 34);
  points.weights.assign(30, 2.0);
  points.weights[3] = 0;
  for (const std::size_t size : {29u, 30u, 1000u}) {
    const KernelSelection found = select(points, {.size = size});
    EXPECT_EQ(found.rows.size(), 29u);
    EXPECT_EQ(found.weights, std::vector<double>(29, 2.0));
  }
  const PointSet one{{3, 4}, {5}, 2};
  const KernelSelection single = select(one, {.size = 1});
  EXPECT_EQ(single.rows, std::vector<Index>{0});
  EXPECT_EQ(single.weights, std::vector<double>{5});
  EXPECT_EQ(select(points, {.size = 1}).rows.size(), 1u);
}

TEST(KernelExchange, DoesNotDependOnThreads) {
  const PointSet points = normal_points(18'000, 3, 35);  // more than are summed without a sample
  const auto run = [&](int threads) { return with_threads(threads, [&] { return select(points, {.size = 40}); }); };
  const KernelSelection one = run(1);
  EXPECT_EQ(one.rows.size(), 40u);
  for (const int threads : {2, 8}) {
    const KernelSelection more = run(threads);
    EXPECT_EQ(more.rows, one.rows);
    EXPECT_EQ(more.weights, one.weights);
  }
}

TEST(KernelExchange, StopsWhenAskedAndReportsHowFarItIs) {
  const PointSet points = normal_points(2000, 4, 36);
  std::vector<double> fractions;
  std::stop_source source;
  KernelOptions options{.size = 50};
  options.stop = source.get_token();
  options.progress = [&](double fraction) {
    fractions.push_back(fraction);
    if (fraction > 0.5) source.request_stop();
  };
  EXPECT_THROW(select(points, options), Cancelled);
  ASSERT_FALSE(fractions.empty());
  EXPECT_TRUE(std::is_sorted(fractions.begin(), fractions.end()));
}

TEST(KernelExchange, RefusesWhatCannotBe) {
  const PointSet points = normal_points(100, 4, 37);
  expect_error("size", "must be at least 1", [&] { select(points, {.size = 0}); });
  expect_error("order", "must be between 0 and 2", [&] { select(points, {.size = 50, .order = 3}); });
  expect_error("size", "needs a size of at least 15", [&] { select(points, {.size = 10, .order = 2}); });
  expect_error("least_effective_share", "between 0 and 1",
               [&] { select(points, {.size = 50, .least_effective_share = 1.5}); });
  expect_error("scale", "one for each of 4 columns", [&] { kernel_exchange(points.view(), {.size = 50}); });
}

}  // namespace
}  // namespace momentset::test
