#include "momentset/distill/limits.hpp"

#include <string>

#include "momentset/distill/glm.hpp"
#include "momentset/error.hpp"

namespace momentset::distill {
namespace {

std::string what(Demand demand) {
  switch (demand) {
    case Demand::one_model:
      return "its model";
    case Demand::regularisation_path:
      return "its regularisation path";
    case Demand::combination:
      return "its combination with other data";
  }
  return "";
}

}  // namespace

void require_exact(std::string_view model, Demand demand) {
  const std::string instead =
      "; rows with new weights keep it within a tolerance (exact=False, --tolerance, distil_path)";
  if (model == "kernel") {
    throw Error("model", std::string(model),
                what(demand) + " cannot be kept exactly on fewer points (Izzo and Zou, Theorem 2)" + instead);
  }
  const Family family = family_of(model);
  if (family == Family::linear || demand == Demand::one_model) return;
  if (family == Family::logistic || family == Family::binomial) {
    throw Error("model", std::string(model),
                what(demand) + " cannot be kept exactly on fewer points (Izzo and Zou, Theorem 4)" + instead);
  }
  throw Error("model", std::string(model),
              what(demand) +
                  " has no exact distillation, as for logistic regression none exists (Izzo and Zou, "
                  "Theorem 4)" +
                  instead);
}

}  // namespace momentset::distill
