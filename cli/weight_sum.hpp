#pragma once

#include <string>

#include "momentset/points.hpp"

namespace momentset::cli {

/// What the new weights are multiplied with so that they sum to what --weight-sum names: "mass", "n" (rows) or "1".
double mass_scale(const std::string& weight_sum, const WeightedPoints& points);

}  // namespace momentset::cli
