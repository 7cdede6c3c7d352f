#include "group_sizes.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "column_spreads.hpp"
#include "format.hpp"
#include "momentset/error.hpp"
#include "plan.hpp"

namespace momentset {
namespace {

double mass_of(const Part& part) {
  double mass = std::accumulate(part.distinct.weights.begin(), part.distinct.weights.end(), 0.0);
  for (const Survivor& survivor : part.kept) mass += survivor.weight;
  return mass;
}

/// Spread of each part: rms over the columns of the standard deviation, those of all points being 1.
std::vector<double> spreads(const WeightedPoints& points, const std::vector<Part>& parts) {
  DistinctPoints all;
  for (const Part& part : parts) {
    all.numbers.insert(all.numbers.end(), part.distinct.numbers.begin(), part.distinct.numbers.end());
    all.weights.insert(all.weights.end(), part.distinct.weights.begin(), part.distinct.weights.end());
  }
  std::vector<double> spreads(parts.size(), 0);
  if (all.numbers.empty()) return spreads;
  const std::vector<double> of_all = inverse_spreads(points, all);
  for (std::size_t g = 0; g < parts.size(); ++g) {
    if (parts[g].distinct.numbers.empty()) continue;
    const std::vector<double> own = inverse_spreads(points, parts[g].distinct);
    double squares = 0;
    for (std::size_t a = 0; a < own.size(); ++a) {
      const double ratio = own[a] > 0 ? of_all[a] / own[a] : 0;
      squares += ratio * ratio / double(own.size());
    }
    spreads[g] = std::sqrt(squares);
  }
  return spreads;
}

std::vector<double> claims(const WeightedPoints& points, const std::vector<Part>& parts,
                           const CompressOptions& options) {
  std::vector<double> claims(parts.size(), 1);
  if (options.group_sizes == GroupSizes::equal) return claims;
  std::transform(parts.begin(), parts.end(), claims.begin(), mass_of);
  if (options.group_sizes == GroupSizes::mass) return claims;
  constexpr int highest = 5;
  const std::size_t equal = options.size / parts.size();
  int order = options.order.value_or(0);
  while (!options.order && order < highest && feature_count(points.dimension, order + 1, options) <= equal) {
    ++order;
  }
  const double m = double(points.dimension), k = double(order) + 1;
  const std::vector<double> spread = spreads(points, parts);
  for (std::size_t g = 0; g < parts.size(); ++g) {
    claims[g] = std::pow(claims[g] * std::pow(spread[g], k), m / (m + k));
  }
  return claims;
}

/// Rows that the part must keep at least at this order: what one cell needs, or all.
std::size_t least_of(const Part& part, std::size_t dimension, int order, const CompressOptions& options) {
  const std::size_t cell = points_of_a_cell(feature_count(dimension, order, options), options.max_weight);
  return part.kept.size() + std::min(part.distinct.numbers.size(), cell);
}

std::size_t least_of_all(const std::vector<Part>& parts, std::size_t dimension, int order,
                         const CompressOptions& options) {
  std::size_t sum = 0;
  for (const Part& part : parts) sum += least_of(part, dimension, order, options);
  return sum;
}

/// The order that every group shall have rows for. Throws Error where the size does not allow for it.
int order_of_minimum(const std::vector<Part>& parts, std::size_t dimension, const CompressOptions& options) {
  const auto least = [&](int order) { return least_of_all(parts, dimension, order, options); };
  if (!options.order) {
    for (const int order : {2, 1}) {
      if (least(order) <= options.size / 2) return order;
    }
    if (least(0) <= options.size) return 0;
    throw Error("size", std::to_string(options.size),
                formatted("{} groups need a size of at least {}", parts.size(), least(0)));
  }
  if (least(*options.order) <= options.size) return *options.order;
  int fitting = *options.order;
  while (fitting > 0 && least(fitting) > options.size) --fitting;
  const std::string fits =
      least(fitting) <= options.size ? formatted("order {} is the highest that fits", fitting) : "no order fits";
  throw Error("size", std::to_string(options.size),
              formatted("order {} in each of {} groups needs a size of at least {}; {}", *options.order, parts.size(),
                        least(*options.order), fits));
}

}  // namespace

std::vector<std::size_t> shares(std::size_t size, std::span<const Demand> demands) {
  double total = 0;
  for (const Demand& demand : demands) total += demand.claim;
  // So that what others have no use for goes to those without a claim as well.
  const auto claim = [&](const Demand& demand) { return total > 0 ? std::max(demand.claim / total, 1e-12) : 1.0; };
  const auto share = [&](const Demand& demand, double factor) {
    return std::clamp(factor * claim(demand), double(demand.least), double(demand.most));
  };
  double low = 0, high = 0;
  for (const Demand& demand : demands) high = std::max(high, double(demand.most) / claim(demand));
  for (int step = 0; step < 200; ++step) {
    const double middle = low + (high - low) / 2;
    double sum = 0;
    for (const Demand& demand : demands) sum += share(demand, middle);
    (sum < double(size) ? low : high) = middle;
  }
  std::vector<std::size_t> found;
  std::vector<double> remainders;
  std::size_t left = size;
  for (const Demand& demand : demands) {
    found.push_back(std::size_t(share(demand, low)));
    remainders.push_back(share(demand, low) - double(found.back()));
    left -= found.back();
  }
  std::vector<std::size_t> order(demands.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return remainders[a] > remainders[b]; });
  for (std::size_t k = 0; left > 0; k = (k + 1) % order.size()) {
    if (found[order[k]] == demands[order[k]].most) continue;
    ++found[order[k]];
    --left;
  }
  return found;
}

void share_out(const WeightedPoints& points, std::vector<Part>& parts, const CompressOptions& options) {
  std::size_t count = 0;
  for (const Part& part : parts) count += part.count();
  if (count <= options.size) {
    for (Part& part : parts) part.request.size = part.count();
    return;
  }
  const int order = order_of_minimum(parts, points.dimension, options);
  const std::vector<double> claimed = claims(points, parts, options);
  std::vector<Demand> demands;
  for (std::size_t g = 0; g < parts.size(); ++g) {
    demands.push_back({claimed[g], least_of(parts[g], points.dimension, order, options), parts[g].count()});
  }
  const std::vector<std::size_t> found = shares(options.size, demands);
  for (std::size_t g = 0; g < parts.size(); ++g) parts[g].request.size = found[g];
}

}  // namespace momentset
