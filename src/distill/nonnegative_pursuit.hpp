#pragma once

#include <cstddef>
#include <vector>

namespace momentset::distill {

/// min |F x - b| over x >= 0 by the active-set method of Lawson and Hanson (1974), one column at a time: the columns
/// taken in so far are the few of a sparse solution (Foucart and Koslicki 2014). The next one is that whose angle to
/// what is left of b is smallest.
class NonnegativePursuit {
 public:
  /// @param columns F, column-major n x q  @param target b, n numbers
  NonnegativePursuit(std::vector<double> columns, std::vector<double> target);

  /// Takes in the next column, and gives up those whose coefficients would become negative. False where no column
  /// lowers the distance, which is then the least there is. O(n q + n k), k columns being in; n k^2 where some are
  /// given up.
  bool step();

  const std::vector<std::size_t>& support() const { return support_; }
  const std::vector<double>& values() const { return values_; }  ///< x of these, > 0
  double distance() const { return distance_; }                  ///< |F x - b|

 private:
  const double* column(std::size_t j) const { return columns_.data() + j * features_; }
  std::size_t next(const std::vector<bool>& barred) const;
  bool append(std::size_t j);
  void remove(std::size_t position);
  std::vector<double> least_squares() const;
  void drop_nonpositive(std::vector<double> aim);
  void measure();

  std::size_t features_, count_;
  std::vector<double> columns_, target_, lengths_, left_;  // what is left of b
  std::vector<std::size_t> support_;
  std::vector<double> values_;
  std::vector<double> basis_;                  // Q of the support's columns, n x k
  std::vector<std::vector<double>> triangle_;  // columns of R
  double distance_ = 0;
};

}  // namespace momentset::distill
