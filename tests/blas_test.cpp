#include "blas.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <thread>
#include <vector>

#include "momentset/recombine.hpp"
#include "support/matrix.hpp"
#include "support/random.hpp"

namespace momentset::test {
namespace {

/// Sets OpenBLAS's own count of threads and puts the old one back.
class BlasThreads {
 public:
  explicit BlasThreads(int count) : before_(openblas_get_num_threads()) { openblas_set_num_threads(count); }
  ~BlasThreads() { openblas_set_num_threads(before_); }
  BlasThreads(const BlasThreads&) = delete;
  BlasThreads& operator=(const BlasThreads&) = delete;

 private:
  int before_;
};

TEST(SingleThreadedBlas, RestoresTheCountThatWasThere) {
  for (const int count : {1, 2, 4}) {
    const BlasThreads threads(count);
    {
      const SingleThreadedBlas outer;
      EXPECT_EQ(openblas_get_num_threads(), 1);
      {
        const SingleThreadedBlas inner;
        EXPECT_EQ(openblas_get_num_threads(), 1);
      }
      EXPECT_EQ(openblas_get_num_threads(), 1) << "the inner one gave back what the outer one still needs";
    }
    EXPECT_EQ(openblas_get_num_threads(), count);
  }
}

TEST(SingleThreadedBlas, LastOfManyThreadsRestores) {
  const BlasThreads threads(2);
  std::vector<std::thread> users;
  for (int t = 0; t < 4; ++t) {
    users.emplace_back([] {
      for (int k = 0; k < 200; ++k) {
        const SingleThreadedBlas user;
        ASSERT_EQ(openblas_get_num_threads(), 1);
      }
    });
  }
  for (std::thread& user : users) user.join();
  EXPECT_EQ(openblas_get_num_threads(), 2);
}

// 220 features: large enough for OpenBLAS to share the work among threads, which changes the last bits.
TEST(SingleThreadedBlas, RecombineGivesTheSameBytesWhateverTheCountWas) {
  Random random(5);
  const Matrix matrix =
      make_matrix(900, 220, [&](std::size_t, std::size_t f) { return f == 0 ? 1.0 : random.uniform(-1, 1); });
  const std::vector<double> weights = uniform_values(random, 900, 0.5, 1.5);
  const MatrixRows rows(matrix.values, matrix.features);
  for (const std::size_t target : {1u, 220u, 400u}) {
    std::vector<Recombination> results;
    for (const int count : {1, 2, 4}) {
      const BlasThreads threads(count);
      results.push_back(recombine(rows, weights, {.target = target}));
      EXPECT_EQ(openblas_get_num_threads(), count);
    }
    for (const Recombination& result : results) {
      EXPECT_EQ(result.support, results[0].support);
      ASSERT_EQ(result.weights.size(), results[0].weights.size());
      EXPECT_EQ(0, std::memcmp(result.weights.data(), results[0].weights.data(), result.weights.size() * 8));
    }
  }
}

}  // namespace
}  // namespace momentset::test
