#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include "blas.hpp"
#include "kernel/constraints.hpp"
#include "kernel/gaussian.hpp"
#include "kernel/herding.hpp"
#include "kernel/means.hpp"
#include "kernel/sample.hpp"
#include "kernel/standardisation.hpp"
#include "kernel/weights.hpp"
#include "momentset/error.hpp"
#include "momentset/kernel.hpp"
#include "threads.hpp"

namespace momentset {
namespace {

using namespace kernel;

constexpr Mixture herding_mixture{1, 0.3, 0.3}, weight_mixture{1, 0.01, 0.01};
constexpr std::size_t least_candidates = 8192, candidates_per_point = 16;
constexpr double least_ridge = 1e-3, ridged_size = 256;  // beyond which the ridge grows with the size
constexpr double most_ridge = 1e4, ridge_growth = 8;
constexpr int rounds_of_exchange = 10, rounds_after_growth = 3;

void require_usable(const WeightedPoints& points, const KernelOptions& options) {
  require_valid(points);
  if (options.size == 0) throw Error("size", "0", "must be at least 1");
  if (options.scale.size() != points.dimension) {
    throw Error("scale", std::to_string(options.scale.size()) + " factors",
                "there must be one for each of " + std::to_string(points.dimension) + " columns");
  }
  for (const double factor : options.scale) {
    if (!(factor >= 0) || !std::isfinite(factor)) throw Error("scale", std::to_string(factor), "must be finite, >= 0");
  }
  if (options.order && (*options.order < 0 || *options.order > highest_kernel_order)) {
    throw Error("order", std::to_string(*options.order),
                "must be between 0 and " + std::to_string(highest_kernel_order) + " beside kernel means");
  }
  if (!(options.least_effective_share >= 0 && options.least_effective_share <= 1)) {
    throw Error("least_effective_share", std::to_string(options.least_effective_share), "must be between 0 and 1");
  }
}

double effective_size(std::span<const double> weights) {
  double sum = 0, squares = 0;
  for (const double weight : weights) sum += weight, squares += weight * weight;
  return squares > 0 ? sum * sum / squares : 0;
}

/// Candidates, by their places in a list, with weights.
struct Chosen {
  std::vector<std::size_t> places;
  std::vector<double> weights;
  double objective = std::numeric_limits<double>::infinity();

  double effective() const { return effective_size(weights); }
};

/// Steps 4 and 5 of kernel_exchange(), for one ridge at a time.
class Exchange {
 public:
  Exchange(const KernelPoints& candidates, std::span<const double> means, const MomentConstraints& constraints,
           std::span<const Index> rows, std::size_t size, std::stop_token stop)
      : candidates_(candidates),
        means_(means.begin(), means.end()),
        features_(constraints.values(rows)),
        moments_(constraints.means().begin(), constraints.means().end()),
        size_(size),
        stop_(std::move(stop)),
        columns_(candidates.size()) {}

  void set_ridge(double ridge) { ridge_ = ridge; }
  double ridge() const { return ridge_; }

  /// Replaces the means at some places by better ones.
  void set_means(const std::vector<std::size_t>& places, std::span<const double> means) {
    for (std::size_t k = 0; k < places.size(); ++k) means_[places[k]] = means[k];
  }

  /// The best weights of these places; those that get none are left out.
  Chosen weighted(const std::vector<std::size_t>& places) const {
    WeightProgram program = program_of(places);
    program.solve();
    return chosen_by(program, places);
  }

  /// The best of some rounds from these places on. Calls advance() after each.
  template <class Advance>
  Chosen rounds(std::vector<std::size_t> places, int count, const Advance& advance) {
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

 private:
  /// More points first: a round may find that some must go without weight.
  bool better(const Chosen& a, const Chosen& b) const {
    if (a.places.size() != b.places.size()) return a.places.size() > b.places.size();
    return a.objective < b.objective;
  }

  std::vector<double> features_of(const std::vector<std::size_t>& places) const {
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
  std::vector<double> ridged_kernel(const std::vector<std::size_t>& places) const {
    std::vector<double> kernel = candidates_.matrix(places, places, weight_mixture);
    for (std::size_t k = 0; k < places.size(); ++k) kernel[k * places.size() + k] += ridge_;
    return kernel;
  }

  double linear(std::size_t place) const { return means_[place] + ridge_ / double(size_); }

  WeightProgram program_of(const std::vector<std::size_t>& places) const {
    std::vector<double> q;
    for (const std::size_t k : places) q.push_back(linear(k));
    return {ridged_kernel(places), std::move(q), features_of(places), moments_};
  }

  static Chosen chosen_by(const WeightProgram& program, const std::vector<std::size_t>& places) {
    Chosen chosen;
    chosen.objective = program.objective();
    for (std::size_t k = 0; k < places.size(); ++k) {
      if (program.weights()[k] <= 0) continue;
      chosen.places.push_back(places[k]);
      chosen.weights.push_back(program.weights()[k]);
    }
    return chosen;
  }

  /// How fast the function grows with the weight of each candidate.
  std::vector<double> gradient(const std::vector<std::size_t>& places, const WeightProgram& program) {
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
  std::vector<std::size_t> gainful(const std::vector<std::size_t>& places) {
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

  /// One after another: the largest slope^2 / curvature of those with a slope below 0; slopes and curvatures of the
  /// others follow.
  static std::vector<std::size_t> picked(const std::vector<std::size_t>& list, std::vector<double> slope,
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

  const KernelPoints& candidates_;
  std::vector<double> means_, features_, moments_;  // of all candidates
  std::size_t size_;
  std::stop_token stop_;
  std::vector<std::vector<float>> columns_;  // k of a candidate with all others, where it was needed
  double ridge_ = least_ridge;
};

/// What the search is made with, whatever the order.
struct Setting {
  Standardisation standardisation;
  std::vector<Index> rows;  // the candidates, in random order, and the ends of the columns
  std::vector<Index> rank_rows;
  KernelPoints candidates;

  Setting(const WeightedPoints& points, const KernelOptions& options)
      : standardisation(points, options.scale, options.stop),
        rows(priority_sample(points, std::max(least_candidates, candidates_per_point * options.size), options.seed)
                 .rows),
        rank_rows(ends_of_columns(points, standardisation.columns)),
        candidates(standardisation, points, with_ends(rows, rank_rows)) {}

 private:
  /// Adds the ends to both lists: a column that is constant on all candidates could not be kept exactly.
  static const std::vector<Index>& with_ends(std::vector<Index>& rows, std::vector<Index>& ends) {
    std::vector<Index> sorted(rows);
    std::sort(sorted.begin(), sorted.end());
    std::vector<Index> missing(ends);
    std::sort(missing.begin(), missing.end());
    missing.erase(std::unique(missing.begin(), missing.end()), missing.end());
    std::erase_if(missing, [&](Index row) { return std::binary_search(sorted.begin(), sorted.end(), row); });
    ends.insert(ends.end(), rows.begin(), rows.end());
    rows.insert(rows.end(), missing.begin(), missing.end());
    return rows;
  }
};

/// Reports how far the search has come.
class Progress {
 public:
  Progress(const KernelOptions& options, double steps) : options_(options), steps_(steps) {}
  void advance(double steps) {
    done_ += steps;
    if (options_.progress) options_.progress(std::min(1.0, done_ / steps_));
  }

 private:
  const KernelOptions& options_;
  double steps_, done_ = 0;
};

bool reaches(double effective, const KernelOptions& options) {
  return effective >= options.least_effective_share * double(options.size) * (1 - 1e-12);
}

/// Raises the ridge, and exchanges points under it, until the weights are as equal as was asked for or no more can be
/// had; then lowers it again as far as these points allow.
Chosen made_more_equal(Exchange& exchange, Chosen chosen, const KernelOptions& options) {
  constexpr int halvings = 6;
  while (!reaches(chosen.effective(), options) && exchange.ridge() < most_ridge) {
    exchange.set_ridge(exchange.ridge() * ridge_growth);
    const Chosen next = exchange.rounds(chosen.places, rounds_after_growth, [] {});
    if (next.places.size() == chosen.places.size()) chosen = next;
  }
  if (!reaches(chosen.effective(), options)) return chosen;
  double low = std::log(exchange.ridge() / ridge_growth), high = std::log(exchange.ridge());
  for (int halving = 0; halving < halvings; ++halving) {
    const double middle = (low + high) / 2;
    exchange.set_ridge(std::exp(middle));
    const Chosen less = exchange.weighted(chosen.places);
    const bool enough = less.places.size() == chosen.places.size() && reaches(less.effective(), options);
    if (enough) chosen = less;
    (enough ? high : low) = middle;
  }
  exchange.set_ridge(std::exp(high));
  return chosen;
}

/// The highest order up to which residuals are rounding errors; -1 if none.
int order_kept(const Residuals& residuals, int order, std::size_t features) {
  constexpr double units = 64;  // as many as the certificate allows
  const double allowed = units * double(features) * std::numeric_limits<double>::epsilon();
  int kept = -1;
  while (kept < order && residuals[std::size_t(kept + 1)] <= allowed) ++kept;
  return kept;
}

/// The points in ascending order, with weights that sum to the mass.
void take(const Chosen& chosen, std::span<const Index> rows, long double mass, KernelSelection& result) {
  std::vector<std::size_t> order(chosen.places.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return rows[chosen.places[a]] < rows[chosen.places[b]]; });
  result.rows.clear();
  result.weights.clear();
  for (const std::size_t k : order) {
    result.rows.push_back(rows[chosen.places[k]]);
    result.weights.push_back(double(chosen.weights[k] * mass));
  }
  result.effective_sample_size = effective_size(result.weights);
}

std::vector<Index> rows_of(const Chosen& chosen, std::span<const Index> rows) {
  std::vector<Index> list;
  for (const std::size_t k : chosen.places) list.push_back(rows[k]);
  return list;
}

/// The weights by exact means at the rows chosen: where K has small eigenvalues, weights follow every error of the
/// means estimated at all candidates. A hundredth of what they were keeps each above 0, and all moments as they are.
void weigh_by_exact_means(const WeightedPoints& points, const Setting& setting, const KernelOptions& options,
                          Exchange& exchange, Chosen& chosen) {
  constexpr double kept = 0.01;
  const KernelPoints places(setting.standardisation, points, rows_of(chosen, setting.rows));
  exchange.set_means(chosen.places,
                     exact_means(points, setting.standardisation, places, options.stop).of(weight_mixture));
  const Chosen exact = exchange.weighted(chosen.places);
  for (double& weight : chosen.weights) weight *= kept;
  for (std::size_t k = 0, j = 0; k < chosen.places.size() && j < exact.places.size(); ++k) {
    if (chosen.places[k] == exact.places[j]) chosen.weights[k] += (1 - kept) * exact.weights[j++];
  }
}

/// Steps 4 to 6 at one order.
KernelSelection search(const WeightedPoints& points, const Setting& setting, const std::vector<std::size_t>& herded,
                       std::span<const double> means, int order, const KernelOptions& options, Progress& progress) {
  const MomentConstraints constraints(points, setting.standardisation, order, setting.rank_rows, options.stop);
  Exchange exchange(setting.candidates, means, constraints, setting.rows, options.size, options.stop);
  exchange.set_ridge(least_ridge * std::max(1.0, double(options.size) / ridged_size));
  KernelSelection result;
  Chosen chosen = exchange.rounds(herded, rounds_of_exchange, [&] {
    ++result.rounds;
    progress.advance(1);
  });
  weigh_by_exact_means(points, setting, options, exchange, chosen);
  if (!reaches(chosen.effective(), options)) chosen = made_more_equal(exchange, std::move(chosen), options);
  const Residuals residuals = constraints.refine(rows_of(chosen, setting.rows), chosen.weights);
  result.features = constraints.features();
  result.rank = constraints.rank();
  result.order = order_kept(residuals, order, result.features);
  for (int k = 0; k <= result.order; ++k) result.residual = std::max(result.residual, residuals[std::size_t(k)]);
  result.ridge = exchange.ridge();
  take(chosen, setting.rows, mass_of(points), result);
  return result;
}

/// Where none has to go: all points of positive weight, as they are.
KernelSelection everything(const WeightedPoints& points, int order, const KernelOptions& options) {
  const Standardisation standardisation(points, options.scale, options.stop);
  KernelSelection result;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (points.weight(i) <= 0) continue;
    result.rows.push_back(Index(i));
    result.weights.push_back(points.weight(i));
  }
  const MomentConstraints constraints(points, standardisation, order, result.rows, options.stop);
  result.order = order;
  result.features = constraints.features();
  result.rank = constraints.rank();
  result.effective_sample_size = effective_size(result.weights);
  return result;
}

std::size_t positive_weights(const WeightedPoints& points) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < points.size(); ++i) count += points.weight(i) > 0;
  return count;
}

}  // namespace

int kernel_order(std::size_t dimension, std::size_t size) {
  constexpr std::size_t most_columns = 10;
  if (dimension <= most_columns && 3 * kernel::feature_count(dimension, 2) <= size) return 2;
  return 2 * kernel::feature_count(dimension, 1) <= size ? 1 : 0;
}

KernelSelection kernel_exchange(const WeightedPoints& points, const KernelOptions& options) {
  require_usable(points, options);
  const SingleThreadedBlas single;
  const auto columns =
      std::size_t(std::count_if(options.scale.begin(), options.scale.end(), [](double factor) { return factor > 0; }));
  int order = options.order.value_or(kernel_order(columns, options.size));
  if (positive_weights(points) <= options.size) return everything(points, order, options);
  if (kernel::feature_count(columns, order) > options.size) {
    throw Error("size", std::to_string(options.size),
                "order " + std::to_string(order) + " in " + std::to_string(columns) +
                    " columns needs a size of at least " + std::to_string(kernel::feature_count(columns, order)));
  }
  constexpr double steps_of_means = 4, steps_of_herding = 2;
  Progress progress(options, steps_of_means + steps_of_herding + rounds_of_exchange);
  const Setting setting(points, options);
  const KernelMeans means =
      kernel_means(points, setting.standardisation, setting.rows, setting.candidates, options.seed, options.stop);
  progress.advance(steps_of_means);
  const std::vector<std::size_t> herded =
      herd(setting.candidates, means.of(herding_mixture), herding_mixture, options.size, options.stop);
  progress.advance(steps_of_herding);
  const std::vector<double> means_for_weights = means.of(weight_mixture);
  for (;; --order) {
    KernelSelection found = search(points, setting, herded, means_for_weights, order, options, progress);
    if (found.order >= order || order == 0) return found;
  }
}

}  // namespace momentset
