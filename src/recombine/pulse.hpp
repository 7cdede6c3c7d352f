#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <stop_token>

namespace momentset {

/// The pulse of a long computation: every beat counts operations done, reports the fraction, and throws Cancelled once
/// a stop was asked for. Beats may come from several threads; reports never come from two at once.
class Pulse {
 public:
  /// Work between two beats: well below a tenth of a second on any core.
  static constexpr double operations_per_beat = 1e9;

  /// @param operations what the whole is expected to take
  Pulse(std::stop_token stop, std::function<void(double)> progress, double operations);

  void beat(double operations);

 private:
  std::stop_token stop_;
  std::function<void(double)> progress_;
  double expected_;
  std::atomic<double> done_ = 0;
  std::mutex reporting_;
  double reported_ = 0;
};

}  // namespace momentset
