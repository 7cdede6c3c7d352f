#include "momentset/prune/selection.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
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

namespace momentset::prune {
namespace {

/// An example as it is compared with others: the smaller the more preferred.
struct Candidate {
  std::uint64_t key;  ///< above 0
  std::uint32_t tie;  ///< random
  Index row;

  auto operator<=>(const Candidate&) const = default;
};

/// Bits that as a whole number have the order of the finite numbers; above 0.
std::uint64_t ordered_bits(double value) {
  const std::uint64_t bits = std::bit_cast<std::uint64_t>(value + 0.0);  // -0 is 0
  return bits >> 63 != 0 ? ~bits : bits | std::uint64_t{1} << 63;
}

/// What makes small numbers of hard examples.
double hardest_first(HardEnd hard) { return hard == HardEnd::low ? 1 : -1; }

/// Candidates by preference(row): those of class c at first[c] to first[c + 1] - 1 where there are classes, else by
/// row.
template <class Preference>
LargeVector<Candidate> candidates(std::size_t rows, const std::optional<GroupMembers>& members, std::uint64_t seed,
                                  const Preference& preference) {
  std::mt19937_64 random(seed);
  LargeVector<std::uint32_t> ties(rows);  // by row, whatever the classes are called
  for (std::uint32_t& tie : ties) tie = std::uint32_t(random() >> 32);
  LargeVector<Candidate> found(rows);
  for_rows(rows, [&](std::size_t k) {
    const Index row = members ? members->numbers[k] : Index(k);
    found[k] = {ordered_bits(preference(row)), ties[row], row};
  });
  return found;
}

/// How far each example is from the middle of the window, in ranks.
std::vector<double> from_the_middle(std::span<const double> scores, HardEnd hard, std::size_t kept,
                                    const SelectOptions& options) {
  const double sign = hardest_first(hard);
  LargeVector<Candidate> ranked =
      candidates(scores.size(), {}, options.seed, [&](Index i) { return sign * scores[i]; });
  oneapi::tbb::parallel_sort(ranked.begin(), ranked.end());
  const std::size_t skipped =
      std::min(std::size_t(std::llround(options.skip_hardest * double(scores.size()))), scores.size() - kept);
  const double middle = double(skipped) + double(kept - 1) / 2;
  std::vector<double> places(scores.size());
  for_rows(places.size(), [&](std::size_t k) { places[ranked[k].row] = std::abs(double(k) - middle); });
  return places;
}

/// The place of each example in a random order of those of its stratum: whoever takes the first places first takes as
/// many of each stratum, as far as it reaches.
std::vector<double> places_in_strata(std::span<const double> scores, const SelectOptions& options) {
  const auto [least, most] = std::minmax_element(scores.begin(), scores.end());
  const double low = *least, width = (*most - low) / double(options.strata);
  LargeVector<Candidate> shuffled = candidates(scores.size(), {}, options.seed, [](Index) { return 0.0; });
  oneapi::tbb::parallel_sort(shuffled.begin(), shuffled.end());
  std::vector<double> places(scores.size()), next(options.strata, 0);
  for (const Candidate& each : shuffled) {
    const double stratum = width > 0 ? (scores[each.row] - low) / width : 0;
    places[each.row] = next[std::min(std::size_t(stratum), options.strata - 1)]++;
  }
  return places;
}

LargeVector<Candidate> candidates_of(std::span<const double> scores, HardEnd hard, std::size_t kept,
                                     const std::optional<GroupMembers>& members, const SelectOptions& options) {
  const double sign = hardest_first(hard) * (options.policy == Policy::easy ? -1 : 1);
  std::vector<double> places;
  if (options.policy == Policy::window) places = from_the_middle(scores, hard, kept, options);
  if (options.policy == Policy::stratified) places = places_in_strata(scores, options);
  return candidates(scores.size(), members, options.seed, [&](Index i) {
    return options.policy == Policy::random ? 0.0 : places.empty() ? sign * scores[i] : places[i];
  });
}

/// How many of each class must be kept: the share of `kept` by equal parts, rounded up where that leaves them room.
std::size_t floor_of(double class_floor, std::size_t kept, std::size_t classes) {
  const double share = class_floor * double(kept) / double(classes);
  const auto up = std::size_t(std::ceil(share * (1 - 1e-12)));  // not for rounding's sake
  return up * classes <= kept ? up : std::size_t(share);
}

std::vector<std::string> notices_of(const std::vector<ClassReport>& classes) {
  constexpr std::size_t shown = 5;
  std::vector<std::string> small;
  for (const ClassReport& each : classes) {
    if (each.below_floor()) small.push_back(fmt::format("{} ({})", each.name, each.examples));
  }
  if (small.empty()) return {};
  const std::size_t count = small.size();
  if (count > shown) small[shown] = "...";
  small.resize(std::min(count, shown + 1));
  return {fmt::format("{} of {} classes {} fewer examples than the floor of {} and {} kept whole: {}", count,
                      classes.size(), count == 1 ? "has" : "have", classes[0].floor, count == 1 ? "is" : "are",
                      fmt::join(small, ", "))};
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

std::vector<Index> rows_of(std::span<const Candidate> candidates, std::size_t rows) {
  std::vector<bool> is_kept(rows, false);
  for (const Candidate& each : candidates) is_kept[each.row] = true;
  std::vector<Index> kept;
  kept.reserve(candidates.size());
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
  std::optional<GroupMembers> members;
  if (!classes.empty()) members.emplace(classes);
  LargeVector<Candidate> all = candidates_of(scores, hard, kept, members, options);
  Selection selection;
  if (members) {
    const std::size_t count = members->count(), floor = floor_of(options.class_floor, kept, count);
    for (std::size_t c = 0; c < count; ++c) {
      selection.classes.push_back({classes.name(c), members->of(c).size(), 0, floor});
    }
    for_all(count, [&](std::size_t c) {
      const auto begin = all.begin() + std::ptrdiff_t(members->first[c]);
      const auto end = all.begin() + std::ptrdiff_t(members->first[c + 1]);
      const auto last = begin + std::ptrdiff_t(std::min(floor, selection.classes[c].examples));
      if (last != begin && last != end) std::nth_element(begin, last - 1, end);
      std::for_each(begin, last, [](Candidate& each) { each.key = 0; });  // before all others
    });
  }
  std::nth_element(all.begin(), all.begin() + std::ptrdiff_t(kept - 1), all.end());
  selection.kept = rows_of({all.data(), kept}, rows);
  if (!members) return selection;
  for (const Index i : selection.kept) ++selection.classes[classes.of_points[i]].kept;
  std::vector<std::size_t> before, after;
  for (const ClassReport& each : selection.classes) {
    before.push_back(each.examples);
    after.push_back(each.kept);
  }
  selection.balance_before = class_balance(std::move(before));
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
