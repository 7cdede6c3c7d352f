#include "held_out_probes.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "certificate/random.hpp"
#include "partition/blocks.hpp"

namespace momentset {
namespace {

using namespace certificate;

constexpr std::size_t block_points = 32;
constexpr double largest_z = 0x1p20;  // as far out as the probes can tell points apart

/// Below this an error says nothing but how the sums were rounded.
constexpr double rounding = 1e-15;

/// Which families tell: by the shortest wave or sharpest bend that the user's functions have.
constexpr std::array<bool, probe_families> families_of(Smoothness smoothness) {
  switch (smoothness) {
    case Smoothness::analytic:
      return {true, true, false, false, true, false, false};
    case Smoothness::kinked:
      return {false, false, true, true, false, true, true};
    case Smoothness::smooth:
      break;
  }
  return {true, true, true, true, true, true, false};
}

/// The certificate's functions of another seed, with all slopes of a family as long as the expected one: the functions
/// of a family are equally hard, so that few of them tell what others would.
ProbeFunctions draw_functions(std::size_t dimension, std::uint64_t seed) {
  ProbeFunctions functions = draw_probe_functions(dimension, seed ^ 0x70726f626573);
  for (std::size_t f = 0; f < probe_count; ++f) {
    const std::size_t family = f / functions_per_family;
    const double factor = f < cosine_count ? 1 / (2 * std::numbers::pi * cosine_lengths[family])
                                           : sigmoid_slopes[family - cosine_lengths.size()];
    double square = 0;
    for (std::size_t a = 0; a < dimension; ++a) square += std::pow(functions.slope[a * probe_count + f], 2);
    const double stretch = factor * std::sqrt(double(dimension) / square);
    for (std::size_t a = 0; a < dimension; ++a) functions.slope[a * probe_count + f] *= stretch;
  }
  return functions;
}

/// As many of the points as tell the functions' spread to a few per cent.
PointSet sample_of(const WeightedPoints& points, const DistinctPoints& distinct) {
  constexpr std::size_t enough = 4096;
  PointSet sample{{}, {}, points.dimension};
  const std::size_t q = distinct.numbers.size(), step = std::max<std::size_t>(1, q / enough);
  for (std::size_t k = 0; k < q; k += step) {
    const double* x = points.point(distinct.numbers[k]);
    sample.coordinates.insert(sample.coordinates.end(), x, x + points.dimension);
    sample.weights.push_back(distinct.weights[k]);
  }
  return sample;
}

}  // namespace

double typical_error(const FamilyErrors& errors, Smoothness smoothness) {
  const auto counts = families_of(smoothness);
  double logarithms = 0;
  for (std::size_t k = 0; k < probe_families; ++k) {
    if (counts[k]) logarithms += std::log(std::max(errors[k], rounding));
  }
  return std::exp(logarithms / double(std::count(counts.begin(), counts.end(), true)));
}

double largest_error(const FamilyErrors& errors, Smoothness smoothness) {
  const auto counts = families_of(smoothness);
  double largest = 0;
  for (std::size_t k = 0; k < probe_families; ++k) {
    if (counts[k]) largest = std::max(largest, errors[k]);
  }
  return largest;
}

HeldOutProbes::HeldOutProbes(const WeightedPoints& points, std::span<const double> inverse_spreads, std::uint64_t seed)
    : functions_(draw_functions(points.dimension, seed)),
      centre_(points.dimension),
      scale_(inverse_spreads.begin(), inverse_spreads.end()),
      variances_(size()) {
  const std::size_t m = points.dimension, count = points.size();
  Random random(seed, 1);
  ridges_.resize(functions_per_family * (m + 1));
  for (double& number : ridges_) number = random.normal();

  double mass = 0;
  for (std::size_t i = 0; i < count; ++i) mass += points.weight(i);
  std::vector<double> shares(count);
  for (std::size_t i = 0; i < count; ++i) {
    shares[i] = points.weight(i) / mass;
    for (std::size_t a = 0; a < m; ++a) centre_[a] += shares[i] * points.point(i)[a];
  }

  // Sums of squares are those of the functions' values with weights c f: one point at a time.
  std::vector<double> mean(size()), square(size()), value(size());
  for (std::size_t i = 0; i < count; ++i) {
    const double one = 1;
    std::fill(value.begin(), value.end(), 0.0);
    add(points.point(i), &one, 1, value);
    for (std::size_t f = 0; f < size(); ++f) {
      mean[f] += shares[i] * value[f];
      square[f] += shares[i] * value[f] * value[f];
    }
  }
  for (std::size_t f = 0; f < size(); ++f) variances_[f] = std::max(0.0, square[f] - mean[f] * mean[f]);
}

HeldOutProbes::HeldOutProbes(const WeightedPoints& points, const DistinctPoints& distinct,
                             std::span<const double> inverse_spreads, std::uint64_t seed)
    : HeldOutProbes(sample_of(points, distinct).view(), inverse_spreads, seed) {}

void HeldOutProbes::add(const double* x, const double* weights, std::size_t count, std::span<double> sums) const {
  const std::size_t m = functions_.dimension;
  std::vector<double> z(block_points * m), values(block_points * probe_count);
  for (std::size_t begin = 0; begin < count; begin += block_points) {
    const std::size_t some = std::min(block_points, count - begin);
    for (std::size_t i = 0; i < some; ++i) {
      const double* point = x + (begin + i) * m;
      for (std::size_t a = 0; a < m; ++a) {
        const double exact = scale_[a] > 0 ? (point[a] - centre_[a]) * scale_[a] : 0;
        z[i * m + a] = std::clamp(exact, -largest_z, largest_z);
      }
    }
    evaluate_probes(functions_, z.data(), some, values.data());
    for (std::size_t i = 0; i < some; ++i) {
      const double weight = weights[begin + i];
      for (std::size_t f = 0; f < probe_count; ++f) sums[f] += weight * values[i * probe_count + f];
      for (std::size_t r = 0; r < functions_per_family; ++r) {
        const double* ridge = ridges_.data() + r * (m + 1);
        const double u = std::inner_product(ridge, ridge + m, z.data() + i * m, ridge[m]);
        sums[probe_count + r] += weight * std::max(0.0, u);
      }
    }
  }
}

std::vector<double> HeldOutProbes::sums(const WeightedPoints& points, std::span<const Index> rows,
                                        std::span<const double> weights, const std::stop_token& stop) const {
  constexpr std::size_t block = 4096;
  const std::size_t m = functions_.dimension;
  std::vector<std::vector<double>> parts((rows.size() + block - 1) / block, std::vector<double>(size()));
  for_blocks(rows.size(), block, stop, [&](std::size_t b, std::size_t begin, std::size_t end) {
    std::vector<double> x((end - begin) * m);
    for (std::size_t k = begin; k < end; ++k) std::copy_n(points.point(rows[k]), m, x.data() + (k - begin) * m);
    add(x.data(), weights.data() + begin, end - begin, parts[b]);
  });
  std::vector<double> total(size());
  for (const std::vector<double>& part : parts) {
    for (std::size_t f = 0; f < size(); ++f) total[f] += part[f];
  }
  return total;
}

FamilyErrors HeldOutProbes::errors(std::span<const double> mean_squares) const {
  FamilyErrors errors{};
  for (std::size_t k = 0; k < probe_families; ++k) {
    double square = 0, variance = 0;
    for (std::size_t f = k * functions_per_family; f < (k + 1) * functions_per_family; ++f) {
      square += mean_squares[f];
      variance += variances_[f];
    }
    errors[k] = variance > 0 ? std::sqrt(square / variance) : 0;
  }
  return errors;
}

SubsetError::SubsetError(const WeightedPoints& points, const DistinctPoints& distinct,
                         std::span<const double> inverse_spreads, std::uint64_t seed, const CompressOptions& options)
    : points_(points),
      options_(options),
      probes_(points, distinct, inverse_spreads, seed),
      columns_(options.companions, distinct.numbers, distinct.weights),
      mass_(std::accumulate(distinct.weights.begin(), distinct.weights.end(), 0.0)) {
  for (std::size_t factor = 0; factor <= columns_.size(); ++factor) {
    truth_.push_back(sums(factor, distinct.numbers, distinct.weights));
  }
}

std::vector<double> SubsetError::sums(std::size_t factor, std::span<const Index> rows,
                                      std::span<const double> weights) const {
  std::vector<double> products(weights.begin(), weights.end());
  for (std::size_t k = 0; factor > 0 && k < products.size(); ++k) products[k] *= columns_(factor - 1, rows[k]);
  return probes_.sums(points_, rows, products, options_.stop);
}

double SubsetError::of(std::span<const Index> rows, std::span<const double> weights) const {
  std::vector<double> squares(probes_.size());
  for (std::size_t factor = 0; factor < truth_.size(); ++factor) {
    const std::vector<double> found = sums(factor, rows, weights);
    for (std::size_t f = 0; f < found.size(); ++f) {
      const double error = (found[f] - truth_[factor][f]) / mass_;
      squares[f] += error * error / double(truth_.size());
    }
  }
  return typical_error(probes_.errors(squares), options_.smoothness);
}

}  // namespace momentset
