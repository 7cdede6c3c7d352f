#pragma once

#include <cstddef>
#include <vector>

namespace momentset {

/// Functions of the coordinates of a point, with all that was found out from the points to evaluate them: the
/// interface of the maps in this folder. A new one is a file here, a word of parse_features(), an evaluation of the
/// certificate's own (src/certificate/feature_columns.cpp) and a row in tests/feature_maps_test.cpp.
class FeatureColumns {
 public:
  virtual ~FeatureColumns() = default;
  virtual std::size_t size() const = 0;

  /// Writes size() numbers: the functions at x, which has m coordinates. Safe to call from several threads at once.
  virtual void evaluate(const double* x, double* out) const = 0;
};

/// z = (x - mean) / deviation in each column, clipped to |z| <= 2^20; 0 where the deviation is 0.
struct StandardColumns {
  std::vector<long double> mean, deviation;  ///< long double: no difference may overflow

  void map(const double* x, double* z) const {
    constexpr long double furthest = 0x1p20;
    for (std::size_t a = 0; a < mean.size(); ++a) {
      const long double exact = deviation[a] > 0 ? (x[a] - mean[a]) / deviation[a] : 0;
      z[a] = static_cast<double>(exact > furthest ? furthest : exact < -furthest ? -furthest : exact);
    }
  }
};

}  // namespace momentset
