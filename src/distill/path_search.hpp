#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "distill/losses.hpp"
#include "momentset/distill/path.hpp"

namespace momentset::distill {

/// A ridge, with the model of all rows there, or of their union with a batch.
struct PathPoint {
  double ridge = 0;
  bool node = false;
  std::size_t batch = 0;             ///< 0: none; else one of PathProblem::batches, counted from 1
  std::vector<double> coefficients;  ///< the intercept first, if there is one
};

/// Weighted rows whose models along a range of ridges are to be kept.
struct PathProblem {
  Examples examples;
  GlmOptions model;  ///< its ridge is not used
  Loss loss;
  double tolerance;
  RidgeRange ridges;
  /// Weights that each batch adds to those of the rows. The first half is for the search, the others are for checks.
  std::vector<std::vector<double>> batches;
  /// S, upper triangular, column-major: |S (theta - theta')| / |S theta| is what is measured. Empty: the identity.
  std::vector<double> measure;

  std::size_t size() const { return examples.points.dimension + (model.fit_intercept ? 1 : 0); }
  std::vector<double> weights(std::size_t batch) const;  ///< of the rows and those of the batch
};

/// Models of all rows at `nodes` ridges, equally spaced in their logarithm, and for checks at three more between two
/// neighbours; of unions at the nodes, and for checks in the middle between two as well.
struct SolvedPath {
  FitStatus status = FitStatus::converged;  ///< of the first fit that ended otherwise, if any
  std::vector<PathPoint> matched, checked;

  SolvedPath(const PathProblem& problem, std::size_t nodes);
};

/// The differences at each of the points, of weighted examples that stand for the rows.
std::vector<PathCheck> checks_of(const PathProblem& problem, const std::vector<PathPoint>& points,
                                 const Examples& small);

struct KeptRows {
  std::vector<Index> rows;  ///< ascending
  std::vector<double> weights;
  std::vector<PathCheck> checks;
};

/// The smallest set found that is within the tolerance at all points checked; none where none is.
KeptRows smallest_set(const PathProblem& problem, const SolvedPath& path);

/// The examples of some rows, with other weights.
ExampleSet chosen(const Examples& examples, std::span<const Index> rows, std::span<const double> weights);

}  // namespace momentset::distill
