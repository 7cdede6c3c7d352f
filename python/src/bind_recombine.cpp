#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <optional>

#include "arrays.hpp"
#include "bind.hpp"
#include "interruptible.hpp"
#include "momentset/recombine.hpp"

namespace momentset::python {

namespace nb = nanobind;

namespace {

Recombination recombine_matrix(const Matrix& matrix, const Vector& weights, const std::optional<Vector>& max_weights,
                               std::size_t target, std::optional<double> tolerance, int threads) {
  const MatrixRows rows(span_of(matrix), matrix.shape(1));
  RecombineOptions options{.target = target, .max_weights = span_of(max_weights), .threads = threads};
  if (tolerance) options.tolerance = *tolerance;
  Recombination result;
  run_interruptibly([&](const std::stop_token& stop) {
    options.stop = stop;
    result = recombine(rows, span_of(weights), options);
  });
  return result;
}

}  // namespace

void bind_recombine(nb::module_& module) {
  nb::class_<Recombination>(module, "Recombination")
      .def_prop_ro(
          "support", [](const Recombination& result) { return array_of(result.support); }, nb::rv_policy::automatic)
      .def_prop_ro(
          "weights", [](const Recombination& result) { return array_of(result.weights); }, nb::rv_policy::automatic)
      .def_ro("rank", &Recombination::rank)
      .def_ro("residual", &Recombination::residual)
      .def_ro("tolerance", &Recombination::tolerance)
      .def_prop_ro("exact", &Recombination::exact)
      .def("summary", &Recombination::summary);
  module.def("recombine", &recombine_matrix, nb::arg("matrix").noconvert(), nb::arg("weights").noconvert(),
             nb::arg("max_weights").noconvert().none(), nb::arg("target"), nb::arg("tolerance").none(),
             nb::arg("threads"));
}

}  // namespace momentset::python
