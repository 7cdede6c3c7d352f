#include "certificate/companion_moments.hpp"

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/parallel_reduce.h>

#include <algorithm>
#include <limits>

#include "certificate/moments.hpp"

namespace momentset::certificate {
namespace {

using Range = oneapi::tbb::blocked_range<std::size_t>;

/// One column in the input and in the output, and what is measured of it.
struct Column {
  const double *input, *output;
  std::size_t stride;
  int degree;
  bool relabelled;
};

/// What residuals of new values are in units of: mean |u| times sum c |t^a|. Where u is 0 wherever t^a is not, so that
/// the products' own magnitude vanishes, new values at other points still leave rounding errors.
void spread_magnitudes(const Selection& points, const Box& box, const Monomials& monomials, MomentSums& sums) {
  const MomentSums plain = monomials.sums(points, box);
  const long double mass = plain.magnitudes[0], mean = mass > 0 ? sums.magnitudes[0] / mass : 0;
  for (std::size_t f = 0; f < plain.magnitudes.size(); ++f) sums.magnitudes[f] = mean * plain.magnitudes[f];
}

/// Worst over the powers and orders, over points whose input is `before` and output `after`.
double worst_residual(const Selection& before, const Selection& after, const Column& column, const Monomials& monomials,
                      double mass_scale) {
  const Box box = bounding_box(before);
  Factor factor = column.relabelled ? largest_factor(before, column.input, column.stride)
                                    : local_factor(before, column.input, column.stride);
  double worst = 0;
  for (factor.power = 1; factor.power <= column.degree; ++factor.power) {
    factor.values = column.input;
    MomentSums sums = monomials.sums(before, box, &factor);
    if (column.relabelled) spread_magnitudes(before, box, monomials, sums);
    factor.values = column.output;
    for (const double residual : monomials.worst_residuals(sums, monomials.sums(after, box, &factor), mass_scale)) {
      worst = std::max(worst, residual);
    }
  }
  return worst;
}

}  // namespace

std::size_t companion_monomial_count(std::size_t dimension, int order, const MonomialSet& set,
                                     std::span<const Companions> companions) {
  constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
  std::size_t count = 0;
  for (const Companions& each : companions) {
    const std::size_t monomials = monomial_count(dimension, each.order_beside(order), set);
    const std::size_t times = each.columns * std::size_t(each.degree);
    if (monomials > (most - count) / std::max<std::size_t>(times, 1)) return most;
    count += times * monomials;
  }
  return count;
}

std::vector<CompanionResidual> measure_companions(const Selection& input, const RowsByCell& input_rows,
                                                  const Selection& output, const RowsByCell& output_rows,
                                                  std::span<const Index> rows, std::span<const Companions> companions,
                                                  std::span<const double> new_targets, int order,
                                                  const MonomialSet& set, double mass_scale) {
  std::vector<CompanionResidual> residuals;
  const std::size_t all_new = relabelled_columns(companions);
  std::size_t place = 0;  // among the columns with new values
  for (const Companions& each : companions) {
    const std::size_t p = each.columns;
    std::vector<double> kept;
    kept.reserve(rows.size() * p);
    for (std::size_t j = 0; j < rows.size(); ++j) {
      const double* y = each.relabel ? new_targets.data() + j * all_new + place : each.values.data() + rows[j] * p;
      kept.insert(kept.end(), y, y + p);
    }
    if (each.relabel) place += p;
    const Monomials monomials(input.dimension, each.order_beside(order), set);
    for (std::size_t j = 0; j < p; ++j) {
      const Column column{each.values.data() + j, kept.data() + j, p, each.degree, each.relabel};
      CompanionResidual found{.degree = each.degree, .order = monomials.order(), .relabelled = each.relabel};
      // The larger of two numbers does not depend on the order of comparison: any split into threads will do.
      found.cells = oneapi::tbb::parallel_reduce(
          Range(0, input_rows.first.size() - 1), 0.0,
          [&](const Range& range, double worst) {
            for (std::size_t l = range.begin(); l < range.end(); ++l) {
              worst = std::max(worst, worst_residual(input_rows.cell(input, l), output_rows.cell(output, l), column,
                                                     monomials, mass_scale));
            }
            return worst;
          },
          [](double a, double b) { return std::max(a, b); });
      const bool one_cell = input_rows.first.size() == 2;  // which is the whole
      found.global = one_cell ? found.cells : worst_residual(input, output, column, monomials, mass_scale);
      residuals.push_back(std::move(found));
    }
  }
  return residuals;
}

}  // namespace momentset::certificate
