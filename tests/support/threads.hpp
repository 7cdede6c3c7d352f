#pragma once

#include <tbb/global_control.h>
#include <tbb/task_arena.h>

#include <cstddef>

namespace momentset::test {

/// Runs the action with so many TBB threads, also where the machine has fewer cores.
template <class Action>
auto with_threads(int threads, const Action& action) {
  const tbb::global_control allowed(tbb::global_control::max_allowed_parallelism, std::size_t(threads));
  tbb::task_arena arena(threads);
  return arena.execute(action);
}

}  // namespace momentset::test
