#include "simd.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "momentset/basis/polynomial.hpp"
#include "momentset/recombine.hpp"
#include "recombine/sums.hpp"
#include "support/matrix.hpp"
#include "support/random.hpp"

namespace momentset::test {
namespace {

/// Takes a path for as long as it lives.
class Taking {
 public:
  explicit Taking(SimdPath path) { use_simd_path(path); }
  ~Taking() { use_simd_path(best_simd_path()); }
  Taking(const Taking&) = delete;
  Taking& operator=(const Taking&) = delete;
};

/// What `work` returns on each path that this processor can take.
auto on_every_path(const auto& work) {
  std::vector<decltype(work())> results;
  for (const SimdPath path : {SimdPath::baseline, SimdPath::avx2, SimdPath::avx512}) {
    if (path > best_simd_path()) break;
    const Taking taking(path);
    results.push_back(work());
  }
  return results;
}

void expect_same_bytes(const std::vector<std::vector<double>>& results) {
  for (const std::vector<double>& result : results) {
    ASSERT_EQ(result.size(), results[0].size());
    EXPECT_EQ(0, std::memcmp(result.data(), results[0].data(), result.size() * sizeof(double)));
  }
}

TEST(SimdPath, TheBestUnlessAskedForAnother) {
  EXPECT_EQ(simd_path(), best_simd_path());
  {
    const Taking taking(SimdPath::baseline);
    EXPECT_EQ(simd_path(), SimdPath::baseline);
  }
  const Taking taking(SimdPath::avx512);
  EXPECT_EQ(simd_path(), best_simd_path());
}

TEST(SimdPath, PolynomialsHaveTheSameBytes) {
  Random random(1);
  for (const std::size_t count : {1u, 5u, 16u, 37u}) {
    const PolynomialBasis basis(3, 6);
    const std::vector<double> points = uniform_values(random, 3 * count, -1, 1);
    const std::vector<double> scale = uniform_values(random, count, 0.5, 2);
    expect_same_bytes(on_every_path([&] {
      std::vector<double> scratch(basis.scratch_size(count)), out(basis.size() * count);
      basis.evaluate(points.data(), scale.data(), count, scratch.data(), out.data());
      return out;
    }));
  }
}

TEST(SimdPath, WeightedSumsHaveTheSameBytes) {
  Random random(2);
  for (const std::size_t count : {1u, 3u, 4u, 7u, 64u, 101u}) {
    const std::vector<double> weights = weights_over_decades(random, count, -8, 8);
    const std::vector<double> features = uniform_values(random, 3 * count, -1, 1);
    const std::vector<double> expected{0.5, -1, 0};
    expect_same_bytes(on_every_path([&] {
      std::vector<double> out(6);
      weighted_sums(weights.data(), features.data(), count, 3, expected.data(), out.data(), out.data() + 3);
      return out;
    }));
  }
}

TEST(SimdPath, RecombineGivesTheSameBytes) {
  Random random(3);
  for (const std::size_t n : {1u, 6u, 21u, 56u}) {
    const Matrix matrix =
        make_matrix(9 * n + 2, n, [&](std::size_t, std::size_t f) { return f == 0 ? 1.0 : random.uniform(-1, 1); });
    const std::vector<double> weights = uniform_values(random, matrix.rows(), 0.1, 1), bounds(matrix.rows(), 10.0);
    for (const bool bounded : {false, true}) {
      const auto results = on_every_path([&] {
        RecombineOptions options{.target = n};
        if (bounded) options.max_weights = bounds;
        return recombine(MatrixRows(matrix.values, n), weights, options);
      });
      for (const Recombination& result : results) {
        EXPECT_EQ(result.support, results[0].support);
        EXPECT_EQ(result.weights, results[0].weights);
      }
    }
  }
}

// Against long double, of cancelling sums: what the plain sum would lose must be there.
TEST(WeightedSums, AreGoodToTwiceThePrecision) {
  Random random(4);
  const std::size_t count = 1001;
  std::vector<double> weights = weights_over_decades(random, count, -6, 6),
                      feature = uniform_values(random, count, -1, 1);
  long double sum = 0, magnitude = 0;
  for (std::size_t k = 0; k < count; ++k) {
    sum += static_cast<long double>(weights[k]) * feature[k];
    magnitude += std::abs(static_cast<long double>(weights[k]) * feature[k]);
  }
  const double expected = double(sum);
  double difference = 0, measured_magnitude = 0;
  weighted_sums(weights.data(), feature.data(), count, 1, &expected, &difference, &measured_magnitude);
  constexpr long double unit = std::numeric_limits<long double>::epsilon();
  EXPECT_NEAR(difference, double(sum - expected), double(32 * unit * magnitude));
  EXPECT_NEAR(measured_magnitude, double(magnitude), 1e3 * std::numeric_limits<double>::epsilon() * double(magnitude));
}

}  // namespace
}  // namespace momentset::test
