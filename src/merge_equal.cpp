#include "merge_equal.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>
#include <utility>

#include "partition/blocks.hpp"

namespace momentset {
namespace {

constexpr Index none = std::numeric_limits<Index>::max();

std::uint32_t hash(const double* x, std::size_t m) {
  std::uint64_t h = 0x9e3779b97f4a7c15u;
  for (std::size_t a = 0; a < m; ++a) {
    h ^= std::bit_cast<std::uint64_t>(x[a] + 0.0);  // -0 + 0 = 0
    h *= 0xff51afd7ed558ccdu;                       // the mixing steps of MurmurHash3 (Appleby, public domain)
    h ^= h >> 33;
  }
  h *= 0xc4ceb9fe1a85ec53u;
  return std::uint32_t((h ^ (h >> 29)) >> 32);
}

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

/// A row that takes part.
struct Entry {
  std::uint32_t hash;
  Index row;
};

/// Sorts rows into buckets by the top bits of their hash, in ascending order within each: equal rows share a bucket,
/// and buckets, which the caches have room for, can be worked on at the same time.
class Merger {
 public:
  Merger(const WeightedPoints& points, const std::vector<bool>& skip, const std::stop_token& stop,
         std::span<const Index> groups)
      : points_(points),
        skip_(skip),
        stop_(stop),
        groups_(groups),
        rows_(points.size()),
        totals_(rows_),
        hashes_(rows_) {
    constexpr std::size_t rows_in_cache = 2048, most_bits = 10;
    bits_ = std::min<std::size_t>(std::bit_width(rows_ / rows_in_cache), most_bits);
    buckets_ = std::size_t{1} << bits_;
    constexpr std::size_t least_block = 16384, most_blocks = 512;
    block_rows_ = std::max(least_block, rows_ / most_blocks);
  }

  DistinctPoints operator()() {
    std::vector<Index> places = count_entries();
    const std::vector<Index> begin = add_up(places);
    sort_entries(std::move(places), begin.back());
    for_all(buckets_, [&](std::size_t k) { merge(std::span(entries_).subspan(begin[k], begin[k + 1] - begin[k])); });
    return collect();
  }

 private:
  /// Computes weights and hashes; returns how many rows each block has for each bucket.
  std::vector<Index> count_entries() {
    std::vector<Index> counts(blocks() * buckets_, 0);
    for_row_blocks([&](std::size_t b, std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        totals_[i] = skip_.empty() || !skip_[i] ? points_.weight(i) : 0;
        hashes_[i] = hash(points_.point(i), points_.dimension);
        if (!groups_.empty()) hashes_[i] ^= groups_[i] * 0x9e3779b1u;
        counts[b * buckets_ + bucket_of(hashes_[i])] += totals_[i] > 0;
      }
    });
    return counts;
  }

  /// Makes counts the places of the first entries; returns where the buckets begin, and the end.
  std::vector<Index> add_up(std::vector<Index>& counts) const {
    std::vector<Index> begin;
    Index place = 0;
    for (std::size_t k = 0; k < buckets_; ++k) {
      begin.push_back(place);
      for (std::size_t b = 0; b < blocks(); ++b) place += std::exchange(counts[b * buckets_ + k], place);
    }
    begin.push_back(place);
    return begin;
  }

  void sort_entries(std::vector<Index> places, std::size_t count) {
    entries_.resize(count);
    for_row_blocks([&](std::size_t b, std::size_t begin, std::size_t end) {
      Index* next = places.data() + b * buckets_;
      for (std::size_t i = begin; i < end; ++i) {
        if (totals_[i] > 0) entries_[next[bucket_of(hashes_[i])]++] = {hashes_[i], Index(i)};
      }
    });
  }

  /// Adds each row's weight to that of the first row equal to it. The bucket's first entries become the distinct ones.
  void merge(std::span<Entry> bucket) {
    // Positions in the bucket, open addressing. A bucket can only be much larger than others if many rows are equal.
    std::vector<Index> table(std::bit_ceil(4 * std::min(bucket.size(), 2 * rows_ / buckets_) + 1), none);
    std::size_t distinct = 0;
    std::vector<std::pair<Index, Index>> repeats;  // the position of the first and the row
    for (std::size_t k = 0; k < bucket.size(); ++k) {
      stop_if_asked(stop_, k);
      if (repeats.size() > k / 2) fetch(bucket[std::min(k + 16, bucket.size() - 1)].row);
      const Entry entry = bucket[k];
      const std::size_t slot = find(table, entry.hash, [&](Index first) { return equal(entry, bucket[first]); });
      if (table[slot] != none) {
        repeats.emplace_back(table[slot], entry.row);
        continue;
      }
      table[slot] = Index(distinct);
      bucket[distinct++] = entry;
      if (2 * distinct > table.size()) enlarge(table, bucket.first(distinct));
    }
    if (repeats.empty()) return;
    std::vector<Sum> sums(distinct);
    for (std::size_t k = 0; k < distinct; ++k) sums[k].add(totals_[bucket[k].row]);
    for (std::size_t k = 0; k < repeats.size(); ++k) {
      stop_if_asked(stop_, k);
      const auto [first, row] = repeats[k];
      sums[first].add(std::exchange(totals_[row], 0));
    }
    for (std::size_t k = 0; k < distinct; ++k) totals_[bucket[k].row] = sums[k].total();
  }

  /// The slot of the entry that is the same, or an empty one.
  template <class Same>
  static std::size_t find(const std::vector<Index>& table, std::uint32_t hash, const Same& same) {
    const std::size_t mask = table.size() - 1;
    std::size_t slot = hash & mask;
    while (table[slot] != none && !same(table[slot])) slot = (slot + 1) & mask;
    return slot;
  }

  static void enlarge(std::vector<Index>& table, std::span<const Entry> entries) {
    table.assign(2 * table.size(), none);
    for (std::size_t k = 0; k < entries.size(); ++k) {
      table[find(table, entries[k].hash, [](Index) { return false; })] = Index(k);
    }
  }

  bool equal(const Entry& a, const Entry& b) const {
    const double* x = points_.point(a.row);
    return a.hash == b.hash && std::equal(x, x + points_.dimension, points_.point(b.row)) &&
           (groups_.empty() || groups_[a.row] == groups_[b.row]);
  }

  /// Has what a comparison will need brought from memory.
  void fetch(Index row) const {
    __builtin_prefetch(points_.point(row));
    __builtin_prefetch(&totals_[row]);
  }

  /// The rows that have weight left.
  DistinctPoints collect() const {
    std::vector<std::size_t> begin(blocks() + 1, 0);
    for_row_blocks([&](std::size_t b, std::size_t first, std::size_t last) {
      std::size_t count = 0;
      for (std::size_t i = first; i < last; ++i) count += totals_[i] > 0;
      begin[b + 1] = count;
    });
    std::partial_sum(begin.begin(), begin.end(), begin.begin());
    DistinctPoints all{LargeVector<Index>(begin.back()), LargeVector<double>(begin.back())};
    for_row_blocks([&](std::size_t b, std::size_t first, std::size_t last) {
      std::size_t k = begin[b];
      for (std::size_t i = first; i < last; ++i) {
        if (totals_[i] <= 0) continue;
        all.numbers[k] = Index(i);
        all.weights[k] = totals_[i];
        ++k;
      }
    });
    return all;
  }

  std::size_t bucket_of(std::uint32_t hash) const { return std::uint64_t{hash} >> (32 - bits_); }
  std::size_t blocks() const { return (rows_ + block_rows_ - 1) / block_rows_; }

  template <class Action>
  void for_row_blocks(const Action& action) const {
    for_blocks(rows_, block_rows_, stop_, action);
  }

  const WeightedPoints& points_;
  const std::vector<bool>& skip_;
  const std::stop_token& stop_;
  std::span<const Index> groups_;
  std::size_t rows_, block_rows_, bits_, buckets_;
  LargeVector<double> totals_;  // of each row; 0 where it takes no part or another row stands for it
  LargeVector<std::uint32_t> hashes_;
  LargeVector<Entry> entries_;
};

}  // namespace

DistinctPoints merge_equal(const WeightedPoints& points, const std::vector<bool>& skip, const std::stop_token& stop,
                           std::span<const Index> groups) {
  return Merger(points, skip, stop, groups)();
}

}  // namespace momentset
