#pragma once

// The part of oneTBB that momentset uses, on plain threads, for the thread sanitizer.
//
// The sanitizer learns what happens before what from the code that it compiled. The distributions' libtbb was not
// compiled with it, so that every task would look as if it raced with the thread that spawned it, and suppressing
// that would hide the races worth finding. Starting and joining a thread are known to the sanitizer: here each fork
// is a new thread, down to a few levels, so that the tasks' own accesses are judged exactly.
//
// cmake/ThreadSanitizerTBB.cmake puts this in the place of TBB's headers. What is missing here does not compile.

#include <oneapi/tbb/blocked_range.h>

#include <concepts>
#include <cstddef>
#include <exception>
#include <thread>
#include <utility>

namespace tbb {
namespace stand_in {

inline constexpr int deepest_fork = 3;  // 2^3 threads at a time
inline thread_local int depth = 0;

/// Runs both, at the same time while there are threads left. The first exception of the left one wins.
template <class Left, class Right>
void fork(const Left& left, const Right& right) {
  if (depth >= deepest_fork) {
    left();
    right();
    return;
  }
  std::exception_ptr failed_left, failed_right;
  std::thread thread([&, below = depth + 1] {
    depth = below;
    try {
      left();
    } catch (...) {
      failed_left = std::current_exception();
    }
  });
  ++depth;
  try {
    right();
  } catch (...) {
    failed_right = std::current_exception();
  }
  --depth;
  thread.join();
  if (failed_left) std::rethrow_exception(failed_left);
  if (failed_right) std::rethrow_exception(failed_right);
}

template <class Range>
concept Divisible = requires(const Range& range) {
  range.is_divisible();
};

}  // namespace stand_in

/// Here nothing cancels anything.
class task_group_context {
 public:
  enum kind_type { isolated, bound };
  explicit task_group_context(kind_type = bound) {}
};

template <stand_in::Divisible Range, class Body, class... Partitioner>
void parallel_for(const Range& range, const Body& body, const Partitioner&...) {
  if (!range.is_divisible()) {
    if (!range.empty()) body(range);
    return;
  }
  Range left = range;
  const Range right(left, split());
  stand_in::fork([&] { parallel_for(left, body); }, [&] { parallel_for(right, body); });
}

template <std::integral Index, class Function, class... Partitioner>
void parallel_for(Index first, Index last, const Function& function, const Partitioner&...) {
  parallel_for(blocked_range<Index>(first, last), [&](const blocked_range<Index>& range) {
    for (Index i = range.begin(); i < range.end(); ++i) function(i);
  });
}

template <class Range, class Value, class Body, class Join, class... Partitioner>
Value parallel_deterministic_reduce(const Range& range, const Value& identity, const Body& body, const Join& join,
                                    const Partitioner&...) {
  if (!range.is_divisible()) return body(range, identity);
  Range left = range;
  const Range right(left, split());
  Value of_left = identity, of_right = identity;
  stand_in::fork([&] { of_left = parallel_deterministic_reduce(left, identity, body, join); },
                 [&] { of_right = parallel_deterministic_reduce(right, identity, body, join); });
  return join(std::move(of_left), std::move(of_right));
}

template <class... Arguments>
auto parallel_reduce(const Arguments&... arguments) {
  return parallel_deterministic_reduce(arguments...);
}

template <class Function>
void parallel_invoke(const Function& function) {
  function();
}

template <class First, class... Rest>
void parallel_invoke(const First& first, const Rest&... rest) {
  stand_in::fork(first, [&] { parallel_invoke(rest...); });
}

class task_arena {
 public:
  static constexpr int automatic = -1;
  explicit task_arena(int = automatic, unsigned = 1) {}

  template <class Function>
  auto execute(Function&& function) {
    return function();
  }
  int max_concurrency() const { return 1 << stand_in::deepest_fork; }
};

namespace this_task_arena {
inline int max_concurrency() { return 1 << stand_in::deepest_fork; }

/// Each thread here works for one caller only.
template <class Function>
auto isolate(const Function& function) {
  return function();
}
}  // namespace this_task_arena

class global_control {
 public:
  enum parameter { max_allowed_parallelism };
  global_control(parameter, std::size_t) {}
  static std::size_t active_value(parameter) { return std::size_t(1) << stand_in::deepest_fork; }
};

}  // namespace tbb
