#pragma once

#include <cstddef>
#include <functional>
#include <limits>
#include <span>
#include <stop_token>
#include <vector>

#include "kernel/constraints.hpp"
#include "kernel/gaussian.hpp"
#include "kernel/weights.hpp"
#include "momentset/points.hpp"

namespace momentset::kernel {

/// By which weights are found and points exchanged.
inline constexpr Mixture weight_mixture{1, 0.01, 0.01};

/// (sum w)^2 / sum w^2; 0 where all are 0.
double effective_size(std::span<const double> weights);

/// Candidates, by their places in a list, with weights.
struct Chosen {
  std::vector<std::size_t> places;
  std::vector<double> weights;
  double objective = std::numeric_limits<double>::infinity();

  double effective() const { return effective_size(weights); }
};

/// Steps 4 and 5 of kernel_exchange(), for one ridge at a time.
class Exchange {
 public:
  /// @param candidates must outlive this
  /// @param means t at each of them
  /// @param rows  their numbers among the points that the constraints are of
  /// @param size  points to keep
  /// @param ridge rho > 0
  Exchange(const KernelPoints& candidates, std::span<const double> means, const MomentConstraints& constraints,
           std::span<const Index> rows, std::size_t size, double ridge, std::stop_token stop);

  void set_ridge(double ridge) { ridge_ = ridge; }
  double ridge() const { return ridge_; }

  /// Replaces the means at some places by better ones.
  void set_means(const std::vector<std::size_t>& places, std::span<const double> means);

  /// The best weights of these places; those that get none are left out.
  Chosen weighted(const std::vector<std::size_t>& places) const;

  /// The best of some rounds from these places on. Calls advance() after each. Throws Cancelled.
  Chosen rounds(std::vector<std::size_t> places, int count, const std::function<void()>& advance);

 private:
  std::vector<double> features_of(const std::vector<std::size_t>& places) const;
  std::vector<double> ridged_kernel(const std::vector<std::size_t>& places) const;
  double linear(std::size_t place) const { return means_[place] + ridge_ / double(size_); }
  WeightProgram program_of(const std::vector<std::size_t>& places) const;
  std::vector<double> gradient(const std::vector<std::size_t>& places, const WeightProgram& program);
  std::vector<std::size_t> gainful(const std::vector<std::size_t>& places);

  const KernelPoints& candidates_;
  std::vector<double> means_, features_, moments_;  // of all candidates
  std::size_t size_;
  double ridge_;
  std::stop_token stop_;
  std::vector<std::vector<float>> columns_;  // k of a candidate with all others, where it was needed
};

}  // namespace momentset::kernel
