#include <cmath>
#include <nlohmann/json.hpp>

#include "momentset/distill/glm.hpp"
#include "momentset/distill/linear.hpp"
#include "momentset/distill/path.hpp"
#include "momentset/version.hpp"

namespace momentset::distill {
namespace {

using Json = nlohmann::ordered_json;

/// Numbers that JSON does not have are written as null.
Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json path_json(const std::vector<PenaltyCheck>& path) {
  Json list = Json::array();
  for (const PenaltyCheck& check : path) {
    list.push_back({{"penalty", check.penalty},
                    {"strength", check.strength},
                    {"condition", number(check.condition)},
                    {"difference", number(check.difference)},
                    {"by_condition", number(check.by_condition)},
                    {"solved", check.solved}});
  }
  return list;
}

/// One line a field.
std::string text_of(const Json& document) {
  std::string text = "{";
  for (const auto& [key, value] : document.items()) {
    text += (text.size() == 1 ? "\n  " : ",\n  ") + Json(key).dump() + ": " + value.dump();
  }
  return text + "\n}\n";
}

}  // namespace

std::string LinearCertificate::to_json() const {
  return text_of({{"format", "momentset-distillation"},
                  {"format_version", 1},
                  {"library_version", version},
                  {"model", "linear"},
                  {"rows", rows},
                  {"points", points},
                  {"columns", columns},
                  {"targets", targets},
                  {"rank", rank},
                  {"fit_intercept", fit_intercept},
                  {"mass", {{"input", mass_input}, {"output", mass_output}}},
                  {"gram_residual", number(gram_residual)},
                  {"cross_residual", number(cross_residual)},
                  {"worst_difference", number(worst_difference())},
                  {"worst_by_condition", number(worst_by_condition())},
                  {"allowed_units", allowed_units},
                  {"holds", holds()},
                  {"path", path_json(path)}});
}

std::string GlmCertificate::to_json() const {
  return text_of({{"format", "momentset-distillation"},
                  {"format_version", 1},
                  {"library_version", version},
                  {"model", model},
                  {"link", link},
                  {"dispersion", dispersion},
                  {"ridge", ridge},
                  {"fit_intercept", fit_intercept},
                  {"rows", rows},
                  {"points", points},
                  {"columns", columns},
                  {"rank", rank},
                  {"mass", {{"input", mass_input}, {"output", mass_output}}},
                  {"status", name_of(status)},
                  {"coefficients", coefficients},
                  {"intercept", intercept},
                  {"gradient", number(gradient)},
                  {"worst_difference", number(difference)},
                  {"allowed", allowed},
                  {"holds", holds()}});
}

std::string PathCertificate::to_json() const {
  Json list = Json::array();
  for (const PathCheck& check : path) {
    list.push_back({{"ridge", check.ridge},
                    {"node", check.node},
                    {"batch", check.batch},
                    {"difference", number(check.difference)}});
  }
  Json document{
      {"format", "momentset-distillation"}, {"format_version", 1}, {"library_version", version}, {"model", model}};
  if (length > 0) {
    document.update({{"length", length}, {"landmarks", landmarks}, {"kernel_residual", kernel_residual}});
  } else {
    document.update({{"link", link}, {"dispersion", dispersion}, {"fit_intercept", fit_intercept}});
  }
  document.update({{"rows", rows},
                   {"points", points},
                   {"columns", columns},
                   {"mass", {{"input", mass_input}, {"output", mass_output}}},
                   {"tolerance", tolerance},
                   {"ridge_range", {ridges.smallest, ridges.largest}},
                   {"status", name_of(status)},
                   {"nodes", nodes},
                   {"batches", batches},
                   {"worst_at_nodes", number(worst_at_nodes())},
                   {"worst_between", number(worst_between())},
                   {"worst_combined", number(worst_combined())},
                   {"worst_difference", number(worst_difference())},
                   {"holds", holds()},
                   {"path", list}});
  return text_of(document);
}

}  // namespace momentset::distill
