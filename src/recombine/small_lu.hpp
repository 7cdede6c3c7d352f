#pragma once

#include <cstddef>
#include <vector>

namespace momentset {

/// Up to so many columns LAPACK spends more time between its loops than in them.
inline constexpr std::size_t small_lu_columns = 64;

/// factorise_lu() for p >= n and few columns, in one function.
std::vector<std::size_t> factorise_small_lu(double* matrix, std::size_t p, std::size_t n);

/// rows L^-1 for a unit lower triangular L of few columns, in place; rows: count x r column-major, L with leading
/// dimension `leading`.
void divide_by_small_lower(double* rows, std::size_t count, const double* lower, std::size_t r, std::size_t leading);

}  // namespace momentset
