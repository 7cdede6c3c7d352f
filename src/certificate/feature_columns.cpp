#include "certificate/feature_columns.hpp"

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/parallel_reduce.h>

#include <algorithm>
#include <cmath>

#include "certificate/parallel.hpp"

namespace momentset::certificate {
namespace {

using Range = oneapi::tbb::blocked_range<std::size_t>;

/// What has been summed of some cells, one after another.
struct CellSums {
  MomentSums input, output;
  double worst = 0;

  explicit CellSums(std::size_t features) : input(features), output(features) {}
};

double worst_residual(const MomentSums& input, const MomentSums& output, double mass_scale) {
  double worst = 0;
  for (std::size_t f = 0; f < input.moments.size(); ++f) {
    worst = std::max(
        worst, scaled_residual(output.moments[f].value() / mass_scale, input.moments[f].value(), input.magnitudes[f]));
  }
  return worst;
}

}  // namespace

std::vector<double> along_directions(const Selection& points, const FeatureMap& map) {
  const std::size_t m = points.dimension, r = map.variables(m);
  std::vector<double> found(points.size * r);
  oneapi::tbb::parallel_for(Range(0, points.size, chunk_rows), [&](const Range& range) {
    points.check_stop();
    for (std::size_t k = range.begin(); k < range.end(); ++k) {
      for (std::size_t d = 0; d < r; ++d) {
        const double* direction = map.directions.data() + d * m;
        long double u = 0;
        for (std::size_t axis = 0; axis < m; ++axis) {
          const long double t = static_cast<long double>(points.point(k)[axis]) - map.centre[axis];
          u += direction[axis] * t;
        }
        found[k * r + d] = static_cast<double>(u);
      }
    }
  });
  return found;
}

MapColumns::MapColumns(const FeatureMap& map, const WeightedPoints& input, const ColumnMoments& columns,
                       std::uint64_t seed)
    : map_(map),
      columns_(columns),
      fourier_(input.dimension, map.fourier, map.length, seed),
      places_(map.landmarks.size() * input.dimension) {
  for (std::size_t j = 0; j < map.landmarks.size(); ++j) {
    standardise(input.point(map.landmarks[j]), places_.data() + j * input.dimension);
  }
}

void MapColumns::standardise(const double* x, long double* z) const {
  constexpr long double furthest = 0x1p20;
  for (std::size_t axis = 0; axis < columns_.mean.size(); ++axis) {
    const long double deviation = columns_.deviation[axis];
    z[axis] = deviation > 0 ? std::clamp((x[axis] - columns_.mean[axis]) / deviation, -furthest, furthest) : 0;
  }
}

void MapColumns::evaluate(const double* x, long double* z, long double* values) const {
  const std::size_t m = columns_.mean.size();
  standardise(x, z);
  for (std::size_t f = 0; f < map_.fourier; ++f) {
    long double angle = fourier_.phases[f];
    for (std::size_t axis = 0; axis < m; ++axis) angle += fourier_.frequencies[f * m + axis] * z[axis];
    *values++ = std::cos(angle);
  }
  const long double unit = 2 * static_cast<long double>(m) * map_.length * map_.length;
  for (std::size_t j = 0; j < map_.landmarks.size(); ++j) {
    long double distance = 0;
    for (std::size_t axis = 0; axis < m; ++axis) {
      const long double along = z[axis] - places_[j * m + axis];
      distance += along * along;
    }
    *values++ = std::exp(-distance / unit);
  }
}

MomentSums MapColumns::sums(const Selection& points) const {
  const auto add = [&](MomentSums& sums, std::size_t begin, std::size_t end) {
    std::vector<long double> z(points.dimension), values(size());
    for (std::size_t k = begin; k < end; ++k) {
      evaluate(points.point(k), z.data(), values.data());
      const long double weight = points.weight(k);
      for (std::size_t f = 0; f < values.size(); ++f) {
        sums.moments[f].add(weight * values[f]);
        sums.magnitudes[f] += std::fabs(weight);  // a kernel far from its landmark is all rounding
      }
    }
  };
  return reduce(points, MomentSums(size()), add, [](MomentSums& left, const MomentSums& right) { left.join(right); });
}

FeatureResidual MapColumns::residuals(const Selection& input, const RowsByCell& input_rows, const Selection& output,
                                      const RowsByCell& output_rows, double mass_scale) const {
  const std::size_t cells = input_rows.first.size() - 1;
  const CellSums all = oneapi::tbb::parallel_deterministic_reduce(
      Range(0, cells, 16), CellSums(size()),
      [&](const Range& range, CellSums found) {
        for (std::size_t l = range.begin(); l < range.end(); ++l) {
          const MomentSums before = sums(input_rows.cell(input, l)), after = sums(output_rows.cell(output, l));
          found.worst = std::max(found.worst, worst_residual(before, after, mass_scale));
          found.input.join(before);
          found.output.join(after);
        }
        return found;
      },
      [](CellSums left, const CellSums& right) {
        left.worst = std::max(left.worst, right.worst);
        left.input.join(right.input);
        left.output.join(right.output);
        return left;
      });
  return {worst_residual(all.input, all.output, mass_scale), all.worst};
}

}  // namespace momentset::certificate
