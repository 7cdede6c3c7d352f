#pragma once

#include <cstddef>
#include <vector>

#include "recombine/pulse.hpp"

namespace momentset {

/// p vectors in R^n, written in terms of r of them: others[i] = sum_j T(i, j) basic[j].
struct Tableau {
  std::vector<std::size_t> basic;   ///< r numbers of the basic vectors
  std::vector<std::size_t> others;  ///< p - r numbers of the remaining vectors
  std::vector<double> entries;      ///< T, (p - r) x r, column-major
  std::size_t rank = 0;             ///< of the vectors, features scaled to largest entry 1 to 2
};

/// By LU factorisation with partial pivoting: min(p, n) basic vectors, whatever the rank (threshold n eps). T is
/// accurate even where the basic vectors are dependent, because only the unit triangular factor is inverted. vectors: p
/// x n column-major, overwritten. p n^2 + (p - n) n^2 operations.
Tableau tableau_by_lu(std::vector<double>& vectors, std::size_t p, std::size_t n, Pulse& pulse);

/// By QR factorisation with column pivoting: as many basic vectors as the rank (threshold 2 sqrt(n) eps).
Tableau tableau_by_qr(std::vector<double>& vectors, std::size_t p, std::size_t n);

}  // namespace momentset
