#pragma once

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/parallel_reduce.h>

#include <cstddef>

namespace momentset::certificate {

/// Rows that one thread handles at a time.
inline constexpr std::size_t chunk_rows = 4096;

/// Folds the numbers 0 .. count - 1: `add(value, begin, end)` for each chunk of a copy of `identity`, then
/// `join(left, right)` for neighbours. Chunks and the order of joins depend on `count` alone, so that the result has
/// the same bytes for any number of threads.
template <class Value, class Add, class Join>
Value reduce(std::size_t count, const Value& identity, const Add& add, const Join& join) {
  using Range = oneapi::tbb::blocked_range<std::size_t>;
  return oneapi::tbb::parallel_deterministic_reduce(
      Range(0, count, chunk_rows), identity,
      [&](const Range& range, Value value) {
        add(value, range.begin(), range.end());
        return value;
      },
      [&](Value left, const Value& right) {
        join(left, right);
        return left;
      });
}

}  // namespace momentset::certificate
