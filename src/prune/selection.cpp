#include "momentset/prune/selection.hpp"

#include <oneapi/tbb/parallel_sort.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <compare>
#include <numeric>
#include <random>
#include <utility>

#include "momentset/partition/large_vector.hpp"
#include "prune/rows.hpp"
#include "threads.hpp"

namespace momentset::prune {
namespace {

/// An example as it is compared with others: the smaller the more preferred.
struct Candidate {
  std::uint64_t key;
  std::uint32_t tie;  ///< random
  Index row;

  auto operator<=>(const Candidate&) const = default;
};

/// Bits that as a whole number have the order of the finite numbers.
std::uint64_t ordered_bits(double value) {
  const std::uint64_t bits = std::bit_cast<std::uint64_t>(value + 0.0);  // -0 is 0
  return bits >> 63 != 0 ? ~bits : bits | std::uint64_t{1} << 63;
}

/// What makes small numbers of hard examples.
double hardest_first(HardEnd hard) { return hard == HardEnd::low ? 1 : -1; }

/// The order in which examples are preferred.
class Preference {
 public:
  /// By sign * score, of equal ones by a random number.
  Preference(std::span<const double> scores, double sign, std::uint64_t seed)
      : scores_(scores), sign_(sign), ties_(scores.size()) {
    std::mt19937_64 random(seed);
    for (std::uint32_t& tie : ties_) tie = std::uint32_t(random() >> 32);
  }
  /// By these numbers in place of scores.
  void set_places(std::vector<double> places) { places_ = std::move(places); }

  Candidate operator()(Index row) const {
    return {ordered_bits(places_.empty() ? sign_ * scores_[row] : places_[row]), ties_[row], row};
  }
  LargeVector<Candidate> all() const {
    LargeVector<Candidate> found(scores_.size());
    for_rows(found.size(), [&](std::size_t i) { found[i] = (*this)(Index(i)); });
    return found;
  }
  LargeVector<Candidate> sorted() const {
    LargeVector<Candidate> found = all();
    oneapi::tbb::parallel_sort(found.begin(), found.end());
    return found;
  }

 private:
  std::span<const double> scores_;
  double sign_;
  LargeVector<std::uint32_t> ties_;
  std::vector<double> places_;
};

/// How far each example is from the middle of the window, in ranks.
std::vector<double> from_the_middle(const LargeVector<Candidate>& hardest_first, std::size_t kept, double skip) {
  const std::size_t rows = hardest_first.size();
  const std::size_t skipped = std::min(std::size_t(std::llround(skip * double(rows))), rows - kept);
  const double middle = double(skipped) + double(kept - 1) / 2;
  std::vector<double> places(rows);
  for_rows(rows, [&](std::size_t k) { places[hardest_first[k].row] = std::abs(double(k) - middle); });
  return places;
}

/// The place of each example among those of its stratum, in a random order: whoever takes the first places first takes
/// as many of each stratum, as far as it reaches.
std::vector<double> places_in_strata(const LargeVector<Candidate>& shuffled, std::span<const double> scores,
                                     std::size_t strata) {
  const auto [least, most] = std::minmax_element(scores.begin(), scores.end());
  const double low = *least, width = (*most - low) / double(strata);
  std::vector<double> places(scores.size()), next(strata, 0);
  for (const Candidate& each : shuffled) {
    const double stratum = width > 0 ? (scores[each.row] - low) / width : 0;
    places[each.row] = next[std::min(std::size_t(stratum), strata - 1)]++;
  }
  return places;
}

Preference preference_of(std::span<const double> scores, HardEnd hard, std::size_t kept, const SelectOptions& options) {
  const bool at_random = options.policy == Policy::random || options.policy == Policy::stratified;
  const double sign = at_random ? 0 : hardest_first(hard) * (options.policy == Policy::easy ? -1 : 1);
  Preference preference(scores, sign, options.seed);
  if (options.policy == Policy::window) {
    preference.set_places(from_the_middle(preference.sorted(), kept, options.skip_hardest));
  }
  if (options.policy == Policy::stratified) {
    preference.set_places(places_in_strata(preference.sorted(), scores, options.strata));
  }
  return preference;
}

/// Leaves the `count` most preferred.
template <class Candidates>
void keep_best(Candidates& candidates, std::size_t count) {
  if (count < candidates.size()) {
    std::nth_element(candidates.begin(), candidates.begin() + std::ptrdiff_t(count), candidates.end());
  }
  candidates.resize(count);
}

/// How many of each class must be kept: the share of `kept` by equal parts, rounded up where that leaves them room.
std::size_t floor_of(double class_floor, std::size_t kept, std::size_t classes) {
  const double share = class_floor * double(kept) / double(classes);
  const auto up = std::size_t(std::ceil(share * (1 - 1e-12)));  // not for rounding's sake
  return up * classes <= kept ? up : std::size_t(share);
}

std::vector<std::string> notices_of(const std::vector<ClassReport>& classes) {
  constexpr std::size_t shown = 5;
  std::size_t count = 0;
  std::string names;
  for (const ClassReport& each : classes) {
    if (!each.below_floor()) continue;
    if (++count <= shown) names += (count > 1 ? ", " : "") + each.name + " (" + std::to_string(each.examples) + ")";
  }
  if (count == 0) return {};
  return {std::to_string(count) + " of " + std::to_string(classes.size()) +
          (count == 1 ? " classes has" : " classes have") + " fewer examples than the floor of " +
          std::to_string(classes[0].floor) + (count == 1 ? " and is" : " and are") + " kept whole: " + names +
          (count > shown ? ", ..." : "")};
}

void require_fraction(const char* name, double value, double least, double most) {
  if (value >= least && value <= most) return;
  throw Error(name, theory::shown(value),
              "must be at least " + theory::shown(least) + " and at most " + theory::shown(most));
}

void require_keep(const char* name, double keep) {
  if (!(keep > 0 && keep <= 1)) throw Error(name, theory::shown(keep), "must be a fraction above 0 and at most 1");
}

void require_usable(std::span<const double> scores, const PointGroups& classes, const SelectOptions& options) {
  require_finite("scores", {scores, 1});
  require_valid(classes, scores.size());
  require_keep("keep", options.keep);
  require_fraction("skip_hardest", options.skip_hardest, 0, 1 - options.keep * (1 - 1e-12));
  require_fraction("class_floor", options.class_floor, 0, 1);
  if (options.skip_hardest > 0 && options.policy != Policy::window) {
    throw Error("skip_hardest", theory::shown(options.skip_hardest), "has a meaning for the policy window only");
  }
  if (options.strata == 0) throw Error("strata", "0", "must be at least 1");
}

/// Takes those out of the best that have to make room for the floors of classes that have too few among them; returns
/// the rows that take their places. A class that is short of its floor gets that and no more: what else it has is less
/// preferred than all of the best. Where that leaves another class short, once more.
std::vector<Index> meet_floors(const PointGroups& classes, std::span<const ClassReport> reports,
                               const Preference& preference, LargeVector<Candidate>& best) {
  const std::size_t total = best.size();
  const auto due = [&](std::size_t c) { return std::min(reports[c].floor, reports[c].examples); };
  std::vector<Index> rows;
  std::vector<bool> has_floor(reports.size(), false);
  for (;;) {
    std::vector<std::size_t> kept(reports.size(), 0);
    for (const Candidate& each : best) ++kept[classes.of_points[each.row]];
    std::vector<std::vector<Candidate>> members(reports.size());
    std::vector<bool> is_short(reports.size());
    for (std::size_t c = 0; c < reports.size(); ++c) is_short[c] = !has_floor[c] && kept[c] < due(c);
    if (std::find(is_short.begin(), is_short.end(), true) == is_short.end()) return rows;
    for (std::size_t i = 0; i < classes.of_points.size(); ++i) {
      if (const Index c = classes.of_points[i]; is_short[c]) members[c].push_back(preference(Index(i)));
    }
    for (std::size_t c = 0; c < reports.size(); ++c) {
      if (!is_short[c]) continue;
      has_floor[c] = true;
      keep_best(members[c], due(c));
      for (const Candidate& each : members[c]) rows.push_back(each.row);
    }
    std::erase_if(best, [&](const Candidate& each) { return is_short[classes.of_points[each.row]]; });
    keep_best(best, total - rows.size());
  }
}

/// Ascending.
std::vector<Index> sorted_rows(const LargeVector<Candidate>& best, std::span<const Index> others, std::size_t rows) {
  std::vector<bool> is_kept(rows, false);
  for (const Candidate& each : best) is_kept[each.row] = true;
  for (const Index row : others) is_kept[row] = true;
  std::vector<Index> kept;
  kept.reserve(best.size() + others.size());
  for (std::size_t i = 0; i < rows; ++i) {
    if (is_kept[i]) kept.push_back(Index(i));
  }
  return kept;
}

}  // namespace

Selection select(std::span<const double> scores, HardEnd hard, const PointGroups& classes,
                 const SelectOptions& options) {
  require_usable(scores, classes, options);
  const std::size_t rows = scores.size();
  const auto kept = std::max<std::size_t>(1, std::size_t(std::llround(options.keep * double(rows))));
  const Preference preference = preference_of(scores, hard, kept, options);
  LargeVector<Candidate> best = preference.all();
  keep_best(best, kept);
  Selection selection;
  const std::vector<std::size_t> before = class_sizes(classes);
  const std::size_t floor = before.empty() ? 0 : floor_of(options.class_floor, kept, before.size());
  for (std::size_t c = 0; c < before.size(); ++c) selection.classes.push_back({classes.name(c), before[c], 0, floor});
  std::vector<Index> floors;
  if (!classes.empty()) floors = meet_floors(classes, selection.classes, preference, best);
  selection.kept = sorted_rows(best, floors, rows);
  if (classes.empty()) return selection;
  for (const Index i : selection.kept) ++selection.classes[classes.of_points[i]].kept;
  std::vector<std::size_t> after;
  for (const ClassReport& each : selection.classes) after.push_back(each.kept);
  selection.balance_before = class_balance(before);
  selection.balance_after = class_balance(std::move(after));
  selection.notices = notices_of(selection.classes);
  return selection;
}

double class_balance(std::vector<std::size_t> sizes) {
  if (sizes.size() < 2) return 1;
  std::sort(sizes.begin(), sizes.end());
  double sum = 0, smaller = 0;  // of the ratios; of the sizes of the smaller classes
  for (std::size_t k = 0; k < sizes.size(); ++k) {
    sum += sizes[k] > 0 ? smaller / double(sizes[k]) : double(k);
    smaller += double(sizes[k]);
  }
  return sum / (double(sizes.size()) * double(sizes.size() - 1) / 2);
}

std::vector<std::size_t> class_sizes(const PointGroups& classes) {
  std::vector<std::size_t> sizes(classes.count(), 0);
  for (const Index c : classes.of_points) ++sizes[c];
  return sizes;
}

namespace {

/// The mean rank of each number among all of them, from 1 / n to 1.
std::vector<double> mean_ranks(std::span<const double> values) {
  std::vector<Index> order(values.size());
  std::iota(order.begin(), order.end(), Index{0});
  std::sort(order.begin(), order.end(), [&](Index a, Index b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (std::size_t k = 0; k < order.size();) {
    std::size_t end = k + 1;
    while (end < order.size() && values[order[end]] == values[order[k]]) ++end;
    const double rank = double(k + end + 1) / 2 / double(order.size());
    for (; k < end; ++k) ranks[order[k]] = rank;
  }
  return ranks;
}

void require_weighable(std::span<const double> scores, HardEnd hard, std::span<const Index> kept) {
  if (hard == HardEnd::low) throw Error("score_weights", "value", "needs scores whose high end is hard");
  const std::size_t wrong = first_row(kept.size(), [&](std::size_t k) { return scores[kept[k]] < 0; });
  if (wrong == kept.size()) return;
  throw Error("scores", at_row(kept[wrong], theory::shown(scores[kept[wrong]])), "must be 0 or more to be weights");
}

}  // namespace

std::vector<double> score_weights(std::span<const double> scores, HardEnd hard, const PointGroups& classes,
                                  std::span<const Index> kept, ScoreWeights by, Policy policy,
                                  std::span<const double> own_weights) {
  require_finite("scores", {scores, 1});
  require_valid(classes, scores.size());
  const std::size_t outside = first_row(kept.size(), [&](std::size_t k) { return kept[k] >= scores.size(); });
  if (outside < kept.size()) {
    throw Error("kept", std::to_string(kept[outside]), "must be below the number of scores");
  }
  if (by == ScoreWeights::value) require_weighable(scores, hard, kept);
  const std::vector<Index> one_class(classes.empty() ? scores.size() : 0, 0);
  const PointGroups groups = classes.empty() ? PointGroups{one_class, {}} : classes;
  const GroupMembers members(groups);
  std::vector<double> factors(scores.size(), 1);
  if (by == ScoreWeights::value) factors.assign(scores.begin(), scores.end());
  if (by == ScoreWeights::rank) {
    const double sign = -hardest_first(hard) * (policy == Policy::easy ? -1 : 1);
    for_all(members.count(), [&](std::size_t c) {
      std::vector<double> values;
      for (const Index i : members.of(c)) values.push_back(sign * scores[i]);
      const std::vector<double> ranks = mean_ranks(values);
      for (std::size_t k = 0; k < ranks.size(); ++k) factors[members.of(c)[k]] = ranks[k];
    });
  }
  std::vector<double> mass(members.count(), 0), weighted(members.count(), 0), weights(kept.size());
  for (std::size_t k = 0; k < kept.size(); ++k) {
    const Index i = kept[k];
    const double own = own_weights.empty() ? 1 : own_weights[i];
    weights[k] = own * factors[i];
    mass[groups.of_points[i]] += own;
    weighted[groups.of_points[i]] += weights[k];
  }
  for (std::size_t c = 0; c < mass.size(); ++c) {
    if (mass[c] == 0 || weighted[c] > 0) continue;
    throw Error("scores", classes.empty() ? "0" : "class " + classes.name(c),
                "must not all be 0 where they are weights");
  }
  for (std::size_t k = 0; k < kept.size(); ++k) {
    const Index c = groups.of_points[kept[k]];
    if (mass[c] > 0) weights[k] *= mass[c] / weighted[c];
  }
  return weights;
}

double matched_epochs(double epochs, double fraction, double factor) {
  if (!(epochs > 0 && std::isfinite(epochs))) throw Error("epochs", theory::shown(epochs), "must be above 0");
  require_keep("fraction", fraction);
  require_fraction("factor", factor, 0, 1);
  return epochs * (1 + factor * (1 / fraction - 1));
}

}  // namespace momentset::prune
