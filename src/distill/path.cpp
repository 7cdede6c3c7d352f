#include "momentset/distill/path.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <utility>

#include "distill/glm_fit.hpp"
#include "distill/path_search.hpp"
#include "fitted_features.hpp"
#include "format.hpp"
#include "momentset/error.hpp"

namespace momentset::distill {
namespace {

double mass_of(const Examples& examples) {
  long double mass = 0;
  for (std::size_t i = 0; i < examples.size(); ++i) mass += examples.points.weight(i);
  return double(mass);
}

/// Mean over the columns of sum_i w_i x_ij^2.
double mean_square(const Examples& examples) {
  const std::size_t d = examples.points.dimension;
  long double sum = 0;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const double* x = examples.points.point(i);
    for (std::size_t j = 0; j < d; ++j) sum += (long double)(examples.points.weight(i)) * x[j] * x[j];
  }
  return sum > 0 ? double(sum / d) : 1;
}

void require_valid(const PathOptions& options) {
  if (!(options.tolerance > 0 && options.tolerance < 1)) {
    throw Error("tolerance", formatted("{}", options.tolerance), "must be between 0 and 1");
  }
  if (!options.ridges) return;
  const auto [smallest, largest] = *options.ridges;
  if (!(smallest > 0 && smallest <= largest && std::isfinite(largest))) {
    throw Error("ridge_range", formatted("{}, {}", smallest, largest),
                "must be two positive numbers, the smaller one first");
  }
}

/// The weights of each batch: those of the rows in the quarter furthest along a random direction, 0 of the others.
std::vector<std::vector<double>> batches_of(const WeightedPoints& points, const PathOptions& options) {
  const std::size_t m = points.dimension, q = points.size();
  if (options.batches == 0) return {};
  const StandardColumns columns = standard_columns(points, options.model.stop);
  std::mt19937_64 random(options.seed);
  std::vector<std::vector<double>> batches;
  while (batches.size() < 2 * options.batches) {
    std::vector<double> direction(m), z(m), place(q);
    for (double& each : direction) each = double(random() >> 11) * 0x1p-52 - 1;  // in [-1, 1), the same everywhere
    for (std::size_t i = 0; i < q; ++i) {
      columns.map(points.point(i), z.data());
      place[i] = std::inner_product(z.begin(), z.end(), direction.begin(), 0.0);
    }
    std::vector<Index> order(q);
    std::iota(order.begin(), order.end(), Index{0});
    std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) { return place[a] > place[b]; });
    std::vector<double>& weights = batches.emplace_back(q, 0.0);
    for (std::size_t k = 0; k < (q + 3) / 4; ++k) weights[order[k]] = points.weight(order[k]);
  }
  return batches;
}

PathProblem problem_of(const Examples& examples, const PathOptions& options) {
  require_valid(options);
  GlmOptions model = options.model;
  model.ridge = 0;
  require_valid(examples, model);
  const double square = mean_square(examples);
  return {.examples = examples,
          .model = model,
          .loss = Loss(model),
          .tolerance = options.tolerance,
          .ridges = options.ridges.value_or(RidgeRange{1e-4 * square, square}),
          .batches = batches_of(examples.points, options)};
}

PathCertificate stated(const PathProblem& problem) {
  return {.model = std::string(name_of(problem.model.family)),
          .link = std::string(name_of(problem.loss.link())),
          .dispersion = problem.model.family == Family::negative_binomial ? problem.model.dispersion : 0,
          .fit_intercept = problem.model.fit_intercept,
          .rows = problem.examples.size(),
          .columns = problem.examples.points.dimension,
          .mass_input = mass_of(problem.examples),
          .tolerance = problem.tolerance,
          .ridges = problem.ridges,
          .batches = problem.batches.size() / 2};
}

KeptRows all_rows(const Examples& examples) {
  KeptRows all;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    if (!(examples.points.weight(i) > 0)) continue;
    all.rows.push_back(Index(i));
    all.weights.push_back(examples.points.weight(i));
  }
  return all;
}

PathDistillation searched(const PathProblem& problem) {
  PathDistillation found;
  PathCertificate& certificate = found.certificate = stated(problem);
  KeptRows kept;
  for (const std::size_t nodes : {9, 17, 33}) {
    const SolvedPath path(problem, nodes);
    certificate.nodes = nodes;
    certificate.status = path.status;
    if (path.status != FitStatus::converged) return found;
    kept = smallest_set(problem, path);
    if (!kept.rows.empty()) break;
    if (nodes < 33) continue;
    kept = all_rows(problem.examples);
    kept.checks = checks_of(problem, path.checked, chosen(problem.examples, kept.rows, kept.weights).view());
  }
  found.rows = std::move(kept.rows);
  found.weights = std::move(kept.weights);
  certificate.path = std::move(kept.checks);
  certificate.points = found.rows.size();
  certificate.mass_output = std::accumulate(found.weights.begin(), found.weights.end(), 0.0);
  return found;
}

}  // namespace

PathDistillation distil_path(const Examples& examples, const PathOptions& options) {
  return searched(problem_of(examples, options));
}

PathCertificate certify_path(const Examples& examples, const Examples& small, const PathOptions& options) {
  constexpr std::size_t nodes = 9;
  const PathProblem problem = problem_of(examples, options);
  require_valid(small, problem.model);
  if (small.points.dimension != examples.points.dimension) {
    throw Error("points", formatted("{} columns", small.points.dimension),
                formatted("must have as many as the rows, {}", examples.points.dimension));
  }
  const SolvedPath path(problem, nodes);
  PathCertificate certificate = stated(problem);
  certificate.nodes = nodes;
  certificate.status = path.status;
  certificate.points = small.size();
  certificate.mass_output = mass_of(small);
  if (path.status == FitStatus::converged) certificate.path = checks_of(problem, path.checked, small);
  return certificate;
}

PathDistillation distil_kernel_path(const Examples& examples, const KernelRidge& kernel, const PathOptions& options) {
  if (!(kernel.length > 0 && std::isfinite(kernel.length))) {
    throw Error("length", formatted("{}", kernel.length), "must be positive and finite");
  }
  if (kernel.landmarks == 0) throw Error("landmarks", "0", "must be at least 1");
  require_valid(examples, {.family = Family::linear});
  const FittedFeatures fitted(examples.points, {.features = {.nystroem = kernel.landmarks, .length = kernel.length},
                                                .seed = options.seed,
                                                .stop = options.model.stop});
  const Companions& features = fitted.options().companions.front();
  const Examples mapped{{features.values, examples.points.weights, features.columns}, examples.targets, 1};
  const double mass = mass_of(examples);
  PathOptions linear = options;
  linear.model = {.family = Family::linear, .stop = options.model.stop};
  if (!linear.ridges) linear.ridges = {1e-6 * mass, 1e-2 * mass};
  PathProblem problem = problem_of(mapped, linear);
  problem.measure = curvature_factor(mapped, problem.model, problem.loss, std::vector<double>(features.columns, 0.0));
  PathDistillation found = searched(problem);
  PathCertificate& certificate = found.certificate;
  certificate.model = "kernel";
  certificate.link.clear();
  certificate.columns = examples.points.dimension;
  certificate.length = kernel.length;
  certificate.landmarks = features.columns;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const double* value = mapped.points.point(i);
    const double kept = std::inner_product(value, value + features.columns, value, 0.0);
    certificate.kernel_residual = std::max(certificate.kernel_residual, 1 - kept);
  }
  return found;
}

namespace {

template <class Counts>
double worst(const std::vector<PathCheck>& path, const Counts& counts) {
  double most = 0;
  for (const PathCheck& check : path) {
    if (counts(check)) most = std::max(most, check.difference);
  }
  return most;
}

}  // namespace

double PathCertificate::worst_at_nodes() const {
  return worst(path, [](const PathCheck& check) { return check.batch == 0 && check.node; });
}
double PathCertificate::worst_between() const {
  return worst(path, [](const PathCheck& check) { return check.batch == 0 && !check.node; });
}
double PathCertificate::worst_combined() const {
  return worst(path, [](const PathCheck& check) { return check.batch > 0; });
}
double PathCertificate::worst_difference() const {
  return worst(path, [](const PathCheck&) { return true; });
}

bool PathCertificate::holds() const {
  return status == FitStatus::converged && worst_difference() <= tolerance &&
         std::abs(mass_output - mass_input) <= 1e-12 * mass_input;
}

}  // namespace momentset::distill
