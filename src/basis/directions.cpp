#include "basis/directions.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "blas.hpp"

namespace momentset {
namespace {

constexpr double negligible = 1e-12;  // of what there is: rounding

/// Left singular vectors of a matrix of m rows, column-major, which is destroyed; as many as there are singular values.
struct Singular {
  std::vector<double> vectors, values;

  Singular(std::vector<double> matrix, int rows, int columns) {
    const int few = std::min(rows, columns), one = 1;
    vectors.resize(std::size_t(rows) * std::size_t(few));
    values.resize(std::size_t(few));
    double size = 0, unused = 0;
    int length = -1, info = 0;
    dgesvd_("S", "N", &rows, &columns, matrix.data(), &rows, values.data(), vectors.data(), &rows, &unused, &one, &size,
            &length, &info);
    length = int(size);
    std::vector<double> work(static_cast<std::size_t>(length));
    dgesvd_("S", "N", &rows, &columns, matrix.data(), &rows, values.data(), vectors.data(), &rows, &unused, &one,
            work.data(), &length, &info);
  }
};

double dot(std::span<const double> a, std::span<const double> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

/// A direction and its opposite are one: the same one everywhere.
void turn_and_scale(std::span<double> direction) {
  const auto largest = std::max_element(direction.begin(), direction.end(),
                                        [](double a, double b) { return std::abs(a) < std::abs(b); });
  const double length = std::sqrt(dot(direction, direction)), factor = (*largest < 0 ? -1 : 1) / length;
  for (double& each : direction) each *= factor;
}

std::vector<double> times(std::span<const double> symmetric, std::span<const double> x) {
  std::vector<double> product;
  for (std::size_t a = 0; a < x.size(); ++a) product.push_back(dot(symmetric.subspan(a * x.size(), x.size()), x));
  return product;
}

}  // namespace

void Directions::evaluate(const double* x, double* out) const {
  const std::size_t m = map_.centre.size();
  for (std::size_t k = 0; k < size(); ++k) {
    long double sum = 0;
    for (std::size_t a = 0; a < m; ++a) {
      sum += map_.directions[k * m + a] * (static_cast<long double>(x[a]) - map_.centre[a]);
    }
    out[k] = static_cast<double>(sum);
  }
}

std::vector<double> principal_directions(std::span<const double> covariance, std::size_t columns, std::size_t most) {
  const SingleThreadedBlas single;
  Singular found({covariance.begin(), covariance.end()}, int(columns), int(columns));
  const double total = std::accumulate(found.values.begin(), found.values.end(), 0.0);
  std::size_t kept = 0;
  while (kept < std::min(most, columns) && found.values[kept] > negligible * total) ++kept;
  found.vectors.resize(kept * columns);
  for (std::size_t k = 0; k < kept; ++k) turn_and_scale(std::span(found.vectors).subspan(k * columns, columns));
  return std::move(found.vectors);
}

std::vector<double> supervised_directions(std::span<const double> covariance, std::span<const double> with_targets,
                                          std::size_t columns, std::size_t most) {
  const SingleThreadedBlas single;
  const std::size_t m = columns, targets = with_targets.size() / m;
  std::vector<double> left(with_targets.size());  // of the covariances with the targets, m x t, column-major
  for (std::size_t a = 0; a < m; ++a) {
    for (std::size_t j = 0; j < targets; ++j) left[j * m + a] = with_targets[a * targets + j];
  }
  const double first = Singular(left, int(m), int(targets)).values.front();
  std::vector<double> directions, loadings;  // r_k and p_k, row by row
  while (directions.size() < std::min(most, m) * m) {
    const Singular singular(left, int(m), int(targets));
    if (!(singular.values.front() > negligible * first)) break;
    const std::span weight = std::span(singular.vectors).first(m);
    std::vector<double> direction(weight.begin(), weight.end());
    for (std::size_t k = 0; k < directions.size(); k += m) {
      const double share = dot(std::span(loadings).subspan(k, m), weight);
      for (std::size_t a = 0; a < m; ++a) direction[a] -= share * directions[k + a];
    }
    turn_and_scale(direction);
    const std::vector<double> product = times(covariance, direction);
    const double variance = dot(direction, product);
    if (!(variance > 0)) break;
    for (std::size_t j = 0; j < targets; ++j) {
      const double share = dot(std::span(left).subspan(j * m, m), direction) / variance;
      for (std::size_t a = 0; a < m; ++a) left[j * m + a] -= product[a] * share;
    }
    directions.insert(directions.end(), direction.begin(), direction.end());
    for (const double each : product) loadings.push_back(each / variance);
  }
  return directions;
}

}  // namespace momentset
