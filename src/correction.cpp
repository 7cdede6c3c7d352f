#include "correction.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "blas.hpp"
#include "held_out_probes.hpp"
#include "local_features.hpp"
#include "momentset/basis/polynomial.hpp"
#include "order_choice.hpp"
#include "partition/blocks.hpp"
#include "plan.hpp"
#include "recombine/group_means.hpp"
#include "threads.hpp"

namespace momentset {
namespace {

constexpr std::size_t survivors_per_feature = 2;  // with more features weights have to change too much
constexpr std::size_t changed_per_feature = 4;    // survivors whose weights change: more of them gain nothing
constexpr double share_of_effort = 0.006;
constexpr double most_values = 2e7;  // features times changed survivors, held twice: 320 MB
constexpr std::size_t block = 512;

std::size_t changed_rows(std::size_t survivors, std::size_t features) {
  return std::min(survivors, changed_per_feature * features);
}

/// The highest order that is affordable; `order` where no higher one is, or none that gained anything in any trial.
int order_to_reach(std::size_t dimension, std::size_t rows, std::size_t survivors, int order,
                   const CompressOptions& options) {
  constexpr int most = 30;
  const double allowed = share_of_effort * allowed_operations(options.effort, rows);
  const auto affordable = [&](int higher) {
    const std::size_t features = monomial_count(dimension, higher, options.features.monomials);
    if (features > survivors / survivors_per_feature) return false;
    const double n = double(features), changed = double(changed_rows(survivors, features));
    return n * changed <= most_values && changed * n * n + 2 * double(rows + survivors) * n <= allowed;
  };
  int highest = order;
  while (highest < most && affordable(highest + 1)) ++highest;
  return 2 * highest <= 3 * order ? order : highest;
}

/// Compensated sums of weight times feature over some points.
std::vector<double> sums_over(const LocalFeatures& features, std::span<const double> weights,
                              const std::stop_token& stop) {
  std::vector<Index> all(features.rows());
  std::iota(all.begin(), all.end(), Index{0});
  std::vector<double> sums(features.features());
  Pulse pulse(stop, {}, 1);
  // In several groups, since points are evaluated side by side where they are of different ones.
  group_means(features, all, weights, std::min(recombine_block, all.size()), pulse, &sums);
  return sums;
}

/// Some of the survivors, evenly spread, whose weights may change, and the others.
struct Shares {
  std::vector<std::size_t> places;  // of the changing ones
  DistinctPoints changing, others;

  Shares(std::span<const Index> rows, std::span<const double> weights, std::size_t count) {
    for (std::size_t j = 0; j < rows.size(); ++j) {
      const bool changes = (j + 1) * count / rows.size() > j * count / rows.size();
      if (changes) places.push_back(j);
      DistinctPoints& share = changes ? changing : others;
      share.numbers.push_back(rows[j]);
      share.weights.push_back(weights[j]);
    }
  }
};

/// The features of the changing survivors by order, and what is missing of their moments.
class System {
 public:
  System(const WeightedPoints& points, const DistinctPoints& distinct, const Shares& shares, int order,
         const CompressOptions& options)
      : basis_(points.dimension, order, options.features.monomials),
        monomials_(options.features.monomials),
        n_(basis_.size()),
        weights_(shares.changing.weights),
        stop_(options.stop),
        place_(places()) {
    const LocalFrame frame(points.coordinates, points.dimension);
    const auto features = [&](std::span<const Index> numbers) {
      return LocalFeatures(basis_, frame, points.coordinates, numbers);
    };
    values_.resize(n_ * weights_.size());
    const LocalFeatures changing = features(shares.changing.numbers);
    for_blocks(weights_.size(), recombine_block, stop_,
               [&](std::size_t, std::size_t begin, std::size_t end) { store(changing, begin, end - begin); });
    const std::vector<double> all = sums_over(features(distinct.numbers), distinct.weights, stop_);
    moments_.resize(n_);
    for (std::size_t f = 0; f < n_; ++f) moments_[place_[f]] = all[f];
    if (!shares.others.numbers.empty()) {
      const std::vector<double> others = sums_over(features(shares.others.numbers), shares.others.weights, stop_);
      for (std::size_t f = 0; f < n_; ++f) moments_[place_[f]] -= others[f];
    }
    factorise();
  }

  /// Features up to an order come first.
  std::size_t features(int order) const { return monomial_count(basis_.dimension(), order, monomials_); }
  /// Highest order whose features are independent on the survivors.
  int highest() const { return highest_; }

  /// Factors 1 + z of the weights with which the moments up to the order are kept, as exactly as one solution of the
  /// system goes; two more bring the moments to rounding.
  std::vector<double> factors(int order, int rounds = 1) const {
    const std::size_t s = weights_.size();
    std::vector<double> factors(s, 1.0);
    for (int round = 0; round < rounds; ++round) {
      std::vector<double> multipliers = missing(features(order), factors);
      const int n = int(features(order)), leading = int(n_), one = 1;
      int info = 0;
      dpotrs_("L", &n, &one, gram_.data(), &leading, multipliers.data(), &n, &info);
      for_blocks(s, block, stop_, [&](std::size_t, std::size_t begin, std::size_t end) {
        cblas_dgemv(CblasColMajor, CblasTrans, n, int(end - begin), 1.0, values_.data() + begin * n_, leading,
                    multipliers.data(), 1, 1.0, factors.data() + begin, 1);
      });
    }
    return factors;
  }

 private:
  /// Where each feature of the basis stands when they are sorted by order.
  std::vector<std::size_t> places() const {
    std::vector<std::size_t> sorted(n_), place(n_);
    std::iota(sorted.begin(), sorted.end(), std::size_t{0});
    std::stable_sort(sorted.begin(), sorted.end(),
                     [&](std::size_t f, std::size_t g) { return basis_.order_of(f) < basis_.order_of(g); });
    for (std::size_t k = 0; k < n_; ++k) place[sorted[k]] = k;
    return place;
  }

  void store(const LocalFeatures& survivors, std::size_t begin, std::size_t count) {
    std::vector<Index> list(count);
    std::iota(list.begin(), list.end(), Index(begin));
    const std::vector<double> ones(count, 1.0);
    std::vector<double> out(n_ * count);
    survivors.evaluate(list, ones.data(), out.data());
    for (std::size_t f = 0; f < n_; ++f) {
      for (std::size_t k = 0; k < count; ++k) values_[(begin + k) * n_ + place_[f]] = out[f * count + k];
    }
  }

  /// Cholesky factor of Phi C Phi^T. That of the first features is its leading part.
  void factorise() {
    constexpr std::size_t tile = 192;
    const std::size_t s = weights_.size(), tiles = (n_ + tile - 1) / tile;
    std::vector<double> scaled(values_);
    for_blocks(s, block, stop_, [&](std::size_t, std::size_t begin, std::size_t end) {
      for (std::size_t j = begin; j < end; ++j) {
        cblas_dscal(int(n_), std::sqrt(weights_[j]), scaled.data() + j * n_, 1);
      }
    });
    gram_.resize(n_ * n_);
    for_all(tiles * tiles, [&](std::size_t t) {
      const std::size_t i = t / tiles * tile, j = t % tiles * tile;
      if (i < j) return;
      stop_if_asked(stop_);
      cblas_dgemm(CblasColMajor, CblasNoTrans, CblasTrans, int(std::min(tile, n_ - i)), int(std::min(tile, n_ - j)),
                  int(s), 1.0, scaled.data() + i, int(n_), scaled.data() + j, int(n_), 0.0, gram_.data() + j * n_ + i,
                  int(n_));
    });
    const int n = int(n_);
    int info = 0;
    dpotrf_("L", &n, gram_.data(), &n, &info);
    const std::size_t independent = info > 0 ? std::size_t(info - 1) : n_;
    while (highest_ < basis_.order() && features(highest_ + 1) <= independent) ++highest_;
  }

  /// What the weights, times the factors, lack of the first n moments.
  std::vector<double> missing(std::size_t n, std::span<const double> factors) const {
    const std::size_t s = weights_.size();
    std::vector<std::vector<double>> parts((s + block - 1) / block, std::vector<double>(n));
    for_blocks(s, block, stop_, [&](std::size_t b, std::size_t begin, std::size_t end) {
      std::vector<double> weights;
      for (std::size_t j = begin; j < end; ++j) weights.push_back(weights_[j] * factors[j]);
      cblas_dgemv(CblasColMajor, CblasNoTrans, int(n), int(end - begin), 1.0, values_.data() + begin * n_, int(n_),
                  weights.data(), 1, 0.0, parts[b].data(), 1);
    });
    std::vector<double> missing(moments_.begin(), moments_.begin() + std::ptrdiff_t(n));
    for (const std::vector<double>& part : parts) {
      for (std::size_t f = 0; f < n; ++f) missing[f] -= part[f];
    }
    return missing;
  }

  PolynomialBasis basis_;
  const MonomialSet& monomials_;
  std::size_t n_;
  std::span<const double> weights_;  // of the changing survivors
  std::stop_token stop_;
  std::vector<std::size_t> place_;
  std::vector<double> values_;   // n x s, column-major: the features of a survivor side by side
  std::vector<double> moments_;  // of all points but the survivors that do not change
  std::vector<double> gram_;     // its Cholesky factor, lower
  int highest_ = 0;
};

bool within_limits(std::span<const double> factors) {
  return std::all_of(factors.begin(), factors.end(), [](double factor) { return factor > 0.1 && factor < 3; });
}

}  // namespace

double correction_memory(std::size_t dimension, std::size_t rows, std::size_t survivors, int order,
                         const CompressOptions& options) {
  const int highest = order_to_reach(dimension, rows, survivors, order, options);
  if (highest == order) return 0;
  const double n = double(monomial_count(dimension, highest, options.features.monomials));
  return sizeof(double) * (2 * n * double(changed_rows(survivors, std::size_t(n))) + n * n);
}

Correction correct(const WeightedPoints& points, const DistinctPoints& distinct, std::span<const double> scale,
                   std::span<const Index> rows, std::span<double> weights, int order, const CompressOptions& options) {
  constexpr double worthwhile = 0.8;
  Correction found{order, 0};
  const int most = order_to_reach(points.dimension, distinct.numbers.size(), rows.size(), order, options);
  if (most == order) return found;
  const SingleThreadedBlas single;
  const std::vector<double> before(weights.begin(), weights.end());
  const Shares shares(rows, before,
                      changed_rows(rows.size(), monomial_count(points.dimension, most, options.features.monomials)));
  const System system(points, distinct, shares, most, options);
  const SubsetError subset_error(points, distinct, scale, ~options.seed, options);
  const auto multiplied = [&](std::span<const double> factors) {
    std::vector<double> product(before);
    for (std::size_t k = 0; k < factors.size(); ++k) product[shares.places[k]] *= factors[k];
    return product;
  };
  double best = worthwhile * subset_error.of(rows, before);
  for (int higher = order + 1; higher <= system.highest(); ++higher) {
    const std::vector<double> factors = system.factors(higher);
    if (!within_limits(factors)) break;
    const double error = subset_error.of(rows, multiplied(factors));
    if (error < best) best = error, found.order = higher;
  }
  if (found.order == order) return found;
  const std::vector<double> factors = system.factors(found.order, 3);
  for (const double factor : factors) found.largest_change = std::max(found.largest_change, std::abs(factor - 1));
  std::ranges::copy(multiplied(factors), weights.begin());
  return found;
}

}  // namespace momentset
