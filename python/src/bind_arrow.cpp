#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <string>
#include <vector>

#include "arrays.hpp"
#include "arrow_table.hpp"
#include "bind.hpp"

namespace momentset::python {

namespace nb = nanobind;

namespace {

/// What a capsule of the Arrow PyCapsule interface holds, taken over.
template <class T>
Owned<T> taken_from(const nb::object& capsule, const char* name) {
  void* pointer = PyCapsule_GetPointer(capsule.ptr(), name);
  if (pointer == nullptr) throw nb::python_error();
  return Owned<T>(*static_cast<T*>(pointer));
}

/// Reads whatever has __arrow_c_stream__ or __arrow_c_array__.
void construct(ArrowTable* self, const nb::object& producer) {
  if (nb::hasattr(producer, "__arrow_c_stream__")) {
    const nb::object capsule = producer.attr("__arrow_c_stream__")();
    auto stream = taken_from<ArrowArrayStream>(capsule, "arrow_array_stream");
    // The producer's own threads may need the interpreter to go on.
    const nb::gil_scoped_release unlocked;
    new (self) ArrowTable(std::move(stream));
    return;
  }
  const nb::tuple capsules = nb::cast<nb::tuple>(producer.attr("__arrow_c_array__")());
  auto schema = taken_from<ArrowSchema>(capsules[0], "arrow_schema");
  auto batch = taken_from<ArrowArray>(capsules[1], "arrow_array");
  new (self) ArrowTable(std::move(schema), std::move(batch));
}

nb::ndarray<nb::numpy, double> read(const ArrowTable& table, const std::vector<std::size_t>& columns,
                                    std::size_t rows) {
  for (const std::size_t column : columns) {
    if (column < table.columns().size() && table.columns()[column].numeric) continue;
    throw Error("columns", std::to_string(column), "must be the number of a numeric column");
  }
  rows = std::min(rows, table.rows());
  std::vector<double> values(rows * columns.size());
  {
    const nb::gil_scoped_release unlocked;
    table.read(columns, rows, values.data());
  }
  return array_of(std::move(values), {rows, columns.size()});
}

}  // namespace

void bind_arrow(nb::module_& module) {
  nb::class_<ArrowTable::Column>(module, "ArrowColumn")
      .def_ro("name", &ArrowTable::Column::name)
      .def_ro("format", &ArrowTable::Column::format)
      .def_ro("numeric", &ArrowTable::Column::numeric)
      .def_ro("integer", &ArrowTable::Column::integer)
      .def_ro("categorical", &ArrowTable::Column::categorical);
  nb::class_<ArrowTable>(module, "ArrowTable")
      .def("__init__", &construct, nb::arg("producer"))
      .def_prop_ro("columns", [](const ArrowTable& table) { return table.columns(); })
      .def_prop_ro("rows", &ArrowTable::rows)
      .def("metadata", &ArrowTable::metadata, nb::arg("key"))
      .def("read", &read, nb::arg("columns"), nb::arg("rows"));
}

}  // namespace momentset::python
