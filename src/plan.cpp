#include "plan.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "correction.hpp"
#include "format.hpp"
#include "kernel/constraints.hpp"
#include "momentset/error.hpp"
#include "momentset/kernel.hpp"

namespace momentset {
namespace {

constexpr int default_order = 5;

constexpr std::size_t most_points = std::numeric_limits<std::size_t>::max();

/// Names the companions that points are needed for where an error names the columns.
std::string beside(const std::vector<Companions>& companions) {
  std::size_t columns = 0;
  for (const Companions& each : companions) columns += each.relabel ? 0 : each.columns;
  if (columns == 0) return "";
  return formatted(" beside {} companion{}", columns, columns == 1 ? "" : "s");
}

/// The order to use for `size` points of `rows`, and in `notice` why it is not the default.
int choose_order(std::size_t rows, std::size_t dimension, std::size_t size, const CompressOptions& options,
                 std::string& notice) {
  const int wanted = options.order.value_or(default_order);
  if (wanted < 0) throw Error("order", std::to_string(wanted), "must not be negative");
  const auto points_needed = [&](int order) {
    return points_of_a_cell(feature_count(dimension, order, options), options.max_weight);
  };
  const std::size_t needed = points_needed(wanted);
  if (needed <= size) return wanted;
  int fitting = 0;
  while (fitting < wanted && points_needed(fitting + 1) <= size) ++fitting;
  if (rows <= size) return fitting;  // all are kept, and with them the moments of any order
  if (points_needed(fitting) > size && !options.max_weight) {
    throw Error("size", std::to_string(options.size),
                formatted("order 0{} needs a size of at least {}", beside(options.companions),
                          points_needed(0) + options.keep_rows.size()));
  }
  if (points_needed(fitting) > size) {
    throw Error("max_weight", formatted("{:g}", *options.max_weight),
                formatted("needs a size of at least {} even at order 0", points_needed(0) + options.keep_rows.size()));
  }
  if (options.order) {
    const std::size_t kept = options.keep_rows.size();
    throw Error("size", std::to_string(options.size),
                formatted("order {} in {} columns{}{} needs {}{}; order {} is the highest that fits", wanted, dimension,
                          beside(options.companions),
                          options.max_weight ? formatted(" with max_weight {:g}", *options.max_weight) : "",
                          needed == most_points ? std::string("more points than can be counted")
                                                : formatted("a size of at least {}", needed + kept),
                          kept > 0 ? formatted(" with {} rows to keep", kept) : "", fitting));
  }
  notice = formatted("order lowered from {} to {}: order {} in {} columns{} needs a size of at least {}", wanted,
                     fitting, wanted, dimension, beside(options.companions), needed);
  return fitting;
}

/// Time grows with the cube of the rows kept in a cell, and kernel matrices with their square.
std::size_t cells_of_exchange(std::size_t size) {
  constexpr std::size_t one_cell = 1024, of_many = 512;
  return size <= one_cell ? 1 : (size + of_many - 1) / of_many;
}

void plan_exchange(const CompressOptions& options, Plan& plan) {
  plan.cells = plan.rows <= plan.size ? 1 : cells_of_exchange(plan.size);
  const std::size_t kept = plan.size / plan.cells;
  plan.order = options.order.value_or(kernel_order(plan.dimension, kept, options.companions));
  if (plan.order < 0 || plan.order > highest_kernel_order) {
    throw Error("order", std::to_string(plan.order),
                formatted("must be between 0 and {} with method kernel", highest_kernel_order));
  }
  plan.features = kernel::feature_count(plan.dimension, plan.order, options.companions);
  if (plan.rows <= plan.size) {
    plan.size = plan.rows;
    return;
  }
  if (plan.features > kept) {
    throw Error(
        "size", std::to_string(options.size),
        formatted("order {} in {} columns{} needs a size of at least {} with method kernel", plan.order, plan.dimension,
                  beside(options.companions), plan.features * plan.cells + options.keep_rows.size()));
  }
  const double q = double(plan.rows), m = double(plan.dimension), n = double(plan.features), cells = double(plan.cells);
  const double s = double(kept), candidates = std::min(q / cells, std::max(8192.0, 16 * s));
  const double pairs = 512 * q / cells + candidates * std::min(q / cells, 16384.0);  // whose kernel is evaluated
  plan.operations = cells * (pairs * (2 * m + 30) + 30 * s * candidates * (m + 10) + 50 * s * s * (s + n)) + q * n;
  plan.memory = q * (8 * m + 12) + cells * (8 * s * candidates + 16 * candidates * (m + n));
}

}  // namespace

void require_fitting_method(const CompressOptions& options) {
  if (relabelled_columns(options.companions) > 0 && !options.features.is_default()) {
    throw Error("relabel", "", "needs all monomials of the columns: give no features beside it");
  }
  if (options.method != Method::paper && options.method != Method::kernel) return;
  const std::string rule =
      formatted("cannot be had with method {}", options.method == Method::paper ? "paper" : "kernel");
  if (options.max_weight) throw Error("max_weight", formatted("{:g}", *options.max_weight), rule);
  if (relabelled_columns(options.companions) > 0) throw Error("relabel", "", rule + ": targets are solved in cells");
  if (options.method == Method::paper && !options.companions.empty()) {
    throw Error("companions", std::to_string(options.companions.size()), rule);
  }
  if (!options.features.monomials.is_whole() || options.features.fourier + options.features.nystroem > 0) {
    throw Error("features", "other than moments of all columns or directions", rule);
  }
}

std::size_t points_of_a_cell(std::size_t features, std::optional<double> max_weight) {
  if (!max_weight || features == most_points) return features;
  const double points = std::ceil(double(features + 1) * *max_weight / (*max_weight - 1));
  return points < 0x1p53 ? std::size_t(points) : most_points;
}

std::size_t usual_points_of_a_cell(std::size_t features, const CompressOptions& options) {
  const std::size_t points = points_of_a_cell(features, options.max_weight);
  return relabelled_columns(options.companions) > 0 && points < most_points / 2 ? points + points / 5 : points;
}

// 7 n^3 for LU, solve and pivots, as much again for what pivots and refits wait for; the second term was measured: with
// it 5e10 to 1.3e11 operations a second and thread for n = 56 to 969.
double halving_operations(std::size_t features) {
  const double n = double(features);
  return 14 * n * n * n + 2000 * n * n;
}

bool is_finished(const CompressOptions& options) {
  const bool further = options.features.fourier + options.features.nystroem > 0 || !options.companions.empty();
  return options.method == Method::automatic && !options.max_weight && !further;
}

std::size_t feature_count(std::size_t dimension, int order) {
  constexpr std::size_t largest = std::numeric_limits<std::size_t>::max();
  std::size_t count = 1;  // C(m + k, k) for k = 1, 2, ...: each division is exact
  for (int k = 1; k <= order; ++k) {
    const std::size_t divisor = std::size_t(k), common = std::gcd(count, divisor);
    const std::size_t factor = (dimension + divisor) / (divisor / common);
    if (count / common > largest / factor) return largest;
    count = count / common * factor;
  }
  return count;
}

std::size_t monomial_count(std::size_t dimension, int order, const MonomialSet& monomials) {
  return monomials.is_whole() ? feature_count(dimension, order) : monomials.count(dimension, order);
}

std::size_t feature_count(std::size_t dimension, int order, const CompressOptions& options) {
  constexpr std::size_t largest = std::numeric_limits<std::size_t>::max();
  const Features& features = options.features;
  if (features.directions > 0) dimension = features.directions;
  std::size_t count = monomial_count(dimension, order, features.monomials);
  const std::size_t further = features.fourier + features.nystroem;
  if (count > largest - further) return largest;
  count += further;
  for (const Companions& each : options.companions) {
    if (each.relabel) continue;
    const std::size_t times = each.columns * std::size_t(each.degree);
    const std::size_t polynomials = monomial_count(dimension, each.order_beside(order), features.monomials);
    if (polynomials > (largest - count) / std::max<std::size_t>(times, 1)) return largest;
    count += times * polynomials;
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
  require_fitting_method(options);
  require_valid(options.features, dimension);
  const std::size_t kept = options.keep_rows.size();
  if (kept > options.size || (kept == options.size && rows > 0)) {
    throw Error("keep_rows", formatted("{} rows", kept),
                formatted("must leave room for others in the size {}", options.size));
  }
  const std::size_t size = options.size - kept;
  Plan plan;
  plan.rows = rows;
  plan.dimension = dimension;
  plan.size = size;
  if (options.method == Method::kernel) {
    plan_exchange(options, plan);
    return plan;
  }
  plan.order = choose_order(rows, dimension, std::min(size, std::max<std::size_t>(rows, 1)), options, plan.notice);
  plan.features = feature_count(dimension, plan.order, options);
  if (rows <= size) {
    plan.size = rows;
    plan.cells = 1;
    return plan;
  }
  plan.cells = std::max<std::size_t>(1, size / usual_points_of_a_cell(plan.features, options));

  if (options.method == Method::paper) plan.cells = 1;

  const double q = double(rows), m = double(dimension), n = double(plan.features), cells = double(plan.cells);
  const double halvings = 1 + std::log2(q / double(plan.size));
  const double recombining =
      options.max_weight ? 6 * q * n * n : 8 * q * n + cells * halvings * halving_operations(plan.features);
  plan.operations = recombining + 20 * q * m * (1 + std::log2(cells));
  const double correcting =
      is_finished(options) ? correction_memory(dimension, rows, plan.size, plan.order, options) : 0;
  plan.memory = q * (2 * (8 * m + 4) + 24) + std::max(8 * (10 * n * n + q / cells), correcting);
  return plan;
}

}  // namespace momentset
