#include "momentset/prune/scores.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <set>

#include "support/expect_error.hpp"
#include "support/random.hpp"
#include "support/threads.hpp"

namespace momentset::test {
namespace {

using namespace prune;

using Doubles = std::vector<double>;

const Doubles probabilities{1, 0, 0, 0, 1, 0, 0.25, 0.25, 0.5};
const std::vector<Index> labels{0, 0, 2};

TEST(PruneScores, El2nIsTheDistanceToTheLabel) {
  const Matrix probe{probabilities, 3};
  const Scores scores = el2n({&probe, 1}, labels);
  EXPECT_EQ(scores.hard, HardEnd::high);
  ASSERT_EQ(scores.values.size(), 3u);
  EXPECT_EQ(scores.values[0], 0);                           // sure and right
  EXPECT_DOUBLE_EQ(scores.values[1], std::numbers::sqrt2);  // sure and wrong
  EXPECT_DOUBLE_EQ(scores.values[2], std::sqrt(0.375));
}

TEST(PruneScores, AreMeansOverProbes) {
  const Doubles other{0, 1, 0, 1, 0, 0, 0, 0, 1};
  const std::vector<Matrix> probes{{probabilities, 3}, {other, 3}};
  const Doubles both = el2n(probes, labels).values;
  for (std::size_t i = 0; i < 3; ++i) {
    const double mean = (el2n({&probes[0], 1}, labels).values[i] + el2n({&probes[1], 1}, labels).values[i]) / 2;
    EXPECT_DOUBLE_EQ(both[i], mean);
  }
}

TEST(PruneScores, EntropyAndLeastConfidenceLieBetweenSureAndUniform) {
  const Doubles p{1, 0, 0, 0, 0.25, 0.25, 0.25, 0.25};
  const Matrix probe{p, 4};
  const Scores entropies = entropy({&probe, 1}), doubts = least_confidence({&probe, 1});
  EXPECT_EQ(entropies.values[0], 0);
  EXPECT_DOUBLE_EQ(entropies.values[1], std::log(4.0));
  EXPECT_EQ(doubts.values, (Doubles{0, 0.75}));
  EXPECT_EQ(entropies.hard, HardEnd::high);
  EXPECT_EQ(doubts.hard, HardEnd::high);
}

TEST(PruneScores, MarginsAreSmallWhereItIsHard) {
  const Doubles z{-2, 0.5, 3}, logits{3, 1, -1, 0, 2, 5};
  const Matrix signed_distances{z, 1}, probe{logits, 3};
  EXPECT_EQ(margin({&signed_distances, 1}).values, (Doubles{2, 0.5, 3}));
  EXPECT_EQ(margin({&probe, 1}).values, (Doubles{2, 3}));
  const std::vector<Index> classes{0, 1};
  EXPECT_EQ(margin({&probe, 1}, classes).values, (Doubles{2, -3}));
  EXPECT_EQ(margin({&probe, 1}).hard, HardEnd::low);
}

TEST(PruneScores, SoftmaxOverflowsNowhere) {
  const Doubles logits{0, std::log(3.0), 1e4, 1e4};
  const Doubles p = softmax({logits, 2});
  EXPECT_DOUBLE_EQ(p[0], 0.25);
  EXPECT_DOUBLE_EQ(p[1], 0.75);
  EXPECT_EQ(p[2], 0.5);
}

TEST(PruneScores, GrandIsALength) {
  const Doubles gradients{3, 4, 0, 0};
  const Matrix probe{gradients, 2};
  EXPECT_EQ(grand({&probe, 1}).values, (Doubles{5, 0}));
}

TEST(PruneScores, ForgettingCountsEachLoss) {
  // Learned and kept; learned, forgotten twice; never learned; learned at last.
  const Doubles losses{0.1, 0.1, 0.1, 0.1, 0.1, 0.9, 0.1, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.1};
  EXPECT_EQ(forgetting({losses, 4}).values, (Doubles{0, 2, 4, 0}));
  const double at = std::numbers::ln2;
  EXPECT_EQ(forgetting({std::span(&at, 1), 1}).values, Doubles{1});  // half the probability is not more than half
}

TEST(PruneScores, EveryExampleIsInTheSameNumberOfSubsets) {
  const std::size_t examples = 200, models = 11;
  const auto members = memorisation_subsets(examples, models, 0.7, 3);
  std::set<std::vector<std::uint8_t>> patterns;
  for (std::size_t i = 0; i < examples; ++i) {
    std::vector<std::uint8_t> pattern;
    for (std::size_t model = 0; model < models; ++model) pattern.push_back(members[model * examples + i]);
    EXPECT_EQ(std::accumulate(pattern.begin(), pattern.end(), 0), 8);  // round(7.7)
    patterns.insert(pattern);
  }
  EXPECT_GT(patterns.size(), 80u);  // of C(11, 8) = 165, drawn 200 times
  EXPECT_EQ(memorisation_subsets(examples, models, 0.7, 3), members);
  EXPECT_NE(memorisation_subsets(examples, models, 0.7, 4), members);
  const auto least = memorisation_subsets(5, 2, 0.999);
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(least[i] + least[5 + i], 1);
}

TEST(PruneScores, MemorisationIsTheGainFromBeingTrainedOn) {
  const std::vector<std::uint8_t> members{1, 1, 0, 1, 0, 1, 0, 0, 1};  // 3 models, 3 examples
  const Doubles correct{1, 1, 0, 0.5, 1, 1, 0, 1, 1};
  const Scores scores = memorisation(members, {correct, 3});
  EXPECT_DOUBLE_EQ(scores.values[0], 0.75 - 0);  // in the first two
  EXPECT_DOUBLE_EQ(scores.values[1], 0);
  EXPECT_DOUBLE_EQ(scores.values[2], 1);
}

TEST(PruneScores, DoNotDependOnThreads) {
  Random draw(5);
  Doubles logits(30'000);
  for (double& z : logits) z = draw.normal();
  const auto all = [&] {
    const Doubles p = softmax({logits, 3});
    const Matrix probe{p, 3};
    return std::pair(entropy({&probe, 1}).values, least_confidence({&probe, 1}).values);
  };
  EXPECT_EQ(with_threads(1, all), with_threads(3, all));
}

TEST(PruneScores, BadInputIsNamed) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto scored = [](const Doubles& p, std::size_t columns, const std::vector<Index>& y) {
    const Matrix probe{p, columns};
    return el2n({&probe, 1}, y);
  };
  expect_error("probs", "row 1: sum 1.1: must sum to 1", [&] { scored({0.5, 0.5, 0.5, 0.6}, 2, {0, 1}); });
  expect_error("probs", "row 0: -0.5: must be probabilities", [&] { scored({-0.5, 1.5}, 2, {0}); });
  expect_error("probs", "row 1: nan: must be a finite number", [&] { scored({0.5, 0.5, 0.5, nan}, 2, {0, 1}); });
  expect_error("probs", "must have at least one row", [&] { scored({}, 2, {}); });
  expect_error("labels", "must be given", [&] { scored({0.5, 0.5}, 2, {}); });
  expect_error("labels", "must be one for each of the 1 rows", [&] { scored({0.5, 0.5}, 2, {0, 1}); });
  expect_error("labels", "row 0: 2: must be the number of a column", [&] { scored({0.5, 0.5}, 2, {2}); });
  expect_error("gradients", "must be given", [&] { grand({}); });
  const Doubles a{1, 2, 3, 4};
  const std::vector<Matrix> unlike{{a, 2}, {a, 4}};
  expect_error("gradients", "1 x 4: must be as those of the first probe, 2 x 2", [&] { grand(unlike); });
  expect_error("models", "must be at least 2", [&] { memorisation_subsets(3, 1); });
  expect_error("share", "must be above 0 and below 1", [&] { memorisation_subsets(3, 4, 1); });
  const std::vector<std::uint8_t> everywhere{1, 1, 1, 0};
  expect_error("members", "example 0 in 2 of 2 subsets", [&] { memorisation(everywhere, {Doubles{1, 1, 1, 1}, 2}); });
  expect_error("correct", "must be between 0 and 1", [&] { memorisation(everywhere, {Doubles{1, 1, 1, 2}, 2}); });
  expect_error("threshold", "nan", [&] { forgetting({a, 2}, nan); });
}

}  // namespace
}  // namespace momentset::test
