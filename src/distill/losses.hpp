#pragma once

#include <string>

#include "momentset/distill/glm.hpp"

namespace momentset::distill {

/// The negative log-likelihood l(y, eta) of one row, up to terms without eta, with its derivatives by eta. It is convex
/// in eta for every pair of family and link here, and affine in y: dl / d eta = b(eta) (mu(eta) - y), b > 0 or b < 0.
class Loss {
 public:
  struct At {
    double value = 0, slope = 0, curvature = 0;
  };

  /// Throws Error where the family has no such link, or alpha is not positive.
  explicit Loss(const GlmOptions& options);

  Link link() const { return link_; }
  At at(double y, double eta) const;
  double mean(double eta) const;               ///< mu = g^-1(eta)
  double linear_predictor(double mean) const;  ///< g(mu)
  bool in_domain(double eta) const;            ///< eta that the link can come from
  bool is_mean(double y) const;                ///< whether some rows could have this mean, limits included
  /// Whether l(y, eta + t step) never grows for t > 0; |step| below `least` counts as 0.
  bool recedes(double y, double step, double least) const;
  double target_factor(double eta) const { return at(0, eta).slope - at(1, eta).slope; }  ///< b(eta)
  /// What the family asks of targets, as a rule; empty where y obeys it.
  std::string broken_rule(double y) const;

 private:
  Family family_;
  Link link_;
  double alpha_;
};

}  // namespace momentset::distill
