#pragma once

#include <string>

/// What arguments of the perceptron's theory have to be. Each throws Error, naming the argument, outside.
namespace momentset::theory {

/// Of the examples that are kept: below, every function of the theory is at its limits.
inline constexpr double smallest_fraction = 1e-3;

/// A number as errors show it.
std::string shown(double value);

/// Kept examples per parameter: from 1e-3 to 1e4.
void require_alpha(double alpha);
/// From `smallest_fraction` to 1.
void require_fraction(const char* name, double fraction);
/// Degrees, from 0 to below 90.
void require_theta(double theta_deg);

}  // namespace momentset::theory
