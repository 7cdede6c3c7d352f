#include <nanobind/nanobind.h>
#include <nanobind/stl/vector.h>

#include <vector>

#include "bind.hpp"
#include "momentset/theory/information_gain.hpp"
#include "momentset/theory/perceptron.hpp"
#include "momentset/theory/pruning.hpp"

namespace momentset::python {

namespace nb = nanobind;

namespace {

using namespace theory;

using Unlocked = nb::call_guard<nb::gil_scoped_release>;

void bind_results(nb::module_& module) {
  nb::class_<Perceptron>(module, "Perceptron", "The order parameters of a student of the largest margin.")
      .def_ro("R", &Perceptron::R, "Overlap with the teacher.")
      .def_ro("rho", &Perceptron::rho, "Overlap with the probe.")
      .def_ro("kappa", &Perceptron::kappa, "The margin.")
      .def_ro("error", &Perceptron::error, "Probability of a wrong label on a new example, arccos(R) / pi.")
      .def_ro("residual", &Perceptron::residual, "Of the equations, relative; above 1e-9 the rest does not hold.");
  nb::enum_<Policy>(module, "Policy")
      .value("random", Policy::random)
      .value("keep_easy", Policy::keep_easy)
      .value("window", Policy::window)
      .value("keep_hard", Policy::keep_hard);
  nb::class_<Window>(module, "Window")
      .def_ro("lower", &Window::lower)
      .def_ro("upper", &Window::upper)
      .def_ro("predicted", &Window::predicted);
  nb::class_<PolicyChoice>(module, "PolicyChoice")
      .def_ro("policy", &PolicyChoice::policy)
      .def_ro("chosen", &PolicyChoice::chosen)
      .def_ro("random_error", &PolicyChoice::random_error);
  nb::class_<FrontierPoint>(module, "FrontierPoint")
      .def_ro("fraction", &FrontierPoint::fraction)
      .def_ro("predicted", &FrontierPoint::predicted);
}

}  // namespace

void bind_theory(nb::module_& module) {
  bind_results(module);
  nb::class_<MarginDistribution>(module, "MarginDistribution")
      .def_static("random", &MarginDistribution::random)
      .def_static("keep_hard", &MarginDistribution::keep_hard, nb::arg("fraction"))
      .def_static("keep_easy", &MarginDistribution::keep_easy, nb::arg("fraction"))
      .def_static("window", &MarginDistribution::window, nb::arg("lower"), nb::arg("upper"))
      .def_prop_ro("fraction", &MarginDistribution::fraction);
  module.def(
      "perceptron_curve",
      [](const std::vector<double>& alphas, const MarginDistribution& margins, double theta_deg) {
        return perceptron_curve(alphas, margins, theta_deg);
      },
      nb::arg("alphas"), nb::arg("margins"), nb::arg("theta_deg"), Unlocked());
  module.def("perceptron_at_margin", &perceptron_at_margin, nb::arg("alpha"), nb::arg("margin"));
  module.def("f_min", &f_min, nb::arg("theta_deg"));
  module.def("optimal_window", &optimal_window, nb::arg("alpha"), nb::arg("fraction"), nb::arg("theta_deg"),
             Unlocked());
  module.def("adaptive_policy", &adaptive_policy, nb::arg("alpha"), nb::arg("fraction"), nb::arg("theta_deg"),
             Unlocked());
  module.def("pareto_frontier", &pareto_frontier, nb::arg("alpha"), nb::arg("theta_deg"), nb::arg("smallest_fraction"),
             Unlocked());
  module.def(
      "information_gain",
      [](double alpha, const MarginDistribution& margins) { return information_gain(alpha, margins).gain; },
      nb::arg("alpha"), nb::arg("margins"), Unlocked());
  module.def("next_example_gain", &next_example_gain, nb::arg("alpha"), nb::arg("margins"), Unlocked());
}

}  // namespace momentset::python
