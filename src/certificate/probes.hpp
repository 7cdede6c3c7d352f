#pragma once

#include <cstdint>
#include <vector>

#include "certificate/columns.hpp"
#include "certificate/selection.hpp"
#include "momentset/certificate.hpp"

namespace momentset::certificate {

/// Errors of the weighted means of smooth random functions over the output, beside those of random subsets of the
/// input's points of positive weight, as many as the output has, whose weights are rescaled to a mean.
/// `columns` are the input's.
std::vector<ProbeError> measure_probes(const Selection& input, const Selection& output, const ColumnMoments& columns,
                                       std::uint64_t seed);

}  // namespace momentset::certificate
