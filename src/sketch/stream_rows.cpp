#include "sketch/stream_rows.hpp"

#include <algorithm>
#include <numeric>

namespace momentset::sketch {

double StreamRows::mass() const { return std::accumulate(weights.begin(), weights.end(), 0.0); }

std::vector<double> StreamRows::centre(std::size_t dimension) const {
  const double all = mass();
  std::vector<double> centre(dimension, 0);
  for (std::size_t k = 0; k < size(); ++k) {
    for (std::size_t a = 0; a < dimension; ++a) centre[a] += weights[k] / all * coordinates[k * dimension + a];
  }
  return centre;
}

void StreamRows::reserve(std::size_t count, std::size_t dimension) {
  coordinates.reserve(count * dimension);
  weights.reserve(count);
  numbers.reserve(count);
}

void StreamRows::append(const double* x, std::size_t dimension, double weight, std::uint64_t number) {
  coordinates.insert(coordinates.end(), x, x + dimension);
  weights.push_back(weight);
  numbers.push_back(number);
}

void StreamRows::append(const StreamRows& other) {
  coordinates.insert(coordinates.end(), other.coordinates.begin(), other.coordinates.end());
  weights.insert(weights.end(), other.weights.begin(), other.weights.end());
  numbers.insert(numbers.end(), other.numbers.begin(), other.numbers.end());
}

void StreamRows::sort_by_number(std::size_t dimension) {
  std::vector<std::size_t> order(size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return numbers[a] < numbers[b]; });
  StreamRows sorted;
  sorted.reserve(size(), dimension);
  for (const std::size_t k : order) sorted.append(&coordinates[k * dimension], dimension, weights[k], numbers[k]);
  *this = std::move(sorted);
}

}  // namespace momentset::sketch
