#pragma once

#include <cmath>

namespace momentset::test {

inline double sigmoid(double eta) { return 1 / (1 + std::exp(-eta)); }

}  // namespace momentset::test
