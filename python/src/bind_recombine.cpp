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
  nb::class_<Recombination>(module, "Recombination", "Few rows with new weights and the same sums of features.")
      .def_prop_ro(
          "support", [](const Recombination& result) { return array_of(result.support); }, nb::rv_policy::automatic,
          "(size,) numbers of the surviving rows, int64, ascending.")
      .def_prop_ro(
          "weights", [](const Recombination& result) { return array_of(result.weights); }, nb::rv_policy::automatic,
          "(size,) their weights, > 0.")
      .def_ro("rank", &Recombination::rank, "Rank of the features over the rows concerned.")
      .def_ro(
          "residual", &Recombination::residual,
          "max over f of abs(sum_j c'_j A[j, f] - sum_i c_i A[i, f]) / sum_j c'_j abs(A[j, f]), measured at the end.")
      .def_ro("tolerance", &Recombination::tolerance, "As asked for.")
      .def_prop_ro("exact", &Recombination::exact, "Whether the residual is within the tolerance.")
      .def("summary", &Recombination::summary, "One line.");
  module.def("recombine", &recombine_matrix, nb::arg("matrix").noconvert(), nb::arg("weights").noconvert(),
             nb::arg("max_weights").noconvert().none(), nb::arg("target"), nb::arg("tolerance").none(),
             nb::arg("threads"));
}

}  // namespace momentset::python
