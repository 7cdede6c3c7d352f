#include "kernel/means.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "blas.hpp"
#include "kernel/sample.hpp"
#include "threads.hpp"

namespace momentset::kernel {
namespace {

constexpr std::size_t sampled = 16384, landmark_count = 512;
constexpr double ridge = 1e-6;  // of the landmarks' kernel matrix, so that it has an inverse in double precision

using Sums = std::array<std::vector<double>, scales>;

Sums sums_over(const KernelPoints& places, const KernelPoints& others, const std::vector<double>& shares,
               const std::stop_token& stop) {
  return places.sums(others.right(), {shares, shares, shares}, stop);
}

Sums means_over_all(const WeightedPoints& points, const Standardisation& standardisation, const KernelPoints& places,
                    const std::stop_token& stop) {
  constexpr std::size_t at_once = 16384;  // in single precision
  const long double mass = mass_of(points);
  Sums total;
  for (std::vector<double>& sum : total) sum.resize(places.size());
  for (std::size_t begin = 0; begin < points.size(); begin += at_once) {
    std::vector<Index> rows(std::min(at_once, points.size() - begin));
    std::iota(rows.begin(), rows.end(), Index(begin));
    std::vector<double> shares;
    for (const Index row : rows) shares.push_back(double(points.weight(row) / mass));
    const Sums part = sums_over(places, KernelPoints(standardisation, points, rows), shares, stop);
    for (std::size_t c = 0; c < scales; ++c) {
      for (std::size_t k = 0; k < places.size(); ++k) total[c][k] += part[c][k];
    }
  }
  return total;
}

/// Estimates from a sample that holds some of the candidates themselves: there k(y, y) would count sigma_y / p_y times
/// as much as it does among all points, with sigma_y the sample's share and p_y the true one. It is taken out, and put
/// back as it is: t(y) = (1 - p_y) (t_T(y) - sigma_y k(y, y)) / (1 - sigma_y) + p_y k(y, y).
void count_oneself_once(const WeightedPoints& points, std::span<const Index> rows, const Sample& sample, Sums& sums) {
  std::vector<std::pair<Index, double>> shares;
  for (std::size_t k = 0; k < sample.rows.size(); ++k) shares.emplace_back(sample.rows[k], sample.shares[k]);
  std::sort(shares.begin(), shares.end());
  const long double mass = mass_of(points);
  for (std::size_t k = 0; k < rows.size(); ++k) {
    const auto found = std::lower_bound(shares.begin(), shares.end(), std::pair(rows[k], 0.0));
    const double sampled = found != shares.end() && found->first == rows[k] ? found->second : 0;
    const double own = double(points.weight(rows[k]) / mass);
    if (sampled >= 1) continue;
    for (std::vector<double>& sum : sums) {
      sum[k] = (1 - own) * std::clamp((sum[k] - sampled) / (1 - sampled), 0.0, 1.0) + own;
    }
  }
}

/// (K_ZZ + 1e-6 I)^-1 times what the sample's means lack at the landmarks, for one scale.
std::vector<double> coefficients(const KernelPoints& landmarks, std::size_t scale, std::vector<double> missing) {
  std::vector<std::size_t> all(landmarks.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  Mixture one{};
  one[scale] = 1;
  std::vector<double> gram = landmarks.matrix(all, all, one);
  const int n = int(all.size()), columns = 1;
  for (std::size_t k = 0; k < all.size(); ++k) gram[k * all.size() + k] += ridge;
  int info = 0;
  dpotrf_("L", &n, gram.data(), &n, &info);
  if (info != 0) return std::vector<double>(missing.size());  // cannot be, unless rounding were far larger
  dpotrs_("L", &n, &columns, gram.data(), &n, missing.data(), &n, &info);
  return missing;
}

}  // namespace

std::vector<double> KernelMeans::of(const Mixture& mixture) const {
  std::vector<double> mixed(means[0].size());
  for (std::size_t c = 0; c < scales; ++c) {
    for (std::size_t k = 0; k < mixed.size(); ++k) mixed[k] += mixture[c] * means[c][k];
  }
  return mixed;
}

KernelMeans exact_means(const WeightedPoints& points, const Standardisation& standardisation,
                        const KernelPoints& places, const std::stop_token& stop) {
  return {means_over_all(points, standardisation, places, stop)};
}

KernelMeans kernel_means(const WeightedPoints& points, const Standardisation& standardisation,
                         std::span<const Index> rows, const KernelPoints& candidates, std::uint64_t seed,
                         const std::stop_token& stop) {
  if (points.size() <= sampled) return exact_means(points, standardisation, candidates, stop);
  const Sample sample = priority_sample(points, sampled, seed);
  const KernelPoints reference(standardisation, points, sample.rows);
  KernelMeans found{sums_over(candidates, reference, sample.shares, stop)};
  count_oneself_once(points, rows, sample, found.means);

  const std::size_t count = std::min(landmark_count, rows.size());
  const KernelPoints landmarks(standardisation, points, rows.first(count));
  Sums missing = means_over_all(points, standardisation, landmarks, stop);
  std::array<std::span<const double>, scales> weights;
  for (std::size_t c = 0; c < scales; ++c) {
    for (std::size_t k = 0; k < count; ++k) missing[c][k] -= found.means[c][k];
    missing[c] = coefficients(landmarks, c, std::move(missing[c]));
    weights[c] = missing[c];
  }
  const Sums changes = candidates.sums(landmarks.right(), weights, stop);
  for (std::size_t c = 0; c < scales; ++c) {
    for (std::size_t k = 0; k < candidates.size(); ++k) found.means[c][k] += changes[c][k];
  }
  return found;
}

}  // namespace momentset::kernel
