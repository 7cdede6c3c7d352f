#pragma once

#include <nanobind/nanobind.h>

namespace momentset::python {

// One function for each room: what it adds to the extension module `momentset._core`.
void bind_error(nanobind::module_& module);
void bind_arrow(nanobind::module_& module);
void bind_certificate(nanobind::module_& module);
void bind_compress(nanobind::module_& module);
void bind_distill(nanobind::module_& module);
void bind_prune(nanobind::module_& module);
void bind_network(nanobind::module_& module);
void bind_recombine(nanobind::module_& module);
void bind_theory(nanobind::module_& module);
void bind_sketch(nanobind::module_& module);
void bind_threads(nanobind::module_& module);

}  // namespace momentset::python
