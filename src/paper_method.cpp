#include "paper_method.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "cell_compressor.hpp"
#include "momentset/partition/kmeans.hpp"
#include "momentset/partition/neighbour_clusters.hpp"
#include "plan.hpp"
#include "threads.hpp"

namespace momentset {
namespace {

// What the paper leaves open, chosen so that errors agree with the published ones: docs/paper-method.md.
constexpr std::size_t points_per_feature = 2;  // of a k-means cluster: 2 n points, the half of which can go
constexpr int kmeans_iterations = 5;
// Greedy rounds take over at so many times the size, and when they need not drop more points one by one than this.
constexpr std::size_t greedy_from = 2, greedy_drops = 3200;
// A greedy round takes so many clusters that they cover some tenth of the points, and no more than keep threads busy.
constexpr std::size_t greedy_share = 10, greedy_most = 64;

/// The points that are left, with their weights.
class Support {
 public:
  Support(const WeightedPoints& points, const DistinctPoints& distinct, const PaperMethodOptions& options)
      : points_(points),
        options_(options),
        rows_(distinct.numbers.begin(), distinct.numbers.end()),
        weights_(distinct.weights.begin(), distinct.weights.end()) {}

  std::size_t size() const { return rows_.size(); }
  std::span<const double> weights() const { return weights_; }
  bool has(Index k) const { return weights_[k] > 0; }

  /// Coordinates in which distances are measured, row-major.
  std::vector<double> scaled() const {
    const std::size_t m = points_.dimension;
    std::vector<double> coordinates(size() * m);
    for (std::size_t k = 0; k < size(); ++k) {
      const double* x = points_.point(rows_[k]);
      for (std::size_t a = 0; a < m; ++a) coordinates[k * m + a] = x[a] * options_.scale[a];
    }
    return coordinates;
  }

  /// Recombines cells of the listed points, which are numbered among those that are left; those that lose their weight
  /// stay in the list until drop_weightless().
  void reduce(std::span<const Index> members, std::vector<Cell> cells, PaperMethodResult& result) {
    const std::size_t m = points_.dimension;
    Partition partition;
    partition.cells = std::move(cells);
    partition.coordinates.resize(members.size() * m);
    std::vector<double> weights(members.size());
    for (std::size_t k = 0; k < members.size(); ++k) {
      std::copy_n(points_.point(rows_[members[k]]), m, partition.coordinates.begin() + k * m);
      weights[k] = weights_[members[k]];
    }
    const CellCompressor compressor(partition, weights, options_.scale, options_.order,
                                    std::numeric_limits<double>::infinity(), options_.stop, {}, options_.monomials);
    const std::size_t features = monomial_count(m, options_.order, options_.monomials);
    std::vector<unsigned char> full_rank(partition.cells.size()), exact(partition.cells.size());
    for_all(partition.cells.size(), [&](std::size_t c) {
      const Cell& cell = partition.cells[c];
      const Recombination found = compressor(cell, cell.quota);
      for (std::size_t k = cell.begin; k < cell.end; ++k) weights_[members[k]] = 0;
      for (std::size_t j = 0; j < found.support.size(); ++j) {
        weights_[members[cell.begin + found.support[j]]] = found.weights[j];
      }
      full_rank[c] = found.rank >= features;
      exact[c] = found.exact();
    });
    result.clusters += full_rank.size();
    result.rank_deficient_clusters += std::size_t(std::count(full_rank.begin(), full_rank.end(), 0));
    result.inexact_clusters += std::size_t(std::count(exact.begin(), exact.end(), 0));
  }

  void drop_weightless() {
    std::size_t kept = 0;
    for (std::size_t k = 0; k < size(); ++k) {
      if (!has(Index(k))) continue;
      rows_[kept] = rows_[k];
      weights_[kept++] = weights_[k];
    }
    rows_.resize(kept);
    weights_.resize(kept);
  }

  void move_to(PaperMethodResult& result) && {
    result.rows = std::move(rows_);
    result.weights = std::move(weights_);
  }

 private:
  const WeightedPoints& points_;
  const PaperMethodOptions& options_;
  std::vector<Index> rows_;  // ascending
  std::vector<double> weights_;
};

/// Largest squared distance of a cluster's points from their mean.
double squared_radius(const Clusters& clusters, std::size_t c, std::span<const double> coordinates, std::size_t m) {
  const std::span cluster = std::span(clusters.order).subspan(clusters.begins[c], clusters.size(c));
  std::vector<double> mean(m);
  for (const Index k : cluster) {
    for (std::size_t a = 0; a < m; ++a) mean[a] += coordinates[k * m + a] / double(cluster.size());
  }
  double largest = 0;
  for (const Index k : cluster) {
    double sum = 0;
    for (std::size_t a = 0; a < m; ++a) sum += (coordinates[k * m + a] - mean[a]) * (coordinates[k * m + a] - mean[a]);
    largest = std::max(largest, sum);
  }
  return largest;
}

/// Clusters of more than n points as cells with quota n; if that is more than `excess` points to drop, the tightest
/// ones only.
std::vector<Cell> cells_to_reduce(const Clusters& clusters, std::span<const double> coordinates, std::size_t m,
                                  std::size_t n, std::size_t excess) {
  std::vector<std::pair<double, std::size_t>> large;  // squared radius, cluster
  for (std::size_t c = 0; c < clusters.count(); ++c) {
    if (clusters.size(c) > n) large.emplace_back(0.0, c);
  }
  for_all(large.size(),
          [&](std::size_t k) { large[k].first = squared_radius(clusters, large[k].second, coordinates, m); });
  std::sort(large.begin(), large.end());
  std::vector<Cell> cells;
  for (const auto& [radius, c] : large) {
    const std::size_t dropped = std::min(excess, clusters.size(c) - n);
    if (dropped == 0) break;
    cells.push_back({clusters.begins[c], clusters.begins[c + 1], clusters.size(c) - dropped});
    excess -= dropped;
  }
  return cells;
}

/// The rounds, which report how much of the way from the first number of points to the last they have gone.
class Rounds {
 public:
  Rounds(const WeightedPoints& points, const DistinctPoints& distinct, const PaperMethodOptions& options)
      : options_(options),
        m_(points.dimension),
        n_(monomial_count(m_, options.order, options.monomials)),
        size_(std::max(options.size, n_)),
        first_(distinct.numbers.size()),
        support_(points, distinct, options) {}

  void by_kmeans() {
    std::size_t last = greedy_from * size_;
    if (options_.dropped == 1) last = std::min(last, size_ + greedy_drops);
    for (std::uint64_t round = 0; support_.size() > last; ++round) {
      const std::size_t before = support_.size();
      const std::vector<double> coordinates = support_.scaled();
      const Clusters clusters =
          kmeans({coordinates, support_.weights(), m_}, {.clusters = before / (points_per_feature * n_),
                                                         .iterations = kmeans_iterations,
                                                         .seed = options_.seed + round,
                                                         .stop = options_.stop});
      support_.reduce(clusters.order, cells_to_reduce(clusters, coordinates, m_, n_, before - last), result_);
      support_.drop_weightless();
      report(support_.size());
      if (support_.size() == before) return;
    }
  }

  void greedily() {
    if (support_.size() <= size_) return;
    const std::size_t cluster_size = std::min(n_ + options_.dropped, support_.size());
    const std::size_t centres_every = std::max<std::size_t>(1, options_.dropped / 2);
    NeighbourClusters clusters(support_.scaled(), m_, cluster_size, options_.stop, centres_every);
    while (clusters.size() > size_ && clusters.size() >= cluster_size) {
      const std::size_t most = std::clamp<std::size_t>(clusters.size() / (greedy_share * (n_ + 1)), 1, greedy_most);
      std::vector<Index> members;
      std::vector<Cell> cells;
      std::size_t excess = clusters.size() - size_;
      const std::size_t wanted = std::min(most, (excess + options_.dropped - 1) / options_.dropped);
      for (const std::vector<Index>& cluster : clusters.tightest(wanted)) {
        const std::size_t dropped = std::min(excess, cluster.size() - n_);
        if (dropped == 0) break;
        excess -= dropped;
        cells.push_back({members.size(), members.size() + cluster.size(), cluster.size() - dropped});
        members.insert(members.end(), cluster.begin(), cluster.end());
      }
      support_.reduce(members, std::move(cells), result_);
      for (const Index k : members) {
        if (!support_.has(k)) clusters.remove(k);
      }
      report(clusters.size());
    }
    support_.drop_weightless();
  }

  PaperMethodResult result() && {
    std::move(support_).move_to(result_);
    return std::move(result_);
  }

 private:
  void report(std::size_t left) const {
    if (options_.progress) options_.progress(std::min(1.0, double(first_ - left) / double(first_ - size_)));
  }

  const PaperMethodOptions& options_;
  std::size_t m_, n_, size_, first_;
  Support support_;
  PaperMethodResult result_;
};

}  // namespace

PaperMethodResult paper_method(const WeightedPoints& points, const DistinctPoints& distinct,
                               const PaperMethodOptions& options) {
  Rounds rounds(points, distinct, options);
  rounds.by_kmeans();
  rounds.greedily();
  return std::move(rounds).result();
}

}  // namespace momentset
