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

void StreamRows::append(const WeightedPoints& rows, std::span<const std::uint64_t> names, std::uint64_t first) {
  const std::size_t before = size();
  coordinates.insert(coordinates.end(), rows.coordinates.begin(), rows.coordinates.end());
  weights.resize(before + rows.size(), 1.0);
  std::copy(rows.weights.begin(), rows.weights.end(), weights.begin() + std::ptrdiff_t(before));
  numbers.resize(before + rows.size());
  const auto own = numbers.begin() + std::ptrdiff_t(before);
  if (names.empty()) {
    std::iota(own, numbers.end(), first);
  } else {
    std::copy(names.begin(), names.end(), own);
  }
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

JoinedRows::JoinedRows(const std::vector<const StreamRows*>& sets, const StreamRows& buffer,
                       std::span<const Index> rows, std::size_t dimension)
    : buffer_(buffer), rows_(rows), dimension_(dimension) {
  std::size_t first = 0;
  for (const StreamRows* set : sets) first += set->size();
  coordinates_.resize((first + rows.size()) * dimension);
  weights_.resize(first + rows.size());
  numbers_.reserve(first);
  for (const StreamRows* set : sets) {
    std::copy(set->coordinates.begin(), set->coordinates.end(), &coordinates_[numbers_.size() * dimension]);
    std::copy(set->weights.begin(), set->weights.end(), &weights_[numbers_.size()]);
    numbers_.insert(numbers_.end(), set->numbers.begin(), set->numbers.end());
  }
  gather(first);
}

// The rows of a cell lie all over the buffer: each is asked for some steps before it is copied.
void JoinedRows::gather(std::size_t first) {
  constexpr std::size_t ahead = 16;
  for (std::size_t k = 0; k < rows_.size(); ++k) {
    const std::size_t row = rows_[k], later = rows_[std::min(k + ahead, rows_.size() - 1)];
    __builtin_prefetch(&buffer_.coordinates[later * dimension_]);
    __builtin_prefetch(&buffer_.weights[later]);
    for (std::size_t a = 0; a < dimension_; ++a) {
      coordinates_[(first + k) * dimension_ + a] = buffer_.coordinates[row * dimension_ + a];
    }
    weights_[first + k] = buffer_.weights[row];
  }
}

}  // namespace momentset::sketch
