#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "momentset/compress.hpp"
#include "momentset/error.hpp"

namespace momentset {
namespace {

constexpr int default_order = 5;

/// The order to use for `size` points, and in `notice` why it is not the default.
int choose_order(std::size_t dimension, std::size_t size, const CompressOptions& options, std::string& notice) {
  if (options.order) {
    const int order = *options.order;
    if (order < 0) throw Error("order", std::to_string(order), "must not be negative");
    const std::size_t needed = feature_count(dimension, order);
    if (needed > size) {
      const std::string size_text = needed == std::numeric_limits<std::size_t>::max()
                                        ? std::string("more points than can be counted")
                                        : fmt::format("a size of at least {}", needed);
      throw Error("size", std::to_string(size),
                  fmt::format("order {} in {} columns needs {}; order {} is the highest that fits", order, dimension,
                              size_text, highest_order(dimension, size, order)));
    }
    return order;
  }
  const int order = highest_order(dimension, size, default_order);
  if (order < default_order) {
    notice = fmt::format("order lowered from {} to {}: order {} in {} columns needs a size of at least {}",
                         default_order, order, default_order, dimension, feature_count(dimension, default_order));
  }
  return order;
}

}  // namespace

std::size_t feature_count(std::size_t dimension, int order) {
  constexpr std::size_t largest = std::numeric_limits<std::size_t>::max();
  std::size_t count = 1;  // C(m + k, k) for k = 1, 2, ...: each step divides exactly
  for (int k = 1; k <= order; ++k) {
    std::size_t product = 0;
    if (__builtin_mul_overflow(count, dimension + std::size_t(k), &product)) return largest;
    count = product / std::size_t(k);
  }
  return count;
}

int highest_order(std::size_t dimension, std::size_t size, int limit) {
  int order = 0;
  while (order < limit && feature_count(dimension, order + 1) <= size) ++order;
  return order;
}

Plan plan(std::size_t rows, std::size_t dimension, const CompressOptions& options) {
  if (options.size == 0) throw Error("size", "0", "must be at least 1");
  Plan plan;
  plan.rows = rows;
  plan.dimension = dimension;
  plan.size = options.size;
  plan.order = choose_order(dimension, std::min(options.size, std::max<std::size_t>(rows, 1)), options, plan.notice);
  plan.features = feature_count(dimension, plan.order);
  if (rows <= options.size) {
    plan.size = rows;
    plan.cells = 1;
    return plan;
  }
  plan.cells = std::max<std::size_t>(1, options.size / plan.features);

  const double q = double(rows), m = double(dimension), n = double(plan.features), cells = double(plan.cells);
  const double halvings = 1 + std::log2(q / double(plan.size));
  plan.operations = 8 * q * n + cells * halvings * 14 * n * n * n + 20 * q * m * (1 + std::log2(cells));
  plan.memory = q * (2 * (8 * m + 4) + 24) + 8 * (10 * n * n + q / cells);
  return plan;
}

}  // namespace momentset
