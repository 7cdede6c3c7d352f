#include "recombine/group_means.hpp"

#include <tbb/cache_aligned_allocator.h>
#include <tbb/task_arena.h>

#include <algorithm>

#include "recombine/sums.hpp"
#include "simd.hpp"
#include "threads.hpp"

namespace momentset {
namespace {

// So many terms are added plainly before they join the compensated total: errors of rounding do not grow with the
// number of rows.
constexpr std::size_t run = 64;

/// Weighted feature sums of up to `recombine_block` stretches of the list at once, one stretch to a SIMD lane: no sum
/// runs across lanes.
class LaneSums {
 public:
  LaneSums(const FeatureRows& rows, std::span<const Index> list, std::span<const double> weights)
      : rows_(rows), list_(list), weights_(weights) {}

  /// Sums of the stretches [begin[l], end[l]), l < lanes, to out: n x lanes, lanes contiguous.
  void operator()(const std::size_t* begin, const std::size_t* end, std::size_t lanes, double* out, Pulse& pulse) {
    const std::size_t cells = rows_.features() * lanes;
    std::size_t longest = 0;
    for (std::size_t l = 0; l < lanes; ++l) longest = std::max(longest, end[l] - begin[l]);
    terms_.resize(cells);
    if (longest <= run) {
      add_run(begin, end, lanes, 0, longest, out);
    } else {
      run_.resize(cells);
      error_.assign(cells, 0);
      std::fill_n(out, cells, 0);
      for (std::size_t start = 0; start < longest; start += run) {
        add_run(begin, end, lanes, start, std::min(start + run, longest), run_.data());
        add_compensated(run_.data(), cells, out, error_.data());
        pulse.beat(2 * double(run) * double(cells));
      }
      add(error_.data(), cells, out);
    }
    pulse.beat(2 * double(std::min(run, longest)) * double(cells));
  }

 private:
  void add_run(const std::size_t* begin, const std::size_t* end, std::size_t lanes, std::size_t first, std::size_t last,
               double* sums) {
    for (std::size_t t = first; t < last; ++t) {
      load(begin, end, lanes, t);
      double* const target = t == first ? sums : terms_.data();
      rows_.evaluate({numbers_, lanes}, scale_, target);
      if (t > first) add(terms_.data(), rows_.features() * lanes, sums);
    }
  }

  // Lanes whose stretch has ended repeat its last row with weight zero.
  void load(const std::size_t* begin, const std::size_t* end, std::size_t lanes, std::size_t t) {
    for (std::size_t l = 0; l < lanes; ++l) {
      const bool inside = begin[l] + t < end[l];
      const std::size_t k = inside ? begin[l] + t : begin[l];
      numbers_[l] = list_[std::min(k, list_.size() - 1)];
      scale_[l] = inside ? weights_[k] : 0;
    }
  }

  const FeatureRows& rows_;
  std::span<const Index> list_;
  std::span<const double> weights_;
  using Aligned = std::vector<double, tbb::cache_aligned_allocator<double>>;  // no load across two cache lines
  Aligned run_, terms_, error_;
  Index numbers_[recombine_block];
  double scale_[recombine_block];
};

/// How the sums of `count` groups are shared out: blocks of groups, and each group's rows in pieces. Fixed by the sizes
/// alone, so that the sums have the same bytes for any number of threads.
struct Shares {
  std::size_t count, blocks, pieces = 1;

  Shares(std::size_t rows, std::size_t groups, std::size_t n)
      : count(groups), blocks((groups + recombine_block - 1) / recombine_block) {
    constexpr std::size_t worth_a_task = std::size_t{1} << 19, most_tasks = 256;
    const std::size_t work = rows * n / worth_a_task, most_pieces = std::max<std::size_t>(1, most_tasks / blocks);
    if (blocks > 0) pieces = std::clamp<std::size_t>(work / blocks, 1, most_pieces);
    parallel = work > 1;
  }
  bool parallel = false;
  std::size_t tasks() const { return blocks * pieces; }
  std::size_t first_group(std::size_t task) const { return task / pieces * recombine_block; }
  std::size_t lanes(std::size_t task) const { return std::min(recombine_block, count - first_group(task)); }
};

std::vector<std::size_t> even_stretches(std::size_t length, std::size_t count) {
  std::vector<std::size_t> begin(count + 1);
  for (std::size_t g = 0; g <= count; ++g) begin[g] = length / count * g + std::min(g, length % count);
  return begin;
}

/// One task's share of the sums, to out.
void sum_share(LaneSums& sums, const Groups& groups, const Shares& shares, std::size_t task, double* out,
               Pulse& pulse) {
  const std::size_t first = shares.first_group(task), lanes = shares.lanes(task), piece = task % shares.pieces;
  std::size_t begin[recombine_block], end[recombine_block];
  for (std::size_t l = 0; l < lanes; ++l) {
    const std::size_t start = groups.begin[first + l], rows = groups.rows_of(first + l);
    begin[l] = start + rows * piece / shares.pieces;
    end[l] = start + rows * (piece + 1) / shares.pieces;
  }
  sums(begin, end, lanes, out, pulse);
}

/// A block's sums as means.
void store(const double* sums, std::size_t first, std::size_t lanes, std::size_t n, Groups& groups) {
  double inverse[recombine_block];
  for (std::size_t l = 0; l < lanes; ++l) inverse[l] = 1 / groups.masses[first + l];
  for (std::size_t f = 0; f < n; ++f) {
    double* means = groups.means.data() + f * groups.size() + first;
    for (std::size_t l = 0; l < lanes; ++l) means[l] = sums[f * lanes + l] * inverse[l];
  }
}

}  // namespace

Groups group_means(const FeatureRows& rows, std::span<const Index> list, std::span<const double> weights,
                   std::size_t count, Pulse& pulse, std::vector<double>* moments) {
  const std::size_t n = rows.features();
  Groups groups;
  groups.begin = even_stretches(list.size(), count);
  groups.masses.assign(count, 0);
  groups.means.resize(count * n);
  for (std::size_t g = 0; g < count; ++g) {
    for (std::size_t k = groups.begin[g]; k < groups.begin[g + 1]; ++k) groups.masses[g] += weights[k];
  }

  const Shares shares(list.size(), count, n);
  const std::size_t share = n * std::min(recombine_block, count);
  std::vector<double> parts((shares.parallel ? shares.tasks() : 1) * share);
  std::vector<double> error;
  if (moments != nullptr) moments->assign(n, 0), error.assign(n, 0);
  const auto finish = [&](std::size_t task, double* sums) {
    const std::size_t lanes = shares.lanes(task);
    if (moments != nullptr) add_across(sums, n, lanes, moments->data(), error.data());
    store(sums, shares.first_group(task), lanes, n, groups);
  };
  if (!shares.parallel) {
    LaneSums sums(rows, list, weights);
    for (std::size_t task = 0; task < shares.tasks(); ++task) {
      sum_share(sums, groups, shares, task, parts.data(), pulse);
      finish(task, parts.data());
    }
  } else {
    // Isolated: a thread that waits here must not take up another cell, with all the memory that it needs.
    tbb::this_task_arena::isolate([&] {
      for_all(shares.tasks(), [&](std::size_t task) {
        LaneSums sums(rows, list, weights);
        sum_share(sums, groups, shares, task, parts.data() + task * share, pulse);
      });
    });
    for (std::size_t task = 0; task < shares.tasks(); task += shares.pieces) {
      double* const whole = parts.data() + task * share;
      for (std::size_t piece = 1; piece < shares.pieces; ++piece) {
        add(whole + piece * share, n * shares.lanes(task), whole);
      }
      finish(task, whole);
    }
  }
  if (moments != nullptr) add(error.data(), n, moments->data());
  return groups;
}

}  // namespace momentset
