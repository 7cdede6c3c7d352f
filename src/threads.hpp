#pragma once

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <cstddef>
#include <stop_token>

#include "momentset/error.hpp"

namespace momentset {

/// Threads of an arena for `asked` threads (0: all). Asked for more than it may use, oneTBB would print a warning.
inline int arena_threads(int asked) {
  using Control = oneapi::tbb::global_control;
  if (asked == 0) return oneapi::tbb::task_arena::automatic;
  return int(std::min(std::size_t(asked), Control::active_value(Control::max_allowed_parallelism)));
}

/// Throws Cancelled once a stop was asked for.
inline void stop_if_asked(const std::stop_token& stop) {
  if (stop.stop_requested()) throw Cancelled();
}

/// Calls action(k) for k below `count`, at the same time. All of them, or throws: as part of a group of tasks in which
/// another one fails, tbb::parallel_for would just leave some out.
template <class Action>
void for_all(std::size_t count, const Action& action) {
  oneapi::tbb::task_group_context alone(oneapi::tbb::task_group_context::isolated);
  oneapi::tbb::parallel_for(std::size_t{0}, count, action, alone);
}

}  // namespace momentset
