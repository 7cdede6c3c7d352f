#pragma once

#include <algorithm>
#include <cstddef>
#include <stop_token>

#include "threads.hpp"

namespace momentset {

/// stop_if_asked in pass k of a long loop, now and then.
inline void stop_if_asked(const std::stop_token& stop, std::size_t k) {
  constexpr std::size_t seldom = 65536;
  if (k % seldom == 0) stop_if_asked(stop);
}

/// Calls action(b, begin, end) for each block b of `size` of the numbers below `count`, at the same time where there
/// are many blocks. What is done in a block may not depend on other blocks, so that nothing depends on threads.
template <class Action>
void for_blocks(std::size_t count, std::size_t size, const std::stop_token& stop, const Action& action) {
  constexpr std::size_t many = 16;
  const std::size_t blocks = (count + size - 1) / size;
  const auto run = [&](std::size_t b) {
    stop_if_asked(stop);
    action(b, b * size, std::min(count, (b + 1) * size));
  };
  if (blocks >= many) {
    for_all(blocks, run);
  } else {
    for (std::size_t b = 0; b < blocks; ++b) run(b);
  }
}

}  // namespace momentset
