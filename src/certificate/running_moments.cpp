#include "certificate/running_moments.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>
#include <unordered_map>

#include "certificate/hash.hpp"
#include "certificate/selection.hpp"
#include "certificate/text.hpp"
#include "momentset/certificate.hpp"
#include "momentset/error.hpp"
#include "momentset/version.hpp"

namespace momentset::certificate {
namespace {

std::size_t require_measurable(std::size_t dimension, int order) {
  if (dimension == 0) throw Error("columns", "0", "at least one is needed");
  if (order < 0 || order > highest_order) {
    throw Error("order", text(order), "must be between 0 and " + text(highest_order));
  }
  if (monomial_count(dimension, order) > most_monomials) {
    throw Error("order", text(order),
                "has more than " + text(most_monomials) + " monomials in " + text(dimension) + " coordinates");
  }
  return dimension;
}

/// For each monomial with a positive exponent of the axis the one in which that is smaller by one; itself otherwise.
std::vector<std::uint32_t> one_lower(std::span<const std::uint8_t> exponents, std::size_t m, std::size_t axis) {
  const std::size_t n = exponents.size() / m;
  const auto key = [m](const std::uint8_t* first) { return std::string(first, first + m); };
  std::unordered_map<std::string, std::uint32_t> numbers;
  for (std::size_t f = 0; f < n; ++f) numbers[key(&exponents[f * m])] = std::uint32_t(f);
  std::vector<std::uint32_t> lower(n);
  for (std::size_t f = 0; f < n; ++f) {
    std::string below = key(&exponents[f * m]);
    if (below[axis] != 0) --below[axis];
    lower[f] = numbers.at(below);
  }
  return lower;
}

/// sum_j C(e, j) scale^j shift^(e - j) M_j, M_j the sum with exponent j, by Horner's rule: starting from j = e.
long double moved_sum(std::span<const long double> sums, std::span<const std::uint32_t> lower, std::size_t f,
                      unsigned exponent, long double scale, long double shift) {
  long double total = 0, coefficient = 1, power = 1;  // coefficient: C(e, j) shift^(e - j)
  for (unsigned k = 0; k < exponent; ++k) power *= scale;
  for (unsigned j = exponent;; --j) {
    total += coefficient * power * sums[f];
    if (j == 0) return total;
    coefficient *= shift * j / (exponent - j + 1);
    power = 1;
    for (unsigned k = 0; k + 1 < j; ++k) power *= scale;
    f = lower[f];
  }
}

}  // namespace

void DoubleDouble::add(long double x) {
  const double first = static_cast<double>(x), rest = static_cast<double>(x - first);
  const double sum = high + first, part = sum - high;
  const double error = (high - (sum - part)) + (first - part) + low + rest;
  high = sum + error;
  low = error - (high - sum);
}

RunningMoments::RunningMoments(std::size_t dimension, int order)
    : monomials_(require_measurable(dimension, order), order),
      exponents_(monomials_.exponents()),
      extent_(dimension),
      centre_(dimension, 0),
      unit_(dimension, 0),
      sums_(monomials_.size()) {}

Box RunningMoments::frame() const {
  Box box{{centre_.begin(), centre_.end()}, {unit_.begin(), unit_.end()}, {}};
  for (long double& half : box.half) half = half > 0 ? half : 1;
  return box;
}

void RunningMoments::start_at(const Extent& extent) {
  for (std::size_t axis = 0; axis < centre_.size(); ++axis) {
    centre_[axis] = extent.lower[axis] / 2 + extent.upper[axis] / 2;
  }
}

void RunningMoments::make_room() {
  std::vector<int> growth(centre_.size(), 0);
  for (std::size_t axis = 0; axis < centre_.size(); ++axis) {
    const long double centre = centre_[axis];
    const long double reach = std::max(extent_.upper[axis] - centre, centre - extent_.lower[axis]);
    if (reach <= unit_[axis]) continue;
    int exponent = 0;
    std::frexp(reach, &exponent);  // reach < 2^exponent
    exponent = std::min(exponent, 1023);
    if (unit_[axis] > 0) growth[axis] = exponent - std::ilogb(unit_[axis]);
    unit_[axis] = std::ldexp(1.0, exponent);
  }
  const std::size_t m = centre_.size();
  for (std::size_t f = 0; f < sums_.size(); ++f) {
    int shrinking = 0;
    for (std::size_t axis = 0; axis < m; ++axis) shrinking += growth[axis] * exponents_[f * m + axis];
    if (shrinking == 0) continue;
    sums_[f].high = std::ldexp(sums_[f].high, -shrinking);
    sums_[f].low = std::ldexp(sums_[f].low, -shrinking);
  }
}

void RunningMoments::add(const WeightedPoints& rows, const std::stop_token& stop) {
  if (rows.size() == 0) return;
  const Selection selection = all_of(rows, &stop);
  const Extent own = extent(selection);
  if (empty()) start_at(own);
  extent_.include(own.lower.data(), own.upper.data());
  make_room();
  const MomentSums added = monomials_.sums(selection, frame());
  for (std::size_t f = 0; f < sums_.size(); ++f) sums_[f].add(added.moments[f].value());
}

void RunningMoments::join(const RunningMoments& other) {
  if (other.empty()) return;
  if (empty()) {
    *this = other;
    return;
  }
  extent_.include(other.extent_.lower.data(), other.extent_.upper.data());
  make_room();
  const Box here = frame(), there = other.frame();
  std::vector<long double> scale, shift;
  for (std::size_t axis = 0; axis < centre_.size(); ++axis) {
    scale.push_back(there.half[axis] / here.half[axis]);
    shift.push_back((there.centre[axis] - here.centre[axis]) / here.half[axis]);
  }
  const std::vector<long double> added = other.moved(scale, shift);
  for (std::size_t f = 0; f < sums_.size(); ++f) sums_[f].add(added[f]);
}

void RunningMoments::scale(double factor) {
  for (DoubleDouble& sum : sums_) {
    const long double value = sum.value() * factor;
    sum = {};
    sum.add(value);
  }
}

std::vector<long double> RunningMoments::moved(std::span<const long double> scale,
                                               std::span<const long double> shift) const {
  const std::size_t m = centre_.size(), n = sums_.size();
  std::vector<long double> sums(n), before;
  for (std::size_t f = 0; f < n; ++f) sums[f] = sums_[f].value();
  for (std::size_t axis = 0; axis < m; ++axis) {
    const std::vector<std::uint32_t> lower = one_lower(exponents_, m, axis);
    before = sums;
    for (std::size_t f = 0; f < n; ++f) {
      sums[f] = moved_sum(before, lower, f, exponents_[f * m + axis], scale[axis], shift[axis]);
    }
  }
  return sums;
}

void RunningMoments::measure(const WeightedPoints& output, std::span<const std::uint64_t> rows,
                             StreamCertificate& result) const {
  const Box box = bounding_box(extent_), here = frame();
  std::vector<long double> scale, shift;
  for (std::size_t axis = 0; axis < centre_.size(); ++axis) {
    scale.push_back(here.half[axis] / box.half[axis]);
    shift.push_back((here.centre[axis] - box.centre[axis]) / box.half[axis]);
  }
  const std::vector<long double> moments = moved(scale, shift);
  MomentSums input(size());
  const Selection selection = all_of(output);
  const MomentSums found = monomials_.sums(selection, box);
  for (std::size_t f = 0; f < size(); ++f) input.moments[f].add(moments[f]);
  input.magnitudes = found.magnitudes;
  result.residuals = monomials_.worst_residuals(input, found, 1);
  result.tolerance = residual_tolerance(size());

  const WeightSummary weights = summarise_weights(selection);
  result.library_version = version;
  result.size = output.size();
  result.dimension = dimension();
  result.order = order();
  result.features = size();
  result.mass_input = finite(moments[0]);
  result.mass_output = finite(weights.mass);
  result.smallest_weight = weights.smallest;
  result.largest_weight = weights.largest;
  result.effective_sample_size = weights.effective_sample_size;
  result.output_hash = hash_output(rows, selection);
}

std::vector<double> RunningMoments::state() const {
  std::vector<double> state;
  for (const std::vector<double>* part : {&extent_.lower, &extent_.upper, &centre_, &unit_}) {
    state.insert(state.end(), part->begin(), part->end());
  }
  for (const DoubleDouble& sum : sums_) state.insert(state.end(), {sum.high, sum.low});
  return state;
}

void RunningMoments::set_state(std::span<const double> state) {
  const std::size_t m = centre_.size();
  const auto require = [](bool holds) {
    if (!holds) throw Error("sketch", "sums of moments", "must be those of finite rows");
  };
  require(state.size() == 4 * m + 2 * sums_.size());
  const bool rows = state[0] <= state[m];
  for (std::size_t k = rows ? 0 : 2 * m; k < state.size(); ++k) require(std::isfinite(state[k]));
  std::vector<double>* const parts[] = {&extent_.lower, &extent_.upper, &centre_, &unit_};
  for (std::size_t part = 0; part < 4; ++part) {
    parts[part]->assign(state.begin() + std::ptrdiff_t(part * m), state.begin() + std::ptrdiff_t((part + 1) * m));
  }
  constexpr double infinity = std::numeric_limits<double>::infinity();
  for (std::size_t axis = 0; axis < m; ++axis) {
    int exponent = 0;
    const double lower = extent_.lower[axis], upper = extent_.upper[axis];
    require(rows ? lower <= upper : lower == infinity && upper == -infinity);
    require(unit_[axis] == 0 || (unit_[axis] > 0 && std::frexp(unit_[axis], &exponent) == 0.5));
  }
  for (std::size_t f = 0; f < sums_.size(); ++f) sums_[f] = {state[4 * m + 2 * f], state[4 * m + 2 * f + 1]};
}

}  // namespace momentset::certificate
