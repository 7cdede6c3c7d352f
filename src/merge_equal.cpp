#include "merge_equal.hpp"

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

namespace momentset {
namespace {

constexpr Index none = std::numeric_limits<Index>::max();

std::uint64_t hash(const double* x, std::size_t m) {
  std::uint64_t h = 0x9e3779b97f4a7c15u;
  for (std::size_t a = 0; a < m; ++a) {
    h ^= std::bit_cast<std::uint64_t>(x[a] + 0.0);  // -0 + 0 = 0
    h *= 0xff51afd7ed558ccdu;                       // the mixing steps of MurmurHash3 (Appleby, public domain)
    h ^= h >> 33;
  }
  h *= 0xc4ceb9fe1a85ec53u;
  return h ^ (h >> 29);
}

/// Rows sorted into buckets by the top bits of their hash, in ascending order within each: equal rows share a bucket,
/// and buckets can be worked on at the same time.
class Buckets {
 public:
  static constexpr int bits = 8;
  static constexpr std::size_t count = 1u << bits;

  Buckets(const WeightedPoints& points, const std::vector<bool>& skip) : hashes_(points.size()) {
    tbb::parallel_for(tbb::blocked_range<std::size_t>(0, points.size(), 16384), [&](const auto& range) {
      for (std::size_t i = range.begin(); i < range.end(); ++i) {
        hashes_[i] = std::uint32_t(hash(points.point(i), points.dimension) >> 32);
      }
    });
    const auto takes_part = [&](std::size_t i) { return points.weight(i) > 0 && (skip.empty() || !skip[i]); };
    std::array<std::size_t, count> next{};
    for (std::size_t i = 0; i < points.size(); ++i) {
      if (takes_part(i)) ++begin_[bucket_of(i) + 1];
    }
    for (std::size_t b = 0; b < count; ++b) begin_[b + 1] += begin_[b];
    std::copy_n(begin_.begin(), count, next.begin());
    rows_.resize(begin_[count]);
    for (std::size_t i = 0; i < points.size(); ++i) {
      if (takes_part(i)) rows_[next[bucket_of(i)]++] = Index(i);
    }
  }

  std::span<const Index> operator[](std::size_t b) const {
    return std::span(rows_).subspan(begin_[b], begin_[b + 1] - begin_[b]);
  }
  std::uint32_t hash_of(Index i) const { return hashes_[i]; }

 private:
  std::size_t bucket_of(std::size_t i) const { return hashes_[i] >> (32 - bits); }

  std::vector<std::uint32_t> hashes_;
  std::vector<Index> rows_;
  std::array<std::size_t, count + 1> begin_{};
};

/// Neumaier's sum.
struct Sum {
  double value = 0, correction = 0;

  void add(double term) {
    const double next = value + term;
    correction += std::abs(value) >= std::abs(term) ? (value - next) + term : (term - next) + value;
    value = next;
  }
  double total() const { return value + correction; }
};

DistinctPoints merge_bucket(const WeightedPoints& points, const Buckets& buckets, std::span<const Index> rows) {
  DistinctPoints distinct;
  std::vector<Sum> sums;
  const std::size_t slots = std::bit_ceil(2 * rows.size() + 1), mask = slots - 1;
  std::vector<Index> table(slots, none);  // positions in distinct.numbers, open addressing
  for (const Index i : rows) {
    std::size_t slot = buckets.hash_of(i) & mask;
    const auto same = [&](Index k) {
      return std::equal(points.point(i), points.point(i) + points.dimension, points.point(distinct.numbers[k]));
    };
    while (table[slot] != none && !same(table[slot])) slot = (slot + 1) & mask;
    if (table[slot] == none) {
      table[slot] = Index(distinct.numbers.size());
      distinct.numbers.push_back(i);
      sums.emplace_back();
    }
    sums[table[slot]].add(points.weight(i));
  }
  distinct.weights.reserve(sums.size());
  for (const Sum& sum : sums) distinct.weights.push_back(sum.total());
  return distinct;
}

/// Brings the buckets' points back into ascending order.
DistinctPoints join(const std::vector<DistinctPoints>& parts, std::size_t rows) {
  std::vector<double> weights(rows, 0);
  std::size_t count = 0;
  for (const DistinctPoints& part : parts) {
    count += part.numbers.size();
    for (std::size_t k = 0; k < part.numbers.size(); ++k) weights[part.numbers[k]] = part.weights[k];
  }
  DistinctPoints all;
  all.numbers.reserve(count);
  all.weights.reserve(count);
  for (std::size_t i = 0; i < rows; ++i) {
    if (weights[i] <= 0) continue;
    all.numbers.push_back(Index(i));
    all.weights.push_back(weights[i]);
  }
  return all;
}

}  // namespace

DistinctPoints merge_equal(const WeightedPoints& points, const std::vector<bool>& skip) {
  const Buckets buckets(points, skip);
  std::vector<DistinctPoints> parts(Buckets::count);
  tbb::parallel_for(std::size_t{0}, Buckets::count,
                    [&](std::size_t b) { parts[b] = merge_bucket(points, buckets, buckets[b]); });
  return join(parts, points.size());
}

}  // namespace momentset
