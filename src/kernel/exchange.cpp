#include "kernel/exchange.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "blas.hpp"
#include "threads.hpp"

namespace momentset::kernel {
namespace {

/// More points first: a round may find that some must go without weight.
bool better(const Chosen& a, const Chosen& b) {
  if (a.places.size() != b.places.size()) return a.places.size() > b.places.size();
  return a.objective < b.objective;
}

Chosen chosen_by(const WeightProgram& program, const std::vector<std::size_t>& places) {
  Chosen chosen;
  chosen.objective = program.objective();
  for (std::size_t k = 0; k < places.size(); ++k) {
    if (program.weights()[k] <= 0) continue;
    chosen.places.push_back(places[k]);
    chosen.weights.push_back(program.weights()[k]);
  }
  return chosen;
}

/// One after another: the largest slope^2 / curvature of those with a slope below 0; slopes and curvatures of the
/// others follow.
std::vector<std::size_t> picked(const std::vector<std::size_t>& list, std::vector<double> slope,
                                const std::vector<double>& curvature, std::size_t wanted) {
  constexpr double negligible = 1e-10;
  const std::size_t count = list.size();
  std::vector<double> diagonal(count);
  for (std::size_t k = 0; k < count; ++k) diagonal[k] = curvature[k * count + k];
  std::vector<std::vector<double>> columns;  // the curvature left is that at first less their squares
  std::vector<std::size_t> found;
  while (found.size() < wanted) {
    std::size_t best = count;
    double most = 0;
    for (std::size_t k = 0; k < count; ++k) {
      if (slope[k] >= 0 || diagonal[k] <= negligible * curvature[k * count + k]) continue;
      const double gain = slope[k] * slope[k] / diagonal[k];
      if (gain > most) most = gain, best = k;
    }
    if (best == count) break;
    found.push_back(list[best]);
    std::vector<double> column(curvature.begin() + std::ptrdiff_t(best * count),
                               curvature.begin() + std::ptrdiff_t((best + 1) * count));
    for (const std::vector<double>& before : columns) {
      cblas_daxpy(int(count), -before[best], before.data(), 1, column.data(), 1);
    }
    const double root = std::sqrt(diagonal[best]), step = slope[best] / root;
    cblas_dscal(int(count), 1 / root, column.data(), 1);
    for (std::size_t k = 0; k < count; ++k) {
      slope[k] -= step * column[k];
      diagonal[k] -= column[k] * column[k];
    }
    diagonal[best] = 0;
    columns.push_back(std::move(column));
  }
  return found;
}

}  // namespace

double effective_size(std::span<const double> weights) {
  double sum = 0, squares = 0;
  for (const double weight : weights) sum += weight, squares += weight * weight;
  return squares > 0 ? sum * sum / squares : 0;
}

Exchange::Exchange(const KernelPoints& candidates, std::span<const double> means, const MomentConstraints& constraints,
                   std::span<const Index> rows, std::size_t size, double ridge, std::stop_token stop)
    : candidates_(candidates),
      means_(means.begin(), means.end()),
      features_(constraints.values(rows)),
      moments_(constraints.means().begin(), constraints.means().end()),
      size_(size),
      ridge_(ridge),
      stop_(std::move(stop)),
      columns_(candidates.size()) {}

void Exchange::set_means(const std::vector<std::size_t>& places, std::span<const double> means) {
  for (std::size_t k = 0; k < places.size(); ++k) means_[places[k]] = means[k];
}

Chosen Exchange::weighted(const std::vector<std::size_t>& places) const {
  WeightProgram program = program_of(places);
  program.solve();
  return chosen_by(program, places);
}

Chosen Exchange::rounds(std::vector<std::size_t> places, int count, const std::function<void()>& advance) {
  Chosen best = weighted(places), now = best;
  for (int round = 0; round < count; ++round, advance()) {
    stop_if_asked(stop_);
    std::vector<std::size_t> grown = now.places;
    const std::vector<std::size_t> gains = gainful(now.places);
    grown.insert(grown.end(), gains.begin(), gains.end());
    if (gains.empty()) break;
    WeightProgram program = program_of(grown);
    program.solve();
    program.drop_to(size_);
    now = chosen_by(program, grown);
    if (better(now, best)) best = now;
  }
  return best;
}

std::vector<double> Exchange::features_of(const std::vector<std::size_t>& places) const {
  const std::size_t r = moments_.size();
  std::vector<double> features;
  features.reserve(places.size() * r);
  for (const std::size_t k : places) {
    features.insert(features.end(), features_.begin() + std::ptrdiff_t(k * r),
                    features_.begin() + std::ptrdiff_t((k + 1) * r));
  }
  return features;
}

/// K + rho I.
std::vector<double> Exchange::ridged_kernel(const std::vector<std::size_t>& places) const {
  std::vector<double> kernel = candidates_.matrix(places, places, weight_mixture);
  for (std::size_t k = 0; k < places.size(); ++k) kernel[k * places.size() + k] += ridge_;
  return kernel;
}

WeightProgram Exchange::program_of(const std::vector<std::size_t>& places) const {
  std::vector<double> q;
  for (const std::size_t k : places) q.push_back(linear(k));
  return {ridged_kernel(places), std::move(q), features_of(places), moments_};
}

/// How fast the function grows with the weight of each candidate.
std::vector<double> Exchange::gradient(const std::vector<std::size_t>& places, const WeightProgram& program) {
  const int r = int(moments_.size());
  std::vector<double> slopes(candidates_.size());
  for (std::size_t k = 0; k < slopes.size(); ++k) slopes[k] = -linear(k);
  cblas_dgemv(CblasColMajor, CblasTrans, r, int(slopes.size()), -1, features_.data(), r, program.multipliers().data(),
              1, 1, slopes.data(), 1);
  for (std::size_t j = 0; j < places.size(); ++j) {
    std::vector<float>& column = columns_[places[j]];
    if (column.empty()) candidates_.column(places[j], weight_mixture, column);
    const double weight = program.weights()[j];
    for (std::size_t k = 0; k < slopes.size(); ++k) slopes[k] += weight * double(column[k]);
  }
  return slopes;
}

/// Candidates that lower the function most, picked one after another from those with the steepest slopes, with all
/// other weights following: max(16, s / 16) of them, and as many as there are points too few.
std::vector<std::size_t> Exchange::gainful(const std::vector<std::size_t>& places) {
  constexpr std::size_t share = 16, least = 16, listed = 8;
  WeightProgram program = program_of(places);
  program.solve();
  const std::vector<double> slopes = gradient(places, program);
  std::vector<bool> taken(candidates_.size(), false);
  for (const std::size_t k : places) taken[k] = true;
  std::vector<std::size_t> list;
  for (std::size_t k = 0; k < slopes.size(); ++k) {
    if (!taken[k] && slopes[k] < 0) list.push_back(k);
  }
  const std::size_t wanted = std::max(least, size_ / share) + size_ - places.size();
  const std::size_t kept = std::min(list.size(), listed * wanted);
  std::nth_element(list.begin(), list.begin() + std::ptrdiff_t(kept), list.end(), [&](std::size_t a, std::size_t b) {
    return slopes[a] != slopes[b] ? slopes[a] < slopes[b] : a < b;
  });
  list.resize(kept);
  std::sort(list.begin(), list.end());
  std::vector<double> slope;
  for (const std::size_t k : list) slope.push_back(slopes[k]);
  return picked(
      list, std::move(slope),
      program.curvature(candidates_.matrix(places, list, weight_mixture), ridged_kernel(list), features_of(list)),
      wanted);
}

}  // namespace momentset::kernel
