#include "momentset/partition/kmeans.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <numeric>
#include <random>
#include <utility>

#include "momentset/partition/neighbour_tree.hpp"
#include "threads.hpp"

namespace momentset {
namespace {

constexpr std::size_t block = 1024;  // points that one task assigns

class Lloyd {
 public:
  Lloyd(const WeightedPoints& points, const KmeansOptions& options)
      : points_(points), stop_(options.stop), cluster_of_(points.size(), 0), order_(points.size()) {
    std::iota(order_.begin(), order_.end(), Index{0});
    const std::size_t count = std::clamp<std::size_t>(options.clusters, 1, points.size());
    std::mt19937_64 random(options.seed);
    for (std::size_t c = 0; c < count; ++c) {
      std::swap(order_[c], order_[c + random() % (points.size() - c)]);
      const double* x = points.point(order_[c]);
      centres_.insert(centres_.end(), x, x + points.dimension);
    }
    begins_.resize(count + 1);
  }

  /// Every point to its nearest centre; false if none changed its cluster.
  bool assign() {
    const NeighbourTree tree(centres_, points_.dimension);
    const std::vector<double> clearance = clearances(tree);
    std::atomic<bool> changed = false;
    for_all((points_.size() + block - 1) / block, [&](std::size_t b) {
      stop_if_asked(stop_);
      bool moved = false;
      for (std::size_t i = b * block; i < std::min(points_.size(), (b + 1) * block); ++i) {
        const Index nearest = nearest_centre(tree, clearance, points_.point(i), cluster_of_[i]);
        moved = moved || nearest != cluster_of_[i];
        cluster_of_[i] = nearest;
      }
      if (moved) changed.store(true, std::memory_order_relaxed);
    });
    list_clusters();
    return changed;
  }

  /// Every centre to the mean of its points, summed in their order; one without points stays.
  void centre() {
    const std::size_t m = points_.dimension;
    for_all(begins_.size() - 1, [&](std::size_t c) {
      if (begins_[c] == begins_[c + 1]) return;
      double* centre = centres_.data() + c * m;
      std::fill_n(centre, m, 0.0);
      double mass = 0;
      for (std::size_t k = begins_[c]; k < begins_[c + 1]; ++k) {
        const double* x = points_.point(order_[k]);
        const double weight = points_.weight(order_[k]);
        mass += weight;
        for (std::size_t a = 0; a < m; ++a) centre[a] += weight * x[a];
      }
      for (std::size_t a = 0; a < m; ++a) centre[a] /= mass;
    });
  }

  Clusters clusters() && {
    begins_.erase(std::unique(begins_.begin(), begins_.end()), begins_.end());
    return {.order = std::move(order_), .begins = std::move(begins_)};
  }

 private:
  /// For each centre a quarter of the squared distance to the nearest other: points closer to it than that, squared,
  /// have no nearer centre.
  std::vector<double> clearances(const NeighbourTree& tree) const {
    const std::size_t m = points_.dimension;
    std::vector<double> clearance(centres_.size() / m);
    for_all(clearance.size(), [&](std::size_t c) {
      std::vector<Neighbour> two;  // the farther one first; the other one is the centre itself
      tree.nearest(centres_.data() + c * m, 2, two);
      clearance[c] = two.front().squared_distance / 4;
    });
    return clearance;
  }

  Index nearest_centre(const NeighbourTree& tree, std::span<const double> clearance, const double* x,
                       Index guess) const {
    const std::size_t m = points_.dimension;
    double distance = 0;
    for (std::size_t a = 0; a < m; ++a) distance += std::pow(x[a] - centres_[guess * m + a], 2);
    return distance < clearance[guess] ? guess : tree.nearest(x, guess).point;
  }

  void list_clusters() {
    std::fill(begins_.begin(), begins_.end(), 0);
    for (const Index c : cluster_of_) ++begins_[c + 1];
    std::partial_sum(begins_.begin(), begins_.end(), begins_.begin());
    std::vector<std::size_t> next(begins_.begin(), begins_.end() - 1);
    for (std::size_t i = 0; i < points_.size(); ++i) order_[next[cluster_of_[i]]++] = Index(i);
  }

  const WeightedPoints& points_;
  const std::stop_token stop_;
  std::vector<Index> cluster_of_, order_;
  std::vector<double> centres_;
  std::vector<std::size_t> begins_;
};

}  // namespace

Clusters kmeans(const WeightedPoints& points, const KmeansOptions& options) {
  Lloyd lloyd(points, options);
  for (int iteration = 1; lloyd.assign() && iteration < options.iterations; ++iteration) lloyd.centre();
  return std::move(lloyd).clusters();
}

}  // namespace momentset
