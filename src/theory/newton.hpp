#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>

/// Roots of small systems of equations: Newton's method, damped, and continuation in a parameter.
namespace momentset::theory {

template <std::size_t N>
using Unknowns = std::array<double, N>;

/// A system at one point: its value, and row i the derivatives of equation i.
template <std::size_t N>
struct Linearisation {
  Unknowns<N> value{};
  std::array<Unknowns<N>, N> derivatives{};
};

template <std::size_t N>
struct Root {
  Unknowns<N> x{};
  double residual = std::numeric_limits<double>::infinity();  ///< largest value of an equation there
};

/// Largest magnitude; infinite if one is no number.
template <std::size_t N>
double magnitude(const Unknowns<N>& values) {
  double most = 0;
  for (const double value : values) {
    if (std::isnan(value)) return std::numeric_limits<double>::infinity();
    most = std::max(most, std::abs(value));
  }
  return most;
}

/// Solution of matrix * x = right, by elimination with partial pivoting.
template <std::size_t N>
Unknowns<N> solve(std::array<Unknowns<N>, N> matrix, Unknowns<N> right) {
  for (std::size_t column = 0; column < N; ++column) {
    std::size_t pivot = column;
    for (std::size_t row = column + 1; row < N; ++row) {
      if (std::abs(matrix[row][column]) > std::abs(matrix[pivot][column])) pivot = row;
    }
    std::swap(matrix[column], matrix[pivot]);
    std::swap(right[column], right[pivot]);
    for (std::size_t row = column + 1; row < N; ++row) {
      const double factor = matrix[row][column] / matrix[column][column];
      for (std::size_t k = column; k < N; ++k) matrix[row][k] -= factor * matrix[column][k];
      right[row] -= factor * right[column];
    }
  }
  for (std::size_t row = N; row-- > 0;) {
    for (std::size_t k = row + 1; k < N; ++k) right[row] -= matrix[row][k] * right[k];
    right[row] /= matrix[row][row];
  }
  return right;
}

/// Newton's method from x on; a step is no longer than 1 in any unknown, and halved until the residual falls.
/// @param system system(x) -> Linearisation<N>
template <std::size_t N, class System>
Root<N> newton(const System& system, const Unknowns<N>& x, double tolerance, int iterations) {
  Root<N> root{x};
  Linearisation<N> at = system(x);
  root.residual = magnitude(at.value);
  for (int i = 0; i < iterations && root.residual > tolerance; ++i) {
    const Unknowns<N> step = solve(at.derivatives, at.value);
    double length = std::min(1.0, 1 / magnitude(step));
    bool fell = false;
    for (int halving = 0; halving < 10 && !fell; ++halving, length /= 2) {
      Unknowns<N> trial = root.x;
      for (std::size_t k = 0; k < N; ++k) trial[k] -= length * step[k];
      const Linearisation<N> there = system(trial);
      const double residual = magnitude(there.value);
      fell = residual < (1 - length / 10) * root.residual;
      if (!fell) continue;
      root = {trial, residual};
      at = there;
    }
    if (!fell) break;
  }
  return root;
}

/// A point of a curve of roots.
template <std::size_t N>
struct CurvePoint {
  double parameter = 0;
  Unknowns<N> x{};
};

/// Follows the root of system(parameter, x) -> Linearisation<N> from a point near it to another parameter, not below,
/// with guesses on the secant, in steps that grow while Newton's method succeeds and are halved when it fails.
/// The residual is that at the end, or where no step succeeded any more.
template <std::size_t N, class System>
Root<N> follow(const System& system, const CurvePoint<N>& start, double end, double tolerance) {
  constexpr double first = 0.5, longest = 1.5, shortest = 1e-6;
  const auto root_at = [&](double parameter, const Unknowns<N>& guess, int iterations) {
    return newton<N>([&](const Unknowns<N>& x) { return system(parameter, x); }, guess, tolerance, iterations);
  };
  Root<N> root = root_at(start.parameter, start.x, 50);
  CurvePoint<N> last{start.parameter, root.x}, before = last;
  double step = first;
  while (last.parameter < end && root.residual <= tolerance) {
    const double next = std::min(end, last.parameter + step);
    Unknowns<N> guess = last.x;
    if (last.parameter > before.parameter) {
      const double ratio = (next - last.parameter) / (last.parameter - before.parameter);
      for (std::size_t k = 0; k < N; ++k) guess[k] += ratio * (last.x[k] - before.x[k]);
    }
    const Root<N> found = root_at(next, guess, 8);
    if (found.residual <= tolerance) {
      before = std::exchange(last, {next, found.x});
      root = found;
      step = std::min(1.6 * step, longest);
    } else if ((step /= 2) < shortest) {
      return {last.x, found.residual};
    }
  }
  return root;
}

}  // namespace momentset::theory
