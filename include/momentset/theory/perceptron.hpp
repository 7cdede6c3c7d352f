#pragma once

#include <limits>
#include <span>
#include <vector>

/// Paper 003, appendix A: how well a student perceptron learns a teacher from examples that were pruned by their margin
/// to a probe. Examples x are standard normal in N dimensions, labels sign(T.x); the probe is at an angle theta to the
/// teacher T, z is an example's margin along the probe, and of P examples kept alpha = P / N with N to infinity.
/// Several printed equations are wrong; docs/perceptron-theory.md derives what is computed here.
///
/// alpha always counts kept examples per parameter, not those before pruning.
namespace momentset::theory {

/// Keeps examples with lower < |z| < upper, each with probability `keep`.
struct MarginBand {
  double lower = 0;                                        ///< 0 or more
  double upper = std::numeric_limits<double>::infinity();  ///< above `lower`
  double keep = 1;                                         ///< in (0, 1]
};

/// p(z), the distribution of the kept examples' margins along the probe: the standard normal one times a step function
/// of |z|, normalised. Every constructor throws Error, naming the argument.
class MarginDistribution {
 public:
  /// Nothing pruned, or at random: the same but for what alpha counts.
  static MarginDistribution random();
  /// The smallest margins, |z| < H^-1((1 - f)/2). @param fraction f in [1e-3, 1]
  static MarginDistribution keep_hard(double fraction);
  /// The largest margins, |z| > H^-1(f/2). @param fraction f in [1e-3, 1]
  static MarginDistribution keep_easy(double fraction);
  /// lower < |z| < upper. Keeps at least 1e-3 of the examples.
  static MarginDistribution window(double lower, double upper);
  /// Any number of bands, ascending and apart, that keep at least 1e-3 of the examples together.
  explicit MarginDistribution(std::vector<MarginBand> bands);

  std::span<const MarginBand> bands() const { return bands_; }
  /// f, the fraction of the examples that is kept.
  double fraction() const { return fraction_; }

 private:
  std::vector<MarginBand> bands_;
  double fraction_ = 1;
};

/// The order parameters of the max-margin student J, |J| = |T| = 1.
struct Perceptron {
  double R = 0;      ///< J.T
  double rho = 0;    ///< J.probe
  double kappa = 0;  ///< the margin: smallest y J.x over the examples kept
  double error = 0;  ///< probability of a wrong label on a new, unpruned example: arccos(R) / pi, without its loss of
                     ///< digits near R = 1
  double residual = 0;  ///< of the saddle point equations, relative; above 1e-9 the other fields do not hold

  /// Whether the equations are solved.
  bool solved() const { return residual <= 1e-9; }
};

struct PerceptronOptions {
  double tolerance = 1e-10;  ///< of the averages over p(z), relative, as the quadrature estimates it; in [1e-13, 1e-4]
};

/// The saddle point equations 1-6, solved; with theta = 0 those of a perfect probe, 66-71, and for windows 85-86.
/// @param alpha      kept examples per parameter, in [1e-3, 1e4]
/// @param margins    p(z)
/// @param theta_deg  angle between probe and teacher in degrees, in [0, 90)
/// Some 40 averages over p(z), of a few hundred values of the normal distribution where theta = 0, else of some 1e4.
Perceptron perceptron(double alpha, const MarginDistribution& margins, double theta_deg = 0,
                      const PerceptronOptions& options = {});

/// The same for several alphas, ascending, each solved from the one before: several times faster than one by one.
std::vector<Perceptron> perceptron_curve(std::span<const double> alphas, const MarginDistribution& margins,
                                         double theta_deg = 0, const PerceptronOptions& options = {});

/// Eqs. 82-84 at theta = 0: all kept examples have the one margin |z| = `margin`, which is what the best distribution
/// looks like. With x the root of alpha ((x^2 + 1) Phi(x) + x phi(x)) = 1 for alpha < 2
///     R = margin / sqrt(margin^2 + x^2),
/// so the best margin is infinite; from alpha = 2 on R = 1 at any margin above 0.
/// @param alpha in [1e-3, 1e4] @param margin above 0 and finite
Perceptron perceptron_at_margin(double alpha, double margin);

}  // namespace momentset::theory
