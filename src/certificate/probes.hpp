#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "certificate/columns.hpp"
#include "certificate/probe_functions.hpp"
#include "certificate/selection.hpp"
#include "momentset/certificate.hpp"

namespace momentset::certificate {

/// Bit r: does random subset r contain point k?
using SubsetMask = std::function<std::uint32_t(std::size_t k)>;

/// Sums of the functions over the points, weights times the unit; over the subsets too where there is a mask.
ProbeSums sum_probes(const Selection& points, const ColumnMoments& columns, const ProbeFunctions& functions,
                     long double unit, const SubsetMask& mask);

/// Errors of the means over the output, and over the subsets of the input. Masses in the sums' units.
std::vector<ProbeError> probe_errors(const ProbeSums& input, long double input_mass, const ProbeSums& output,
                                     long double output_mass);

/// The rms of one of the errors over all functions.
double rms_of_all(const std::vector<ProbeError>& probes, double ProbeError::*error);

/// Errors of the weighted means of smooth random functions over the output, beside those of random subsets of the
/// input's points of positive weight, as many as the output has, whose weights are rescaled to a mean.
/// `columns` are the input's.
std::vector<ProbeError> measure_probes(const Selection& input, const Selection& output, const ColumnMoments& columns,
                                       std::uint64_t seed);

}  // namespace momentset::certificate
