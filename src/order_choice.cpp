#include "order_choice.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "cell_compressor.hpp"
#include "certificate/random.hpp"
#include "held_out_probes.hpp"
#include "momentset/partition/kd_tree.hpp"
#include "plan.hpp"
#include "standardised_columns.hpp"
#include "threads.hpp"

namespace momentset {
namespace {

constexpr int most_orders = 30;
constexpr std::size_t sample_factor = 4;  // points of the sample for each one to be kept
constexpr double trial_share = 0.04;      // of the effort, for the trial of one order

/// The points that the trials are made with: a copy, one from each of equal stretches of the points.
struct Sample {
  std::vector<double> coordinates, weights;  // weights sum to the points' mass
  std::vector<Index> numbers;                // 0, 1, 2, ...
  std::size_t dimension;
  std::vector<std::vector<double>> columns = {};  // values of the companions
  std::vector<Companions> companions = {};        // views of these

  WeightedPoints view() const { return {coordinates, weights, dimension}; }
};

Sample draw_sample(const WeightedPoints& points, const DistinctPoints& distinct, std::size_t count,
                   const std::vector<Companions>& companions, certificate::Random& random) {
  const std::size_t q = distinct.numbers.size(), m = points.dimension;
  Sample sample{{}, {}, {}, m};
  sample.coordinates.reserve(count * m);
  sample.columns.resize(companions.size());
  for (std::size_t k = 0; k < count; ++k) {
    const std::size_t begin = q * k / count, end = q * (k + 1) / count;
    const std::size_t i = begin + random.below(std::uint32_t(end - begin));
    const double* x = points.point(distinct.numbers[i]);
    sample.coordinates.insert(sample.coordinates.end(), x, x + m);
    sample.weights.push_back(distinct.weights[i]);
    for (std::size_t g = 0; g < companions.size(); ++g) {
      const std::size_t p = companions[g].columns;
      const double* y = companions[g].values.data() + distinct.numbers[i] * p;
      sample.columns[g].insert(sample.columns[g].end(), y, y + p);
    }
  }
  sample.companions = companions;
  for (std::size_t g = 0; g < companions.size(); ++g) sample.companions[g].values = sample.columns[g];
  const double mass = std::accumulate(distinct.weights.begin(), distinct.weights.end(), 0.0);
  const double factor = mass / std::accumulate(sample.weights.begin(), sample.weights.end(), 0.0);
  for (double& weight : sample.weights) weight *= factor;
  sample.numbers.resize(count);
  std::iota(sample.numbers.begin(), sample.numbers.end(), Index{0});
  return sample;
}

/// `count` of the numbers below `all`, ascending.
std::vector<std::size_t> some_of(std::size_t all, std::size_t count, certificate::Random& random) {
  std::vector<std::size_t> chosen(all);
  std::iota(chosen.begin(), chosen.end(), std::size_t{0});
  count = std::min(count, all);
  for (std::size_t k = 0; k < count; ++k) std::swap(chosen[k], chosen[k + random.below(std::uint32_t(all - k))]);
  chosen.resize(count);
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

/// Cells of a trial: enough for a thousand survivors or so, so that chance does not rule, but not many large ones.
std::size_t cells_to_try(std::size_t features) { return std::clamp<std::size_t>(600 / features, 2, 32); }

double trial_operations(std::size_t features) {
  return double(cells_to_try(features)) * (1 + std::log2(double(sample_factor))) * halving_operations(features);
}

class Trials {
 public:
  Trials(const WeightedPoints& points, const DistinctPoints& distinct, std::span<const double> scale,
         const CompressOptions& options)
      : options_(options),
        scale_(scale),
        rows_(distinct.numbers.size()),
        size_(options.size - options.keep_rows.size()),
        random_(options.seed, 2),
        sample_(draw_sample(points, distinct, std::min(rows_, sample_factor * size_), options.companions, random_)),
        probes_(points, distinct, scale, options.seed),
        columns_(sample_.companions, sample_.numbers, sample_.weights),
        mass_(std::accumulate(sample_.weights.begin(), sample_.weights.end(), 0.0)) {}

  /// Parts of the sample large enough for four cells of n features each; a few of all there are.
  void cut_windows(std::size_t features) {
    constexpr std::size_t cells_in_a_window = 4, windows = 4;
    const std::size_t in_a_cell = sample_factor * usual_points_of_a_cell(features, options_);
    const std::size_t count = std::max<std::size_t>(1, sample_.numbers.size() / (cells_in_a_window * in_a_cell));
    Partition all = kd_tree(sample_.view(), sample_.numbers,
                            {.cells = count, .size = std::max(count, size_), .scale = scale_, .stop = options_.stop});
    windows_.clear();
    for (const std::size_t w : some_of(count, windows, random_)) {
      const auto begin = all.order.begin() + std::ptrdiff_t(all.cells[w].begin);
      windows_.emplace_back(begin, begin + std::ptrdiff_t(all.cells[w].size()));
    }
  }

  void measure(OrderTrial& trial) const {
    std::vector<double> squares(sums());
    std::size_t tried = 0;
    certificate::Random random(options_.seed, 3);
    const std::size_t wanted = (cells_to_try(trial.features) + windows_.size() - 1) / windows_.size();
    for (const std::vector<Index>& window : windows_) tried += add_window(window, trial, wanted, random, squares);
    // Cells err independently: L times the mean square of one.
    for (double& square : squares) square *= double(trial.cells) / double(tried) / (mass_ * mass_);
    const FamilyErrors errors = probes_.errors(mean_over_columns(squares));
    trial.typical_error = typical_error(errors, options_.smoothness);
    trial.largest_error = largest_error(errors, options_.smoothness);
    trial.measured = true;
  }

 private:
  /// Of each function, and of each times each column.
  std::size_t sums() const { return probes_.size() * (1 + columns_.size()); }

  /// For each function, over itself and its products with the columns: these have about its spread.
  std::vector<double> mean_over_columns(const std::vector<double>& squares) const {
    std::vector<double> mean(probes_.size());
    for (std::size_t k = 0; k < squares.size(); ++k) {
      mean[k % mean.size()] += squares[k] / double(1 + columns_.size());
    }
    return mean;
  }

  /// Adds the squared errors of some cells of a window; returns how many.
  std::size_t add_window(const std::vector<Index>& window, const OrderTrial& trial, std::size_t wanted,
                         certificate::Random& random, std::vector<double>& squares) const {
    const std::size_t q = sample_.numbers.size(), each = usual_points_of_a_cell(trial.features, options_);
    const std::size_t kept = std::max<std::size_t>(1, size_ * window.size() / q);
    const std::size_t cells = std::clamp<std::size_t>(kept / each, 1, window.size());
    const Partition partition = kd_tree(
        sample_.view(), window,
        {.cells = cells, .size = std::clamp(kept, cells, window.size()), .scale = scale_, .stop = options_.stop});
    std::vector<double> weights(window.size());
    for (std::size_t k = 0; k < weights.size(); ++k) weights[k] = sample_.weights[partition.order[k]];
    const double bound =
        options_.max_weight ? *options_.max_weight * mass_ / double(size_) : std::numeric_limits<double>::infinity();
    const CellCompressor compressor(partition, weights, scale_, trial.order, bound, options_.stop, sample_.companions,
                                    options_.features.monomials);
    const std::vector<std::size_t> chosen = some_of(cells, wanted, random);
    std::vector<std::vector<double>> errors(chosen.size(), std::vector<double>(sums()));
    for_all(chosen.size(),
            [&](std::size_t c) { add_cell(partition, partition.cells[chosen[c]], weights, compressor, errors[c]); });
    for (const std::vector<double>& error : errors) {
      for (std::size_t f = 0; f < squares.size(); ++f) squares[f] += error[f] * error[f];
    }
    return chosen.size();
  }

  /// Errors of the functions' sums over one cell: with the new weights less with the old ones.
  void add_cell(const Partition& partition, const Cell& cell, std::span<const double> weights,
                const CellCompressor& compressor, std::vector<double>& errors) const {
    const Recombination found = compressor(cell, cell.quota);
    std::vector<double> changes;
    for (const double weight : weights.subspan(cell.begin, cell.size())) changes.push_back(-weight);
    for (std::size_t k = 0; k < found.support.size(); ++k) changes[found.support[k]] += found.weights[k];
    const double* x = partition.coordinates.data() + cell.begin * sample_.dimension;
    const std::size_t functions = probes_.size();
    probes_.add(x, changes.data(), cell.size(), std::span(errors).first(functions));
    const std::span points = std::span(partition.order).subspan(cell.begin, cell.size());
    const NewTargets targets = compressor.new_targets(cell, found);
    const std::size_t relabelled = relabelled_columns(sample_.companions);
    std::vector<double> products(changes.size());
    for (std::size_t j = 0; j < columns_.size(); ++j) {
      for (std::size_t k = 0; k < products.size(); ++k) products[k] = changes[k] * columns_(j, points[k]);
      for (std::size_t k = 0; k < found.support.size() && relabelled > 0; ++k) {
        const Index point = points[found.support[k]];
        const double target = columns_.kept(j, point, targets.values.data() + k * relabelled);
        products[found.support[k]] += found.weights[k] * (target - columns_(j, point));
      }
      probes_.add(x, products.data(), cell.size(), std::span(errors).subspan((1 + j) * functions, functions));
    }
  }

  const CompressOptions& options_;
  std::span<const double> scale_;
  std::size_t rows_, size_;
  certificate::Random random_;
  Sample sample_;
  HeldOutProbes probes_;
  StandardisedColumns columns_;
  double mass_;
  std::vector<std::vector<Index>> windows_;
};

/// The orders that fit, with what each would cost; at least one.
std::vector<OrderTrial> candidates(std::size_t rows, std::size_t dimension, const CompressOptions& options) {
  const std::size_t size = options.size - options.keep_rows.size();
  const double allowed = allowed_operations(options.effort, rows);
  std::vector<OrderTrial> found;
  CompressOptions stated = options;
  for (int order = options.order.value_or(0); order <= options.order.value_or(most_orders); ++order) {
    const std::size_t features = feature_count(dimension, order, options);
    if (!options.order && points_of_a_cell(features, options.max_weight) > size) break;
    if (!found.empty() && features == found.back().features) continue;  // no monomial belongs from this order on
    stated.order = order;
    const Plan plan = momentset::plan(rows, dimension, stated);
    if (!found.empty() && plan.operations > allowed) break;
    found.push_back({order, features, plan.cells, plan.operations});
  }
  if (found.empty()) momentset::plan(rows, dimension, options);  // says what would fit
  return found;
}

/// Continues the logarithm of the errors of the last measured orders on a line, less steeply than it was.
void continue_errors(std::vector<OrderTrial>& trials, std::size_t measured) {
  constexpr std::size_t points = 3;
  constexpr double caution = 0.7;
  const std::size_t first = measured > points ? measured - points : 0;
  const OrderTrial &from = trials[first], &last = trials[measured - 1];
  const double steps = double(measured - 1 - first);
  const auto slope = [&](double OrderTrial::*error) {
    return steps > 0 && from.*error > 0 && last.*error > 0 ? caution * std::log(last.*error / from.*error) / steps : 0;
  };
  const double typical = slope(&OrderTrial::typical_error), largest = slope(&OrderTrial::largest_error);
  for (std::size_t k = measured; k < trials.size(); ++k) {
    const double beyond = double(k - measured + 1);
    trials[k].typical_error = last.typical_error * std::exp(typical * beyond);
    trials[k].largest_error = last.largest_error * std::exp(largest * beyond);
  }
}

}  // namespace

double allowed_operations(Effort effort, std::size_t rows) {
  const double q = double(rows);
  if (effort == Effort::low) return 5e10 + 1e4 * q;
  return effort == Effort::normal ? 5e11 + 5e4 * q : 5e12 + 5e5 * q;
}

std::vector<OrderTrial> try_orders(const WeightedPoints& points, const DistinctPoints& distinct,
                                   std::span<const double> scale, const CompressOptions& options) {
  constexpr double exact = 1e-15;      // where nothing is left to gain
  constexpr std::size_t patience = 6;  // orders that may be worse in a row
  const std::size_t q = distinct.numbers.size();
  std::vector<OrderTrial> trials = candidates(q, points.dimension, options);
  const double affordable = trial_share * allowed_operations(options.effort, q);
  std::size_t measurable = 0;
  while (measurable < trials.size() &&
         (measurable == 0 || trial_operations(trials[measurable].features) <= affordable)) {
    ++measurable;
  }
  Trials experiment(points, distinct, scale, options);
  experiment.cut_windows(trials[measurable - 1].features);
  std::size_t measured = 0, best = 0;
  while (measured < measurable) {
    stop_if_asked(options.stop);
    experiment.measure(trials[measured]);
    if (trials[measured].typical_error < trials[best].typical_error) best = measured;
    ++measured;
    if (trials[best].typical_error <= exact || measured > best + patience) {
      trials.resize(measured);
      break;
    }
  }
  continue_errors(trials, measured);
  return trials;
}

const OrderTrial& best_of(const std::vector<OrderTrial>& trials, double OrderTrial::*error) {
  constexpr double scatter = 1.15, promise = 0.8;
  const auto expected = [&](const OrderTrial& trial) { return trial.*error / (trial.measured ? 1 : promise); };
  double smallest = expected(trials.front());
  for (const OrderTrial& trial : trials) smallest = std::min(smallest, expected(trial));
  const auto close = [&](const OrderTrial& trial) { return expected(trial) <= scatter * smallest; };
  // Cells of one point keep nothing but the mass: only where more does not do as well.
  const auto first = trials.begin() + (trials.front().order == 0 && trials.size() > 1 ? 1 : 0);
  const auto cheapest = std::find_if(first, trials.end(), close);
  return cheapest == trials.end() ? trials.front() : *cheapest;
}

}  // namespace momentset
