#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "arrays.hpp"
#include "bind.hpp"
#include "interruptible.hpp"
#include "momentset/prune/prototypes.hpp"
#include "momentset/prune/scores.hpp"
#include "momentset/prune/selection.hpp"
#include "momentset/prune/theory_policy.hpp"

namespace momentset::python {

namespace nb = nanobind;

namespace {

using namespace prune;

using Singles = nb::ndarray<const float, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Bytes = nb::ndarray<const std::uint8_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using ScoreArray = nb::ndarray<nb::numpy, double>;

prune::Matrix matrix_of(const python::Matrix& array) { return {span_of(array), array.shape(1)}; }

std::vector<prune::Matrix> matrices_of(const std::vector<python::Matrix>& arrays) {
  std::vector<prune::Matrix> matrices;
  for (const python::Matrix& array : arrays) matrices.push_back(matrix_of(array));
  return matrices;
}

std::vector<Embeddings> embeddings_of(const std::vector<Singles>& arrays) {
  std::vector<Embeddings> ensemble;
  for (const Singles& array : arrays) ensemble.push_back({{array.data(), array.size()}, array.shape(1)});
  return ensemble;
}

std::vector<Index> labels_of(const std::optional<RowNumbers>& labels) {
  return labels ? indices_of("labels", *labels, std::size_t(Index(-1))) : std::vector<Index>();
}

/// What `compute(stop)` returns, computed without the interpreter lock.
template <class Compute>
auto computed(const Compute& compute) {
  std::optional<decltype(compute(std::stop_token()))> result;
  run_interruptibly([&](const std::stop_token& stop) { result = compute(stop); });
  return std::move(*result);
}

/// Scores, and whether their high end is hard.
template <class Compute>
std::pair<ScoreArray, bool> scored(const Compute& compute) {
  Scores scores = computed(compute);
  const std::size_t count = scores.values.size();
  return {array_of(std::move(scores.values), {count}), scores.hard == HardEnd::high};
}

void bind_scores(nb::module_& module) {
  module.def("softmax", [](const python::Matrix& logits) {
    return array_of(computed([&](const auto&) { return softmax(matrix_of(logits)); }),
                    {logits.shape(0), logits.shape(1)});
  });
  module.def("el2n", [](const std::vector<python::Matrix>& probabilities, const RowNumbers& labels) {
    return scored([&](const auto&) { return el2n(matrices_of(probabilities), labels_of(labels)); });
  });
  module.def("entropy", [](const std::vector<python::Matrix>& probabilities) {
    return scored([&](const auto&) { return entropy(matrices_of(probabilities)); });
  });
  module.def("least_confidence", [](const std::vector<python::Matrix>& probabilities) {
    return scored([&](const auto&) { return least_confidence(matrices_of(probabilities)); });
  });
  module.def(
      "margin",
      [](const std::vector<python::Matrix>& logits, const std::optional<RowNumbers>& labels) {
        return scored([&](const auto&) { return margin(matrices_of(logits), labels_of(labels)); });
      },
      nb::arg("logits"), nb::arg("labels").none());
  module.def("grand", [](const std::vector<python::Matrix>& gradients) {
    return scored([&](const auto&) { return grand(matrices_of(gradients)); });
  });
  module.def("forgetting", [](const python::Matrix& losses, double threshold) {
    return scored([&](const auto&) { return forgetting(matrix_of(losses), threshold); });
  });
  module.def("memorisation_subsets", [](std::size_t examples, std::size_t models, double share, std::uint64_t seed) {
    return array_of(memorisation_subsets(examples, models, share, seed), {models, examples});
  });
  module.def("memorisation", [](const Bytes& members, const python::Matrix& correct) {
    return scored([&](const auto&) { return memorisation({members.data(), members.size()}, matrix_of(correct)); });
  });
  module.def("random_scores", [](std::size_t examples, std::uint64_t seed) {
    return scored([&](const auto&) { return prune::random(examples, seed); });
  });
  module.def("prototypes", [](const std::vector<Singles>& ensemble, std::size_t clusters, int iterations,
                              std::size_t examples_per_cluster, std::uint64_t seed) {
    return scored([&](const std::stop_token& stop) {
      return prototypes(embeddings_of(ensemble), {clusters, iterations, examples_per_cluster, seed, stop});
    });
  });
  module.def("class_prototypes", [](const std::vector<Singles>& ensemble, const GroupArrays& classes) {
    const OwnedGroups owned{classes};
    return scored([&](const auto&) { return class_prototypes(embeddings_of(ensemble), owned.view()); });
  });
}

Selection select_examples(const Vector& scores, bool high_is_hard, const std::optional<GroupArrays>& classes,
                          const SelectOptions& options) {
  const OwnedGroups owned(classes);
  return computed([&](const auto&) {
    return select(span_of(scores), high_is_hard ? HardEnd::high : HardEnd::low, owned.view(), options);
  });
}

ScoreArray weights_by_scores(const Vector& scores, bool high_is_hard, const std::optional<GroupArrays>& classes,
                             const RowNumbers& kept, ScoreWeights by, prune::Policy policy) {
  const OwnedGroups owned(classes);
  const std::vector<Index> rows = indices_of("kept", kept, scores.size());
  return array_of(computed([&](const auto&) {
    return score_weights(span_of(scores), high_is_hard ? HardEnd::high : HardEnd::low, owned.view(), rows, by, policy);
  }));
}

ProbeAngle angle_of(const nb::ndarray<const std::int64_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>& predictions) {
  std::vector<Index> classes(predictions.data(), predictions.data() + predictions.size());
  return computed([&](const auto&) { return probe_angle(classes, predictions.shape(1)); });
}

}  // namespace

void bind_prune(nb::module_& module) {
  bind_scores(module);
  nb::enum_<prune::Policy>(module, "PrunePolicy")
      .value("hard", prune::Policy::hard)
      .value("easy", prune::Policy::easy)
      .value("window", prune::Policy::window)
      .value("stratified", prune::Policy::stratified)
      .value("random", prune::Policy::random);
  nb::enum_<ScoreWeights>(module, "ScoreWeights")
      .value("by_none", ScoreWeights::none)  // a member called `value` would hide that of Enum
      .value("by_rank", ScoreWeights::rank)
      .value("by_value", ScoreWeights::value);
  nb::class_<SelectOptions>(module, "SelectOptions")
      .def(nb::init<>())
      .def_rw("keep", &SelectOptions::keep)
      .def_rw("policy", &SelectOptions::policy)
      .def_rw("skip_hardest", &SelectOptions::skip_hardest)
      .def_rw("strata", &SelectOptions::strata)
      .def_rw("class_floor", &SelectOptions::class_floor)
      .def_rw("seed", &SelectOptions::seed);
  nb::class_<ClassReport>(module, "ClassReport")
      .def_ro("name", &ClassReport::name)
      .def_ro("examples", &ClassReport::examples)
      .def_ro("kept", &ClassReport::kept)
      .def_ro("floor", &ClassReport::floor);
  nb::class_<Selection>(module, "Selection")
      .def_prop_ro(
          "kept", [](const Selection& selection) { return array_of(selection.kept); }, nb::rv_policy::automatic)
      .def_ro("classes", &Selection::classes)
      .def_ro("balance_before", &Selection::balance_before)
      .def_ro("balance_after", &Selection::balance_after)
      .def_ro("notices", &Selection::notices);
  module.def("select", &select_examples, nb::arg("scores"), nb::arg("high_is_hard"), nb::arg("classes").none(),
             nb::arg("options"));
  module.def("score_weights", &weights_by_scores, nb::arg("scores"), nb::arg("high_is_hard"), nb::arg("classes").none(),
             nb::arg("kept"), nb::arg("by"), nb::arg("policy"));
  module.def("class_balance", &class_balance);
  module.def("matched_epochs", &matched_epochs);

  nb::class_<ProbeAngle>(module, "ProbeAngle")
      .def_ro("theta_deg", &ProbeAngle::theta_deg)
      .def_ro("standard_error_deg", &ProbeAngle::standard_error_deg)
      .def_ro("agreement", &ProbeAngle::agreement)
      .def_ro("probes", &ProbeAngle::probes);
  nb::class_<TheoryChoice>(module, "TheoryChoice")
      .def_ro("policy", &TheoryChoice::policy)
      .def_ro("keep", &TheoryChoice::keep)
      .def_ro("skip_hardest", &TheoryChoice::skip_hardest)
      .def_ro("alpha", &TheoryChoice::alpha)
      .def_ro("theta_deg", &TheoryChoice::theta_deg)
      .def_ro("predicted_error", &TheoryChoice::predicted_error)
      .def_ro("random_error", &TheoryChoice::random_error)
      .def_ro("full_error", &TheoryChoice::full_error)
      .def_ro("f_min", &TheoryChoice::f_min)
      .def_ro("solved", &TheoryChoice::solved)
      .def("why", &TheoryChoice::why);
  module.def("probe_angle", &angle_of);
  module.def(
      "choose_by_theory",
      [](double examples_per_parameter, double theta_deg, const std::optional<double>& keep, double allowed_increase) {
        return computed([&](const auto&) {
          return choose_by_theory({examples_per_parameter, theta_deg, keep, allowed_increase});
        });
      },
      nb::arg("examples_per_parameter"), nb::arg("theta_deg"), nb::arg("keep").none(), nb::arg("allowed_increase"));
}

}  // namespace momentset::python
