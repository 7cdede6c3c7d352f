#include "kernel/herding.hpp"

#include <limits>
#include <utility>

#include "threads.hpp"

namespace momentset::kernel {
namespace {

constexpr int passes = 3;

class Herd {
 public:
  Herd(const KernelPoints& candidates, std::span<const double> means, const Mixture& mixture)
      : candidates_(candidates),
        means_(means),
        mixture_(mixture),
        sums_(candidates.size()),
        taken_(candidates.size(), false) {}

  std::size_t size() const { return chosen_.size(); }
  std::vector<std::size_t> chosen() && { return std::move(chosen_); }

  void take_next() {
    const std::size_t best = best_of(double(size() + 1));
    chosen_.push_back(best);
    columns_.emplace_back();
    put(size() - 1, best);
  }

  /// Whether another candidate is better in the place of the j-th one.
  bool exchange(std::size_t j) {
    const std::size_t before = chosen_[j];
    taken_[before] = false;
    for (std::size_t k = 0; k < sums_.size(); ++k) sums_[k] -= double(columns_[j][k]);
    const std::size_t best = best_of(double(size()));
    put(j, best);
    return best != before;
  }

 private:
  /// The free candidate with the least sum of k over the chosen ones, less count times the mean.
  std::size_t best_of(double count) const {
    std::size_t best = 0;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t k = 0; k < sums_.size(); ++k) {
      const double value = sums_[k] - count * means_[k];
      if (value < least && !taken_[k]) best = k, least = value;
    }
    return best;
  }

  void put(std::size_t j, std::size_t candidate) {
    if (columns_[j].empty() || chosen_[j] != candidate) candidates_.column(candidate, mixture_, columns_[j]);
    chosen_[j] = candidate;
    taken_[candidate] = true;
    for (std::size_t k = 0; k < sums_.size(); ++k) sums_[k] += double(columns_[j][k]);
  }

  const KernelPoints& candidates_;
  std::span<const double> means_;
  Mixture mixture_;
  std::vector<double> sums_;  // over the chosen ones, of k with each candidate
  std::vector<bool> taken_;
  std::vector<std::size_t> chosen_;
  std::vector<std::vector<float>> columns_;  // k of each chosen one with all candidates
};

}  // namespace

std::vector<std::size_t> herd(const KernelPoints& candidates, std::span<const double> means, const Mixture& mixture,
                              std::size_t size, const std::stop_token& stop) {
  Herd herd(candidates, means, mixture);
  while (herd.size() < size) {
    stop_if_asked(stop);
    herd.take_next();
  }
  bool changed = true;
  for (int pass = 0; pass < passes && changed; ++pass) {
    changed = false;
    for (std::size_t j = 0; j < size; ++j) {
      stop_if_asked(stop);
      changed = herd.exchange(j) || changed;
    }
  }
  return std::move(herd).chosen();
}

}  // namespace momentset::kernel
