#include "momentset/features.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "momentset/basis/polynomial.hpp"
#include "support/expect_error.hpp"

namespace momentset::test {
namespace {

using Words = std::vector<std::string>;

Features parsed(const Words& words, const Words& columns = {"x", "y", "z"}) { return parse_features(words, columns); }

TEST(MonomialSet, IsAllMonomialsUpToTheTotalDegreeByDefault) {
  const MonomialSet whole;
  EXPECT_TRUE(whole.is_whole());
  EXPECT_EQ(whole.count(4, 3), 35u);  // C(4 + 3, 3)
  EXPECT_EQ(whole.order_of(std::vector<std::uint32_t>{0, 0, 2}), 3);
}

TEST(MonomialSet, DegreesBoundTheExponents) {
  const MonomialSet set{.degrees = {3, 1}};
  EXPECT_EQ(set.count(2, 1), 3u);
  EXPECT_EQ(set.count(2, 3), 4u + 3u);  // x^i, and x^i y with i <= 2
  EXPECT_EQ(set.count(2, 9), 4u * 2u);  // all products
  EXPECT_FALSE(set.order_of(std::vector<std::uint32_t>{0, 1, 1}));
}

TEST(MonomialSet, WeightsMakeTheDegreeAnisotropic) {
  const MonomialSet set{.weights = {1, 2}};
  EXPECT_EQ(set.count(2, 4), 5u + 3u + 1u);  // i + 2 j <= 4
  EXPECT_EQ(set.order_of(std::vector<std::uint32_t>{0, 1, 1}), 5);
  // 1.1 + 1.1 + ... rounds above 11.
  EXPECT_EQ((MonomialSet{.weights = {1.1}}.order_of(std::vector<std::uint32_t>(10, 0))), 11);
}

TEST(MonomialSet, InteractionsAreKeptBesideALowOrder) {
  const MonomialSet pair{.interactions = {{0, 2}}};
  EXPECT_EQ(pair.count(5, 3), 10u + 3u);  // C(2 + 3, 3) of the pair, and the other three columns themselves
  const MonomialSet low{.interactions = {{0, 2}, {1}}, .low_order = 2};
  EXPECT_EQ(low.count(3, 4), 10u + 9u + 2u);  // order 2 in three columns; orders 3 and 4 of the pair and of the other
  EXPECT_EQ((MonomialSet{.interactions = {{0}}, .low_order = 0}.count(3, 4)), 5u);
}

TEST(MonomialSet, CountsFewOfManyColumnsAndGivesUpOnTooMany) {
  EXPECT_EQ((MonomialSet{.interactions = {{7, 9'000}}}.count(10'000, 3)), 10u + 9'998u);
  EXPECT_EQ((MonomialSet{.degrees = std::vector<int>(200, 2)}.count(200, 5)), std::numeric_limits<std::size_t>::max());
}

// With a monomial all that divide it: what makes the span the same in every box.
TEST(MonomialSet, IsClosedUnderDivision) {
  const std::vector<MonomialSet> sets = {
      {.degrees = {2, 0, 3}}, {.weights = {1, 1.5, 3}}, {.interactions = {{0, 1}, {2}}, .low_order = 1}};
  for (const MonomialSet& set : sets) {
    set.visit(3, 5, [&](std::span<const std::uint32_t> columns, int order) {
      for (std::size_t without = 0; without < columns.size(); ++without) {
        std::vector<std::uint32_t> divisor(columns.begin(), columns.end());
        divisor.erase(divisor.begin() + std::ptrdiff_t(without));
        const auto own = set.order_of(divisor);
        EXPECT_TRUE(own && *own <= order);
      }
      return true;
    });
  }
}

TEST(MonomialSet, HasAsManyMembersAsItsBasisAndNoHigherOrders) {
  const std::vector<MonomialSet> sets = {
      {}, {.degrees = {2, 0, 3}}, {.weights = {1, 1.5, 3}}, {.interactions = {{0, 1}, {2}}, .low_order = 2}};
  for (const MonomialSet& set : sets) {
    for (int order = 0; order <= 5; ++order) {
      const PolynomialBasis basis(3, order, set);
      EXPECT_EQ(basis.size(), set.count(3, order));
      std::size_t below = 0;
      for (std::size_t f = 0; f < basis.size(); ++f) below += basis.order_of(f) < order;
      if (order > 0) {
        EXPECT_EQ(below, set.count(3, order - 1));
      }
    }
  }
}

TEST(ParseFeatures, ReadsWhatTheCommandLineSays) {
  EXPECT_TRUE(parsed({}).is_default());
  EXPECT_TRUE(parsed({"total"}).is_default());
  EXPECT_EQ(parsed({"degrees:x=3,z=0"}).monomials.degrees, (std::vector<int>{3, 255, 0}));
  EXPECT_EQ(parsed({"weights:y=1.5"}).monomials.weights, (std::vector<double>{1, 1.5, 1}));
  const MonomialSet set = parsed({"interactions:x*z,y", "low:2"}).monomials;
  EXPECT_EQ(set.interactions, (std::vector<std::vector<std::uint32_t>>{{0, 2}, {1}}));
  EXPECT_EQ(set.low_order, 2);
  EXPECT_EQ(parsed({"pls:2"}).directions, 2u);
  EXPECT_TRUE(parsed({"pls:2"}).supervised);
  EXPECT_FALSE(parsed({"pca:2"}).supervised);
  const Features both = parsed({"fourier:10", "nystroem:5", "length:0.5"});
  EXPECT_EQ(both.fourier, 10u);
  EXPECT_EQ(both.nystroem, 5u);
  EXPECT_EQ(both.length, 0.5);
}

TEST(ParseFeatures, NamesWhatItCannotRead) {
  const std::vector<std::pair<Words, std::string>> bad = {
      {{"cubic"}, "must be total, or degrees:"},
      {{"degrees:x"}, "'x' must be COLUMN=NUMBER"},
      {{"degrees:x=2.5"}, "'2.5' is not a whole number"},
      {{"degrees:x=-1"}, "must not be negative"},
      {{"degrees:q=1"}, "'q' is none of the columns"},
      {{"weights:x=0.5"}, "at least 1"},
      {{"interactions:x*q"}, "'q' is none of the columns"},
      {{"interactions:"}, "none of the columns"},
      {{"interactions:x*x"}, "a set has a column once"},
      {{"low:-1"}, "must not be negative"},
      {{"pca:0"}, "at least 1"},
      {{"pca:4"}, "there are 3 columns only"},
      {{"pca:2", "degrees:x=1"}, "exclude degrees"},
      {{"fourier:many"}, "'many' is not a whole number"},
      {{"length:0"}, "must be positive"},
  };
  for (const auto& [words, fragment] : bad) {
    expect_error("features", fragment, [&] { parsed(words); });
  }
}

}  // namespace
}  // namespace momentset::test
