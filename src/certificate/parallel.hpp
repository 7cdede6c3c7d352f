#pragma once

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/parallel_reduce.h>

#include <cstddef>

#include "certificate/selection.hpp"

namespace momentset::certificate {

/// Rows that one thread handles at a time.
inline constexpr std::size_t chunk_rows = 4096;

/// Folds the numbers of the points, 0 .. size - 1: `add(value, begin, end)` for each chunk of a copy of `identity`,
/// then `join(left, right)` for neighbours. Chunks and the order of joins depend on the size alone, so that the result
/// has the same bytes for any number of threads.
template <class Value, class Add, class Join>
Value reduce(const Selection& points, const Value& identity, const Add& add, const Join& join) {
  using Range = oneapi::tbb::blocked_range<std::size_t>;
  // Of its own: as part of a group of tasks in which another one fails, it would leave chunks out without a word.
  oneapi::tbb::task_group_context alone(oneapi::tbb::task_group_context::isolated);
  return oneapi::tbb::parallel_deterministic_reduce(
      Range(0, points.size, chunk_rows), identity,
      [&](const Range& range, Value value) {
        points.check_stop();
        add(value, range.begin(), range.end());
        return value;
      },
      [&](Value left, const Value& right) {
        join(left, right);
        return left;
      },
      alone);
}

}  // namespace momentset::certificate
