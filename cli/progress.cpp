#include "progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "text.hpp"

namespace momentset::cli {

ProgressBar::ProgressBar(bool wanted) : active_(wanted && isatty(STDERR_FILENO) == 1) {}

void ProgressBar::show(std::string_view stage, double fraction) {
  if (!active_) return;
  const Clock::time_point now = Clock::now();
  if (stage != stage_) {
    stage_ = stage;
    stage_began_ = now;
  }
  constexpr auto between_draws = std::chrono::milliseconds(100);
  if (drawn_ && now - last_drawn_ < between_draws) return;
  last_drawn_ = now;
  drawn_ = true;

  constexpr int width = 30;
  const double done = std::clamp(fraction, 0.0, 1.0);
  const int filled = int(done * width);
  std::string line =
      fmt::format("\r\x1b[K{:<20} [{:#<{}}{:.<{}}] {:3.0f} %", stage_, "", filled, "", width - filled, 100 * done);
  const double elapsed = std::chrono::duration<double>(now - stage_began_).count();
  if (elapsed > 0.2 && done > 0.01) {
    if (rows_ > 0) line += fmt::format("  {} rows/s", with_unit(done * double(rows_) / elapsed));
    line += fmt::format("  {} left", duration(elapsed * (1 - done) / done));
  }
  fmt::print(stderr, "{}", line);
  std::fflush(stderr);
}

void ProgressBar::clear() {
  if (!drawn_) return;
  fmt::print(stderr, "\r\x1b[K");
  std::fflush(stderr);
  drawn_ = false;
}

}  // namespace momentset::cli
