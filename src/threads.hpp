#pragma once

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <cstddef>

namespace momentset {

/// Threads of an arena for `asked` threads (0: all). Asked for more than it may use, oneTBB would print a warning.
inline int arena_threads(int asked) {
  using Control = oneapi::tbb::global_control;
  if (asked == 0) return oneapi::tbb::task_arena::automatic;
  return int(std::min(std::size_t(asked), Control::active_value(Control::max_allowed_parallelism)));
}

}  // namespace momentset
