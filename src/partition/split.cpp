#include "partition/split.hpp"

#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <span>
#include <vector>

#include "momentset/cells.hpp"

namespace momentset {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// Moves the keys for which the predicate holds before the others; returns how many. Does not branch on the predicate,
/// which no processor could foresee.
template <class Predicate>
std::size_t move_first(std::span<double> keys, const std::stop_token& stop, const Predicate& predicate) {
  std::size_t count = 0;
  for (std::size_t k = 0; k < keys.size(); ++k) {
    stop_if_asked(stop, k);
    const double key = keys[k];
    keys[k] = keys[count];
    keys[count] = key;
    count += predicate(key);
  }
  return count;
}

/// The `rank`-th smallest of the keys (from 0), which is put in its place, with smaller or equal ones before it and
/// larger or equal ones behind: Hoare's quickselect.
double select(std::span<double> keys, std::size_t rank, const std::stop_token& stop) {
  constexpr std::size_t few = 16, passes_enough = 64;
  for (std::size_t pass = 0; keys.size() > few && pass < passes_enough; ++pass) {
    const double a = keys[keys.size() / 4], b = keys[keys.size() / 2], c = keys[keys.size() / 4 * 3];
    const double pivot = std::max(std::min(a, b), std::min(std::max(a, b), c));  // the median
    std::size_t before = move_first(keys, stop, [&](double key) { return key < pivot; });
    if (rank < before) {
      keys = keys.first(before);
      continue;
    }
    if (before == 0) {
      before = move_first(keys, stop, [&](double key) { return key == pivot; });
      if (rank < before) return pivot;
    }
    keys = keys.subspan(before);
    rank -= before;
  }
  std::nth_element(keys.begin(), keys.begin() + std::ptrdiff_t(rank), keys.end());
  return keys[rank];
}

struct Bracket {
  double low = -infinity, high = infinity;
};

/// Two keys between which the key of this rank almost always lies: quantiles of a sample (Floyd and Rivest 1975).
Bracket enclose(const Rows& rows, std::size_t axis, std::size_t rank, const std::stop_token& stop) {
  constexpr std::size_t worth_sampling = 256;
  Bracket bracket;
  if (rows.count < worth_sampling) return bracket;
  // The sample then costs about as much as what it leaves between the bracket's ends.
  const auto size = std::size_t(std::cbrt(double(rows.count) * double(rows.count)));
  const std::size_t stride = rows.count / size;
  std::vector<double> sample(size);
  for (std::size_t k = 0; k < size; ++k) {
    // One row of each stride, and not always the same one: rows may be periodic.
    const std::size_t place = std::uint64_t(std::uint32_t(k) * 2654435769u) * stride >> 32;
    sample[k] = rows.row(k * stride + place)[axis];
  }
  const double centre = double(rank) / double(rows.count) * double(size);
  const double margin = 1.5 * std::sqrt(double(size));  // three standard deviations of a sample's median
  std::size_t low = 0;
  if (centre >= margin) {
    low = std::size_t(centre - margin);
    bracket.low = select(sample, low, stop);
  }
  if (centre + margin < double(size)) {
    bracket.high = select(std::span(sample).subspan(low), std::size_t(centre + margin) - low, stop);
  }
  return bracket;
}

/// Keys of a block below the bracket and in it.
struct Counts {
  std::size_t below = 0, between = 0;

  Counts operator+(const Counts& other) const { return {below + other.below, between + other.between}; }
};

Counts sum(const std::vector<Counts>& counts) { return std::accumulate(counts.begin(), counts.end(), Counts()); }

/// Copies the keys in the bracket to where their block begins in `between`.
std::vector<Counts> count(const Rows& rows, std::size_t axis, const Bracket& bracket, double* between,
                          const std::stop_token& stop) {
  std::vector<Counts> counts(rows.blocks());
  for_blocks(rows, stop, [&](std::size_t b, std::size_t begin, std::size_t end) {
    const auto [low, high] = bracket;
    const std::size_t m = rows.dimension;
    const double* x = rows.row(begin) + axis;
    double* out = between + begin;
    std::size_t below = 0, found = 0;
    for (std::size_t i = begin; i < end; ++i, x += m) {
      const double key = *x;
      below += key < low;
      out[found] = key;
      found += (key >= low) & (key <= high);
    }
    counts[b] = {below, found};
  });
  return counts;
}

/// Where a node is cut.
struct Cut {
  std::size_t axis;
  double key;
  std::size_t row = 0;                 // the first on the right
  std::vector<std::size_t> left = {};  // rows on the left before each block, and in all

  /// Rows at the key, of which there may be many, are ordered by the following coordinates, and equal rows as they lie.
  bool goes_left(const Rows& rows, std::size_t i) const {
    const double *x = rows.row(i), *at_cut = rows.row(row);
    if (x[axis] != key) return x[axis] < key;
    return precedes(x, at_cut, axis, rows.dimension) || (i < row && !precedes(at_cut, x, axis, rows.dimension));
  }
};

/// Counts each block's rows below the cut's key; returns those at it.
std::vector<std::size_t> count_below(const Rows& rows, const std::vector<Counts>& counts, const double* between,
                                     Cut& cut, const std::stop_token& stop) {
  std::vector<std::size_t> ties;
  cut.left.assign(counts.size() + 1, 0);
  for (std::size_t b = 0; b < counts.size(); ++b) {
    stop_if_asked(stop);
    const std::size_t begin = b * rows.block();
    std::size_t below = counts[b].below, equal = 0;
    for (std::size_t k = begin; k < begin + counts[b].between; ++k) {
      below += between[k] < cut.key;
      equal += between[k] == cut.key;
    }
    cut.left[b + 1] = below;
    for (std::size_t i = begin; equal > 0; ++i) {
      if (rows.row(i)[cut.axis] != cut.key) continue;
      ties.push_back(i);
      --equal;
    }
  }
  return ties;
}

/// Orders rows with the same key by one coordinate after the other: cuts at the one of this rank and counts those
/// before it.
void cut_ties(const Rows& rows, std::vector<std::size_t> ties, std::size_t rank, Cut& cut,
              const std::stop_token& stop) {
  const auto goes_left = [&](std::size_t i) { ++cut.left[i / rows.block() + 1]; };
  std::vector<double> keys;
  for (std::size_t k = 1; k < rows.dimension && ties.size() > 1; ++k) {
    const double* column = rows.coordinates + (cut.axis + k) % rows.dimension;
    keys.resize(ties.size());
    for (std::size_t t = 0; t < ties.size(); ++t) {
      stop_if_asked(stop, t);
      keys[t] = column[ties[t] * rows.dimension];
    }
    const double key = select(keys, rank, stop);
    std::size_t tied = 0;
    for (std::size_t t = 0; t < ties.size(); ++t) {
      stop_if_asked(stop, t);
      const double here = column[ties[t] * rows.dimension];
      if (here < key) {
        goes_left(ties[t]);
        --rank;
      } else if (here == key) {
        ties[tied++] = ties[t];
      }
    }
    ties.resize(tied);
  }
  for (std::size_t t = 0; t < rank; ++t) goes_left(ties[t]);
  cut.row = ties[rank];
}

Cut find_cut(const Rows& rows, std::size_t axis, std::size_t left, double* scratch, const std::stop_token& stop) {
  std::vector<Counts> counts = count(rows, axis, enclose(rows, axis, left, stop), scratch, stop);
  Counts all = sum(counts);
  if (left < all.below || left >= all.below + all.between) {
    counts = count(rows, axis, Bracket(), scratch, stop);
    all = sum(counts);
  }
  std::vector<double> keys(all.between);
  double* end = keys.data();
  for (std::size_t b = 0; b < counts.size(); ++b) {
    stop_if_asked(stop);
    end = std::copy_n(scratch + b * rows.block(), counts[b].between, end);
  }
  Cut cut{.axis = axis, .key = select(keys, left - all.below, stop)};
  std::vector<std::size_t> ties = count_below(rows, counts, scratch, cut, stop);
  const std::size_t below = std::accumulate(cut.left.begin(), cut.left.end(), std::size_t{0});
  cut_ties(rows, std::move(ties), left - below, cut, stop);
  std::partial_sum(cut.left.begin(), cut.left.end(), cut.left.begin());
  return cut;
}

/// Copies rows [begin, end) to the places from `left` on, or from `right` on. M is the dimension, or 0 for any.
template <std::size_t M>
void move(const Rows& from, std::size_t begin, std::size_t end, const Cut& cut, const Rows& to, std::size_t left,
          std::size_t right) {
  const std::size_t m = M == 0 ? from.dimension : M;
  // Copied here, since the compiler must expect that what is written changes the originals.
  const Index* numbers = from.numbers;
  const double *x = from.coordinates + begin * m, key = cut.key;
  Index* numbers_out = to.numbers;
  double* out = to.coordinates;
  const std::size_t axis = cut.axis;
  for (std::size_t i = begin; i < end; ++i, x += m) {
    std::size_t goes_left = x[axis] < key;
    if (x[axis] == key) [[unlikely]]
      goes_left = cut.goes_left(from, i);
    const std::size_t place = right ^ ((left ^ right) & -goes_left);  // a choice without a branch
    numbers_out[place] = numbers[i];
    if constexpr (M == 0) {
      std::copy_n(x, m, out + place * m);
    } else {
      std::memcpy(out + place * M, x, M * sizeof(double));
    }
    left += goes_left;
    right += 1 - goes_left;
  }
}

auto move_for(std::size_t dimension) {
  constexpr std::array moves{move<0>, move<1>, move<2>, move<3>, move<4>, move<5>, move<6>, move<7>, move<8>};
  return moves[dimension < moves.size() ? dimension : 0];
}

}  // namespace

Halves split(const Rows& from, const Rows& to, std::size_t axis, std::size_t left, const std::stop_token& stop) {
  const Cut cut = find_cut(from, axis, left, to.coordinates, stop);
  const auto move_rows = move_for(from.dimension);
  std::vector<Halves> blocks(from.blocks());
  for_blocks(from, stop, [&](std::size_t b, std::size_t begin, std::size_t end) {
    const std::size_t left_begin = cut.left[b], left_end = cut.left[b + 1];
    const std::size_t right_begin = left + begin - left_begin, right_end = left + end - left_end;
    move_rows(from, begin, end, cut, to, left_begin, right_begin);
    blocks[b] = {Box(from.dimension), Box(from.dimension), from.numbers[cut.row]};
    blocks[b].left.include(to, left_begin, left_end);
    blocks[b].right.include(to, right_begin, right_end);
  });
  Halves halves = std::move(blocks[0]);
  for (std::size_t b = 1; b < blocks.size(); ++b) {
    halves.left.include(blocks[b].left);
    halves.right.include(blocks[b].right);
  }
  return halves;
}

}  // namespace momentset
