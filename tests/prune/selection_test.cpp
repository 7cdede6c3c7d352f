#include "momentset/prune/selection.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "support/expect_error.hpp"
#include "support/random.hpp"
#include "support/threads.hpp"

namespace momentset::test {
namespace {

using namespace prune;

using Doubles = std::vector<double>;
using Numbers = std::vector<Index>;

Numbers chosen(const Doubles& scores, HardEnd hard, const SelectOptions& options, const Numbers& classes = {}) {
  return select(scores, hard, {classes, {}}, options).kept;
}

/// Scores and classes of very different sizes, the scores higher in some classes than in others, with ties.
struct Problem {
  Doubles scores;
  Numbers classes;

  explicit Problem(std::size_t rows) {
    Random draw(7);
    for (std::size_t i = 0; i < rows; ++i) {
      const auto c = Index(i < 5 ? i : std::min<std::size_t>(4, std::size_t(5 * std::pow(draw.uniform(), 2))));
      classes.push_back(c);
      scores.push_back(std::round(20 * (draw.normal() + c)) / 20);
    }
  }
};

TEST(PruneSelection, KeepsTheHardestOrTheEasiest) {
  const Doubles scores{0.1, 0.9, -0.5, 0.3, 0.7};
  EXPECT_EQ(chosen(scores, HardEnd::high, {.keep = 0.4}), (Numbers{1, 4}));
  EXPECT_EQ(chosen(scores, HardEnd::low, {.keep = 0.4}), (Numbers{0, 2}));
  EXPECT_EQ(chosen(scores, HardEnd::high, {.keep = 0.4, .policy = Policy::easy}), (Numbers{0, 2}));
  EXPECT_EQ(chosen(scores, HardEnd::high, {.keep = 1}), (Numbers{0, 1, 2, 3, 4}));
  EXPECT_EQ(chosen(scores, HardEnd::high, {.keep = 1e-9}), Numbers{1});
  EXPECT_EQ(chosen({-0.0, 0.0, -1}, HardEnd::low, {.keep = 0.3}), Numbers{2});
}

TEST(PruneSelection, TheWindowLiesWhereItWasPut) {
  Doubles scores(100);
  std::iota(scores.begin(), scores.end(), 0.0);  // the hardest are the last
  const auto window = [&](double keep, double skip) {
    return chosen(scores, HardEnd::high, {.keep = keep, .policy = Policy::window, .skip_hardest = skip});
  };
  Numbers expected(20);
  std::iota(expected.begin(), expected.end(), Index{70});
  EXPECT_EQ(window(0.2, 0.1), expected);
  EXPECT_EQ(window(0.2, 0), chosen(scores, HardEnd::high, {.keep = 0.2}));
  EXPECT_EQ(window(0.2, 0.8), chosen(scores, HardEnd::high, {.keep = 0.2, .policy = Policy::easy}));
}

TEST(PruneSelection, StrataOfScoresGetEqualParts) {
  Doubles scores(1000);
  for (std::size_t i = 0; i < scores.size(); ++i) scores[i] = i < 900 ? 0.05 : i < 905 ? 0.5 : 0.95;
  const Numbers kept =
      chosen(scores, HardEnd::high, {.keep = 0.105, .policy = Policy::stratified, .strata = 10, .seed = 1});
  const auto below = [&](Index end) { return std::lower_bound(kept.begin(), kept.end(), end) - kept.begin(); };
  EXPECT_EQ(below(900), 50);
  EXPECT_EQ(below(905) - below(900), 5);  // all that there are
  EXPECT_EQ(kept.size(), 105u);
  EXPECT_GT(kept[49], 450u);  // random ones, not the first
}

TEST(PruneSelection, RandomOnesAndTiesAreSpreadOverTheRows) {
  const Doubles scores(10'000, 1.0);
  for (const Policy policy : {Policy::random, Policy::hard}) {
    const Numbers kept = chosen(scores, HardEnd::high, {.keep = 0.5, .policy = policy, .seed = 2});
    ASSERT_EQ(kept.size(), 5000u);
    const auto first_half = std::lower_bound(kept.begin(), kept.end(), Index{5000}) - kept.begin();
    EXPECT_NEAR(double(first_half), 2500, 5 * 25);  // five standard deviations of a hypergeometric number
    EXPECT_NE(kept, chosen(scores, HardEnd::high, {.keep = 0.5, .policy = policy, .seed = 3}));
  }
}

TEST(PruneSelection, FloorsAreMetWithThePreferredOnesOfTheClass) {
  const Problem problem(3000);
  const SelectOptions options{.keep = 0.2, .class_floor = 0.5};
  const Selection found = select(problem.scores, HardEnd::high, {problem.classes, {}}, options);
  ASSERT_EQ(found.kept.size(), 600u);
  ASSERT_EQ(found.classes.size(), 5u);
  std::size_t at_floor = 0;
  for (std::size_t c = 0; c < 5; ++c) {
    const ClassReport& report = found.classes[c];
    EXPECT_EQ(report.floor, 60u);  // half of a fifth of 600
    EXPECT_GE(report.kept, 60u);
    at_floor += report.kept == 60 ? 1 : 0;
    // Of each class those kept are no easier than those that are not.
    double easiest_kept = HUGE_VAL, hardest_left = -HUGE_VAL;
    for (std::size_t i = 0; i < problem.scores.size(); ++i) {
      if (problem.classes[i] != c) continue;
      const bool kept = std::binary_search(found.kept.begin(), found.kept.end(), Index(i));
      double& bound = kept ? easiest_kept : hardest_left;
      bound = kept ? std::min(bound, problem.scores[i]) : std::max(bound, problem.scores[i]);
    }
    EXPECT_GE(easiest_kept, hardest_left);
  }
  EXPECT_GT(at_floor, 0u);
  EXPECT_LT(at_floor, 5u);
  EXPECT_TRUE(found.notices.empty());
  EXPECT_EQ(found.balance_before, class_balance(class_sizes({problem.classes, {}})));
  const Selection without =
      select(problem.scores, HardEnd::high, {problem.classes, {}}, {.keep = 0.2, .class_floor = 0});
  EXPECT_LT(without.balance_after, found.balance_after);
  EXPECT_EQ(without.kept, chosen(problem.scores, HardEnd::high, {.keep = 0.2}));
}

TEST(PruneSelection, EveryPolicyMeetsTheFloors) {
  const Problem problem(2000);
  for (const Policy policy : {Policy::hard, Policy::easy, Policy::window, Policy::stratified, Policy::random}) {
    const SelectOptions options{
        .keep = 0.1, .policy = policy, .skip_hardest = policy == Policy::window ? 0.3 : 0, .class_floor = 1};
    const Selection found = select(problem.scores, HardEnd::high, {problem.classes, {}}, options);
    for (const ClassReport& report : found.classes) EXPECT_EQ(report.kept, 40u);
    EXPECT_EQ(found.balance_after, 1);
  }
}

TEST(PruneSelection, AClassBelowItsFloorIsKeptWholeAndNamed) {
  Doubles scores(1000, 1.0);
  Numbers classes(1000, 0);
  for (std::size_t i = 0; i < 10; ++i) {
    scores[i] = 0;  // the easiest
    classes[i] = 1;
  }
  const Selection found = select(scores, HardEnd::high, {classes, {"cats", "dogs"}}, {.keep = 0.5});
  EXPECT_EQ(found.classes[1].kept, 10u);
  EXPECT_EQ(found.classes[1].floor, 125u);
  ASSERT_EQ(found.notices.size(), 1u);
  EXPECT_EQ(found.notices[0], "1 of 2 classes has fewer examples than the floor of 125 and is kept whole: dogs (10)");
}

TEST(PruneSelection, FloorsNeverTakeMoreThanThereIs) {
  Numbers classes(100);
  for (std::size_t i = 0; i < classes.size(); ++i) classes[i] = Index(i % 7);
  for (const double keep : {0.01, 0.03, 0.1, 0.33, 1.0}) {
    for (const double floor : {0.0, 0.3, 1.0}) {
      const Selection found =
          select(Doubles(100, 0.0), HardEnd::high, {classes, {}}, {.keep = keep, .class_floor = floor});
      EXPECT_EQ(found.kept.size(), std::size_t(std::llround(100 * keep)));
    }
  }
}

TEST(PruneSelection, DoesNotDependOnThreads) {
  const Problem problem(50'000);
  for (const Policy policy : {Policy::hard, Policy::window, Policy::stratified}) {
    const auto kept = [&] {
      return chosen(problem.scores, HardEnd::low, {.keep = 0.3, .policy = policy}, problem.classes);
    };
    EXPECT_EQ(with_threads(1, kept), with_threads(3, kept));
  }
}

TEST(PruneSelection, BalanceIsTheMeanRatioOfTwoClasses) {
  EXPECT_EQ(class_balance({5, 5, 5}), 1);
  EXPECT_DOUBLE_EQ(class_balance({1, 2, 4}), (0.5 + 0.25 + 0.5) / 3);
  EXPECT_DOUBLE_EQ(class_balance({4, 0, 2}), 0.5 / 3);
  EXPECT_EQ(class_balance({0, 0}), 1);
  EXPECT_EQ(class_balance({7}), 1);
  Random draw(3);
  std::vector<std::size_t> sizes(40);
  for (std::size_t& size : sizes) size = draw.below(30);
  double sum = 0;  // by its definition, pair by pair
  for (std::size_t a = 0; a < sizes.size(); ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      const auto [less, more] = std::minmax(sizes[a], sizes[b]);
      sum += more == 0 ? 1 : double(less) / double(more);
    }
  }
  EXPECT_NEAR(class_balance(sizes), sum / (40 * 39 / 2), 1e-13);
}

TEST(PruneSelection, WeightsKeepTheMassOfEachClass) {
  const Doubles scores{1, 2, 3, 4, 10, 20};
  const Numbers classes{0, 0, 0, 0, 1, 1}, kept{2, 3, 5};
  const auto weights = [&](ScoreWeights by, Policy policy = Policy::hard) {
    return score_weights(scores, HardEnd::high, {classes, {}}, kept, by, policy);
  };
  EXPECT_EQ(weights(ScoreWeights::none), (Doubles{1, 1, 1}));
  EXPECT_EQ(weights(ScoreWeights::rank), (Doubles{6.0 / 7, 8.0 / 7, 1}));
  EXPECT_EQ(weights(ScoreWeights::value), (Doubles{6.0 / 7, 8.0 / 7, 1}));
  const Doubles easy = weights(ScoreWeights::rank, Policy::easy);
  EXPECT_DOUBLE_EQ(easy[0] / easy[1], 2);
  const Doubles own{1, 1, 2, 4, 1, 5}, tied{1, 3, 3, 3, 10, 20};
  const Doubles both = score_weights(tied, HardEnd::high, {classes, {}}, kept, ScoreWeights::rank, Policy::hard, own);
  EXPECT_DOUBLE_EQ(both[1] / both[0], 2);  // equal ranks
  EXPECT_DOUBLE_EQ(both[0] + both[1], 6);
  EXPECT_DOUBLE_EQ(both[2], 5);
}

TEST(PruneSelection, TheFactorOfMatchedIterationsGoesFromEpochsToIterations) {
  EXPECT_EQ(matched_epochs(20, 0.5, 0), 20);
  EXPECT_EQ(matched_epochs(20, 0.5, 1), 40);
  EXPECT_DOUBLE_EQ(matched_epochs(20, 0.8, 0.5), 22.5);
}

TEST(PruneSelection, BadInputIsNamed) {
  const Doubles scores{1, std::numeric_limits<double>::quiet_NaN()}, fine{1, 2};
  const Numbers classes{0, 1}, gap{0, 2};
  const auto with = [&](const SelectOptions& options) { return [=] { select(fine, HardEnd::high, {}, options); }; };
  expect_error("scores", "row 1: nan: must be a finite number", [&] { select(scores, HardEnd::high, {}, {}); });
  expect_error("scores", "at least one row", [&] { select({}, HardEnd::high, {}, {}); });
  expect_error("groups", "2 numbers", [&] { select(Doubles{1, 2, 3}, HardEnd::high, {classes, {}}, {}); });
  expect_error("groups", "2: ", [&] { select(fine, HardEnd::high, {gap, {}}, {}); });
  expect_error("keep", "0: must be a fraction above 0", with({.keep = 0}));
  expect_error("keep", "1.5", with({.keep = 1.5}));
  expect_error("skip_hardest", "0.8: must be at least 0 and at most 0.7",
               with({.keep = 0.3, .policy = Policy::window, .skip_hardest = 0.8}));
  expect_error("skip_hardest", "policy window only", with({.skip_hardest = 0.1}));
  expect_error("class_floor", "2", with({.class_floor = 2}));
  expect_error("strata", "0", with({.strata = 0}));
  const auto weigh = [&](const Doubles& values, HardEnd hard, const Numbers& kept) {
    return [=] { score_weights(values, hard, {}, kept, ScoreWeights::value, Policy::hard); };
  };
  expect_error("score_weights", "needs scores whose high end is hard", weigh(fine, HardEnd::low, {0}));
  expect_error("scores", "row 1: -1: must be 0 or more", weigh({1, -1}, HardEnd::high, {0, 1}));
  expect_error("scores", "must not all be 0", weigh({1, 0}, HardEnd::high, {1}));
  expect_error("kept", "2: must be below", weigh(fine, HardEnd::high, {2}));
  expect_error("factor", "2", [] { matched_epochs(1, 0.5, 2); });
  expect_error("fraction", "0", [] { matched_epochs(1, 0); });
  expect_error("epochs", "0", [] { matched_epochs(0, 0.5); });
}

}  // namespace
}  // namespace momentset::test
