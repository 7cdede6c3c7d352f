#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <span>
#include <stop_token>
#include <string>

#include "momentset/error.hpp"
#include "momentset/prune/scores.hpp"
#include "theory/ranges.hpp"

/// What the metrics and policies share: loops over rows, and what is asked of them.
namespace momentset::prune {

/// Calls action(begin, end) for runs of `block` rows below `rows`, the last one perhaps shorter, at the same time
/// however few runs there are. Asked to stop: throws Cancelled.
void for_runs(std::size_t rows, std::size_t block, const std::function<void(std::size_t, std::size_t)>& action,
              const std::stop_token& stop = {});

/// Calls action(i) for i below `rows`, many of them for each task.
template <class Action>
void for_rows(std::size_t rows, const Action& action) {
  for_runs(rows, 4096, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) action(i);
  });
}

/// The first row for which `wrong` holds, or `rows`: the same for any number of threads.
template <class Predicate>
std::size_t first_row(std::size_t rows, const Predicate& wrong) {
  std::atomic<std::size_t> first = rows;
  for_rows(rows, [&](std::size_t i) {
    if (i >= first.load(std::memory_order_relaxed) || !wrong(i)) return;
    std::size_t before = first.load();
    while (i < before && !first.compare_exchange_weak(before, i)) {
    }
  });
  return first;
}

/// "row 3: what"
std::string at_row(std::size_t row, const std::string& what);

/// Throws Error unless there is at least one row, each whole, with finite numbers.
void require_finite(const char* name, const Matrix& matrix);

/// Throws Error unless there is one label for each row, below `classes`.
void require_labels(std::span<const Index> labels, std::size_t rows, std::size_t classes);

}  // namespace momentset::prune
