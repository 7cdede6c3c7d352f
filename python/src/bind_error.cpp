#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include "bind.hpp"
#include "momentset/error.hpp"

namespace momentset::python {

namespace nb = nanobind;

void bind_error(nb::module_& module) {
  // The class is Python's, which throws it as well.
  nb::object error_class = nb::module_::import_("momentset._error").attr("Error");
  module.attr("Error") = error_class;
  nb::register_exception_translator(
      [](const std::exception_ptr& thrown, void* payload) {
        try {
          std::rethrow_exception(thrown);
        } catch (const Error& error) {
          const nb::handle type(static_cast<PyObject*>(payload));
          const nb::object value = type(error.field(), error.value(), error.rule());
          PyErr_SetObject(type.ptr(), value.ptr());
        }
      },
      error_class.release().ptr());  // lives as long as the translator: for ever
}

}  // namespace momentset::python
