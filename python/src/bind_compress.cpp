#include <nanobind/nanobind.h>
#include <nanobind/stl/function.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "arrays.hpp"
#include "bind.hpp"
#include "interruptible.hpp"
#include "momentset/compress.hpp"
#include "momentset/missing.hpp"

namespace momentset::python {

namespace nb = nanobind;

namespace {

Coreset compress_points(const Matrix& coordinates, const std::optional<Vector>& weights,
                        const std::vector<CompanionArrays>& companions, const std::optional<GroupArrays>& groups,
                        CompressOptions options, nb::object progress) {
  const WeightedPoints points = points_of(coordinates, weights);
  options.companions = companions_of(companions);
  const OwnedGroups owned(groups);
  options.groups = owned.view();
  ProgressRelay relay(std::move(progress));
  if (relay.wanted()) {
    options.progress = [&relay](std::string_view stage, double fraction) { relay.report(stage, fraction); };
  }
  Coreset coreset;
  run_interruptibly(
      [&](const std::stop_token& stop) {
        options.stop = stop;
        coreset = compress(points, options);
      },
      &relay);
  return coreset;
}

/// @param companions names of the first of them, in their order; the others have none
std::string certificate_json(const Coreset& coreset, std::vector<std::string> columns,
                             std::map<std::string, std::string> options, const std::vector<std::string>& companions) {
  Certificate certificate = coreset.certificate;
  for (std::size_t j = 0; j < companions.size(); ++j) certificate.companions.at(j).column = companions[j];
  certificate.columns = std::move(columns);
  certificate.options = std::move(options);
  return certificate.to_json();
}

using FilledArrays = std::tuple<nb::ndarray<nb::numpy, double>, std::vector<std::size_t>, std::vector<double>>;

/// Coordinates, the columns that were filled and with what.
FilledArrays filled_arrays(const Matrix& coordinates, const std::optional<Vector>& weights,
                           const std::vector<std::string>& names,
                           const std::optional<std::pair<std::vector<std::size_t>, std::vector<double>>>& as) {
  const std::span<const double> all = span_of(coordinates);
  PointSet points{{all.begin(), all.end()}, {}, coordinates.shape(1)};
  if (weights) points.weights.assign(span_of(*weights).begin(), span_of(*weights).end());
  FilledPoints filled =
      as ? fill_missing(std::move(points), as->first, as->second) : fill_missing(std::move(points), names);
  const std::size_t wide = filled.points.dimension;
  return {array_of(std::move(filled.points.coordinates), {coordinates.shape(0), wide}), filled.columns, filled.values};
}

using NamedNumbers = std::vector<std::pair<std::string, double>>;

NamedNumbers stage_seconds(const Coreset& coreset) {
  NamedNumbers seconds;
  for (const StageSeconds& stage : coreset.stages) seconds.emplace_back(stage.stage, stage.seconds);
  return seconds;
}

NamedNumbers typical_errors(const Coreset& coreset) {
  NamedNumbers errors;
  for (const Alternative& each : coreset.alternatives) errors.emplace_back(each.name, each.typical_error);
  return errors;
}

}  // namespace

void bind_compress(nb::module_& module) {
  // A new option is one line here, and one in the signature and the call of `compress` in momentset/_compress.py.
  nb::enum_<Method>(module, "Method")
      .value("auto", Method::automatic)
      .value("tree", Method::tree)
      .value("kernel", Method::kernel)
      .value("paper", Method::paper);
  nb::enum_<GroupSizes>(module, "GroupSizes")
      .value("mass", GroupSizes::mass)
      .value("error", GroupSizes::error)
      .value("equal", GroupSizes::equal);
  nb::enum_<Scale>(module, "Scale")
      .value("standard", Scale::standard)
      .value("robust", Scale::robust)
      .value("none", Scale::none);
  nb::enum_<Effort>(module, "Effort")
      .value("low", Effort::low)
      .value("normal", Effort::normal)
      .value("high", Effort::high);
  nb::enum_<Smoothness>(module, "Smoothness")
      .value("analytic", Smoothness::analytic)
      .value("smooth", Smoothness::smooth)
      .value("kinked", Smoothness::kinked);

  nb::class_<CompressOptions>(module, "CompressOptions")
      .def(nb::init<>())
      .def_rw("size", &CompressOptions::size)
      .def_rw("tolerance", &CompressOptions::tolerance)
      .def_rw("order", &CompressOptions::order)
      .def_rw("effort", &CompressOptions::effort)
      .def_rw("smoothness", &CompressOptions::smoothness)
      .def_rw("method", &CompressOptions::method)
      .def_rw("group_sizes", &CompressOptions::group_sizes)
      .def_rw("scale", &CompressOptions::scale)
      .def_rw("column_weights", &CompressOptions::column_weights)
      .def_rw("keep_rows", &CompressOptions::keep_rows)
      .def_rw("seed", &CompressOptions::seed)
      .def_rw("threads", &CompressOptions::threads)
      .def_rw("mass_scale", &CompressOptions::mass_scale)
      .def_rw("max_weight", &CompressOptions::max_weight)
      .def_rw("min_ess", &CompressOptions::min_ess);

  nb::class_<Plan>(module, "Plan", "What compress() would do: fixed by the rows, the columns and the options alone.")
      .def_ro("rows", &Plan::rows, "q, rows that may be dropped.")
      .def_ro("dimension", &Plan::dimension, "m, number of columns.")
      .def_ro("size", &Plan::size, "How many of the rows to keep.")
      .def_ro("order", &Plan::order, "K, highest total degree of the moments kept.")
      .def_ro("features", &Plan::features, "n, number of moments: C(m + K, K).")
      .def_ro("cells", &Plan::cells, "Cells in each of which they are kept.")
      .def_ro("operations", &Plan::operations, "Expected floating-point operations of the recombination.")
      .def_ro("memory", &Plan::memory, "Expected bytes beyond the input.")
      .def_ro("notice", &Plan::notice, "What was changed of the request and why; empty if nothing.")
      .def("__repr__", [](const Plan& plan) {
        const nb::str text(
            "Plan(rows={}, dimension={}, size={}, order={}, features={}, cells={}, operations={:.3g}, memory={:.3g})");
        return text.format(plan.rows, plan.dimension, plan.size, plan.order, plan.features, plan.cells, plan.operations,
                           plan.memory);
      });

  nb::class_<Coreset>(module, "Coreset")
      .def_prop_ro(
          "rows", [](const Coreset& coreset) { return array_of(coreset.rows); }, nb::rv_policy::automatic)
      .def_prop_ro(
          "weights", [](const Coreset& coreset) { return array_of(coreset.weights); }, nb::rv_policy::automatic)
      .def_prop_ro(
          "targets",
          [](const Coreset& coreset) {
            const std::size_t rows = coreset.rows.size();
            return array_of<double>(coreset.targets, {rows, coreset.targets.size() / rows});
          },
          nb::rv_policy::automatic)
      .def_ro("distinct", &Coreset::distinct)
      .def_ro("achieved_error", &Coreset::achieved_error)
      .def("choice", &Coreset::choice)
      .def("finish", &Coreset::finish)
      .def_ro("notices", &Coreset::notices)
      .def_prop_ro("stages", &stage_seconds)
      .def_prop_ro("alternatives", &typical_errors)
      .def("summary", &Coreset::summary)
      .def("certificate_json", &certificate_json, nb::arg("columns"), nb::arg("options"), nb::arg("companions"));

  module.def("compress", &compress_points, nb::arg("points").noconvert(), nb::arg("weights").noconvert().none(),
             nb::arg("companions"), nb::arg("groups").none(), nb::arg("options"), nb::arg("progress").none());
  module.def("fill_missing", &filled_arrays, nb::arg("points").noconvert(), nb::arg("weights").noconvert().none(),
             nb::arg("names"), nb::arg("as_in").none());
  module.def("plan", &plan, nb::arg("rows"), nb::arg("dimension"), nb::arg("options"));
  module.def("feature_count", nb::overload_cast<std::size_t, int>(&feature_count), nb::arg("dimension"),
             nb::arg("order"));
}

}  // namespace momentset::python
