#include "momentset/partition/neighbour_clusters.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "partition/squared_distance.hpp"
#include "threads.hpp"

namespace momentset {
namespace {

template <class Centre>
void push(std::vector<Centre>& heap, const Centre& centre) {
  heap.push_back(centre);
  std::push_heap(heap.begin(), heap.end(), std::greater<>());
}

template <class Centre>
void pop(std::vector<Centre>& heap) {
  std::pop_heap(heap.begin(), heap.end(), std::greater<>());
  heap.pop_back();
}

}  // namespace

NeighbourClusters::NeighbourClusters(std::span<const double> coordinates, std::size_t dimension,
                                     std::size_t cluster_size, std::stop_token stop, std::size_t every)
    : cluster_size_(cluster_size),
      stop_(std::move(stop)),
      coordinates_(coordinates.begin(), coordinates.end()),
      tree_(coordinates, dimension),
      taken_(tree_.size(), 0) {
  wait_for_centres(every);
}

void NeighbourClusters::wait_for_centres(std::size_t every) {
  every_ = every;
  near_.assign((taken_.size() + every - 1) / every, {});
  for (std::size_t i = 0; i < taken_.size(); i += every) {
    if (tree_.contains(Index(i))) waiting_.push_back({0, Index(i)});
  }
  measure(waiting_);
  std::make_heap(waiting_.begin(), waiting_.end(), std::greater<>());
}

void NeighbourClusters::measure(std::vector<Centre>& centres) {
  const std::size_t m = coordinates_.size() / taken_.size();
  for_all(centres.size(), [&](std::size_t c) {
    stop_if_asked(stop_);
    const double* const x = coordinates_.data() + centres[c].point * m;
    std::vector<Index>& near = near_[centres[c].point / every_];
    std::erase_if(near, [&](Index point) { return !tree_.contains(point); });
    if (near.size() < cluster_size_) find(x, near);
    centres[c].squared_radius = squared_distance(x, coordinates_.data() + near[cluster_size_ - 1] * m, m);
  });
}

void NeighbourClusters::find(const double* x, std::vector<Index>& near) const {
  thread_local std::vector<Neighbour> found;
  tree_.nearest(x, cluster_size_ + cluster_size_ / 2, found);
  std::sort(found.begin(), found.end());
  near.clear();
  for (const Neighbour& neighbour : found) near.push_back(neighbour.point);
}

std::vector<NeighbourClusters::Centre> NeighbourClusters::next_centres(std::size_t most) {
  std::vector<Centre> centres;
  while (centres.size() < most && !waiting_.empty()) {
    if (tree_.contains(waiting_.front().point)) centres.push_back(waiting_.front());
    pop(waiting_);
  }
  return centres;
}

std::vector<std::vector<Index>> NeighbourClusters::tightest(std::size_t most) {
  std::vector<std::vector<Index>> clusters;
  std::vector<Centre> measured;  // a heap as waiting_, whose radii hold
  std::vector<Centre> judged;
  std::size_t looked_at = 0;
  while (clusters.size() < most) {
    // What waits may be as tight as its bound.
    if (measured.empty() || (!waiting_.empty() && measured.front() > waiting_.front())) {
      if (looked_at >= 8 * most && !clusters.empty()) break;
      std::vector<Centre> centres = next_centres(2 * most);
      if (centres.empty() && measured.empty()) {
        if (!judged.empty()) break;
        wait_for_centres(1);  // all centres are gone, but not all points
        continue;
      }
      measure(centres);
      looked_at += centres.size();
      for (const Centre& centre : centres) push(measured, centre);
      continue;
    }
    judged.push_back(measured.front());
    pop(measured);
    const std::span points = std::span(near_[judged.back().point / every_]).first(cluster_size_);
    if (std::any_of(points.begin(), points.end(), [&](Index point) { return taken_[point] != 0; })) continue;
    for (const Index point : points) taken_[point] = 1;
    clusters.emplace_back(points.begin(), points.end());
  }
  for (const std::vector<Centre>* some : {&measured, &judged}) {
    for (const Centre& centre : *some) push(waiting_, centre);
  }
  for (const std::vector<Index>& cluster : clusters) {
    for (const Index point : cluster) taken_[point] = 0;
  }
  return clusters;
}

}  // namespace momentset
