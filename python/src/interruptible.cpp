#include "interruptible.hpp"

#include <nanobind/stl/string.h>

#include <chrono>
#include <condition_variable>
#include <exception>
#include <thread>
#include <utility>

#include "running.hpp"

namespace momentset::python {

namespace nb = nanobind;

namespace {

constexpr auto look_every = std::chrono::milliseconds(50);

/// The thread that works, its end, and what it threw.
class Worker {
 public:
  explicit Worker(const std::function<void(std::stop_token)>& work)
      : thread_([this, &work](const std::stop_token& stop) {
          try {
            work(stop);
          } catch (...) {
            failure_ = std::current_exception();
          }
          const std::lock_guard lock(guard_);
          done_ = true;
          ended_.notify_one();
        }) {}

  bool ends_within(std::chrono::milliseconds time) {
    std::unique_lock lock(guard_);
    return ended_.wait_for(lock, time, [this] { return done_; });
  }
  void stop() {
    thread_.request_stop();
    thread_.join();
  }
  void finish() {
    thread_.join();
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  std::mutex guard_;
  std::condition_variable ended_;
  bool done_ = false;
  std::exception_ptr failure_;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace

void ProgressRelay::report(std::string_view stage, double fraction) {
  const std::lock_guard lock(guard_);
  latest_ = Latest{std::string(stage), fraction};
}

void ProgressRelay::pass_on() {
  std::optional<Latest> news;
  {
    const std::lock_guard lock(guard_);
    news = std::exchange(latest_, std::nullopt);
  }
  if (news && wanted()) callable_(news->stage, news->fraction);
}

void run_interruptibly(const std::function<void(std::stop_token)>& work, ProgressRelay* progress) {
  const Running running;
  const nb::gil_scoped_release unlocked;
  Worker worker(work);
  while (!worker.ends_within(look_every)) {
    const nb::gil_scoped_acquire locked;
    try {
      if (PyErr_CheckSignals() != 0) throw nb::python_error();
      if (progress != nullptr) progress->pass_on();
    } catch (...) {
      const nb::gil_scoped_release while_it_stops;
      worker.stop();
      throw;
    }
  }
  worker.finish();
}

}  // namespace momentset::python
