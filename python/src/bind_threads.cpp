// What fork() does to threads: the child has only the one that forked, but oneTBB's scheduler still counts on the
// others. So before a fork the scheduler's threads are ended, and both processes start new ones when they compute next.
// That cannot be done while another thread computes; then the child refuses to compute.

#include <nanobind/nanobind.h>
#include <oneapi/tbb/global_control.h>

#include <atomic>
#include <optional>

#include "bind.hpp"
#include "momentset/error.hpp"
#include "running.hpp"

namespace momentset::python {

namespace nb = nanobind;

namespace {

std::atomic<int> running = 0;
std::atomic<bool> forked_while_running = false;
std::optional<tbb::task_scheduler_handle> scheduler;  // touched with the interpreter lock only

bool before_fork() {
  if (running > 0) return false;
  if (!scheduler) return true;
  const bool ended = tbb::finalize(*scheduler, std::nothrow);
  scheduler.reset();
  return ended;
}

void in_child(bool ended) {
  if (!ended) forked_while_running = true;
}

}  // namespace

Running::Running() {
  if (forked_while_running) {
    throw Error("process", "forked while another thread was computing",
                "must not compute: fork before, or start processes with the method 'spawn' or 'forkserver'");
  }
  if (!scheduler) scheduler.emplace(tbb::attach{});
  ++running;
}

Running::~Running() { --running; }

void bind_threads(nb::module_& module) {
  module.def("before_fork", &before_fork, "Ends the scheduler's threads; False if one of them is computing.");
  module.def("in_child", &in_child, nb::arg("ended"), "Tells a forked process what before_fork() answered.");
}

}  // namespace momentset::python
