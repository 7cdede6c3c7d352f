#pragma once

#include <gtest/gtest.h>

#include <cstddef>

#include "momentset/compress.hpp"
#include "support/threads.hpp"

namespace momentset::test {

/// Expects the same rows, weights, trials and certificate with 1, 2 and 8 threads.
inline void expect_same_coreset_with_any_threads(const WeightedPoints& points, CompressOptions options) {
  options.threads = 1;
  const Coreset expected = compress(points, options);
  for (const int threads : {2, 8}) {
    options.threads = threads;
    const Coreset again = with_threads(threads, [&] { return compress(points, options); });
    EXPECT_EQ(again.rows, expected.rows) << threads << " threads";
    EXPECT_EQ(again.weights, expected.weights) << threads << " threads";
    EXPECT_EQ(again.certificate.to_json(), expected.certificate.to_json()) << threads << " threads";
    ASSERT_EQ(again.trials.size(), expected.trials.size()) << threads << " threads";
    for (std::size_t k = 0; k < expected.trials.size(); ++k) {
      EXPECT_EQ(again.trials[k].typical_error, expected.trials[k].typical_error) << threads << " threads";
    }
  }
}

}  // namespace momentset::test
