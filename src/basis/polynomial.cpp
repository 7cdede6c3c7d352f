#include "momentset/basis/polynomial.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "momentset/error.hpp"
#include "simd.hpp"

namespace momentset {
namespace {

/// values[k * stride] = sqrt(2k + 1) P_k(t), by (k + 1) P_{k+1} = (2k + 1) t P_k - k P_{k-1}; for one t or several.
template <class Number>
MOMENTSET_LOOP void orthonormal_legendre(const Number& t, const Number& one, std::size_t stride, int order,
                                         double* values) {
  Number before = one, last = t;
  std::memcpy(values, &before, sizeof before);
  for (int k = 1; k <= order; ++k) {
    const Number scaled = last * std::sqrt(2.0 * k + 1);
    std::memcpy(values + std::size_t(k) * stride, &scaled, sizeof scaled);
    const double a = (2.0 * k + 1) / (k + 1), b = double(k) / (k + 1);
    const Number next = a * t * last - b * before;
    before = last;
    last = next;
  }
}

/// Feature f = feature parents[f] times the one-dimensional polynomial number polynomials[f].
struct Products {
  const std::uint32_t *parents, *polynomials;
  std::size_t features, dimension;
  int order;
};

MOMENTSET_LOOP void evaluate_loop(const Products& products, const double* local, const double* scale, std::size_t count,
                                  double* scratch, double* out) {
  const std::size_t whole = count / simd_lanes * simd_lanes;
  for (std::size_t axis = 0; axis < products.dimension; ++axis) {
    const double* t = local + axis * count;
    double* values = scratch + axis * std::size_t(products.order + 1) * count;
    for (std::size_t i = 0; i < whole; i += simd_lanes) {
      orthonormal_legendre(load(t + i), all_lanes(1), count, products.order, values + i);
    }
    for (std::size_t i = whole; i < count; ++i) orthonormal_legendre(t[i], 1.0, count, products.order, values + i);
  }
  std::copy_n(scale, count, out);
  for (std::size_t f = 1; f < products.features; ++f) {
    const double* parent = out + products.parents[f] * count;
    const double* polynomial = scratch + products.polynomials[f] * count;
    double* feature = out + f * count;
    for (std::size_t i = 0; i < whole; i += simd_lanes) store(load(parent + i) * load(polynomial + i), feature + i);
    for (std::size_t i = whole; i < count; ++i) feature[i] = parent[i] * polynomial[i];
  }
}

MOMENTSET_SIMD(void, evaluate_products, evaluate_loop,
               (const Products& products, const double* local, const double* scale, std::size_t count, double* scratch,
                double* out),
               (products, local, scale, count, scratch, out))

MOMENTSET_LOOP void map_loop(double* x, std::size_t count, double centre, double half) {
  for (std::size_t i = 0; i < count; ++i) x[i] = (x[i] - centre) / half;
}
MOMENTSET_SIMD(void, map_column, map_loop, (double* x, std::size_t count, double centre, double half),
               (x, count, centre, half))

}  // namespace

PolynomialBasis::PolynomialBasis(std::size_t dimension, int order) : dimension_(dimension), order_(order) {
  if (dimension == 0) throw Error("dimension", "0", "must be at least 1");
  if (order < 0) throw Error("order", std::to_string(order), "must not be negative");
  parents_.push_back(0);
  polynomials_.push_back(0);
  degrees_.push_back(0);
  for (std::size_t axis = 0; axis < dimension; ++axis) {
    const std::size_t before = parents_.size();
    for (std::size_t parent = 0; parent < before; ++parent) {
      for (int k = 1; degrees_[parent] + k <= order; ++k) {
        parents_.push_back(std::uint32_t(parent));
        polynomials_.push_back(std::uint32_t(axis * std::size_t(order + 1) + std::size_t(k)));
        degrees_.push_back(degrees_[parent] + k);
      }
    }
  }
}

void PolynomialBasis::evaluate(const double* local, const double* scale, std::size_t count, double* scratch,
                               double* out) const {
  evaluate_products({parents_.data(), polynomials_.data(), size(), dimension_, order_}, local, scale, count, scratch,
                    out);
}

LocalFrame::LocalFrame(std::span<const double> coordinates, std::size_t dimension)
    : centre_(dimension), half_(dimension) {
  std::vector<double> low(coordinates.begin(), coordinates.begin() + std::ptrdiff_t(dimension)), high = low;
  for (std::size_t k = 0; k < coordinates.size(); k += dimension) {
    for (std::size_t a = 0; a < dimension; ++a) {
      low[a] = std::min(low[a], coordinates[k + a]);
      high[a] = std::max(high[a], coordinates[k + a]);
    }
  }
  for (std::size_t a = 0; a < dimension; ++a) {
    const double half = high[a] / 2 - low[a] / 2;  // halves first: the range may exceed the largest double
    centre_[a] = half > 0 ? low[a] + half : low[a];
    half_[a] = half > 0 ? half : 1;
  }
}

void LocalFrame::map(double* points, std::size_t count) const {
  for (std::size_t a = 0; a < dimension(); ++a) map_column(points + a * count, count, centre_[a], half_[a]);
}

}  // namespace momentset
