#include <nanobind/nanobind.h>
#include <nanobind/stl/string_view.h>

#include "bind.hpp"
#include "momentset/version.hpp"

NB_MODULE(_core, module) {
  using namespace momentset::python;
  module.doc() = "The compiled part of momentset. Its names are private: use those of the package.";
  module.attr("version") = momentset::version;
  bind_error(module);
  bind_arrow(module);
  bind_certificate(module);
  bind_compress(module);
  bind_distill(module);
  bind_prune(module);
  bind_network(module);
  bind_recombine(module);
  bind_theory(module);
  bind_sketch(module);
  bind_threads(module);
}
