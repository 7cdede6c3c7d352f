#include "recombine/reduce.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "recombine/group_means.hpp"
#include "recombine/tableau.hpp"
#include "recombine/walk.hpp"

namespace momentset {
namespace {

/// How one round of halving sees the survivors: the last `rows` of them in `groups` groups.
struct Round {
  std::size_t rows = 0;
  std::size_t groups = 0;

  bool single_rows() const { return rows == groups; }
};

/// Halving 2n groups is the cheapest way down while groups of several rows can be dropped without going below the
/// target; then single rows, no more of them than it takes.
Round plan_round(std::size_t alive, std::size_t target, std::size_t n) {
  const std::size_t excess = alive - target, groups = std::min(alive, 2 * n);
  const std::size_t largest = (alive + groups - 1) / groups;
  if (largest == 1 || excess / largest >= std::max<std::size_t>(1, n / 4)) return {alive, groups};
  const std::size_t single = std::min(alive, n + std::min(n, excess));
  return {single, single};
}

/// Gives the groups, which end with the last row alive, their new masses; without the rows of those that have none.
void apply(Survivors& alive, const Groups& groups, const std::vector<double>& masses) {
  const std::size_t first = alive.size() - groups.begin.back();
  std::size_t kept = first;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    if (masses[g] == 0) continue;
    const double factor = masses[g] / groups.masses[g];
    for (std::size_t k = first + groups.begin[g]; k < first + groups.begin[g + 1]; ++k) {
      alive.move(k, kept);
      alive.weights[kept] *= factor;
      if (alive.weights[kept] != 0) ++kept;
    }
  }
  alive.resize(kept);
}

Tableau tableau_of(Groups& groups, std::size_t n, bool by_rank, Pulse& pulse) {
  return by_rank ? tableau_by_qr(groups.means, groups.size(), n) : tableau_by_lu(groups.means, groups.size(), n, pulse);
}

/// Recombines the groups of one round and drops those that end at zero, while that takes no more rows than the budget.
/// Returns the rank. moments: as group_means().
std::size_t halve(const FeatureRows& rows, Survivors& alive, const Round& round, bool by_rank, std::size_t budget,
                  Pulse& pulse, std::vector<double>* moments = nullptr) {
  const std::size_t first = alive.size() - round.rows;
  Groups groups = group_means(rows, std::span(alive.rows).subspan(first), std::span(alive.weights).subspan(first),
                              round.groups, pulse, moments);
  Tableau tableau = tableau_of(groups, rows.features(), by_rank, pulse);
  std::vector<double> masses = groups.masses;
  std::vector<std::size_t> costs(groups.size());
  for (std::size_t g = 0; g < groups.size(); ++g) {
    costs[g] = alive.rows_in(first + groups.begin[g], first + groups.begin[g + 1]);
  }
  walk_to_vertex(tableau, masses, {.bounds = {}, .costs = costs, .budget = budget}, pulse);
  apply(alive, groups, masses);
  return tableau.rank;
}

/// The means of groups as rows of a matrix.
class MeanRows final : public FeatureRows {
 public:
  MeanRows(const Groups& groups, std::size_t features) : groups_(groups), features_(features) {}
  std::size_t rows() const override { return groups_.size(); }
  std::size_t features() const override { return features_; }
  void evaluate(std::span<const Index> rows, const double* scale, double* out) const override {
    for (std::size_t f = 0; f < features_; ++f, out += rows.size()) {
      const double* means = groups_.means.data() + f * groups_.size();
      for (std::size_t k = 0; k < rows.size(); ++k) out[k] = scale[k] * means[rows[k]];
    }
  }

 private:
  const Groups& groups_;
  std::size_t features_;
};

/// Several halvings for one evaluation of the rows: of the means of many groups, until n groups are left.
void halve_groups(const FeatureRows& rows, Survivors& alive, std::size_t target, Pulse& pulse,
                  std::vector<double>* moments) {
  const std::size_t n = rows.features();
  const Groups groups = group_means(rows, alive.rows, alive.weights, groups_per_feature * n, pulse, moments);
  Survivors members{.rows = std::vector<Index>(groups.size()), .weights = groups.masses};
  std::iota(members.rows.begin(), members.rows.end(), Index{0});
  for (std::size_t g = 0; g < groups.size(); ++g) members.counts.push_back(groups.rows_of(g));
  const MeanRows means(groups, n);
  // Where weights vanish together the budget ends it, with more groups than n.
  for (std::size_t before = 0; members.size() > n && members.size() != before;) {
    before = members.size();
    halve(means, members, plan_round(before, n, n), false, members.rows_in(0, before) - target, pulse);
  }
  std::vector<double> masses(groups.size());
  for (std::size_t k = 0; k < members.size(); ++k) masses[members.rows[k]] = members.weights[k];
  apply(alive, groups, masses);
}

}  // namespace

void Survivors::move(std::size_t from, std::size_t to) {
  rows[to] = rows[from];
  weights[to] = weights[from];
  if (!counts.empty()) counts[to] = counts[from];
}

void Survivors::resize(std::size_t size) {
  rows.resize(size);
  weights.resize(size);
  if (!counts.empty()) counts.resize(size);
}

void Survivors::drop_weightless() {
  std::size_t kept = 0;
  for (std::size_t k = 0; k < size(); ++k) {
    if (weights[k] != 0) move(k, kept++);
  }
  resize(kept);
}

std::size_t Survivors::rows_in(std::size_t begin, std::size_t end) const {
  if (counts.empty()) return end - begin;
  return std::accumulate(counts.begin() + std::ptrdiff_t(begin), counts.begin() + std::ptrdiff_t(end), std::size_t{0});
}

Reduced reduce_by_halves(const FeatureRows& rows, Survivors& alive, std::size_t target, Pulse& pulse) {
  const std::size_t n = rows.features();
  Reduced reduced{.moments = {}, .rank = std::min(alive.size(), n)};
  const auto moments_once = [&] { return reduced.moments.empty() ? &reduced.moments : nullptr; };
  for (std::size_t before = 0; has_many_rows(alive.size(), n, target) && alive.size() != before;) {
    before = alive.size();
    halve_groups(rows, alive, target, pulse, moments_once());
  }
  bool at_rank = false;
  while (alive.size() > target && !at_rank) {
    const Round round = plan_round(alive.size(), target, n);
    const bool everything = round.rows == alive.size();
    std::vector<double>* moments = moments_once();
    if (moments != nullptr && !everything) {
      group_means(rows, alive.rows, alive.weights, 2 * n, pulse, std::exchange(moments, nullptr));
    }
    // Only at single rows does the rank decide how far down it goes; until then dependent groups do no harm.
    at_rank = round.single_rows() && everything && target < n;
    reduced.rank = halve(rows, alive, round, at_rank, alive.size() - target, pulse, moments);
  }
  return reduced;
}

namespace {

/// Rows strictly inside the box, among which others are taken up.
class Inside {
 public:
  Inside(const FeatureRows& rows, Survivors& alive, std::span<const double> bounds, std::size_t target, Pulse& pulse)
      : rows_(rows), alive_(alive), bounds_(bounds), target_(target), left_(alive.size()), pulse_(pulse) {}

  bool done() const { return left_ <= target_; }
  std::size_t size() const { return places_.size(); }
  void take_up(std::size_t place) { places_.push_back(place); }

  /// Walks until no more are inside than the tableau has basic rows, or the target is reached. Returns the rank.
  std::size_t walk(bool by_rank) {
    const std::size_t count = places_.size();
    std::vector<Index> numbers(count);
    std::vector<double> weights(count), bounds(count);
    for (std::size_t k = 0; k < count; ++k) {
      numbers[k] = alive_.rows[places_[k]];
      weights[k] = alive_.weights[places_[k]];
      bounds[k] = bounds_[places_[k]];
    }
    Groups groups = group_means(rows_, numbers, weights, count, pulse_);
    Tableau tableau = tableau_of(groups, rows_.features(), by_rank, pulse_);
    const std::vector<std::size_t> costs(count, 1);
    walk_to_vertex(tableau, weights, {.bounds = bounds, .costs = costs, .budget = left_ - target_}, pulse_);

    std::size_t inside = 0;
    for (std::size_t k = 0; k < count; ++k) {
      alive_.weights[places_[k]] = weights[k];
      if (weights[k] == 0) --left_;
      if (weights[k] > 0 && weights[k] < bounds[k]) places_[inside++] = places_[k];
    }
    places_.resize(inside);
    return tableau.rank;
  }

 private:
  const FeatureRows& rows_;
  Survivors& alive_;
  std::span<const double> bounds_;
  std::size_t target_, left_;  // left_: rows with weight
  std::vector<std::size_t> places_;
  Pulse& pulse_;
};

}  // namespace

Reduced reduce_in_box(const FeatureRows& rows, Survivors& alive, std::span<const double> bounds, std::size_t target,
                      Pulse& pulse) {
  const std::size_t n = rows.features();
  Reduced reduced{.moments = {}, .rank = std::min(alive.size(), n)};
  Inside inside(rows, alive, bounds, target, pulse);
  if (inside.done()) return reduced;
  group_means(rows, alive.rows, alive.weights, std::min(alive.size(), 2 * n), pulse, &reduced.moments);
  for (std::size_t next = 0; next < alive.size() && !inside.done();) {
    while (inside.size() < 2 * n && next < alive.size()) inside.take_up(next++);
    reduced.rank = inside.walk(false);
  }
  if (!inside.done() && target < n && inside.size() > 0) reduced.rank = inside.walk(true);
  alive.drop_weightless();
  return reduced;
}

}  // namespace momentset
