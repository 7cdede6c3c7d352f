#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "arrays.hpp"
#include "bind.hpp"
#include "interruptible.hpp"
#include "momentset/sketch.hpp"

namespace momentset::python {

namespace nb = nanobind;

namespace {

using StreamNumbers = nb::ndarray<const std::uint64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

void update(Sketch& sketch, const Matrix& points, const std::optional<Vector>& weights,
            const std::optional<StreamNumbers>& rows) {
  const WeightedPoints batch{.coordinates = span_of(points), .weights = span_of(weights), .dimension = points.shape(1)};
  const std::span<const std::uint64_t> numbers =
      rows ? std::span<const std::uint64_t>(rows->data(), rows->size()) : std::span<const std::uint64_t>();
  run_interruptibly([&](const std::stop_token& stop) { sketch.update(batch, numbers, stop); });
}

/// Coordinates, weights, row numbers, and the certificate as JSON.
nb::tuple coreset(const Sketch& sketch, std::size_t size) {
  StreamCoreset kept;
  run_interruptibly([&](const std::stop_token& stop) { kept = sketch.coreset(size, stop); });
  const std::size_t count = kept.rows.size(), dimension = kept.points.dimension;
  const std::string certificate = kept.certificate.to_json();
  return nb::make_tuple(array_of<double>(std::move(kept.points.coordinates), {count, dimension}),
                        array_of<double>(std::move(kept.points.weights), {count}),
                        array_of<std::uint64_t>(std::move(kept.rows), {count}), certificate);
}

nb::bytes to_bytes(const Sketch& sketch) {
  const std::vector<std::uint8_t> bytes = sketch.to_bytes();
  return nb::bytes(bytes.data(), bytes.size());
}

Sketch from_bytes(const nb::bytes& bytes, int threads) {
  return Sketch::from_bytes({static_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, threads);
}

}  // namespace

void bind_sketch(nb::module_& module) {
  nb::class_<Sketch>(module, "Sketch")
      .def(
          "__init__",
          [](Sketch* self, std::size_t dimension, std::vector<std::string> columns, std::size_t size, int order,
             std::uint64_t seed, std::uint64_t memory, int threads) {
            new (self) Sketch({.dimension = dimension,
                               .columns = std::move(columns),
                               .size = size,
                               .order = order,
                               .seed = seed,
                               .memory = memory,
                               .threads = threads});
          },
          nb::arg("dimension"), nb::arg("columns"), nb::arg("size"), nb::arg("order"), nb::arg("seed"),
          nb::arg("memory"), nb::arg("threads"))
      .def_prop_ro("dimension", [](const Sketch& sketch) { return sketch.options().dimension; })
      .def_prop_ro("columns", [](const Sketch& sketch) { return sketch.options().columns; })
      .def_prop_ro("size", [](const Sketch& sketch) { return sketch.options().size; })
      .def_prop_ro("order", [](const Sketch& sketch) { return sketch.options().order; })
      .def_prop_ro("seed", [](const Sketch& sketch) { return sketch.options().seed; })
      .def_prop_ro("memory", [](const Sketch& sketch) { return sketch.options().memory; })
      .def_prop_ro("rows_seen", &Sketch::rows_seen)
      .def_prop_ro("points_held", &Sketch::points_held)
      .def_prop_ro("mass", &Sketch::mass)
      .def("update", &update, nb::arg("points").noconvert(), nb::arg("weights").noconvert().none(),
           nb::arg("rows").noconvert().none())
      .def(
          "merge",
          [](Sketch& sketch, const Sketch& other) {
            run_interruptibly([&](const std::stop_token& stop) { sketch.merge(other, stop); });
          },
          nb::arg("other"))
      .def("decay", &Sketch::decay, nb::arg("factor"))
      .def("reset", &Sketch::reset)
      .def("compact",
           [](Sketch& sketch) { run_interruptibly([&](const std::stop_token& stop) { sketch.compact(stop); }); })
      .def("coreset", &coreset, nb::arg("size"))
      .def("to_bytes", &to_bytes)
      .def("copy", [](const Sketch& sketch) { return Sketch(sketch); })
      .def_static("from_bytes", &from_bytes, nb::arg("data"), nb::arg("threads"));
}

}  // namespace momentset::python
