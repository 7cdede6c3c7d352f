#include "momentset/partition/neighbour_clusters.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>

#include "threads.hpp"

namespace momentset {

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
  for (std::size_t i = 0; i < taken_.size(); i += every) {
    if (tree_.contains(Index(i))) waiting_.push_back({0, Index(i)});
  }
  measure(waiting_);
  std::make_heap(waiting_.begin(), waiting_.end(), std::greater<>());
}

std::vector<std::vector<Neighbour>> NeighbourClusters::measure(std::vector<Centre>& centres) const {
  std::vector<std::vector<Neighbour>> members(centres.size());
  const std::size_t m = coordinates_.size() / taken_.size();
  for_all(centres.size(), [&](std::size_t c) {
    stop_if_asked(stop_);
    tree_.nearest(coordinates_.data() + centres[c].point * m, cluster_size_, members[c]);
    centres[c].squared_radius = members[c].front().squared_distance;
  });
  return members;
}

std::vector<NeighbourClusters::Centre> NeighbourClusters::next_centres(std::size_t most) {
  std::vector<Centre> centres;
  while (centres.size() < most && !waiting_.empty()) {
    std::pop_heap(waiting_.begin(), waiting_.end(), std::greater<>());
    if (tree_.contains(waiting_.back().point)) centres.push_back(waiting_.back());
    waiting_.pop_back();
  }
  return centres;
}

std::vector<std::vector<Index>> NeighbourClusters::tightest(std::size_t most) {
  std::vector<std::vector<Index>> clusters;
  while (clusters.empty()) {
    std::vector<Centre> centres = next_centres(2 * most);
    if (centres.empty()) {  // all centres are gone, but not all points
      wait_for_centres(1);
      continue;
    }
    const std::vector<std::vector<Neighbour>> members = measure(centres);
    std::vector<std::size_t> by_radius(centres.size());
    std::iota(by_radius.begin(), by_radius.end(), std::size_t{0});
    std::sort(by_radius.begin(), by_radius.end(),
              [&](std::size_t a, std::size_t b) { return centres[a] < centres[b]; });
    for (const std::size_t c : by_radius) {
      // What waits may be as tight as its bound.
      if (clusters.size() == most || (!waiting_.empty() && waiting_.front() < centres[c])) break;
      const auto taken = [&](const Neighbour& member) { return taken_[member.point] != 0; };
      if (std::any_of(members[c].begin(), members[c].end(), taken)) continue;
      clusters.emplace_back();
      for (const Neighbour& member : members[c]) {
        taken_[member.point] = 1;
        clusters.back().push_back(member.point);
      }
    }
    for (const Centre& centre : centres) {
      waiting_.push_back(centre);
      std::push_heap(waiting_.begin(), waiting_.end(), std::greater<>());
    }
  }
  for (const std::vector<Index>& cluster : clusters) {
    for (const Index point : cluster) taken_[point] = 0;
  }
  return clusters;
}

}  // namespace momentset
