#pragma once

#include <utility>
#include <vector>

#include "basis/feature_columns.hpp"

namespace momentset {

/// Random Fourier features cos(w.z + b) (Rahimi and Recht 2007).
class FourierFeatures final : public FeatureColumns {
 public:
  /// @param frequencies w of each feature, row by row
  /// @param phases      b of each feature
  FourierFeatures(StandardColumns columns, std::vector<double> frequencies, std::vector<double> phases)
      : columns_(std::move(columns)), frequencies_(std::move(frequencies)), phases_(std::move(phases)) {}
  std::size_t size() const override { return phases_.size(); }
  void evaluate(const double* x, double* out) const override;

 private:
  StandardColumns columns_;
  std::vector<double> frequencies_, phases_;
};

}  // namespace momentset
