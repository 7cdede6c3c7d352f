#include "distill/path_search.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "blas.hpp"
#include "distill/glm_fit.hpp"
#include "distill/nonnegative_pursuit.hpp"
#include "momentset/recombine.hpp"
#include "threads.hpp"

namespace momentset::distill {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

std::vector<double> with_intercept(const GlmFit& fit, bool fit_intercept) {
  std::vector<double> all(fit.coefficients);
  if (fit_intercept) all.insert(all.begin(), fit.intercept);
  return all;
}

GlmOptions at_ridge(const PathProblem& problem, double ridge) {
  GlmOptions options = problem.model;
  options.ridge = ridge;
  return options;
}

double measured_length(const PathProblem& problem, std::vector<double> theta) {
  const int n = int(theta.size());
  if (!problem.measure.empty()) {
    cblas_dtrmv(CblasColMajor, CblasUpper, CblasNoTrans, CblasNonUnit, n, problem.measure.data(), n, theta.data(), 1);
  }
  return cblas_dnrm2(n, theta.data(), 1);
}

/// S H^-1 / |S theta|, row-major: what turns a gradient into the relative change of the model that it stands for.
std::vector<double> sensitivity(const PathProblem& problem, const PathPoint& point) {
  const int n = int(problem.size());
  const std::vector<double> weights = problem.weights(point.batch);
  Examples rows = problem.examples;
  rows.points.weights = weights;
  std::vector<double> inverse =
      curvature_factor(rows, at_ridge(problem, point.ridge), problem.loss, point.coefficients);
  int info = 0;
  dpotri_("U", &n, inverse.data(), &n, &info);
  for (int i = 0; i < n; ++i) {
    for (int j = 0; j < i; ++j) inverse[j * n + i] = inverse[i * n + j];
  }
  if (!problem.measure.empty()) {  // S H^-1 row-major is H^-1 S^T column-major
    cblas_dtrmm(CblasColMajor, CblasRight, CblasUpper, CblasTrans, CblasNonUnit, n, n, 1, problem.measure.data(), n,
                inverse.data(), n);
  }
  const double length = measured_length(problem, point.coefficients);
  for (double& each : inverse) each /= length > 0 ? length : 1;
  return inverse;
}

/// Row i: S H^-1 g_i / |S theta| for each matched point, g_i the gradient of the row's loss there, and a constant.
class GradientRows final : public FeatureRows {
 public:
  GradientRows(const PathProblem& problem, const std::vector<PathPoint>& points)
      : problem_(problem), points_(points), sensitivities_(points.size()) {
    for_all(points.size(), [&](std::size_t k) { sensitivities_[k] = sensitivity(problem, points[k]); });
  }

  std::size_t rows() const override { return problem_.examples.size(); }
  std::size_t features() const override { return points_.size() * problem_.size() + 1; }

  void evaluate(std::span<const Index> rows, const double* scale, double* out) const override {
    const std::size_t count = rows.size(), n = problem_.size(), d = problem_.examples.points.dimension;
    thread_local std::vector<double> gradients;
    gradients.resize(n * count);
    for (std::size_t p = 0; p < points_.size(); ++p) {
      const std::vector<double>& theta = points_[p].coefficients;
      for (std::size_t k = 0; k < count; ++k) {
        const double* x = problem_.examples.points.point(rows[k]);
        const double eta = cblas_ddot(int(d), x, 1, theta.data() + (n - d), 1) + (n > d ? theta[0] : 0);
        const double slope = scale[k] * problem_.loss.at(problem_.examples.targets[rows[k]], eta).slope;
        if (n > d) gradients[k] = slope;
        for (std::size_t j = 0; j < d; ++j) gradients[(n - d + j) * count + k] = slope * x[j];
      }
      cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, int(n), int(count), int(n), 1, sensitivities_[p].data(),
                  int(n), gradients.data(), int(count), 0, out + p * n * count, int(count));
    }
    std::copy_n(scale, count, out + points_.size() * n * count);
  }

 private:
  const PathProblem& problem_;
  const std::vector<PathPoint>& points_;
  std::vector<std::vector<double>> sensitivities_;
};

struct WeightedRows {
  std::vector<Index> rows;
  std::vector<double> weights;
};

/// Rows that may be kept: all of positive weight, or where these are many fewer with the same sums.
WeightedRows candidates_of(const PathProblem& problem, const GradientRows& features) {
  constexpr std::size_t few = 8192, numbers = std::size_t{1} << 25;
  const WeightedPoints& points = problem.examples.points;
  WeightedRows all;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (!(points.weight(i) > 0)) continue;
    all.rows.push_back(Index(i));
    all.weights.push_back(points.weight(i));
  }
  const std::size_t most = std::max(2 * features.features(), std::min(few, numbers / features.features()));
  if (all.rows.size() <= most) return all;
  Recombination found = recombine(features, problem.weights(0), {.target = most, .stop = problem.model.stop});
  return {std::move(found.support), std::move(found.weights)};
}

/// The features of the candidates and their sums; the constant is as long as the others together.
NonnegativePursuit pursuit_of(const GradientRows& features, const WeightedRows& candidates) {
  const std::size_t n = features.features(), count = candidates.rows.size();
  std::vector<double> columns(n * count), sums(n, 0.0);
  for_all((count + recombine_block - 1) / recombine_block, [&](std::size_t block) {
    const std::size_t first = block * recombine_block, some = std::min(recombine_block, count - first);
    const std::vector<double> ones(some, 1.0);
    std::vector<double> values(n * some);
    features.evaluate(std::span(candidates.rows).subspan(first, some), ones.data(), values.data());
    for (std::size_t k = 0; k < some; ++k) {
      for (std::size_t f = 0; f < n; ++f) columns[(first + k) * n + f] = values[f * some + k];
    }
  });
  double square = 0, mass = 0;
  for (std::size_t k = 0; k < count; ++k) {
    const double* column = columns.data() + k * n;
    square += candidates.weights[k] * cblas_ddot(int(n) - 1, column, 1, column, 1);
    mass += candidates.weights[k];
  }
  for (std::size_t k = 0; k < count; ++k) {
    columns[k * n + n - 1] = std::sqrt(square / mass);
    cblas_daxpy(int(n), candidates.weights[k], columns.data() + k * n, 1, sums.data(), 1);
  }
  return {std::move(columns), std::move(sums)};
}

/// Rows and weights of a solution, with the mass of all candidates.
KeptRows kept_rows(const WeightedRows& candidates, const std::vector<std::size_t>& support,
                   const std::vector<double>& values) {
  std::vector<std::size_t> order(support.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return support[a] < support[b]; });
  const double mass = std::accumulate(candidates.weights.begin(), candidates.weights.end(), 0.0);
  const double factor = mass / std::accumulate(values.begin(), values.end(), 0.0);
  KeptRows kept;
  for (const std::size_t k : order) {
    kept.rows.push_back(candidates.rows[support[k]]);
    kept.weights.push_back(factor * values[k]);
  }
  return kept;
}

bool within(const std::vector<PathCheck>& checks, double tolerance) {
  return std::all_of(checks.begin(), checks.end(),
                     [&](const PathCheck& check) { return check.difference <= tolerance; });
}

/// Rows first, then those that the batch adds.
ExampleSet joined(const Examples& small, const Examples& all, const std::vector<double>& batch) {
  ExampleSet both;
  both.points.dimension = all.points.dimension;
  const auto add = [&](const Examples& from, std::size_t i, double weight) {
    const double* x = from.points.point(i);
    both.points.coordinates.insert(both.points.coordinates.end(), x, x + from.points.dimension);
    both.points.weights.push_back(weight);
    both.targets.push_back(from.targets[i]);
  };
  for (std::size_t i = 0; i < small.size(); ++i) add(small, i, small.points.weight(i));
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (batch[i] > 0) add(all, i, batch[i]);
  }
  return both;
}

/// The models of the rows, or of their union with a batch, along the ridges, from the largest on: each starts at the
/// one before. False where one has not converged; `status` then says how it ended.
bool follow(const PathProblem& problem, std::vector<PathPoint>& points, FitStatus& status) {
  std::vector<double> start;
  for (PathPoint& point : points) {
    const std::vector<double> weights = problem.weights(point.batch);
    Examples rows = problem.examples;
    rows.points.weights = weights;
    const GlmFit fit = fitted(rows, at_ridge(problem, point.ridge), problem.loss, start);
    if (fit.status != FitStatus::converged) {
      status = fit.status;
      return false;
    }
    point.coefficients = start = with_intercept(fit, problem.model.fit_intercept);
  }
  return true;
}

}  // namespace

std::vector<double> PathProblem::weights(std::size_t batch) const {
  std::vector<double> sum(examples.size());
  for (std::size_t i = 0; i < sum.size(); ++i) {
    sum[i] = examples.points.weight(i) + (batch > 0 ? batches[batch - 1][i] : 0);
  }
  return sum;
}

SolvedPath::SolvedPath(const PathProblem& problem, std::size_t nodes) {
  constexpr std::size_t between = 4;  // steps from node to node
  const std::size_t steps = between * (nodes - 1);
  for (std::size_t batch = 0; batch <= problem.batches.size(); ++batch) {
    const bool unseen = batch > problem.batches.size() / 2;
    const std::size_t stride = batch == 0 ? 1 : unseen ? between / 2 : between;
    std::vector<PathPoint> points;
    for (std::size_t k = 0; k <= steps; k += stride) {
      const double share = double(k) / double(steps);
      const double ridge = std::pow(problem.ridges.largest, 1 - share) * std::pow(problem.ridges.smallest, share);
      points.push_back({.ridge = ridge, .node = k % between == 0, .batch = batch});
    }
    if (!follow(problem, points, status)) return;
    for (PathPoint& point : points) {
      if (point.node && !unseen) matched.push_back(point);
      if (batch == 0 || unseen) checked.push_back(std::move(point));
    }
  }
}

std::vector<PathCheck> checks_of(const PathProblem& problem, const std::vector<PathPoint>& points,
                                 const Examples& small) {
  std::vector<ExampleSet> unions(problem.batches.size());
  for (std::size_t b = problem.batches.size() / 2; b < unions.size(); ++b) {
    unions[b] = joined(small, problem.examples, problem.batches[b]);
  }
  std::vector<PathCheck> checks(points.size());
  for_all(points.size(), [&](std::size_t k) {
    const SingleThreadedBlas single;
    const PathPoint& full = points[k];
    const Examples rows = full.batch == 0 ? small : unions[full.batch - 1].view();
    const GlmFit fit = fitted(rows, at_ridge(problem, full.ridge), problem.loss, full.coefficients);
    checks[k] = {full.ridge, full.node, full.batch, infinity};
    if (fit.status != FitStatus::converged) return;
    std::vector<double> difference = with_intercept(fit, problem.model.fit_intercept);
    for (std::size_t j = 0; j < difference.size(); ++j) difference[j] -= full.coefficients[j];
    const double distance = measured_length(problem, std::move(difference));
    checks[k].difference = distance == 0 ? 0 : distance / measured_length(problem, full.coefficients);
  });
  return checks;
}

ExampleSet chosen(const Examples& examples, std::span<const Index> rows, std::span<const double> weights) {
  ExampleSet set;
  set.points.dimension = examples.points.dimension;
  set.points.weights.assign(weights.begin(), weights.end());
  for (const Index row : rows) {
    const double* x = examples.points.point(row);
    set.points.coordinates.insert(set.points.coordinates.end(), x, x + examples.points.dimension);
    set.targets.push_back(examples.targets[row]);
  }
  return set;
}

KeptRows smallest_set(const PathProblem& problem, const SolvedPath& path) {
  const SingleThreadedBlas single;
  const GradientRows features(problem, path.matched);
  const WeightedRows candidates = candidates_of(problem, features);
  NonnegativePursuit pursuit = pursuit_of(features, candidates);
  std::vector<KeptRows> sets;
  const auto holds = [&](KeptRows& set) {
    set.checks = checks_of(problem, path.checked, chosen(problem.examples, set.rows, set.weights).view());
    return within(set.checks, problem.tolerance);
  };
  std::size_t failed = 0;  // sets before it are too small
  for (const double share : {3.0, 1.0, 0.3, 0.1, 0.03, 0.01}) {
    while (pursuit.distance() > share * problem.tolerance) {
      stop_if_asked(problem.model.stop);
      if (!pursuit.step()) break;
      sets.push_back(kept_rows(candidates, pursuit.support(), pursuit.values()));
    }
    if (sets.size() == failed) continue;
    std::size_t good = sets.size() - 1;
    if (!holds(sets[good])) {
      failed = sets.size();
      continue;
    }
    while (failed < good) {
      stop_if_asked(problem.model.stop);
      const std::size_t middle = failed + (good - failed) / 2;
      if (holds(sets[middle])) {
        good = middle;
      } else {
        failed = middle + 1;
      }
    }
    return std::move(sets[good]);
  }
  return {};
}

}  // namespace momentset::distill
