#pragma once

#include <stop_token>
#include <vector>

#include "basis/feature_columns.hpp"
#include "momentset/compress.hpp"
#include "momentset/features.hpp"
#include "momentset/points.hpp"

namespace momentset {

/// Mean and deviation of each column as the certificate takes them, so that its features are the same functions. O(q
/// m).
StandardColumns standard_columns(const WeightedPoints& points, const std::stop_token& stop);

/// Features as asked for, found out from the points: points and options to go on with, in which directions have taken
/// the place of columns, and Fourier and kernel features are companions of order 0.
class FittedFeatures {
 public:
  /// In the caller's TBB arena; the same for any number of threads. Throws Cancelled, and Error(features, ...) where no
  /// target tells supervised directions, or memory does not hold what it takes: 80 m^2 bytes for directions, 8 q for
  /// each. O(q (m^2 + m r)) for directions, O(q p (m + p)) for p Fourier and kernel features.
  FittedFeatures(const WeightedPoints& points, const CompressOptions& options);

  FittedFeatures(const FittedFeatures&) = delete;
  FittedFeatures& operator=(const FittedFeatures&) = delete;

  const WeightedPoints& points() const { return points_; }
  const CompressOptions& options() const { return options_; }
  const FeatureMap& map() const { return map_; }

 private:
  void find_directions(const WeightedPoints& points);
  void add_columns(const WeightedPoints& points);

  WeightedPoints points_;
  CompressOptions options_;
  FeatureMap map_;
  std::vector<double> coordinates_, values_;
};

}  // namespace momentset
