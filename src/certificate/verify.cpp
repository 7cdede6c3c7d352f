#include <algorithm>
#include <cmath>
#include <string>

#include "certificate/checks.hpp"
#include "certificate/text.hpp"
#include "momentset/certificate.hpp"

namespace momentset {
namespace {

using namespace certificate;

Check same_order(const Certificate& stated, const Certificate& measured) {
  const auto shown = [](const Certificate& c) {
    return "order " + text(c.order) + " in " + text(c.dimension) + " coordinates, " + text(c.tree.cells) + " cells";
  };
  return same_text("order", shown(measured), shown(stated));
}

Check unmoved(const Certificate& measured) {
  return {"points", measured.moved_points == 0,
          text(measured.moved_points) + " of " + text(measured.size) + " differ from the input row they name"};
}

Check mass(const Certificate& stated, const Certificate& measured) {
  const double expected = stated.mass_expected;
  return {"mass",
          close(measured.mass_output, stated.mass_output) && close(measured.mass_input, stated.mass_input) &&
              std::fabs(measured.mass_output - expected) <= measured.tolerance * expected,
          found_and_stated(text(measured.mass_output), text(expected)) + ", input " +
              found_and_stated(text(measured.mass_input), text(stated.mass_input)) + "; allowed difference " +
              text(measured.tolerance) + " of the mass"};
}

Check moments(std::string name, const Certificate& measured, double OrderResidual::*residual) {
  OrderResidual worst;
  for (const OrderResidual& each : measured.residuals) {
    if (each.*residual >= worst.*residual) worst = each;
  }
  return {std::move(name), worst.*residual <= measured.tolerance,
          "worst residual " + text(worst.*residual) + " at order " + text(worst.order) + ", allowed " +
              text(measured.tolerance)};
}

/// Columns that are not at hand cannot be measured; that is said.
Check companions(const Certificate& stated, const Certificate& measured) {
  if (measured.companions.empty()) {
    return {"companions", true,
            "not checked: " + text(stated.companions.size()) + " columns that were not handed over"};
  }
  const bool same = std::equal(stated.companions.begin(), stated.companions.end(), measured.companions.begin(),
                               measured.companions.end(), [](const CompanionResidual& a, const CompanionResidual& b) {
                                 return a.degree == b.degree && a.order == b.order && a.relabelled == b.relabelled;
                               });
  if (!same) {
    return {"companions", false,
            "found " + text(measured.companions.size()) + " columns, stated " + text(stated.companions.size()) +
                ", or of other orders"};
  }
  std::size_t worst = 0;
  const auto residual = [&](std::size_t k) {
    return std::max(measured.companions[k].global, measured.companions[k].cells);
  };
  for (std::size_t k = 0; k < measured.companions.size(); ++k) worst = residual(k) > residual(worst) ? k : worst;
  return {"companions", residual(worst) <= measured.tolerance,
          "worst residual " + text(residual(worst)) + " of column " + text(worst) + " of " +
              text(measured.companions.size()) + ", allowed " + text(measured.tolerance)};
}

Check map_columns(const Certificate& stated, const Certificate& measured) {
  const double residual = std::max(measured.map_columns.global, measured.map_columns.cells);
  return {"features", residual <= measured.tolerance && measured.feature_map.columns() == stated.feature_map.columns(),
          "worst residual " + text(residual) + " of " + text(measured.feature_map.columns()) +
              " Fourier and kernel features, allowed " + text(measured.tolerance)};
}

/// Groups that are not at hand cannot be measured; that is said.
Check groups(const Certificate& stated, const Certificate& measured) {
  if (measured.groups.empty()) {
    return {"groups", true, "not checked: " + text(stated.groups.size()) + " groups that were not handed over"};
  }
  if (measured.groups.size() != stated.groups.size()) {
    return {"groups", false, found_and_stated(text(measured.groups.size()), text(stated.groups.size()))};
  }
  const double scale = stated.mass_expected / stated.mass_input;
  const GroupResidual* worst = &measured.groups.front();
  const auto residual = [](const GroupResidual& group) { return std::max(group.global, group.cells); };
  for (std::size_t g = 0; g < stated.groups.size(); ++g) {
    const GroupResidual &found = measured.groups[g], &said = stated.groups[g];
    if (found.name != said.name) return {"groups", false, found_and_stated(found.name, said.name)};
    if (found.rows != said.rows || found.size != said.size || !close(found.mass_input, said.mass_input) ||
        !close(found.mass_output, said.mass_output) ||
        std::fabs(found.mass_output - scale * found.mass_input) > measured.tolerance * scale * found.mass_input) {
      const auto shown = [](const GroupResidual& group) {
        return text(group.size) + " of " + text(group.rows) + " rows, mass " + text(group.mass_output) + " of " +
               text(group.mass_input);
      };
      return {"groups", false, found.name + ": " + found_and_stated(shown(found), shown(said))};
    }
    if (residual(found) > residual(*worst)) worst = &found;
  }
  return {"groups", residual(*worst) <= measured.tolerance,
          "worst residual " + text(residual(*worst)) + " of " + worst->name + ", one of " +
              text(measured.groups.size()) + ", allowed " + text(measured.tolerance)};
}

Check diameters(const Certificate& stated, const Certificate& measured) {
  if (measured.groups.size() != stated.groups.size()) {
    return {"diameters and Taylor bound", true, "not checked: they are those of the groups' cells"};
  }
  return {"diameters and Taylor bound",
          same_diameters(measured.diameters, stated.diameters) && close(measured.taylor_bound, stated.taylor_bound),
          largest_diameters(measured.diameters, stated.diameters) + "; bound " +
              found_and_stated(text(measured.taylor_bound), text(stated.taylor_bound))};
}

}  // namespace

std::vector<Check> verify(const Certificate& stated, const Certificate& measured) {
  std::vector<Check> checks = {
      same_text("input", measured.input_hash, stated.input_hash),
      same_count("rows", measured.rows, stated.rows),
      same_count("size", measured.size, stated.size),
      same_text("output", measured.output_hash, stated.output_hash),
      unmoved(measured),
      same_order(stated, measured),
      mass(stated, measured),
      not_negative(measured.smallest_weight),
      same_number("smallest weight", measured.smallest_weight, stated.smallest_weight),
      same_number("largest weight", measured.largest_weight, stated.largest_weight),
      same_number("effective sample size", measured.effective_sample_size, stated.effective_sample_size),
      moments("moments overall", measured, &OrderResidual::global),
      moments("moments in cells", measured, &OrderResidual::cells),
      diameters(stated, measured),
      same_probes(measured.probes, stated.probes),
  };
  if (!stated.companions.empty()) checks.push_back(companions(stated, measured));
  if (stated.feature_map.columns() > 0) checks.push_back(map_columns(stated, measured));
  if (!stated.groups.empty()) checks.push_back(groups(stated, measured));
  return checks;
}

}  // namespace momentset
