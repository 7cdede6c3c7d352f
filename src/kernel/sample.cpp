#include "kernel/sample.hpp"

#include <algorithm>
#include <numeric>
#include <random>

#include "threads.hpp"

namespace momentset::kernel {

Sample priority_sample(const WeightedPoints& points, std::size_t count, std::uint64_t seed) {
  struct Candidate {
    double priority;
    Index row;
    bool operator<(const Candidate& other) const {
      return priority != other.priority ? priority > other.priority : row < other.row;
    }
  };
  std::mt19937_64 random(seed);
  std::vector<Candidate> all;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const double uniform = 1 - double(random() >> 11) * 0x1p-53;
    if (points.weight(i) > 0) all.push_back({points.weight(i) / uniform, Index(i)});
  }
  double threshold = 0;
  if (count < all.size()) {
    const auto next = all.begin() + std::ptrdiff_t(count);
    std::nth_element(all.begin(), next, all.end());
    threshold = next->priority;
    all.erase(next, all.end());
  }
  std::sort(all.begin(), all.end());
  Sample sample;
  for (const Candidate& each : all) {
    sample.rows.push_back(each.row);
    sample.shares.push_back(std::max(points.weight(each.row), threshold));
  }
  const double sum = std::accumulate(sample.shares.begin(), sample.shares.end(), 0.0);
  for (double& share : sample.shares) share /= sum;
  return sample;
}

namespace {

/// The points of positive weight at the ends of columns, of which point i has value_in(i, a).
template <class Value>
std::vector<Index> ends(const WeightedPoints& points, std::size_t columns, const Value& value_in) {
  std::vector<Index> ends(2 * columns);
  for_all(columns, [&](std::size_t a) {
    const auto value = [&](std::size_t i) { return value_in(i, a); };
    std::size_t low = points.size(), high = low;
    for (std::size_t i = 0; i < points.size(); ++i) {
      if (points.weight(i) <= 0) continue;
      if (low == points.size() || value(i) < value(low)) low = i;
      if (high == points.size() || value(i) > value(high)) high = i;
    }
    ends[2 * a] = Index(low);
    ends[2 * a + 1] = Index(high);
  });
  return ends;
}

}  // namespace

std::vector<Index> ends_of_columns(const WeightedPoints& points, const std::vector<std::size_t>& columns) {
  return ends(points, columns.size(), [&](std::size_t i, std::size_t a) { return points.point(i)[columns[a]]; });
}

std::vector<Index> ends_of_columns(const WeightedPoints& points, const Companions& companions) {
  return ends(points, companions.columns,
              [&](std::size_t i, std::size_t a) { return companions.values[i * companions.columns + a]; });
}

}  // namespace momentset::kernel
