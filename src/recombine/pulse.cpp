#include "recombine/pulse.hpp"

#include <algorithm>

#include "threads.hpp"

namespace momentset {

Pulse::Pulse(std::stop_token stop, std::function<void(double)> progress, double operations)
    : stop_(std::move(stop)), progress_(std::move(progress)), expected_(operations) {}

void Pulse::beat(double operations) {
  stop_if_asked(stop_);
  if (!progress_) return;
  constexpr double worth_a_report = 1.0 / 256;
  const double fraction = std::min(1.0, (done_ += operations) / expected_);
  const std::unique_lock lock(reporting_, std::try_to_lock);
  if (!lock || fraction < reported_ + worth_a_report) return;
  reported_ = fraction;
  progress_(fraction);
}

}  // namespace momentset
