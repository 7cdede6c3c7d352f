// What recombine() allocates, counted by this program's own operator new.

#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>
#include <string>

#include "momentset/recombine.hpp"
#include "support/matrix.hpp"
#include "support/random.hpp"

namespace {

std::atomic<std::ptrdiff_t> in_use = 0, most_in_use = 0;

void count(void* memory, int sign) {
  if (memory == nullptr) return;
  const std::ptrdiff_t now = in_use += sign * std::ptrdiff_t(malloc_usable_size(memory));
  std::ptrdiff_t most = most_in_use;
  while (now > most && !most_in_use.compare_exchange_weak(most, now)) {
  }
}

}  // namespace

// GCC takes the calls below for deletes of what malloc gave to somebody else.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

void* operator new(std::size_t size) {
  void* const memory = std::malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  count(memory, 1);
  return memory;
}
void operator delete(void* memory) noexcept {
  count(memory, -1);
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }

namespace momentset::test {
namespace {

/// Bytes in use at most while `work` runs, beyond those in use before.
double most_bytes(const auto& work) {
  const std::ptrdiff_t before = in_use;
  most_in_use = before;
  work();
  return double(most_in_use - before);
}

struct MemoryCase {
  std::size_t rows, features, target;
  bool bounded = false;
  bool deficient = false;
};

void PrintTo(const MemoryCase& memory, std::ostream* out) {
  *out << memory.rows << " x " << memory.features << " to " << memory.target << (memory.bounded ? ", bounded" : "")
       << (memory.deficient ? ", rank deficient" : "");
}

class RecombineMemory : public testing::TestWithParam<MemoryCase> {};

TEST_P(RecombineMemory, StaysBelowTheFormulaAndNotFarBelow) {
  const auto [rows, features, target, bounded, deficient] = GetParam();
  Random random(1);
  const Matrix matrix = make_matrix(rows, features, [&](std::size_t, std::size_t f) {
    return f == 0 ? 1.0 : deficient && f > features / 2 ? 0.0 : random.uniform(-1, 1);
  });
  const std::vector<double> weights(rows, 1.0), bounds(bounded ? rows : 0, 3.0);
  const MatrixRows feature_rows(matrix.values, features);
  const RecombineOptions options{.target = target, .max_weights = bounds};
  recombine(feature_rows, weights, options);  // the first call starts threads
  const double used = most_bytes([&] { recombine(feature_rows, weights, options); });
  const double stated = recombine_memory(rows, features, options);
  EXPECT_LE(used, stated);
  // A few rows are far from what the formula allows per feature.
  if (rows >= 2 * features) {
    EXPECT_GE(used, stated / 8);
  }
}

INSTANTIATE_TEST_SUITE_P(All, RecombineMemory,
                         testing::Values(MemoryCase{1000, 20, 20}, MemoryCase{400, 100, 100}, MemoryCase{400, 100, 1},
                                         MemoryCase{100'000, 10, 10}, MemoryCase{60'000, 56, 56},
                                         MemoryCase{36'000, 560, 560}, MemoryCase{30'000, 56, 1000},
                                         MemoryCase{2000, 50, 1000}, MemoryCase{2000, 50, 1000, true},
                                         MemoryCase{100'000, 5, 50'000, true}, MemoryCase{600, 120, 120, false, true},
                                         MemoryCase{600, 120, 300, false, true}, MemoryCase{5, 40, 2}),
                         [](const testing::TestParamInfo<MemoryCase>& info) {
                           return "case_" + std::to_string(info.index);
                         });

}  // namespace
}  // namespace momentset::test
