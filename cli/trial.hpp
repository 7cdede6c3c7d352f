#pragma once

#include <cstddef>

namespace momentset::cli {

/// How fast this machine does the operations that plans are counted in.
struct TrialRate {
  double operations_per_second = 0;
  double seconds = 0;  ///< what finding out took
};

/// Compresses some thousand random points in so many columns and takes the time; a fraction of a second.
/// Measured compressions lie within a factor of three of what follows from it.
/// @param threads 0: all cores
TrialRate trial_rate(std::size_t columns, int threads);

}  // namespace momentset::cli
