#pragma once

#include <cstddef>
#include <span>
#include <stop_token>
#include <vector>

#include "momentset/distill/examples.hpp"

namespace momentset::distill {

/// Sums w z_j z_k over examples, z = [1, x - a, y - b] with an origin (a, b) that keeps digits where columns lie far
/// from zero: products of blocks of rows in doubles, added in long double. The certificate's own view of the rows.
class ProductSums {
 public:
  /// @param origin 1 + d + p numbers, the first of them 0
  explicit ProductSums(std::vector<double> origin);

  /// @param sums as sums() gave them
  ProductSums(std::vector<double> origin, std::vector<long double> sums);

  const std::vector<long double>& sums() const { return sums_; }  ///< about the origin
  void add(const Examples& examples, const std::stop_token& stop = {});
  void add(const ProductSums& other, long double factor);  ///< that may have another origin
  std::size_t size() const { return origin_.size(); }
  /// Sums about another origin, size x size, row-major. O(size^2).
  std::vector<long double> about(std::span<const double> origin) const;
  /// Sums about zero: of the rows as they are.
  std::vector<long double> raw() const { return about(std::vector<double>(size(), 0.0)); }

 private:
  std::vector<double> origin_;
  std::vector<long double> sums_;
};

/// Row i of sqrt(w) [1, x - a, y - b], column j: for blocks of rows, column-major.
void fill_weighted(const Examples& examples, std::span<const double> origin, std::size_t first, std::size_t count,
                   double* block);

}  // namespace momentset::distill
