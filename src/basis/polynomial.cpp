#include "momentset/basis/polynomial.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <type_traits>

#include "momentset/error.hpp"
#include "simd.hpp"

namespace momentset {
namespace {

/// Feature f = feature parents[f] times the one-dimensional polynomial number polynomials[f].
struct Products {
  const std::uint32_t *parents, *polynomials;
  std::size_t features, dimension;
  const LegendreStep* steps;
  int order;
};

/// values[k * stride] = sqrt(2k + 1) P_k(t) for some t at once; several side by side, since one waits for its last
/// step.
template <std::size_t strips, class Number>
MOMENTSET_LOOP void orthonormal_legendre(const Products& products, const double* t, std::size_t stride,
                                         double* values) {
  constexpr std::size_t width = std::is_same_v<Number, Lanes> ? simd_lanes : 1;
  Number at[strips], before[strips], last[strips];
#pragma GCC unroll 4
  for (std::size_t s = 0; s < strips; ++s) {
    std::memcpy(&at[s], t + s * width, sizeof(Number));
    before[s] = Number{} + 1;
    last[s] = at[s];
    std::memcpy(values + s * width, &before[s], sizeof(Number));
  }
  for (int k = 1; k <= products.order; ++k) {
    const LegendreStep step = products.steps[k];
#pragma GCC unroll 4
    for (std::size_t s = 0; s < strips; ++s) {
      const Number scaled = last[s] * step.norm;
      std::memcpy(values + std::size_t(k) * stride + s * width, &scaled, sizeof(Number));
      const Number next = step.last * at[s] * last[s] - step.before * before[s];
      before[s] = last[s];
      last[s] = next;
    }
  }
}

/// target = a b, count numbers each.
MOMENTSET_LOOP void multiply(const double* a, const double* b, std::size_t count, double* target) {
  const std::size_t whole = count / simd_lanes * simd_lanes;
  for (std::size_t i = 0; i < whole; i += simd_lanes) store(load(a + i) * load(b + i), target + i);
  for (std::size_t i = whole; i < count; ++i) target[i] = a[i] * b[i];
}

MOMENTSET_LOOP void evaluate_some(const Products& products, const double* local, const double* scale, std::size_t count,
                                  double* scratch, double* out) {
  constexpr std::size_t strips = 4, together = strips * simd_lanes;
  for (std::size_t axis = 0; axis < products.dimension; ++axis) {
    const double* t = local + axis * count;
    double* values = scratch + axis * std::size_t(products.order + 1) * count;
    std::size_t i = 0;
    for (; i + together <= count; i += together)
      orthonormal_legendre<strips, Lanes>(products, t + i, count, values + i);
    for (; i + simd_lanes <= count; i += simd_lanes) orthonormal_legendre<1, Lanes>(products, t + i, count, values + i);
    for (; i < count; ++i) orthonormal_legendre<1, double>(products, t + i, count, values + i);
  }
  std::copy_n(scale, count, out);
  for (std::size_t f = 1; f < products.features; ++f) {
    multiply(out + products.parents[f] * count, scratch + products.polynomials[f] * count, count, out + f * count);
  }
}

MOMENTSET_LOOP void evaluate_loop(const Products& products, const double* local, const double* scale, std::size_t count,
                                  double* scratch, double* out) {
  constexpr std::size_t usual = 16;  // recombine's block
  if (count == usual) {              // loops of a length that the compiler knows
    evaluate_some(products, local, scale, usual, scratch, out);
  } else {
    evaluate_some(products, local, scale, count, scratch, out);
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

PolynomialBasis::PolynomialBasis(std::size_t dimension, int order, const MonomialSet& monomials)
    : dimension_(dimension), order_(order) {
  if (dimension == 0) throw Error("dimension", "0", "must be at least 1");
  if (order < 0) throw Error("order", std::to_string(order), "must not be negative");
  for (int k = 0; k <= order; ++k) {
    steps_.push_back({std::sqrt(2.0 * k + 1), (2.0 * k + 1) / (k + 1), double(k) / (k + 1)});
  }
  std::vector<std::vector<std::uint32_t>> columns;  // of each feature; none where all monomials are kept
  const auto add = [&](std::size_t parent, std::size_t polynomial, int own) {
    parents_.push_back(std::uint32_t(parent));
    polynomials_.push_back(std::uint32_t(polynomial));
    orders_.push_back(own);
  };
  const bool whole = monomials.is_whole();
  add(0, 0, 0);
  if (!whole) columns.emplace_back();
  for (std::size_t axis = 0; axis < dimension; ++axis) {
    const std::size_t before = size();
    for (std::size_t parent = 0; parent < before; ++parent) {
      for (int k = 1; orders_[parent] + k <= order; ++k) {
        int own = orders_[parent] + k;
        if (!whole) {
          std::vector<std::uint32_t> product = columns[parent];
          product.insert(product.end(), std::size_t(k), std::uint32_t(axis));
          const std::optional<int> smallest = monomials.order_of(product);
          if (!smallest || *smallest > order) break;
          own = *smallest;
          columns.push_back(std::move(product));
        }
        add(parent, axis * std::size_t(order + 1) + std::size_t(k), own);
      }
    }
  }
}

void PolynomialBasis::evaluate(const double* local, const double* scale, std::size_t count, double* scratch,
                               double* out) const {
  evaluate_products({parents_.data(), polynomials_.data(), size(), dimension_, steps_.data(), order_}, local, scale,
                    count, scratch, out);
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
