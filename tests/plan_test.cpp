#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "momentset/compress.hpp"
#include "support/expect_error.hpp"

namespace momentset::test {
namespace {

constexpr std::size_t saturated = std::numeric_limits<std::size_t>::max();

TEST(FeatureCount, IsTheBinomialCoefficient) {
  EXPECT_EQ(feature_count(1, 0), 1u);
  EXPECT_EQ(feature_count(7, 0), 1u);
  EXPECT_EQ(feature_count(7, 1), 8u);
  EXPECT_EQ(feature_count(1, 30), 31u);
  EXPECT_EQ(feature_count(2, 5), 21u);
  EXPECT_EQ(feature_count(3, 5), 56u);
  EXPECT_EQ(feature_count(5, 5), 252u);
  EXPECT_EQ(feature_count(6, 6), 924u);
  EXPECT_EQ(feature_count(30, 30), 118264581564861424u);  // C(60, 30)
}

TEST(FeatureCount, ObeysPascalsRule) {
  for (std::size_t m = 2; m <= 12; ++m) {
    for (int order = 1; order <= 12; ++order) {
      EXPECT_EQ(feature_count(m, order), feature_count(m - 1, order) + feature_count(m, order - 1));
    }
  }
}

TEST(FeatureCount, SaturatesInsteadOfOverflowing) {
  EXPECT_EQ(feature_count(1000, 1000), saturated);
  EXPECT_EQ(feature_count(std::size_t(1) << 40, 2), saturated);
  EXPECT_EQ(feature_count(3, 2'000'000'000), saturated);
}

TEST(HighestOrder, IsTheLastThatFits) {
  for (std::size_t m = 1; m <= 6; ++m) {
    for (const std::size_t size : {1u, 2u, 10u, 56u, 500u}) {
      const int order = highest_order(m, size, 9);
      EXPECT_LE(feature_count(m, order), size);
      EXPECT_TRUE(order == 9 || feature_count(m, order + 1) > size) << m << " columns, size " << size;
    }
  }
  EXPECT_EQ(highest_order(3, 1'000'000, 4), 4);
}

TEST(Plan, GivesEveryCellAtLeastAsManyPointsAsFeatures) {
  for (const std::size_t m : {1u, 3u, 5u}) {
    for (const std::size_t size : {6u, 60u, 999u, 12'800u}) {
      const Plan found = plan(128'000, m, {.size = size});
      EXPECT_EQ(found.rows, 128'000u);
      EXPECT_EQ(found.size, size);
      EXPECT_EQ(found.dimension, m);
      EXPECT_EQ(found.features, feature_count(m, found.order));
      EXPECT_GE(found.cells, 1u);
      EXPECT_GE(size / found.cells, found.features);
      EXPECT_LT(size, (found.cells + 1) * found.features) << "one more cell would fit";
    }
  }
}

TEST(Plan, HasOneCellWhereEverythingIsKept) {
  const Plan found = plan(50, 2, {.size = 80});
  EXPECT_EQ(found.cells, 1u);
  EXPECT_EQ(found.size, 50u);
}

TEST(Plan, ExpectsMoreWorkAndMemoryForMoreRows) {
  const Plan small = plan(10'000, 3, {.size = 1000}), large = plan(100'000, 3, {.size = 1000});
  EXPECT_TRUE(std::isfinite(large.operations) && std::isfinite(large.memory));
  EXPECT_GT(small.operations, 0);
  EXPECT_GT(large.operations, small.operations);
  EXPECT_GT(large.memory, small.memory);
  EXPECT_GE(large.memory, 8.0 * 3 * 100'000) << "at least a copy of the coordinates";
}

TEST(Plan, ExpectsTheMemoryOfTheCorrection) {
  CompressOptions options{.size = 10'000, .order = 4};
  options.method = Method::tree;
  const double cells_only = plan(100'000, 3, options).memory;
  options.method = Method::automatic;
  // The features of order 7, the first above 1.5 K, at four survivors each, twice; and their Gram matrix.
  const double n = double(feature_count(3, 7));
  EXPECT_GE(plan(100'000, 3, options).memory, 8 * (2 * 4 * n * n + n * n));
  EXPECT_GT(plan(100'000, 3, options).memory, cells_only);
}

TEST(Plan, TellsOfTheLoweredOrder) {
  EXPECT_EQ(plan(1000, 3, {.size = 56}).notice, "");
  const Plan lowered = plan(1000, 3, {.size = 55});
  EXPECT_EQ(lowered.order, 4);
  EXPECT_NE(lowered.notice.find("from 5 to 4"), std::string::npos) << lowered.notice;
  EXPECT_NE(lowered.notice.find("56"), std::string::npos) << lowered.notice;
}

TEST(Plan, RefusesWhatCannotBe) {
  expect_error("size", "at least 1", [] { plan(10, 2, {.size = 0}); });
  expect_error("order", "-3", [] { plan(10, 2, {.size = 5, .order = -3}); });
  expect_error("size", "at least 21", [] { plan(100, 2, {.size = 20, .order = 5}); });
}

}  // namespace
}  // namespace momentset::test
