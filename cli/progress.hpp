#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace momentset::cli {

/// A progress bar with rate and time left on a terminal; nothing where standard error is not one.
class ProgressBar {
 public:
  explicit ProgressBar(bool wanted);
  ~ProgressBar() { clear(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void set_rows(std::size_t rows) { rows_ = rows; }  ///< for the rate; 0: unknown
  void show(std::string_view stage, double fraction);
  void clear();

 private:
  using Clock = std::chrono::steady_clock;

  bool active_;
  std::size_t rows_ = 0;
  std::string stage_;
  Clock::time_point stage_began_{}, last_drawn_{};
  bool drawn_ = false;
};

}  // namespace momentset::cli
