#pragma once

#include <optional>
#include <vector>

#include "experiments/problem.hpp"
#include "momentset/compress.hpp"

namespace momentset::experiments {

/// What one compression took and left.
struct Trial {
  int order = 0;                                   ///< K that was used
  double error = 0;                                ///< of f, absolute
  double residual = 0;                             ///< worst scaled moment residual of the certificate
  double compress = 0;                             ///< seconds of the compression alone: all but the certificate
  double certify = 0;                              ///< seconds of the certificate
  double merge = 0, partition = 0, recombine = 0;  ///< seconds of its stages
};

Trial run(const UniformProblem& problem, const CompressOptions& options);

/// One tenth of d, but no less than an explicit order K needs in m columns: what Figures 2 and 6 keep.
std::size_t tenth_of(std::size_t m, std::size_t d, std::optional<int> order);

/// The median order that was used, rounded down.
int median_order(const std::vector<Trial>& trials);

/// Of some numbers, at least one.
struct Statistics {
  double median = 0, mean = 0, deviation = 0;  ///< deviation: of the population, as numpy's std
  double minimum = 0, maximum = 0;
};

Statistics statistics(std::vector<double> values);

/// The statistics of one field of the trials, for example &Trial::error.
Statistics statistics(const std::vector<Trial>& trials, double Trial::*field);

}  // namespace momentset::experiments
