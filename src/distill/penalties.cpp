#include "distill/penalties.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "blas.hpp"

namespace momentset::distill {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// theta^T A theta / 2 - b^T theta + sum_j (flat_j |theta_j| + round_j theta_j^2 / 2 + quartic_j theta_j^4 / 4), in
/// columns of length 1.
struct Problem {
  std::size_t size = 0;
  std::span<const double> products;
  std::vector<double> right;
  std::vector<double> flat, round, quartic;

  double entry(std::size_t i, std::size_t j) const { return products[i * size + j] + (i == j ? round[i] : 0); }
  double slope(std::size_t j, std::span<const double> theta) const {
    double sum = -right[j];
    for (std::size_t k = 0; k < size; ++k) sum += entry(j, k) * theta[k];
    return sum;
  }
};

/// The solution of a positive definite system; none where it is not one.
std::optional<std::vector<double>> solved(std::vector<double> matrix, std::vector<double> right) {
  const int n = int(right.size()), one = 1;
  int info = 0;
  if (n == 0) return right;
  dpotrf_("U", &n, matrix.data(), &n, &info);
  if (info != 0) return std::nullopt;
  dpotrs_("U", &n, &one, matrix.data(), &n, right.data(), &n, &info);
  return right;
}

/// The minimum among coefficients of the given signs, 0 staying 0; none unless it has these signs and no other
/// coefficient would rather leave 0.
std::optional<std::vector<double>> on_signs(const Problem& problem, std::span<const double> theta) {
  std::vector<std::size_t> active;
  for (std::size_t j = 0; j < problem.size; ++j) {
    if (theta[j] != 0) active.push_back(j);
  }
  std::vector<double> matrix(active.size() * active.size()), right(active.size());
  for (std::size_t a = 0; a < active.size(); ++a) {
    const std::size_t j = active[a];
    right[a] = problem.right[j] - std::copysign(problem.flat[j], theta[j]);
    for (std::size_t b = 0; b < active.size(); ++b) matrix[a * active.size() + b] = problem.entry(j, active[b]);
  }
  const auto found = solved(std::move(matrix), std::move(right));
  if (!found) return std::nullopt;
  std::vector<double> whole(problem.size, 0.0);
  for (std::size_t a = 0; a < active.size(); ++a) {
    if ((*found)[a] * theta[active[a]] <= 0) return std::nullopt;
    whole[active[a]] = (*found)[a];
  }
  for (std::size_t j = 0; j < problem.size; ++j) {
    if (whole[j] == 0 && std::abs(problem.slope(j, whole)) > problem.flat[j] * (1 + 1e-9)) return std::nullopt;
  }
  return whole;
}

/// Coordinate descent (Friedman, Hastie, Tibshirani 2010) until the signs are right, then the solution on these.
std::optional<std::vector<double>> least_absolute(const Problem& problem, std::vector<double> theta) {
  constexpr int between = 20;
  const int most = int(std::clamp(4e7 / double(problem.size * problem.size), 400.0, 20'000.0));
  for (int sweep = 1; sweep <= most; ++sweep) {
    for (std::size_t j = 0; j < problem.size; ++j) {
      const double diagonal = problem.entry(j, j);
      if (diagonal <= 0) continue;
      const double pull = diagonal * theta[j] - problem.slope(j, theta);
      theta[j] = std::copysign(std::max(0.0, std::abs(pull) - problem.flat[j]), pull) / diagonal;
    }
    if (sweep % between != 0) continue;
    if (auto found = on_signs(problem, theta)) return found;
  }
  return std::nullopt;
}

/// Newton's method from 0, halving steps until the value falls.
std::optional<std::vector<double>> quartic(const Problem& problem) {
  const std::size_t n = problem.size;
  const auto value = [&](std::span<const double> theta) {
    double sum = 0;
    for (std::size_t j = 0; j < n; ++j) {
      const double square = theta[j] * theta[j];
      sum += theta[j] * (problem.slope(j, theta) - problem.right[j]) / 2 + problem.quartic[j] * square * square / 4;
    }
    return sum;
  };
  std::vector<double> theta(n, 0.0);
  for (int iteration = 0; iteration < 200; ++iteration) {
    std::vector<double> matrix(n * n), slope(n);
    for (std::size_t i = 0; i < n; ++i) {
      const double square = theta[i] * theta[i];
      slope[i] = problem.slope(i, theta) + problem.quartic[i] * square * theta[i];
      for (std::size_t j = 0; j < n; ++j) matrix[i * n + j] = problem.entry(i, j);
      matrix[i * n + i] += 3 * problem.quartic[i] * square;
    }
    const auto step = solved(std::move(matrix), slope);
    if (!step) return std::nullopt;
    const double before = value(theta), slack = 1e-13 * std::abs(before);
    double largest = 0, moved = 0;
    std::vector<double> trial(n);
    double length = 1;
    for (int halving = 0; halving < 60; ++halving, length /= 2) {
      for (std::size_t j = 0; j < n; ++j) trial[j] = theta[j] - length * (*step)[j];
      if (value(trial) <= before + slack) break;
    }
    for (std::size_t j = 0; j < n; ++j) {
      moved = std::max(moved, std::abs((*step)[j]));
      largest = std::max(largest, std::abs(trial[j]));
    }
    theta = std::move(trial);
    if (moved <= 1e-9 * largest || moved == 0) return theta;  // what is left is its square
  }
  return std::nullopt;
}

/// By how much rounding of the sums of products may move a minimum, in rounding units and relative to its largest
/// coefficient. X_j^T X_k is rounded relative to l_j l_k, the lengths about zero, of which the products about the mean
/// and those with y may keep little. With A the second derivatives among the coefficients that are not held at 0, to
/// first order
///   max_i sum_j |A^-1|_ij l_j (sum_k l_k |theta_k| + l_y) / max_k |theta_k|
/// (Bauer 1966, Skeel 1979). Infinite where A is not positive definite.
double condition_of(const Problem& problem, std::span<const double> theta, std::span<const double> lengths,
                    double target_length) {
  std::vector<std::size_t> active;
  double moved = target_length, largest = 0;
  for (std::size_t j = 0; j < problem.size; ++j) {
    if (problem.flat[j] > 0 && theta[j] == 0) continue;
    active.push_back(j);
    moved += lengths[j] * std::abs(theta[j]);
    largest = std::max(largest, std::abs(theta[j]));
  }
  if (largest == 0) return 1;  // no coefficient is far enough from 0 to be moved
  const int n = int(active.size());
  std::vector<double> matrix(active.size() * active.size());
  for (std::size_t a = 0; a < active.size(); ++a) {
    const std::size_t i = active[a];
    for (std::size_t b = 0; b < active.size(); ++b) matrix[a * active.size() + b] = problem.entry(i, active[b]);
    matrix[a * active.size() + a] += 3 * problem.quartic[i] * theta[i] * theta[i];
  }
  int info = 0;
  dpotrf_("U", &n, matrix.data(), &n, &info);
  if (info == 0) dpotri_("U", &n, matrix.data(), &n, &info);
  if (info != 0) return infinity;
  double most = 0;
  for (std::size_t a = 0; a < active.size(); ++a) {
    double sum = 0;
    for (std::size_t b = 0; b < active.size(); ++b) {
      sum += std::abs(matrix[std::min(a, b) + std::max(a, b) * active.size()]) * lengths[active[b]];
    }
    most = std::max(most, sum);
  }
  return std::max(1.0, most * moved / largest);
}

/// A penalty of a strength, by the factors of |theta|, theta^2 / 2 and theta^4 / 4 in units of the columns.
struct Penalty {
  const char* name;
  double strength, flat, round, quartic;
};

/// Strengths of the lasso fall from `most`, those of the ridge from the mean square of a column; 50 penalties in all.
/// Where columns are dependent, neither least squares nor the lasso has one minimum, and 33 are left.
std::vector<Penalty> grid(double most, double square, double mass, bool full_rank) {
  constexpr int each = 16;
  std::vector<Penalty> penalties;
  if (full_rank) penalties.push_back({"least squares", 0, 0, 0, 0});
  for (int k = 0; k < each; ++k) {
    const double share = std::pow(10.0, -4.0 * k / (each - 1)), alpha = 0.9 * share * most;
    const double ridge = 100 * std::pow(share, 2) * square;
    penalties.push_back({"ridge", ridge, 0, ridge, 0});
    if (full_rank) penalties.push_back({"lasso", alpha, mass * alpha, 0, 0});
    penalties.push_back({"elastic net", 2 * alpha, mass * alpha, mass * alpha, 0});
  }
  penalties.push_back({"quartic", square, 0, square, square});
  return penalties;
}

Problem problem_of(const NormalEquations& equations, std::span<const double> products, std::span<const double> lengths,
                   std::size_t target, const Penalty& penalty) {
  const std::size_t d = equations.columns;
  Problem problem{.size = d, .products = products};
  for (std::size_t j = 0; j < d; ++j) {
    const double length = lengths[j], square = length * length;
    problem.right.push_back(equations.right[target * d + j] / length);
    problem.flat.push_back(penalty.flat / length);
    problem.round.push_back(penalty.round / square);
    problem.quartic.push_back(penalty.quartic / (square * square));
  }
  return problem;
}

std::optional<std::vector<double>> minimum(const Problem& problem, const Penalty& penalty,
                                           const std::vector<double>& near) {
  if (penalty.quartic > 0) return quartic(problem);
  if (penalty.flat > 0) return least_absolute(problem, near);
  std::vector<double> matrix(problem.size * problem.size);
  for (std::size_t i = 0; i < problem.size; ++i) {
    for (std::size_t j = 0; j < problem.size; ++j) matrix[i * problem.size + j] = problem.entry(i, j);
  }
  return solved(std::move(matrix), problem.right);
}

std::vector<double> scaled_products(const NormalEquations& equations, std::span<const double> lengths) {
  std::vector<double> products = equations.products;
  const std::size_t d = equations.columns;
  for (std::size_t i = 0; i < d; ++i) {
    for (std::size_t j = 0; j < d; ++j) products[i * d + j] /= lengths[i] * lengths[j];
  }
  return products;
}

}  // namespace

std::vector<PenaltyCheck> PathComparison::checks(std::span<const double> raw_lengths,
                                                 std::span<const double> target_lengths, bool full_rank) const {
  const SingleThreadedBlas single;
  const std::size_t d = full.columns;
  double most = 0, square = 0;
  for (const double value : full.right) most = std::max(most, std::abs(value) / full.mass);
  for (const double length : lengths) square += length * length / double(d);
  if (most == 0) most = 1;  // no target depends on a column: any strength shows it
  std::vector<double> relative_lengths(d);
  for (std::size_t j = 0; j < d; ++j) relative_lengths[j] = raw_lengths[j] / lengths[j];
  std::vector<PenaltyCheck> checks;
  const std::vector<double> of_full = scaled_products(full, lengths), of_small = scaled_products(small, lengths);
  std::vector<std::vector<double>> near(2 * full.targets, std::vector<double>(d, 0.0));
  for (const Penalty& penalty : grid(most, square, full.mass, full_rank)) {
    PenaltyCheck check{penalty.name, penalty.strength};
    for (std::size_t t = 0; t < full.targets; ++t) {
      std::vector<double>& start = near[t + (penalty.round > 0 ? full.targets : 0)];  // lasso and elastic net apart
      const Problem problem = problem_of(full, of_full, lengths, t, penalty);
      const auto ours = minimum(problem, penalty, start);
      const auto theirs = minimum(problem_of(small, of_small, lengths, t, penalty), penalty, start);
      check.solved = check.solved && ours && theirs;
      // Where no minimum was found any coefficients as large as the target stand for it.
      const std::vector<double> minimiser = ours ? *ours : std::vector<double>(d, target_lengths[t]);
      const double condition = condition_of(problem, minimiser, relative_lengths, target_lengths[t]);
      check.condition = std::max(check.condition, condition);
      if (!ours || !theirs) continue;
      double largest = 0, difference = 0;
      for (std::size_t j = 0; j < d; ++j) {
        largest = std::max(largest, std::abs((*ours)[j]));
        difference = std::max(difference, std::abs((*ours)[j] - (*theirs)[j]));
      }
      if (difference > 0) difference /= largest;
      check.difference = std::max(check.difference, difference);
      check.by_condition = std::max(check.by_condition, difference / condition);
      if (penalty.flat > 0) start = *ours;
    }
    checks.push_back(std::move(check));
  }
  return checks;
}

}  // namespace momentset::distill
