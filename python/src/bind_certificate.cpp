#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "arrays.hpp"
#include "bind.hpp"
#include "interruptible.hpp"
#include "momentset/certificate.hpp"

namespace momentset::python {

namespace nb = nanobind;

namespace {

using CheckTuple = std::tuple<std::string, bool, std::string>;

std::vector<GroupClaim> claims_of(const Certificate& stated) {
  std::vector<GroupClaim> claims;
  for (const GroupResidual& group : stated.groups) claims.push_back({group.order, group.tree});
  return claims;
}

/// Measures anew what the certificate states, and holds one against the other.
std::vector<CheckTuple> verify_coreset(const std::string& certificate, const Matrix& coordinates,
                                       const std::optional<Vector>& weights,
                                       const std::vector<CompanionArrays>& companions,
                                       const std::optional<GroupArrays>& groups, const RowNumbers& rows,
                                       const Vector& new_weights, const Matrix& new_coordinates,
                                       const std::optional<Matrix>& new_targets, int threads) {
  const WeightedPoints points = points_of(coordinates, weights);
  const Certificate stated = Certificate::from_json(certificate);
  std::vector<CellTree::Split> splits = stated.tree.splits;
  for (const GroupResidual& group : stated.groups) {
    splits.insert(splits.end(), group.tree.splits.begin(), group.tree.splits.end());
  }
  for (const CellTree::Split& split : splits) {
    if (split.point >= points.size()) {
      return {{"input", false, "the cells name row " + std::to_string(split.point) + ", which is not in the input"}};
    }
  }
  for (const Index landmark : stated.feature_map.landmarks) {
    if (landmark >= points.size()) {
      return {{"input", false, "a landmark is row " + std::to_string(landmark) + ", which is not in the input"}};
    }
  }
  const std::vector<Index> numbers = indices_of("indices", rows, points.size());
  CertifyOptions options{.order = stated.order,
                         .tree = stated.tree,
                         .mass_scale = stated.mass_expected / stated.mass_input,
                         .seed = stated.seed,
                         .threads = threads,
                         .companions = companions_of(companions),
                         .features = stated.feature_map};
  if (new_targets) options.new_targets.assign(span_of(*new_targets).begin(), span_of(*new_targets).end());
  const OwnedGroups owned(groups);
  if (groups && owned.names.size() != stated.groups.size()) {
    return {{"groups", false,
             "found " + std::to_string(owned.names.size()) + ", stated " + std::to_string(stated.groups.size())}};
  }
  options.groups = owned.view();
  if (groups) options.group_claims = claims_of(stated);
  Certificate measured;
  run_interruptibly([&](const std::stop_token& stop) {
    options.stop = stop;
    measured = certify(points, numbers, span_of(new_weights), options, span_of(new_coordinates));
  });
  std::vector<CheckTuple> checks;
  for (const Check& check : verify(stated, measured)) checks.emplace_back(check.name, check.passed, check.detail);
  return checks;
}

bool certificate_holds(const std::string& certificate) { return Certificate::from_json(certificate).holds(); }

}  // namespace

void bind_certificate(nb::module_& module) {
  module.def("verify", &verify_coreset, nb::arg("certificate"), nb::arg("points").noconvert(),
             nb::arg("weights").noconvert().none(), nb::arg("companions"), nb::arg("groups").none(),
             nb::arg("rows").noconvert(), nb::arg("new_weights").noconvert(), nb::arg("new_points").noconvert(),
             nb::arg("new_targets").noconvert().none(), nb::arg("threads"));
  module.def("certificate_holds", &certificate_holds, nb::arg("certificate"));
}

}  // namespace momentset::python
