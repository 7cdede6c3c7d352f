#pragma once

#include <span>
#include <vector>

#include "certificate/cell_moments.hpp"
#include "certificate/selection.hpp"
#include "momentset/certificate.hpp"
#include "momentset/points.hpp"

namespace momentset::certificate {

/// How many sums the companions add to the monomials of x, or SIZE_MAX where they cannot be counted.
std::size_t companion_monomial_count(std::size_t dimension, int order, const MonomialSet& monomials,
                                     std::span<const Companions> companions);

/// Residuals of the sums of u^d t^a for each companion column, d = 1 to the degree, |a| up to the order, u and t local
/// to the box of the points concerned.
/// @param rows        input point that each of the output is
/// @param new_targets of the companions that have values of their own in the output: see CertifyOptions
/// @param order       K of the moments of x
/// @param monomials of which t^a are
/// O(q (m + n)) for each column and power.
std::vector<CompanionResidual> measure_companions(const Selection& input, const RowsByCell& input_rows,
                                                  const Selection& output, const RowsByCell& output_rows,
                                                  std::span<const Index> rows, std::span<const Companions> companions,
                                                  std::span<const double> new_targets, int order,
                                                  const MonomialSet& monomials, double mass_scale);

}  // namespace momentset::certificate
