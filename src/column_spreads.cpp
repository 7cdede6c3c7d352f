#include "column_spreads.hpp"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace momentset {
namespace {

/// Two numbers for each column: its ends, or its moments.
struct Pairs {
  std::vector<double> first, second;

  Pairs(std::size_t columns, double both_first, double both_second)
      : first(columns, both_first), second(columns, both_second) {}
};

/// What `add(part, k)` leaves of each block of the numbers k below `count`. Blocks are the same for any number of
/// threads.
template <class Add>
std::vector<Pairs> by_blocks(std::size_t count, const Pairs& empty, const Add& add) {
  constexpr std::size_t block = 16384;
  std::vector<Pairs> parts((count + block - 1) / block, empty);
  tbb::parallel_for(std::size_t{0}, parts.size(), [&](std::size_t b) {
    Pairs part = empty;  // of this thread alone while it grows
    for (std::size_t k = b * block; k < std::min(count, (b + 1) * block); ++k) add(part, k);
    parts[b] = std::move(part);
  });
  return parts;
}

/// One over the interquartile range of a column over 1.349, that of a normal distribution of deviation 1; 0 where the
/// quartiles coincide.
double inverse_quartile_range(const WeightedPoints& points, const DistinctPoints& distinct, std::size_t axis) {
  constexpr double of_normal = 1.3489795003921634;
  const auto value = [&](std::size_t k) { return points.point(distinct.numbers[k])[axis]; };
  std::vector<std::size_t> order(distinct.numbers.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return value(a) != value(b) ? value(a) < value(b) : a < b; });
  const double mass = std::accumulate(distinct.weights.begin(), distinct.weights.end(), 0.0);
  const auto quantile = [&](double fraction) {
    double below = 0;
    for (const std::size_t k : order) {
      below += distinct.weights[k];
      if (below >= fraction * mass) return value(k);
    }
    return value(order.back());
  };
  const double factor = of_normal / (quantile(0.75) - quantile(0.25));
  return std::isfinite(factor) ? factor : 0;
}

}  // namespace

std::vector<double> inverse_spreads(const WeightedPoints& points, const DistinctPoints& distinct) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const std::size_t m = points.dimension, count = distinct.numbers.size();
  Pairs ends(m, infinity, -infinity);
  const auto widen = [m](Pairs& part, const double* low, const double* high) {
    for (std::size_t a = 0; a < m; ++a) {
      part.first[a] = std::min(part.first[a], low[a]);
      part.second[a] = std::max(part.second[a], high[a]);
    }
  };
  for (const Pairs& part : by_blocks(count, ends, [&](Pairs&grown, std::size_t k) {
         const double* x = points.point(distinct.numbers[k]);
         widen(grown, x, x);
       })) {
    widen(ends, part.first.data(), part.second.data());
  }

  // No square may overflow: in units of half the extent from the centre.
  const double mass = std::accumulate(distinct.weights.begin(), distinct.weights.end(), 0.0);
  std::vector<double> half(m), centre(m), unit(m);
  for (std::size_t a = 0; a < m; ++a) {
    half[a] = ends.second[a] / 2 - ends.first[a] / 2;
    centre[a] = ends.first[a] + half[a];
    unit[a] = half[a] > 0 ? half[a] : 1;
  }
  Pairs moments(m, 0, 0);
  for (const Pairs& part : by_blocks(count, moments, [&](Pairs&grown, std::size_t k) {
         const double* x = points.point(distinct.numbers[k]);
         const double c = distinct.weights[k] / mass;
         for (std::size_t a = 0; a < m; ++a) {
           const double t = (x[a] - centre[a]) / unit[a];
           grown.first[a] += c * t;
           grown.second[a] += c * t * t;
         }
       })) {
    for (std::size_t a = 0; a < m; ++a) {
      moments.first[a] += part.first[a];
      moments.second[a] += part.second[a];
    }
  }

  std::vector<double> factors(m, 0);
  for (std::size_t a = 0; a < m; ++a) {
    const double variance = std::max(moments.second[a] - moments.first[a] * moments.first[a], 1e-30);
    const double factor = 1 / (half[a] * std::sqrt(variance));
    if (half[a] > 0 && std::isfinite(factor)) factors[a] = factor;
  }
  return factors;
}

std::vector<double> column_factors(const WeightedPoints& points, const DistinctPoints& distinct,
                                   const CompressOptions& options) {
  std::vector<double> factors = inverse_spreads(points, distinct);
  const std::size_t m = factors.size();
  if (options.scale == Scale::robust) {
    tbb::parallel_for(std::size_t{0}, m, [&](std::size_t a) {
      const double robust = factors[a] > 0 ? inverse_quartile_range(points, distinct, a) : 0;
      if (robust > 0) factors[a] = robust;
    });
  } else if (options.scale == Scale::none) {
    // Of squares of deviations, in units of the largest one: none may overflow.
    double least = std::numeric_limits<double>::infinity(), squares = 0;
    for (const double factor : factors) least = factor > 0 ? std::min(least, factor) : least;
    for (const double factor : factors) squares += factor > 0 ? least / factor * (least / factor) / double(m) : 0;
    for (double& factor : factors) factor = factor > 0 ? least / std::sqrt(squares) : 0;
  }
  for (std::size_t a = 0; a < options.column_weights.size(); ++a) factors[a] *= options.column_weights[a];
  return factors;
}

}  // namespace momentset
