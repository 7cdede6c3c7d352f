#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "arrays.hpp"
#include "bind.hpp"
#include "interruptible.hpp"
#include "momentset/network/compress_width.hpp"
#include "momentset/network/sampling.hpp"

namespace momentset::python {

namespace nb = nanobind;

namespace {

using namespace network;
using NewArray = nb::ndarray<nb::numpy, double>;

/// Outer, inner, whether it is outgoing.
using ShapeTuple = std::tuple<std::size_t, std::size_t, bool>;

Layer layer_of(const std::vector<Vector>& arrays, const std::vector<ShapeTuple>& shapes, std::size_t width,
               const std::optional<Vector>& weights) {
  std::vector<ArrayShape> of_arrays;
  for (const auto& [outer, inner, outgoing] : shapes) {
    of_arrays.push_back({outer, inner, outgoing ? Role::outgoing : Role::incoming});
  }
  std::vector<std::span<const double>> values;
  for (const Vector& array : arrays) values.push_back(span_of(array));
  return take_out(std::move(of_arrays), values, width, span_of(weights));
}

CompressedLayer compress_arrays(const std::vector<Vector>& arrays, const std::vector<ShapeTuple>& shapes,
                                std::size_t width, const std::optional<Vector>& weights,
                                const std::optional<Matrix>& contributions, WidthOptions options) {
  Layer layer = layer_of(arrays, shapes, width, weights);
  if (contributions) options.contributions = span_of(*contributions);
  CompressedLayer result;
  run_interruptibly([&](const std::stop_token& stop) {
    options.stop = stop;
    result = compress_width(std::move(layer), options);
  });
  return result;
}

/// The arrays of the objects kept, each flat, and their weights: 1 where they are folded.
std::vector<NewArray> arrays_of(const CompressedLayer& result, bool folded) {
  Layer layer = result.layer;
  if (folded) fold_weights(layer);
  std::vector<NewArray> arrays;
  for (const std::vector<double>& array : put_back(layer)) arrays.push_back(array_of(array));
  return arrays;
}

std::pair<NewArray, NewArray> balanced(const Matrix& A, const Matrix& B) {
  std::vector<double> left(A.data(), A.data() + A.size()), right(B.data(), B.data() + B.size());
  if (A.shape(0) != B.shape(0)) throw Error("factors", std::to_string(B.shape(0)) + " rows", "must have equal rows");
  balance_factors(left, right, A.shape(0));
  return {array_of(std::move(left), {A.shape(0), A.shape(1)}), array_of(std::move(right), {B.shape(0), B.shape(1)})};
}

}  // namespace

void bind_network(nb::module_& module) {
  nb::enum_<Keep>(module, "Keep")
      .value("dynamics", Keep::dynamics)
      .value("function", Keep::function)
      .value("outputs", Keep::outputs);
  nb::enum_<Symmetry>(module, "Symmetry")
      .value("none", Symmetry::none)
      .value("odd", Symmetry::odd)
      .value("homogeneous", Symmetry::homogeneous);
  nb::class_<WidthOptions>(module, "WidthOptions")
      .def(nb::init<>())
      .def_rw("size", &WidthOptions::size)
      .def_rw("keep", &WidthOptions::keep)
      .def_rw("symmetry", &WidthOptions::symmetry)
      .def_rw("order", &WidthOptions::order)
      .def_rw("seed", &WidthOptions::seed)
      .def_rw("threads", &WidthOptions::threads);
  nb::class_<CompressedLayer>(module, "CompressedLayer")
      .def_prop_ro(
          "numbers", [](const CompressedLayer& result) { return array_of(result.numbers); }, nb::rv_policy::automatic)
      .def_prop_ro(
          "weights", [](const CompressedLayer& result) { return array_of(result.layer.objects.weights); },
          nb::rv_policy::automatic)
      .def_ro("distinct", &CompressedLayer::distinct)
      .def_prop_ro("order", [](const CompressedLayer& result) { return result.coreset.plan.order; })
      .def_prop_ro("notices", [](const CompressedLayer& result) { return result.coreset.notices; })
      .def("arrays", &arrays_of, nb::arg("folded"))
      .def("summary", [](const CompressedLayer& result) { return result.coreset.summary(); });
  module.def("compress_width", &compress_arrays, nb::arg("arrays"), nb::arg("shapes"), nb::arg("width"),
             nb::arg("weights").none(), nb::arg("contributions").none(), nb::arg("options"));
  module.def("balance_factors", &balanced, nb::arg("A").noconvert(), nb::arg("B").noconvert());
  module.def(
      "systematic_sample",
      [](const Vector& weights, std::size_t count, double u) {
        return array_of(systematic_sample(span_of(weights), count, u));
      },
      nb::arg("weights").noconvert(), nb::arg("count"), nb::arg("u"));
}

}  // namespace momentset::python
