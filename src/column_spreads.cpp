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

}  // namespace momentset
