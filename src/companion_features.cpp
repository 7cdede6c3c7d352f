#include "companion_features.hpp"

namespace momentset {
namespace {

/// The columns of some points, each centred and scaled to [-1, 1].
std::vector<double> local_values(const Companions& companions, std::span<const Index> points) {
  const std::size_t p = companions.columns;
  std::vector<double> values;
  values.reserve(points.size() * p);
  for (const Index point : points) {
    const double* y = companions.values.data() + std::size_t(point) * p;
    values.insert(values.end(), y, y + p);
  }
  const LocalFrame frame(values, p);
  for (std::size_t i = 0; i < points.size(); ++i) frame.map(values.data() + i * p, 1);
  return values;
}

}  // namespace

CompanionFeatures::CompanionFeatures(const LocalFeatures& polynomials, const PolynomialBasis& basis,
                                     std::span<const Companions> companions, std::span<const Index> points)
    : polynomials_(polynomials), features_(basis.size()) {
  for (const Companions& each : companions) {
    if (each.relabel) continue;
    Group group{local_values(each, points), each.columns, each.degree, {}};
    const int order = each.order_beside(basis.order());
    for (std::size_t f = 0; f < basis.size(); ++f) {
      if (basis.order_of(f) <= order) group.polynomials.push_back(f);
    }
    features_ += group.columns * std::size_t(group.degree) * group.polynomials.size();
    groups_.push_back(std::move(group));
  }
}

void CompanionFeatures::evaluate(std::span<const Index> rows, const double* scale, double* out) const {
  const std::size_t count = rows.size();
  polynomials_.evaluate(rows, scale, out);
  double* next = out + polynomials_.features() * count;
  thread_local std::vector<double> u, power, before;
  u.resize(count);
  power.resize(count);
  before.resize(count);
  for (const Group& group : groups_) {
    for (std::size_t j = 0; j < group.columns; ++j) {
      for (std::size_t k = 0; k < count; ++k) {
        u[k] = power[k] = group.values[rows[k] * group.columns + j];
        before[k] = 1;
      }
      for (int d = 1; d <= group.degree; ++d) {
        for (const std::size_t f : group.polynomials) {
          for (std::size_t k = 0; k < count; ++k) next[k] = power[k] * out[f * count + k];
          next += count;
        }
        for (std::size_t k = 0; k < count; ++k) {  // (d + 1) L(d + 1) = (2 d + 1) u L(d) - d L(d - 1)
          const double after = ((2 * d + 1) * u[k] * power[k] - d * before[k]) / (d + 1);
          before[k] = power[k];
          power[k] = after;
        }
      }
    }
  }
}

}  // namespace momentset
