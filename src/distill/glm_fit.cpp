#include "distill/glm_fit.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "blas.hpp"
#include "distill/singular_values.hpp"
#include "distill/triangular_factor.hpp"
#include "momentset/error.hpp"
#include "threads.hpp"

namespace momentset::distill {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// The shortest solution of least squares from the triangular factor of [A b], and the rank of A.
struct LeastSquares {
  std::vector<double> solution;
  std::size_t rank = 0;

  /// @param definite whether a ridge leaves one solution
  LeastSquares(const std::vector<double>& triangle, std::size_t columns, bool definite) {
    const SingleThreadedBlas single;
    const std::size_t size = columns + 1;
    std::vector<double> matrix(columns * columns), lengths(columns);
    for (std::size_t j = 0; j < columns; ++j) {
      lengths[j] = cblas_dnrm2(int(columns), triangle.data() + j * size, 1);
      if (lengths[j] == 0) lengths[j] = 1;
      for (std::size_t i = 0; i < columns; ++i) matrix[j * columns + i] = triangle[j * size + i] / lengths[j];
    }
    const double* right = triangle.data() + columns * size;
    if (definite && is_regular(matrix, columns)) {
      rank = columns;
      solution.assign(right, right + columns);
      cblas_dtrsv(CblasColMajor, CblasUpper, CblasNoTrans, CblasNonUnit, int(columns), matrix.data(), int(columns),
                  solution.data(), 1);
      for (std::size_t j = 0; j < columns; ++j) solution[j] /= lengths[j];
      return;
    }
    const SingularValues scaled(matrix, columns, columns);
    rank = scaled.rank(4);
    if (rank == columns) {
      solve(scaled, right, lengths);
      return;
    }
    // What is shortest depends on the units: those of the user.
    for (std::size_t k = 0; k < matrix.size(); ++k) matrix[k] *= lengths[k / columns];
    solve(SingularValues(matrix, columns, columns), right, std::vector<double>(columns, 1.0));
  }

 private:
  /// Whether back substitution is safe: no column, of length 1, nearly depends on those before.
  static bool is_regular(const std::vector<double>& triangle, std::size_t columns) {
    for (std::size_t j = 0; j < columns; ++j) {
      if (!(std::abs(triangle[j * columns + j]) > 1e-6)) return false;
    }
    return true;
  }

  void solve(const SingularValues& values, const double* right, const std::vector<double>& lengths) {
    const std::size_t columns = lengths.size();
    solution.assign(columns, 0.0);
    for (std::size_t r = 0; r < rank; ++r) {
      double product = 0;
      for (std::size_t i = 0; i < columns; ++i) product += values.left(i, r) * right[i];
      for (std::size_t j = 0; j < columns; ++j) {
        solution[j] += product / values.values[r] * values.right(r, j) / lengths[j];
      }
    }
  }
};

/// The loss of all rows; coefficients have the intercept first, if there is one.
class Objective {
 public:
  Objective(const Examples& examples, const GlmOptions& options, const Loss& loss)
      : examples_(examples), options_(options), loss_(loss), first_(options.fit_intercept ? 1 : 0) {}

  std::size_t size() const { return examples_.points.dimension + first_; }
  std::size_t rows() const { return examples_.size(); }

  double predictor(std::span<const double> theta, std::size_t row) const {
    const double* x = examples_.points.point(row);
    double sum = first_ == 1 ? theta[0] : 0;
    for (std::size_t j = first_; j < theta.size(); ++j) sum += x[j - first_] * theta[j];
    return sum;
  }

  /// Infinite where a row is outside the domain of the link.
  double value(std::span<const double> theta) const {
    std::vector<long double> sums(blocks(), 0.0L);
    for_all(sums.size(), [&](std::size_t block) {
      for (std::size_t i = block * block_size; i < std::min(rows(), (block + 1) * block_size); ++i) {
        const double weight = examples_.points.weight(i), eta = predictor(theta, i);
        if (weight == 0) continue;
        sums[block] += loss_.in_domain(eta) ? weight * loss_.at(y(i), eta).value : infinity;
      }
    });
    long double sum = 0;
    for (const long double each : sums) sum += each;
    for (std::size_t j = first_; j < theta.size(); ++j) sum += options_.ridge / 2 * theta[j] * theta[j];
    return double(sum);
  }

  /// The least-squares problem of which the Newton step is the solution: rows sqrt(h) x, right sides -l' / sqrt(h).
  LeastSquares newton_step(std::span<const double> theta) const { return solution(newton_factor(theta)); }

  /// Its triangular factor, the right side being the last column.
  std::vector<double> newton_factor(std::span<const double> theta) const {
    return factor(theta, [&](std::size_t i, double eta, double weight) {
      const Loss::At at = loss_.at(y(i), eta);
      const double root = std::sqrt(weight * std::max(at.curvature, 1e-30));
      return std::pair{root, root > 0 ? -weight * at.slope / root : 0};
    });
  }

  /// Coefficients near those of predictors that each row would have alone, were its target nearer to the mean.
  LeastSquares start(double mean) const {
    const std::vector<double> zero(size(), 0.0);
    return solution(factor(zero, [&](std::size_t i, double, double weight) {
      const double root = std::sqrt(weight);
      return std::pair{root, root * loss_.linear_predictor((y(i) + mean) / 2)};
    }));
  }

  double y(std::size_t row) const { return examples_.targets[row]; }
  double weight(std::size_t row) const { return examples_.points.weight(row); }

  /// Whether the loss of no row grows along the step, however far: nothing then keeps the coefficients finite.
  bool recedes(std::span<const double> step) const {
    double longest = 0;
    for (std::size_t i = 0; i < rows(); ++i) {
      if (weight(i) > 0) longest = std::max(longest, std::abs(predictor(step, i)));
    }
    if (longest < 1e-3)
      return false;  // steps grow short where there is a minimum, and stay about 1 where there is none
    for (std::size_t i = 0; i < rows(); ++i) {
      if (weight(i) > 0 && !loss_.recedes(y(i), predictor(step, i), 1e-7 * longest)) return false;
    }
    return true;
  }

  /// Largest |predictor| of a row.
  double reach(std::span<const double> theta) const {
    double most = 0;
    for (std::size_t i = 0; i < rows(); ++i) most = std::max(most, std::abs(predictor(theta, i)));
    return most;
  }

  double relative_gradient(std::span<const double> theta) const {
    std::vector<long double> sums(size(), 0.0L), terms(size(), 0.0L);
    const auto add = [&](std::size_t j, long double term) {
      sums[j] += term;
      terms[j] += std::abs(term);
    };
    for (std::size_t i = 0; i < rows(); ++i) {
      const long double slope = weight(i) * loss_.at(y(i), predictor(theta, i)).slope;
      const double* x = examples_.points.point(i);
      for (std::size_t j = 0; j < size(); ++j) add(j, slope * (j < first_ ? 1 : x[j - first_]));
    }
    double worst = 0;
    for (std::size_t j = 0; j < size(); ++j) {
      if (j >= first_) add(j, (long double)(options_.ridge) * theta[j]);
      if (terms[j] > 0) worst = std::max(worst, double(std::abs(sums[j]) / terms[j]));
    }
    return worst;
  }

 private:
  static constexpr std::size_t block_size = 4096;
  std::size_t blocks() const { return (rows() + block_size - 1) / block_size; }

  LeastSquares solution(const std::vector<double>& triangle) const {
    return LeastSquares(triangle, size(), options_.ridge > 0);
  }

  template <class Row>
  std::vector<double> factor(std::span<const double> theta, const Row& row) const {
    TriangularFactor factor(size() + 1);
    factor.add(
        rows(),
        [&](std::size_t first, std::size_t count, double* block) {
          for (std::size_t k = 0; k < count; ++k) {
            const double* x = examples_.points.point(first + k);
            const auto [root, right] = row(first + k, predictor(theta, first + k), weight(first + k));
            for (std::size_t j = 0; j < size(); ++j) block[j * count + k] = root * (j < first_ ? 1 : x[j - first_]);
            block[size() * count + k] = right;
          }
        },
        options_.stop);
    if (options_.ridge > 0) factor.merge(penalty_rows(theta));
    return factor.triangle();
  }

  /// sqrt(L) for each penalised coefficient: the rows that a ridge adds.
  TriangularFactor penalty_rows(std::span<const double> theta) const {
    const std::size_t count = size() - first_;
    const double root = std::sqrt(options_.ridge);
    std::vector<double> matrix(count * (size() + 1), 0.0);
    for (std::size_t j = 0; j < count; ++j) {
      matrix[(j + first_) * count + j] = root;
      matrix[size() * count + j] = -root * theta[j + first_];
    }
    return TriangularFactor(size() + 1, std::move(matrix));
  }

  const Examples& examples_;
  const GlmOptions& options_;
  const Loss& loss_;
  std::size_t first_;
};

double mean_target(const Objective& rows) {
  long double sum = 0, mass = 0;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    sum += rows.weight(i) * rows.y(i);
    mass += rows.weight(i);
  }
  return double(sum / mass);
}

/// Coefficients of finite loss; none where none were found.
std::optional<std::vector<double>> start_of(const Objective& rows, const Loss& loss, bool fit_intercept) {
  std::vector<double> theta(rows.size(), 0.0);
  if (std::isfinite(rows.value(theta))) return theta;
  const double mean = mean_target(rows);
  if (std::vector<double> found = rows.start(mean).solution; std::isfinite(rows.value(found))) return found;
  if (!fit_intercept) return std::nullopt;
  theta[0] = loss.linear_predictor(mean);
  if (!std::isfinite(rows.value(theta))) return std::nullopt;
  return theta;
}

}  // namespace

GlmFit fitted(const Examples& examples, const GlmOptions& options, const Loss& loss, const std::vector<double>& start) {
  constexpr int most_steps = 200, most_halvings = 60;
  const Objective rows(examples, options, loss);
  GlmFit fit{.coefficients = std::vector<double>(examples.points.dimension, 0.0)};
  std::optional<std::vector<double>> theta = start;
  if (start.empty() || !std::isfinite(rows.value(start))) theta = start_of(rows, loss, options.fit_intercept);
  if (!theta) {
    fit.status = FitStatus::no_start;
    return fit;
  }
  const bool classes = loss.link() == Link::logit || loss.link() == Link::probit;
  double value = rows.value(*theta);
  while (fit.status == FitStatus::not_converged && fit.iterations < most_steps) {
    stop_if_asked(options.stop);
    ++fit.iterations;
    const LeastSquares step = rows.newton_step(*theta);
    fit.rank = step.rank;
    std::vector<double> trial(theta->size());
    double length = 1, next = infinity;
    for (int halving = 0; halving < most_halvings; ++halving, length /= 2) {
      for (std::size_t j = 0; j < trial.size(); ++j) trial[j] = (*theta)[j] + length * step.solution[j];
      next = rows.value(trial);
      if (next <= value + 1e-13 * std::abs(value)) break;
    }
    if (!(next < infinity)) break;
    if (options.ridge == 0 && (rows.recedes(step.solution) || rows.recedes(trial))) {
      fit.status = classes ? FitStatus::separated : FitStatus::diverges;
    } else if (length == 1 && rows.reach(step.solution) <= 1e-8 * (1e-3 + rows.reach(trial))) {
      fit.status = FitStatus::converged;  // this was the last step but its square
    }
    theta = trial;
    value = next;
  }
  fit.intercept = options.fit_intercept ? theta->front() : 0;
  fit.coefficients.assign(theta->end() - std::ptrdiff_t(fit.coefficients.size()), theta->end());
  fit.gradient = rows.relative_gradient(*theta);
  return fit;
}

std::vector<double> curvature_factor(const Examples& examples, const GlmOptions& options, const Loss& loss,
                                     const std::vector<double>& coefficients) {
  const std::size_t size = coefficients.size();
  const std::vector<double> triangle = Objective(examples, options, loss).newton_factor(coefficients);
  std::vector<double> factor;
  for (std::size_t j = 0; j < size; ++j) {
    const auto column = triangle.begin() + std::ptrdiff_t(j * (size + 1));
    factor.insert(factor.end(), column, column + std::ptrdiff_t(size));
  }
  return factor;
}

void require_in_range(std::span<const double> targets, const GlmOptions& options, std::span<const std::size_t> names) {
  const Loss loss(options);
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const std::string rule = loss.broken_rule(targets[i]);
    if (rule.empty()) continue;
    throw Error("targets", std::to_string(targets[i]),
                "row " + std::to_string(names.empty() ? i : names[i]) + " " + rule + ", for the model " +
                    std::string(name_of(options.family)));
  }
}

void require_valid(const Examples& examples, const GlmOptions& options) {
  require_valid_batch(examples);
  momentset::require_valid(examples.points);
  if (examples.target_count != 1) {
    throw Error("targets", std::to_string(examples.target_count) + " columns", "must be one for this model");
  }
  if (!(options.ridge >= 0) || !std::isfinite(options.ridge)) {
    throw Error("ridge", std::to_string(options.ridge), "must be finite and not negative");
  }
  require_in_range(examples.targets, options);
}

GlmFit fit_glm(const Examples& examples, const GlmOptions& options) {
  require_valid(examples, options);
  return fitted(examples, options, Loss(options));
}

}  // namespace momentset::distill
