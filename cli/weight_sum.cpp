#include "weight_sum.hpp"

#include <numeric>

namespace momentset::cli {

double mass_scale(const std::string& weight_sum, const WeightedPoints& points) {
  if (weight_sum == "mass") return 1;
  const double mass = points.weights.empty() ? double(points.size())
                                             : std::accumulate(points.weights.begin(), points.weights.end(), 0.0);
  return (weight_sum == "n" ? double(points.size()) : 1.0) / mass;
}

}  // namespace momentset::cli
