#include "theory/quadrature.hpp"

#include <boost/math/quadrature/gauss_kronrod.hpp>

namespace momentset::theory {

const KronrodRule& kronrod_rule() {
  using Kronrod = boost::math::quadrature::gauss_kronrod<double, 15>;
  using Gauss = boost::math::quadrature::gauss<double, 7>;
  static const KronrodRule rule{Kronrod::abscissa(), Kronrod::weights(), Gauss::weights()};
  return rule;
}

}  // namespace momentset::theory
