#include "sketch/stream_rows.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "threads.hpp"

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

// In new memory the first access to each page takes longer than the copying: all threads of the arena share it.
void StreamRows::append(const WeightedPoints& rows, std::span<const std::uint64_t> names, std::uint64_t first) {
  constexpr std::size_t block = 8192;
  const std::size_t before = size(), m = rows.dimension;
  coordinates.resize((before + rows.size()) * m);
  weights.resize(before + rows.size());
  numbers.resize(before + rows.size());
  const auto copy = [&](std::size_t b) {
    const std::size_t begin = b * block, end = std::min(rows.size(), begin + block);
    std::copy_n(rows.point(begin), (end - begin) * m, &coordinates[(before + begin) * m]);
    for (std::size_t k = begin; k < end; ++k) {
      weights[before + k] = rows.weight(k);
      numbers[before + k] = names.empty() ? first + k : names[k];
    }
  };
  if (rows.size() <= block) {
    copy(0);
  } else {
    for_all((rows.size() + block - 1) / block, copy);
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

JoinedRows::JoinedRows(const JoinedRows& all, std::vector<Index> members)
    : buffer_(all.buffer_), dimension_(all.dimension_), all_(&all), members_(std::move(members)) {
  coordinates_.reserve(members_.size() * dimension_);
  weights_.reserve(members_.size());
  for (const Index k : members_) {
    const double* x = all.view().point(k);
    coordinates_.insert(coordinates_.end(), x, x + dimension_);
    weights_.push_back(all.weights_[k]);
  }
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
