#include "recombine/walk.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "recombine/exchanges.hpp"
#include "simd.hpp"

namespace momentset {
namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();
constexpr double infinity = std::numeric_limits<double>::infinity();

/// How far one direction can be followed, and which basic vector stops it.
struct Stop {
  double step = infinity;
  std::size_t basic = 0;
};

/// Both directions: taking weight from the other vector adds step * row to the basic weights, giving it weight
/// subtracts as much.
struct RatioTest {
  Stop taking, giving;
};

/// The least of the steps seen, and the first place that has it, lane by lane.
struct LaneStops {
  Lanes step = Lanes{} + infinity, place = {};
};

MOMENTSET_LOOP void see(LaneStops& stops, Lanes steps, Lanes places) {
  stops.place = steps < stops.step ? places : stops.place;
  stops.step = steps < stops.step ? steps : stops.step;
}

MOMENTSET_LOOP Stop least(const LaneStops& stops) {
  double step = stops.step[0], place = stops.place[0];
  for (std::size_t l = 1; l < simd_lanes; ++l) {
    const bool before = stops.step[l] < step || (stops.step[l] == step && stops.place[l] < place);
    step = before ? stops.step[l] : step;
    place = before ? stops.place[l] : place;
  }
  return {step, std::size_t(place)};
}

/// Entries at rounding level move nothing and must not become pivots. All arrays have a multiple of simd_lanes entries,
/// zeros at the end. bounds may be null: none.
MOMENTSET_LOOP RatioTest ratio_test_of(const double* row, const double* weights, const double* bounds,
                                       std::size_t count) {
  const double negligible = 64 * epsilon * largest_magnitude(row, count);
  const Lanes never = all_lanes(infinity);
  LaneStops taking, giving;
  Lanes places = {0, 1, 2, 3};
  for (std::size_t j = 0; j < count; j += simd_lanes) {
    const Lanes entry = load(row + j), size = absolute(entry), weight = load(weights + j);
    const Lanes to_zero = size > negligible ? weight / size : never;
    Lanes to_bound = never;
    if (bounds != nullptr) to_bound = size > negligible ? (load(bounds + j) - weight) / size : never;
    see(taking, entry < 0 ? to_zero : to_bound, places);
    see(giving, entry < 0 ? to_bound : to_zero, places);
    places += double(simd_lanes);
  }
  return {least(taking), least(giving)};
}

MOMENTSET_LOOP RatioTest ratio_test_loop(const double* row, const double* weights, const double* bounds,
                                         std::size_t count) {
  return bounds == nullptr ? ratio_test_of(row, weights, nullptr, count) : ratio_test_of(row, weights, bounds, count);
}
MOMENTSET_SIMD(RatioTest, ratio_test, ratio_test_loop,
               (const double* row, const double* weights, const double* bounds, std::size_t count),
               (row, weights, bounds, count))

/// moved = weights + step * row; what cancels to rounding level is zero, and what comes as close to its bound is there.
/// Returns how many weights became zero or ceased to be.
MOMENTSET_LOOP std::size_t move_of(const double* row, double step, const double* weights, const double* bounds,
                                   std::size_t count, double* moved) {
  Lanes changes = {};
  for (std::size_t j = 0; j < count; j += simd_lanes) {
    const Lanes before = load(weights + j), after = before + step * load(row + j);
    Lanes weight = after <= 4 * epsilon * before ? Lanes{} : after;
    if (bounds != nullptr) {
      const Lanes bound = load(bounds + j);
      weight = weight >= bound - 4 * epsilon * bound ? bound : weight;
    }
    changes += (weight == 0) == (before == 0) ? Lanes{} : all_lanes(1);
    store(weight, moved + j);
  }
  double all = 0;
  for (std::size_t l = 0; l < simd_lanes; ++l) all += changes[l];
  return std::size_t(all);
}

MOMENTSET_LOOP std::size_t move_loop(const double* row, double step, const double* weights, const double* bounds,
                                     std::size_t count, double* moved) {
  return bounds == nullptr ? move_of(row, step, weights, nullptr, count, moved)
                           : move_of(row, step, weights, bounds, count, moved);
}
MOMENTSET_SIMD(std::size_t, move_weights, move_loop,
               (const double* row, double step, const double* weights, const double* bounds, std::size_t count,
                double* moved),
               (row, step, weights, bounds, count, moved))

class Walk {
 public:
  Walk(Tableau& tableau, std::span<double> weights, const WalkLimits& limits)
      : tableau_(tableau),
        weights_(weights),
        limits_(limits),
        exchanges_(tableau),
        r_(tableau.basic.size()),
        basic_weights_(whole_lanes(r_)),
        moved_(whole_lanes(r_)),
        left_to_pay_(std::ptrdiff_t(limits.budget)) {
    if (!limits.bounds.empty()) basic_bounds_.resize(whole_lanes(r_));
    for (std::size_t j = 0; j < r_; ++j) {
      basic_weights_[j] = weights[tableau.basic[j]];
      if (!limits.bounds.empty()) basic_bounds_[j] = bound(tableau.basic[j]);
    }
  }

  void operator()(Pulse& pulse) {
    const auto dearest = std::ptrdiff_t(*std::max_element(limits_.costs.begin(), limits_.costs.end()));
    const std::size_t others = tableau_.others.size();
    for (std::size_t i = 0; i < others && left_to_pay_ >= dearest; ++i) {
      settle(i);
      pulse.beat(2 * double(others - i) * double(r_));
    }
    for (std::size_t j = 0; j < r_; ++j) weights_[tableau_.basic[j]] = basic_weights_[j];
  }

 private:
  double bound(std::size_t vector) const { return limits_.bounds.empty() ? infinity : limits_.bounds[vector]; }
  // Signed: two vectors may vanish where one could be paid for, and one that had vanished may come back.
  void pay(std::size_t vector) { left_to_pay_ -= std::ptrdiff_t(limits_.costs[vector]); }
  void refund(std::size_t vector) { left_to_pay_ += std::ptrdiff_t(limits_.costs[vector]); }

  /// Drives other i to a bound, or makes it basic.
  void settle(std::size_t i) {
    const std::vector<double>& row = exchanges_.row(i);
    const std::size_t other = tableau_.others[i];
    const double weight = weights_[other], room = bound(other) - weight;
    const auto [taking, giving] = ratio_test(row.data(), basic_weights_.data(), bounds(), row.size());
    if (taking.step >= weight) {
      move(row, weight);
      weights_[other] = 0;
      pay(other);
      return;
    }
    if (giving.step >= room && room < infinity) {
      move(row, -room);
      weights_[other] = bound(other);
      return;
    }
    const bool give = giving.step < infinity && std::abs(row[giving.basic]) > std::abs(row[taking.basic]);
    const Stop first = give ? giving : taking;
    const bool to_zero = (row[first.basic] < 0) != give;  // else to its bound
    const double step = give ? -first.step : first.step;
    move(row, step);
    set_basic(first.basic, to_zero ? 0 : bound(tableau_.basic[first.basic]));  // there but for rounding
    exchanges_.exchange(i, first.basic);
    enter(other, first.basic, weight - step);
  }

  const double* bounds() const { return basic_bounds_.empty() ? nullptr : basic_bounds_.data(); }

  /// Moves the basic weights by step * row.
  void move(const std::vector<double>& row, double step) {
    std::size_t changes = move_weights(row.data(), step, basic_weights_.data(), bounds(), row.size(), moved_.data());
    for (std::size_t j = 0; changes > 0; ++j) {
      if ((moved_[j] == 0) == (basic_weights_[j] == 0)) continue;
      set_basic(j, moved_[j]);
      --changes;
    }
    std::swap(basic_weights_, moved_);
  }

  void set_basic(std::size_t j, double weight) {
    if (weight == 0 && basic_weights_[j] > 0) pay(tableau_.basic[j]);
    if (weight > 0 && basic_weights_[j] == 0) refund(tableau_.basic[j]);
    basic_weights_[j] = weight;
  }

  /// Other takes the place of basic j, which stays where it is.
  void enter(std::size_t other, std::size_t j, double weight) {
    weights_[tableau_.basic[j]] = basic_weights_[j];
    tableau_.basic[j] = other;
    if (!basic_bounds_.empty()) basic_bounds_[j] = bound(other);
    const double least = 4 * epsilon * weights_[other];
    basic_weights_[j] = weight > least ? std::min(weight, bound(other)) : 0;
    if (basic_weights_[j] == 0) pay(other);
  }

  Tableau& tableau_;
  std::span<double> weights_;
  const WalkLimits& limits_;
  DelayedExchanges exchanges_;
  std::size_t r_;
  std::vector<double> basic_weights_, basic_bounds_, moved_;  // no bounds: none
  std::ptrdiff_t left_to_pay_;
};

}  // namespace

void walk_to_vertex(Tableau& tableau, std::span<double> weights, const WalkLimits& limits, Pulse& pulse) {
  Walk(tableau, weights, limits)(pulse);
}

}  // namespace momentset
