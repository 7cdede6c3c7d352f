#include "momentset/network/sampling.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "momentset/error.hpp"

namespace momentset::network {
namespace {

std::vector<double> running_sums(std::span<const double> weights) {
  std::vector<double> sums;
  double sum = 0;
  for (std::size_t j = 0; j < weights.size(); ++j) {
    if (!(weights[j] >= 0) || !std::isfinite(weights[j])) {
      throw Error("weights", std::to_string(weights[j]),
                  "row " + std::to_string(j) + " must be finite and not negative");
    }
    sums.push_back(sum += weights[j]);
  }
  if (!(sum > 0) || !std::isfinite(sum)) throw Error("weights", "", "their sum must be positive and finite");
  return sums;
}

void require_share(double u) {
  if (!(u >= 0 && u < 1)) throw Error("uniforms", std::to_string(u), "must be at least 0 and below 1");
}

/// The row in whose share of the running sums the mark lies; rows of zero weight have none.
Index row_at(const std::vector<double>& sums, double mark) {
  // Rounding may put a mark at the very end of the sums: it belongs to the last row of positive weight.
  const auto row = std::upper_bound(sums.begin(), sums.end(), std::min(mark, std::nextafter(sums.back(), 0.0)));
  return Index(row - sums.begin());
}

}  // namespace

std::vector<Index> proportional_sample(std::span<const double> weights, std::span<const double> uniforms) {
  const std::vector<double> sums = running_sums(weights);
  std::vector<Index> rows;
  for (const double u : uniforms) {
    require_share(u);
    rows.push_back(row_at(sums, u * sums.back()));
  }
  return rows;
}

std::vector<Index> systematic_sample(std::span<const double> weights, std::size_t count, double u) {
  const std::vector<double> sums = running_sums(weights);
  require_share(u);
  std::vector<Index> rows;
  for (std::size_t k = 0; k < count; ++k) rows.push_back(row_at(sums, (double(k) + u) / double(count) * sums.back()));
  return rows;
}

}  // namespace momentset::network
