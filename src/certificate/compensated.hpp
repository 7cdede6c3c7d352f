#pragma once

#include <cmath>

namespace momentset::certificate {

/// A running sum with its rounding errors kept apart (Neumaier 1974): as accurate as if summed in twice the precision.
struct CompensatedSum {
  long double sum = 0, error = 0;

  void add(long double x) {
    const long double next = sum + x;
    error += std::fabs(sum) >= std::fabs(x) ? (sum - next) + x : (x - next) + sum;
    sum = next;
  }
  void add(const CompensatedSum& other) {
    add(other.sum);
    error += other.error;
  }
  long double value() const { return sum + error; }
};

}  // namespace momentset::certificate
