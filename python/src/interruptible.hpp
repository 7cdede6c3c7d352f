#pragma once

#include <nanobind/nanobind.h>

#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

namespace momentset::python {

/// Carries progress from the threads that compute to the one that holds a Python callable. Only the latest is kept.
class ProgressRelay {
 public:
  /// @param callable called as callable(stage: str, fraction: float), or None
  explicit ProgressRelay(nanobind::object callable) : callable_(std::move(callable)) {}

  /// From any thread, without the interpreter lock.
  void report(std::string_view stage, double fraction);
  /// With the interpreter lock: calls Python if there is news. Throws what the callable raised.
  void pass_on();
  bool wanted() const { return !callable_.is_none(); }

 private:
  struct Latest {
    std::string stage;
    double fraction = 0;
  };
  nanobind::object callable_;
  std::mutex guard_;
  std::optional<Latest> latest_;
};

/// Runs `work` on a thread of its own, without the interpreter lock, and waits for it. Twenty times a second the
/// calling thread looks for signals (Ctrl-C) and passes progress on; if either raises, the work is asked to stop,
/// waited for, and the Python exception thrown on. What the work throws is thrown here. Called with the interpreter
/// lock. Throws Error in a process that was forked while another thread computed: see bind_threads.cpp.
void run_interruptibly(const std::function<void(std::stop_token)>& work, ProgressRelay* progress = nullptr);

}  // namespace momentset::python
