#include "basis/fourier.hpp"

#include <cmath>

namespace momentset {

void FourierFeatures::evaluate(const double* x, double* out) const {
  const std::size_t m = columns_.mean.size();
  thread_local std::vector<double> z;
  z.resize(m);
  columns_.map(x, z.data());
  for (std::size_t f = 0; f < size(); ++f) {
    double argument = phases_[f];
    for (std::size_t a = 0; a < m; ++a) argument += frequencies_[f * m + a] * z[a];
    out[f] = std::cos(argument);
  }
}

}  // namespace momentset
