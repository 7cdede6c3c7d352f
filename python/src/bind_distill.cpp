#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "arrays.hpp"
#include "bind.hpp"
#include "interruptible.hpp"
#include "momentset/distill/glm.hpp"
#include "momentset/distill/limits.hpp"
#include "momentset/distill/linear.hpp"
#include "momentset/distill/path.hpp"

namespace momentset::python {

namespace nb = nanobind;

namespace {

using namespace distill;

Examples examples_of(const Matrix& points, const Matrix& targets, const std::optional<Vector>& weights) {
  return {points_of(points, weights), span_of(targets), targets.shape(1)};
}

/// Points, targets and weights.
nb::tuple arrays_of(ExampleSet set) {
  const std::size_t count = set.view().size(), dimension = set.points.dimension;
  return nb::make_tuple(array_of<double>(std::move(set.points.coordinates), {count, dimension}),
                        array_of<double>(std::move(set.targets), {count, set.target_count}),
                        array_of<double>(std::move(set.points.weights), {count}));
}

void update(LinearDistiller& state, const Matrix& points, const Matrix& targets, const std::optional<Vector>& weights) {
  run_interruptibly([&](const std::stop_token& stop) { state.update(examples_of(points, targets, weights), stop); });
}

/// Whether the rows were forgotten.
bool forget(LinearDistiller& state, const Matrix& points, const Matrix& targets, const std::optional<Vector>& weights) {
  Forgetting outcome = Forgetting::ill_conditioned;
  run_interruptibly(
      [&](const std::stop_token& stop) { outcome = state.forget(examples_of(points, targets, weights), stop); });
  return outcome == Forgetting::done;
}

/// Points, targets, weights, and the certificate as JSON.
nb::tuple distil(const LinearDistiller& state, bool fit_intercept) {
  LinearDistillation made;
  run_interruptibly([&](const std::stop_token&) { made = state.distil(fit_intercept); });
  return nb::make_tuple(arrays_of(std::move(made.set)), made.certificate.to_json());
}

std::string certify(const LinearDistiller& state, const Matrix& points, const Matrix& targets,
                    const std::optional<Vector>& weights, bool fit_intercept) {
  std::string text;
  run_interruptibly([&](const std::stop_token&) {
    text = certify_linear(state, examples_of(points, targets, weights), fit_intercept).to_json();
  });
  return text;
}

/// What pickle stores: plain numbers.
nb::tuple numbers_of(const LinearDistiller& distiller) {
  const LinearState state = distiller.state();
  return nb::make_tuple(state.columns, state.targets, state.rows, state.has_forgotten, state.mass, state.mass_rest,
                        state.origin, state.triangles, state.sums, state.sums_rest);
}

using StoredNumbers = std::tuple<std::size_t, std::size_t, std::size_t, bool, double, double, std::vector<double>,
                                 std::vector<std::vector<double>>, std::vector<double>, std::vector<double>>;

void restore(LinearDistiller& place, const StoredNumbers& stored) {
  LinearState state;
  std::tie(state.columns, state.targets, state.rows, state.has_forgotten, state.mass, state.mass_rest, state.origin,
           state.triangles, state.sums, state.sums_rest) = stored;
  new (&place) LinearDistiller(state);
}

/// Points, targets, weights; the certificate as JSON; coefficients and intercept.
nb::tuple distil_one_model(const Matrix& points, const Matrix& targets, const std::optional<Vector>& weights,
                           const std::string& model, const std::string& link, double dispersion, double ridge,
                           bool fit_intercept, const std::optional<double>& scale) {
  GlmDistillation made;
  run_interruptibly([&](const std::stop_token& stop) {
    const GlmOptions options{.family = family_of(model),
                             .link = link_of(link),
                             .dispersion = dispersion,
                             .ridge = ridge,
                             .fit_intercept = fit_intercept,
                             .stop = stop};
    made = distil_glm(examples_of(points, targets, weights), options, scale);
  });
  return nb::make_tuple(arrays_of(std::move(made.set)), made.certificate.to_json(), array_of(made.fit.coefficients),
                        made.fit.intercept);
}

/// Numbers of the rows kept and their weights; the certificate as JSON. Length and landmarks are of the model "kernel".
nb::tuple distil_rows(const Matrix& points, const Matrix& targets, const std::optional<Vector>& weights,
                      const std::string& model, const std::string& link, double dispersion, bool fit_intercept,
                      double tolerance, const std::optional<std::pair<double, double>>& ridges, std::size_t batches,
                      double length, std::size_t landmarks, std::uint64_t seed) {
  PathDistillation made;
  run_interruptibly([&](const std::stop_token& stop) {
    PathOptions options{.model = {.stop = stop}, .tolerance = tolerance, .batches = batches, .seed = seed};
    if (ridges) options.ridges = {ridges->first, ridges->second};
    const Examples examples = examples_of(points, targets, weights);
    if (model == "kernel") {
      made = distil_kernel_path(examples, {.length = length, .landmarks = landmarks}, options);
      return;
    }
    options.model.family = family_of(model);
    options.model.link = link_of(link);
    options.model.dispersion = dispersion;
    options.model.fit_intercept = fit_intercept;
    made = distil_path(examples, options);
  });
  return nb::make_tuple(array_of(made.rows), array_of(made.weights), made.certificate.to_json());
}

}  // namespace

void bind_distill(nb::module_& module) {
  nb::enum_<Demand>(module, "Demand")
      .value("one_model", Demand::one_model)
      .value("regularisation_path", Demand::regularisation_path)
      .value("combination", Demand::combination);
  module.def("require_exact", [](const std::string& model, Demand demand) { require_exact(model, demand); });
  nb::class_<LinearDistiller>(module, "LinearDistiller")
      .def(nb::init<std::size_t, std::size_t>(), nb::arg("columns"), nb::arg("targets"))
      .def_prop_ro("columns", &LinearDistiller::columns)
      .def_prop_ro("targets", &LinearDistiller::targets)
      .def("update", &update, nb::arg("points").noconvert(), nb::arg("targets").noconvert(),
           nb::arg("weights").noconvert().none())
      .def("forget", &forget, nb::arg("points").noconvert(), nb::arg("targets").noconvert(),
           nb::arg("weights").noconvert().none())
      .def("combine", &LinearDistiller::combine, nb::arg("other"))
      .def("distil", &distil, nb::arg("fit_intercept"))
      .def("certify", &certify, nb::arg("points").noconvert(), nb::arg("targets").noconvert(),
           nb::arg("weights").noconvert().none(), nb::arg("fit_intercept"))
      .def("__getstate__", &numbers_of)
      .def("__setstate__", &restore)
      .def("copy", [](const LinearDistiller& state) { return LinearDistiller(state); });
  module.def("distil_one_model", &distil_one_model, nb::arg("points").noconvert(), nb::arg("targets").noconvert(),
             nb::arg("weights").noconvert().none(), nb::arg("model"), nb::arg("link"), nb::arg("dispersion"),
             nb::arg("ridge"), nb::arg("fit_intercept"), nb::arg("scale").none());
  module.def("distil_rows", &distil_rows, nb::arg("points").noconvert(), nb::arg("targets").noconvert(),
             nb::arg("weights").noconvert().none(), nb::arg("model"), nb::arg("link"), nb::arg("dispersion"),
             nb::arg("fit_intercept"), nb::arg("tolerance"), nb::arg("ridges").none(), nb::arg("batches"),
             nb::arg("length"), nb::arg("landmarks"), nb::arg("seed"));
}

}  // namespace momentset::python
