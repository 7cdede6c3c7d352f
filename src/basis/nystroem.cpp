#include "basis/nystroem.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "threads.hpp"

namespace momentset {

double NystroemFeatures::kernel(const double* z, const double* other) const {
  const std::size_t m = columns_.mean.size();
  double sum = 0;
  for (std::size_t a = 0; a < m; ++a) sum += (z[a] - other[a]) * (z[a] - other[a]);
  return std::exp(-sum / (2 * double(m) * length_ * length_));
}

NystroemFeatures::NystroemFeatures(StandardColumns columns, const WeightedPoints& points, std::vector<Index> candidates,
                                   std::size_t most, double length, const std::stop_token& stop)
    : columns_(std::move(columns)), length_(length) {
  constexpr double nothing_new = 1e-8;
  const std::size_t m = points.dimension, count = candidates.size();
  std::vector<double> z(count * m), left(count, 1.0);  // what the landmarks leave of k(z, z) = 1
  for (std::size_t i = 0; i < count; ++i) columns_.map(points.point(candidates[i]), z.data() + i * m);
  std::vector<std::vector<double>> rows(count);  // of the factor, for each candidate
  while (landmarks_.size() < most) {
    stop_if_asked(stop);
    const auto pivot = std::size_t(std::max_element(left.begin(), left.end()) - left.begin());
    if (count == 0 || !(left[pivot] > nothing_new)) break;
    const double root = std::sqrt(left[pivot]);
    const std::vector<double> of_pivot = rows[pivot];
    for (std::size_t i = 0; i < count; ++i) {
      double value = kernel(z.data() + i * m, z.data() + pivot * m);
      for (std::size_t k = 0; k < of_pivot.size(); ++k) value -= rows[i][k] * of_pivot[k];
      value /= root;
      rows[i].push_back(value);
      left[i] -= value * value;
    }
    left[pivot] = 0;
    landmarks_.push_back(candidates[pivot]);
    places_.insert(places_.end(), z.begin() + std::ptrdiff_t(pivot * m), z.begin() + std::ptrdiff_t((pivot + 1) * m));
    factor_.insert(factor_.end(), of_pivot.begin(), of_pivot.end());
    factor_.push_back(root);
  }
}

void NystroemFeatures::evaluate(const double* x, double* out) const {
  const std::size_t m = columns_.mean.size();
  thread_local std::vector<double> z;
  z.resize(m);
  columns_.map(x, z.data());
  const double* row = factor_.data();
  for (std::size_t j = 0; j < size(); ++j) {  // forward substitution
    double value = kernel(z.data(), places_.data() + j * m);
    for (std::size_t i = 0; i < j; ++i) value -= row[i] * out[i];
    out[j] = value / row[j];
    row += j + 1;
  }
}

}  // namespace momentset
