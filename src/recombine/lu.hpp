#pragma once

#include <cstddef>
#include <vector>

#include "recombine/pulse.hpp"

namespace momentset {

/// LU factorisation with partial pivoting of a p x n matrix, p >= n or less, column-major with leading dimension p, in
/// place as LAPACK leaves it. Returns its row interchanges, counted from 0. By panels, with a beat between them. Real:
/// float or double.
template <class Real>
std::vector<std::size_t> factorise_lu(Real* matrix, std::size_t p, std::size_t n, Pulse& pulse);

}  // namespace momentset
