#include "fitted_features.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "basis/directions.hpp"
#include "basis/fourier.hpp"
#include "basis/nystroem.hpp"
#include "blas.hpp"
#include "certificate/columns.hpp"
#include "certificate/fourier_draws.hpp"
#include "column_spreads.hpp"
#include "format.hpp"
#include "kernel/sample.hpp"
#include "memory.hpp"
#include "momentset/error.hpp"
#include "partition/blocks.hpp"
#include "parts.hpp"
#include "standardised_columns.hpp"
#include "threads.hpp"

namespace momentset {
namespace {

constexpr std::size_t block = 1024;
constexpr double furthest = 0x1p20;  // standard deviations: no far outlier shall swamp a covariance

void require_memory(const std::string& what, double bytes) {
  if (bytes <= available_memory()) return;
  throw Error("features", what,
              formatted("takes about {:.3g} GB, more than the {:.3g} GB of memory that there are", bytes / 1e9,
                        available_memory() / 1e9));
}

/// Weighted covariances of the scaled columns and standardised targets: (m + t)^2, row by row.
std::vector<double> covariances(const WeightedPoints& points, const DistinctPoints& rows,
                                std::span<const long double> mean, std::span<const double> factors,
                                const StandardisedColumns& targets, const std::stop_token& stop) {
  constexpr std::size_t shares = 8;  // of the rows, each with sums of its own
  const SingleThreadedBlas single;
  const std::size_t m = points.dimension, width = m + targets.size(), count = rows.numbers.size();
  const double mass = std::accumulate(rows.weights.begin(), rows.weights.end(), 0.0);
  std::vector<std::vector<double>> sums(shares);
  for_all(shares, [&](std::size_t share) {
    sums[share].assign(width * width, 0);
    std::vector<double> z(block * width);
    const std::size_t end = count * (share + 1) / shares;
    for (std::size_t begin = count * share / shares; begin < end; begin += block) {
      stop_if_asked(stop);
      const std::size_t some = std::min(block, end - begin);
      for (std::size_t k = 0; k < some; ++k) {
        const std::size_t row = rows.numbers[begin + k];
        const double root = std::sqrt(rows.weights[begin + k] / mass);
        double* out = z.data() + k * width;
        for (std::size_t a = 0; a < m; ++a) {
          const auto exact = double((points.point(row)[a] - mean[a]) * factors[a]);
          out[a] = root * std::clamp(exact, -furthest, furthest);
        }
        for (std::size_t j = 0; j < targets.size(); ++j) out[m + j] = root * targets(j, row);
      }
      cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, int(width), int(width), int(some), 1.0, z.data(), int(width),
                  z.data(), int(width), 1.0, sums[share].data(), int(width));
    }
  });
  for (std::size_t share = 1; share < shares; ++share) {
    for (std::size_t k = 0; k < sums[0].size(); ++k) sums[0][k] += sums[share][k];
  }
  return std::move(sums[0]);
}

/// The rectangle of a square matrix, row by row.
std::vector<double> rectangle(const std::vector<double>& square, std::size_t width, std::size_t rows, std::size_t begin,
                              std::size_t end) {
  std::vector<double> part;
  for (std::size_t a = 0; a < rows; ++a) {
    const auto row = square.begin() + std::ptrdiff_t(a * width);
    part.insert(part.end(), row + std::ptrdiff_t(begin), row + std::ptrdiff_t(end));
  }
  return part;
}

/// Values at all points, row by row, in a wider matrix from column `first` on.
void evaluate_all(const FeatureColumns& columns, const WeightedPoints& points, std::size_t first, std::size_t width,
                  const std::stop_token& stop, std::vector<double>& values) {
  for_blocks(points.size(), block, stop, [&](std::size_t, std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) columns.evaluate(points.point(i), values.data() + i * width + first);
  });
}

}  // namespace

StandardColumns standard_columns(const WeightedPoints& points, const std::stop_token& stop) {
  const certificate::Selection all = certificate::all_of(points, &stop);
  certificate::ColumnMoments found =
      certificate::column_moments(all, certificate::bounding_box(all), certificate::summarise_weights(all).mass);
  return {std::move(found.mean), std::move(found.deviation)};
}

FittedFeatures::FittedFeatures(const WeightedPoints& points, const CompressOptions& options)
    : points_(points), options_(options), map_{.monomials = options.features.monomials} {
  if (options.features.directions > 0) find_directions(points);
  if (options.features.fourier + options.features.nystroem > 0) add_columns(points);
  options_.features = {.monomials = options.features.monomials};
}

void FittedFeatures::find_directions(const WeightedPoints& points) {
  const Features& asked = options_.features;
  const std::size_t m = points.dimension;
  const DistinctPoints rows = unmerged(points, {});
  const StandardisedColumns targets(
      asked.supervised ? std::span<const Companions>(options_.companions) : std::span<const Companions>(), rows.numbers,
      rows.weights);
  if (asked.supervised && targets.size() == 0) throw Error("features", "pls", "needs a target of numbers");
  const double width = double(m + targets.size());
  require_memory(formatted("{} directions in {} columns", asked.directions, m),
                 80 * width * width + 8 * double(points.size()) * double(asked.directions));
  const std::vector<double> factors = column_factors(points, rows, options_);
  const StandardColumns standard = standard_columns(points, options_.stop);
  const std::vector<double> all = covariances(points, rows, standard.mean, factors, targets, options_.stop);
  const std::vector<double> own = rectangle(all, std::size_t(width), m, 0, m);
  std::vector<double> found;
  if (asked.supervised) {
    const std::vector<double> with_targets = rectangle(all, std::size_t(width), m, m, std::size_t(width));
    found = supervised_directions(own, with_targets, m, asked.directions);
  }
  if (found.empty()) found = principal_directions(own, m, asked.directions);  // also where no column tells of a target
  if (found.empty()) {  // nothing varies: one direction in which nothing does either
    found.assign(m, 0);
    found[0] = 1;
  } else {
    for (std::size_t k = 0; k < found.size(); ++k) found[k] *= factors[k % m];
  }
  map_.directions = std::move(found);
  for (const long double mean : standard.mean) map_.centre.push_back(static_cast<double>(mean));

  const Directions directions(map_);
  const std::size_t r = directions.size();
  coordinates_.resize(points.size() * r);
  evaluate_all(directions, points, 0, r, options_.stop, coordinates_);
  points_ = {coordinates_, points.weights, r};
  options_.scale = Scale::none;  // in units of the scaled columns
  options_.column_weights.clear();
}

void FittedFeatures::add_columns(const WeightedPoints& points) {
  constexpr std::size_t candidates = 4096;
  const Features& asked = options_.features;
  const std::size_t m = points.dimension, q = points.size();
  require_memory(formatted("{} features", asked.fourier + asked.nystroem),
                 8 * double(q) * double(asked.fourier + asked.nystroem));
  const StandardColumns standard = standard_columns(points, options_.stop);
  certificate::FourierDraws draws(m, asked.fourier, asked.length, options_.seed);
  const FourierFeatures fourier(standard, std::move(draws.frequencies), std::move(draws.phases));
  const NystroemFeatures nystroem(
      standard, points,
      asked.nystroem == 0 ? std::vector<Index>{} : kernel::priority_sample(points, candidates, options_.seed).rows,
      asked.nystroem, asked.length, options_.stop);
  map_.fourier = fourier.size();
  map_.landmarks = nystroem.landmarks();
  map_.length = asked.length;
  const std::size_t width = map_.columns();
  values_.resize(q * width);
  evaluate_all(fourier, points, 0, width, options_.stop, values_);
  evaluate_all(nystroem, points, fourier.size(), width, options_.stop, values_);
  options_.companions.push_back({.values = values_, .columns = width, .order = 0});
}

}  // namespace momentset
