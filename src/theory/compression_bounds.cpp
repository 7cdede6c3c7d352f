#include "momentset/theory/compression_bounds.hpp"

#include <cmath>
#include <numbers>
#include <string>

#include "momentset/error.hpp"

namespace momentset::theory {
namespace {

void require_problem(std::size_t dimension, int order) {
  if (dimension == 0) throw Error("dimension", "0", "must be at least 1");
  if (order < 0) throw Error("order", std::to_string(order), "must not be negative");
}

void require_within(const char* name, double value, double above, double most) {
  if (value > above && value <= most && std::isfinite(value)) return;
  throw Error(name, std::to_string(value),
              "must be above " + std::to_string(above) +
                  (std::isfinite(most) ? " and at most " + std::to_string(most) : std::string(" and finite")));
}

void require_at_least_one(const char* name, double value) {
  if (!(value >= 1) || !std::isfinite(value)) throw Error(name, std::to_string(value), "must be at least 1 and finite");
}

/// (k+1)/m, the power of the cells' volume in an error of diameter^(k+1).
double power(std::size_t dimension, int order) { return (order + 1.0) / double(dimension); }

/// ln(m!)
double log_factorial(std::size_t m) { return std::lgamma(double(m) + 1); }

}  // namespace

double bound_exponent(std::size_t dimension, int order) {
  require_problem(dimension, order);
  return 1 - power(dimension, order);
}

bool bound_vanishes(std::size_t dimension, int order) {
  require_problem(dimension, order);
  return std::size_t(order) + 1 > dimension;
}

int lowest_vanishing_order(std::size_t dimension, double sigma) {
  require_problem(dimension, 0);
  require_within("sigma", sigma, 0, 1);
  return int(std::floor((1 + 1 / sigma) * double(dimension) - 1)) + 1;
}

double observed_exponent(std::size_t dimension, int order) {
  require_problem(dimension, order);
  return power(dimension, order) + 0.5;
}

double observed_scaling(std::size_t dimension, int order, double rows, double size, double features) {
  require_problem(dimension, order);
  require_at_least_one("rows", rows);
  require_at_least_one("size", size);
  require_at_least_one("features", features);
  return std::pow(features / size, power(dimension, order)) / std::sqrt(rows);
}

double observed_size(std::size_t dimension, int order, double rows, double features, double tolerance) {
  require_problem(dimension, order);
  require_at_least_one("rows", rows);
  require_at_least_one("features", features);
  require_within("tolerance", tolerance, 0, HUGE_VAL);
  const double enlargement = std::pow(1 / (std::sqrt(rows) * tolerance), 1 / power(dimension, order));
  return features * std::fmax(1, enlargement);
}

std::optional<double> bound_size(std::size_t dimension, int order, double tolerance) {
  require_within("tolerance", tolerance, 0, 1);
  if (!bound_vanishes(dimension, order)) return std::nullopt;
  return std::pow(tolerance, 1 / bound_exponent(dimension, order));
}

double optimal_order(std::size_t dimension, double size, double rho) {
  require_problem(dimension, 0);
  require_at_least_one("size", size);
  require_within("rho", rho, 0, HUGE_VAL);
  return rho * std::exp((log_factorial(dimension) + std::log(size)) / double(dimension) - 1);
}

double optimal_bound(std::size_t dimension, double size, double rho) {
  const double order = optimal_order(dimension, size, rho);
  return std::pow(size, 1 - 1 / double(dimension)) * std::exp(-order);
}

double polylog_size(std::size_t dimension, double tolerance, double rho) {
  require_problem(dimension, 0);
  require_within("tolerance", tolerance, 0, 1);
  require_within("rho", rho, 0, HUGE_VAL);
  const double optimal = std::log(1 / tolerance) * std::numbers::e / rho;  // (m! d')^(1/m)
  return std::pow(optimal, double(dimension)) / std::exp(log_factorial(dimension));
}

}  // namespace momentset::theory
