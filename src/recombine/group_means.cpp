#include "recombine/group_means.hpp"

#include <algorithm>

#include "simd.hpp"

namespace momentset {
namespace {

// Sums run over so many rows before they are added to the total: errors of rounding then grow with the square root of
// a row count at most, for lists of any length.
constexpr std::size_t sum_run = 64;

MOMENTSET_SIMD
void add(const double* terms, std::size_t count, double* sums) {
  for (std::size_t k = 0; k < count; ++k) sums[k] += terms[k];
}

/// Weighted feature sums of up to `recombine_block` stretches of the list at once, one stretch to a SIMD lane: no sum
/// runs across lanes.
class LaneSums {
 public:
  LaneSums(const FeatureRows& rows, std::span<const Index> list, std::span<const double> weights)
      : rows_(rows), list_(list), weights_(weights) {}

  /// Sums of the stretches [begin[l], begin[l + 1]), l < lanes; the result is n x lanes, lanes contiguous.
  const std::vector<double>& operator()(const std::size_t* begin, std::size_t lanes) {
    const std::size_t cells = rows_.features() * lanes;
    std::size_t longest = 0;
    for (std::size_t l = 0; l < lanes; ++l) longest = std::max(longest, begin[l + 1] - begin[l]);
    total_.assign(cells, 0);
    terms_.resize(cells);
    for (std::size_t start = 0; start < longest; start += sum_run) {
      run_.assign(cells, 0);
      for (std::size_t t = start; t < std::min(start + sum_run, longest); ++t) {
        load(begin, lanes, t);
        rows_.evaluate({numbers_, lanes}, scale_, terms_.data());
        add(terms_.data(), cells, run_.data());
      }
      add(run_.data(), cells, total_.data());
    }
    return total_;
  }

 private:
  // Lanes whose stretch has ended repeat its last row with weight zero.
  void load(const std::size_t* begin, std::size_t lanes, std::size_t t) {
    for (std::size_t l = 0; l < lanes; ++l) {
      const bool inside = begin[l] + t < begin[l + 1];
      const std::size_t k = inside ? begin[l] + t : begin[l];
      numbers_[l] = list_[std::min(k, list_.size() - 1)];
      scale_[l] = inside ? weights_[k] : 0;
    }
  }

  const FeatureRows& rows_;
  std::span<const Index> list_;
  std::span<const double> weights_;
  std::vector<double> total_, run_, terms_;
  Index numbers_[recombine_block];
  double scale_[recombine_block];
};

std::vector<std::size_t> even_stretches(std::size_t length, std::size_t count) {
  std::vector<std::size_t> begin(count + 1);
  for (std::size_t g = 0; g <= count; ++g) begin[g] = length / count * g + std::min(g, length % count);
  return begin;
}

}  // namespace

Groups group_means(const FeatureRows& rows, std::span<const Index> list, std::span<const double> weights,
                   std::size_t count) {
  const std::size_t n = rows.features();
  Groups groups;
  groups.begin = even_stretches(list.size(), count);
  groups.masses.assign(count, 0);
  groups.means.assign(count * n, 0);
  for (std::size_t g = 0; g < count; ++g) {
    for (std::size_t k = groups.begin[g]; k < groups.begin[g + 1]; ++k) groups.masses[g] += weights[k];
  }

  LaneSums sums(rows, list, weights);
  for (std::size_t first = 0; first < count; first += recombine_block) {
    const std::size_t lanes = std::min(recombine_block, count - first);
    const std::vector<double>& block = sums(groups.begin.data() + first, lanes);
    for (std::size_t f = 0; f < n; ++f) {
      std::copy_n(block.data() + f * lanes, lanes, groups.means.data() + f * count + first);
    }
  }

  groups.moments.resize(n);
  for (std::size_t f = 0; f < n; ++f) {
    double* column = groups.means.data() + f * count;
    long double moment = 0;
    for (std::size_t g = 0; g < count; ++g) {
      moment += column[g];
      column[g] /= groups.masses[g];
    }
    groups.moments[f] = double(moment);
  }
  return groups;
}

}  // namespace momentset
