#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

#include "momentset/error.hpp"
#include "momentset/recombine.hpp"
#include "support/matrix.hpp"
#include "support/random.hpp"

namespace momentset::test {
namespace {

/// Calls `hook` before every block of rows.
class WatchedRows final : public FeatureRows {
 public:
  WatchedRows(const Matrix& matrix, std::function<void()> hook)
      : rows_(matrix.values, matrix.features), hook_(std::move(hook)) {}
  std::size_t rows() const override { return rows_.rows(); }
  std::size_t features() const override { return rows_.features(); }
  void evaluate(std::span<const Index> rows, const double* scale, double* out) const override {
    hook_();
    rows_.evaluate(rows, scale, out);
  }

 private:
  MatrixRows rows_;
  std::function<void()> hook_;
};

Matrix random_matrix(std::size_t rows, std::size_t features) {
  Random random(3);
  return make_matrix(rows, features, [&](std::size_t, std::size_t f) { return f == 0 ? 1.0 : random.uniform(-1, 1); });
}

TEST(RecombineStop, BeforeItStarts) {
  const Matrix matrix = random_matrix(100, 5);
  const std::vector<double> weights(100, 1.0);
  std::stop_source source;
  source.request_stop();
  EXPECT_THROW(recombine(MatrixRows(matrix.values, 5), weights, {.target = 5, .stop = source.get_token()}), Cancelled);
}

TEST(RecombineStop, NothingToDoNeedsNoStop) {
  const Matrix matrix = random_matrix(4, 5);
  const std::vector<double> weights(4, 1.0);
  std::stop_source source;
  source.request_stop();
  const Recombination result =
      recombine(MatrixRows(matrix.values, 5), weights, {.target = 5, .stop = source.get_token()});
  EXPECT_EQ(result.support.size(), 4u);
}

// Asked for at any block of rows, in the sums of one thread or several, with bounds or without, it stops before many
// more are evaluated.
TEST(RecombineStop, AtAnyMomentAndSoon) {
  const Matrix matrix = random_matrix(40'000, 30);
  const std::vector<double> weights(40'000, 1.0), bounds(40'000, 40.0);
  for (const bool bounded : {false, true}) {
    for (const int threads : {1, 2}) {
      for (const std::size_t moment : {1u, 100u, 2000u, 2800u}) {
        std::stop_source source;
        std::atomic<std::size_t> blocks = 0;
        const WatchedRows rows(matrix, [&] {
          if (++blocks == moment) source.request_stop();
        });
        RecombineOptions options{.target = 30, .threads = threads, .stop = source.get_token()};
        if (bounded) options.max_weights = bounds;
        EXPECT_THROW(recombine(rows, weights, options), Cancelled) << "after " << blocks << " of " << moment;
        EXPECT_LT(blocks, moment + 64 * 8);
      }
    }
  }
}

// Many rows are evaluated once, and an eighth of them, at most, again; halving alone would take two evaluations.
TEST(RecombineRows, AreEvaluatedOnceWhereThereAreMany) {
  const std::size_t count = 100'000;
  const Matrix matrix = random_matrix(count, 10);
  std::atomic<std::size_t> blocks = 0;
  recombine(WatchedRows(matrix, [&] { ++blocks; }), std::vector<double>(count, 1.0), {.target = 10, .threads = 1});
  EXPECT_LT(double(blocks * recombine_block), 1.25 * double(count));
}

TEST(RecombineProgress, RisesToOneAndNeverComesFromTwoThreadsAtOnce) {
  const Matrix matrix = random_matrix(60'000, 40);
  const std::vector<double> weights(60'000, 1.0);
  for (const int threads : {1, 4}) {
    std::mutex inside;
    std::vector<double> fractions;
    recombine(MatrixRows(matrix.values, 40), weights,
              {.target = 40, .threads = threads, .progress = [&](double fraction) {
                 ASSERT_TRUE(inside.try_lock());
                 fractions.push_back(fraction);
                 inside.unlock();
               }});
    ASSERT_GT(fractions.size(), 10u);
    for (std::size_t k = 1; k < fractions.size(); ++k) EXPECT_GT(fractions[k], fractions[k - 1]);
    EXPECT_GT(fractions.front(), 0);
    EXPECT_LE(fractions.back(), 1);
    EXPECT_GT(fractions.back(), 0.5);
  }
}

// The tables of docs/performance.md say how long a beat takes; here only that there are many of them.
TEST(RecombineProgress, BeatsBetweenThePanelsOfALargeFactorisation) {
  const Matrix matrix = random_matrix(1600, 800);
  const std::vector<double> weights(1600, 1.0);
  double last = 0, longest = 0;
  recombine(MatrixRows(matrix.values, 800), weights, {.target = 800, .progress = [&](double fraction) {
                                                        longest = std::max(longest, fraction - last);
                                                        last = fraction;
                                                      }});
  EXPECT_LT(longest, 0.25);
}

}  // namespace
}  // namespace momentset::test
