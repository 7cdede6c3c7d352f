#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

/// Integrals of several functions at once, so that what they share is computed once.
namespace momentset::theory {

template <std::size_t N>
using Sums = std::array<double, N>;

template <std::size_t N>
void add(Sums<N>& sums, double factor, const Sums<N>& more) {
  for (std::size_t i = 0; i < N; ++i) sums[i] += factor * more[i];
}

template <std::size_t N>
double largest(const Sums<N>& sums) {
  double most = 0;
  for (const double value : sums) most = std::max(most, std::abs(value));
  return most;
}

/// The Gauss-Kronrod rule of 15 points on [-1, 1]: abscissas from 0 up, of which 0 and every second one belong to the
/// Gauss rule of 7 points.
struct KronrodRule {
  static constexpr std::size_t half = 8;
  std::array<double, half> abscissas, weights;
  std::array<double, half / 2> gauss_weights;
};

const KronrodRule& kronrod_rule();

template <std::size_t N>
struct Piece {
  double lower = 0, upper = 0;
  Sums<N> value{};
  double error = 0;  ///< Kronrod against Gauss, the largest over the functions
};

template <std::size_t N, class Function>
Piece<N> integrate_piece(const Function& function, double lower, double upper) {
  const KronrodRule& rule = kronrod_rule();
  const double centre = (lower + upper) / 2, half = (upper - lower) / 2;
  Piece<N> piece{lower, upper};
  Sums<N> gauss{};
  const Sums<N> middle = function(centre);
  add(piece.value, half * rule.weights[0], middle);
  add(gauss, half * rule.gauss_weights[0], middle);
  for (std::size_t i = 1; i < KronrodRule::half; ++i) {
    Sums<N> both = function(centre - half * rule.abscissas[i]);
    add(both, 1, function(centre + half * rule.abscissas[i]));
    add(piece.value, half * rule.weights[i], both);
    if (i % 2 == 0) add(gauss, half * rule.gauss_weights[i / 2], both);
  }
  add(gauss, -1, piece.value);
  piece.error = largest(gauss);
  return piece;
}

/// What QUADPACK (Piessens et al. 1983) makes of the difference of both rules: Kronrod's own error is far smaller.
inline double expected_error(double difference, double scale) {
  if (scale == 0) return 0;
  const double ratio = 200 * difference / scale;
  return scale * std::min(difference / scale, ratio * std::sqrt(ratio));
}

/// Integrals of `function(x) -> Sums<N>` over [breaks.front(), breaks.back()]: the piece with the largest error is
/// halved until the errors add up to `tolerance` times the largest of the integrals, or to rounding.
/// @param breaks ascending, at least two: where the function changes its scale
template <std::size_t N, class Function>
Sums<N> integrate(const Function& function, std::span<const double> breaks, double tolerance) {
  constexpr std::size_t most_pieces = 500;
  std::vector<Piece<N>> pieces;
  pieces.reserve(4 * breaks.size());
  Sums<N> total{};
  for (std::size_t i = 0; i + 1 < breaks.size(); ++i) {
    if (!(breaks[i] < breaks[i + 1])) continue;
    pieces.push_back(integrate_piece<N>(function, breaks[i], breaks[i + 1]));
    add(total, 1, pieces.back().value);
  }
  const double rounding = 16 * std::numeric_limits<double>::epsilon();
  while (!pieces.empty() && pieces.size() < most_pieces) {
    const double scale = largest(total);
    double error = 0;
    std::size_t worst = 0;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      error += expected_error(pieces[i].error, scale);
      if (pieces[i].error > pieces[worst].error) worst = i;
    }
    if (!(error > tolerance * scale) || pieces[worst].error <= rounding * scale) break;
    const double middle = (pieces[worst].lower + pieces[worst].upper) / 2;
    const Piece<N> left = integrate_piece<N>(function, pieces[worst].lower, middle);
    const Piece<N> right = integrate_piece<N>(function, middle, pieces[worst].upper);
    add(total, -1, pieces[worst].value);
    add(total, 1, left.value);
    add(total, 1, right.value);
    pieces[worst] = left;
    pieces.push_back(right);
  }
  return total;
}

/// Ascending break points of [lower, upper]: both ends and those of `inside` that lie between them.
class Breaks {
 public:
  Breaks(double lower, double upper) : lower_(lower), upper_(upper) { points_ = {lower, upper}; }

  void add(double point) {
    if (point > lower_ && point < upper_) points_.push_back(point);
  }
  std::span<const double> sorted() {
    std::sort(points_.begin(), points_.end());
    return points_;
  }

 private:
  double lower_, upper_;
  std::vector<double> points_;
};

}  // namespace momentset::theory
