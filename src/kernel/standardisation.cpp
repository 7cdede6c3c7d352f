#include "kernel/standardisation.hpp"

#include <algorithm>

#include "threads.hpp"

namespace momentset::kernel {

long double mass_of(const WeightedPoints& points) {
  long double mass = 0;
  for (std::size_t i = 0; i < points.size(); ++i) mass += points.weight(i);
  return mass;
}

Standardisation::Standardisation(const WeightedPoints& points, std::span<const double> factors,
                                 const std::stop_token& stop) {
  for (std::size_t a = 0; a < factors.size(); ++a) {
    if (factors[a] > 0) columns.push_back(a), scale.push_back(factors[a]);
  }
  const std::size_t count = points.size(), block = rows_of_a_block(count), m = columns.size();
  std::vector<std::vector<long double>> parts((count + block - 1) / block, std::vector<long double>(m));
  const double* origin = points.point(0);  // sums of differences from it lose nothing where all points are far away
  for_all(parts.size(), [&](std::size_t b) {
    stop_if_asked(stop);
    for (std::size_t i = b * block; i < std::min(count, (b + 1) * block); ++i) {
      const long double weight = points.weight(i);
      for (std::size_t a = 0; a < m; ++a) {
        const long double x = points.point(i)[columns[a]];
        parts[b][a] += weight * (x - origin[columns[a]]);
      }
    }
  });
  const long double mass = mass_of(points);
  centre.resize(m);
  for (std::size_t a = 0; a < m; ++a) {
    for (const std::vector<long double>& part : parts) centre[a] += part[a] / mass;
    centre[a] += origin[columns[a]];
  }
}

}  // namespace momentset::kernel
