#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "momentset/compress.hpp"
#include "threads.hpp"

namespace momentset {

/// Seconds from each call to the next, under the name given first; passes progress on.
class Stopwatch {
 public:
  Stopwatch(const CompressOptions& options, std::vector<StageSeconds>& stages) : options_(options), stages_(stages) {}

  void start(const std::string& stage) {
    stop();
    stop_if_asked(options_.stop);
    stages_.push_back({stage, 0});
    began_ = std::chrono::steady_clock::now();
    report(0);
  }
  void stop() {
    if (stages_.empty()) return;
    report(1);
    stages_.back().seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
  }
  void report(double fraction) const {
    if (options_.progress && !stages_.empty()) options_.progress(stages_.back().stage, fraction);
  }

 private:
  const CompressOptions& options_;
  std::vector<StageSeconds>& stages_;
  std::chrono::steady_clock::time_point began_;
};

}  // namespace momentset
