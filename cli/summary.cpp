#include "summary.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "text.hpp"

namespace momentset::cli {
namespace {

using nlohmann::json;

// A rough rate for --dry-run, in operations a second and thread; measured compressions lie within a factor of two.
constexpr double operations_per_second = 6e10;

double total(const std::vector<StageSeconds>& stages) {
  double sum = 0;
  for (const StageSeconds& stage : stages) sum += stage.seconds;
  return sum;
}

std::string times(const std::vector<StageSeconds>& stages) {
  std::string each;
  for (const StageSeconds& stage : stages) {
    each += fmt::format("{}{} {}", each.empty() ? "" : ", ", stage.stage, duration(stage.seconds));
  }
  return fmt::format("{} ({})", duration(total(stages)), each);
}

constexpr const char* does_not_hold = "  THE CERTIFICATE DOES NOT HOLD: see its residuals\n";

template <class Measured>
std::string comparison(const Measured& certificate) {
  const double coreset = certificate.probe_coreset(), random = certificate.probe_random();
  int functions = 0;
  for (const ProbeError& probe : certificate.probes) functions += probe.functions;
  std::string text = fmt::format("{:.1e} on {} smooth functions", coreset, functions);
  if (random > 0) text += fmt::format("; random rows: {:.1e}", random);
  if (random > 0 && coreset > 0) text += fmt::format(" ({:.3g} times as much)", random / coreset);
  return text;
}

void line(std::string& text, const char* label, const std::string& value) {
  text += fmt::format("  {:<16}{}\n", label, value);
}

std::vector<std::string> names_of(const std::vector<CompanionResidual>& companions) {
  std::vector<std::string> names;
  for (const CompanionResidual& each : companions) names.push_back(each.column);
  return names;
}

/// The first of them, and how many more there are.
std::string few_names_of(const std::vector<CompanionResidual>& companions) {
  constexpr std::size_t most = 16;
  std::vector<std::string> names = names_of(companions);
  const std::size_t others = names.size() - std::min(names.size(), most);
  names.resize(names.size() - others);
  return fmt::format("{}{}", fmt::join(names, ", "), others > 0 ? fmt::format(" and {} more", others) : "");
}

std::string counted(std::size_t number, const std::string& noun) {
  return grouped(number) + " " + noun + (number == 1 ? "" : "s");
}

const OrderTrial* trial_of(const Plan& plan, const std::vector<OrderTrial>& trials) {
  const auto found =
      std::find_if(trials.begin(), trials.end(), [&](const OrderTrial& trial) { return trial.order == plan.order; });
  return found == trials.end() ? nullptr : &*found;
}

/// In how many cells moments are kept.
std::size_t cells_of(const Certificate& certificate) {
  if (certificate.groups.empty()) return certificate.tree.cells;
  std::size_t cells = 0;
  for (const GroupResidual& group : certificate.groups) cells += group.tree.cells;
  return cells;
}

std::string groups_line(const Certificate& certificate) {
  const auto residual = [](const GroupResidual& group) { return std::max(group.global, group.cells); };
  const auto& groups = certificate.groups;
  const auto [fewest, most] = std::minmax_element(
      groups.begin(), groups.end(), [](const GroupResidual& a, const GroupResidual& b) { return a.size < b.size; });
  const auto worst =
      std::max_element(groups.begin(), groups.end(),
                       [&](const GroupResidual& a, const GroupResidual& b) { return residual(a) < residual(b); });
  return fmt::format("{} by {}, {} to {} rows each; worst residual {:.1e} ({})", grouped(groups.size()),
                     fmt::join(split_lines(certificate.options.at("groups")), ", "), grouped(fewest->size),
                     grouped(most->size), residual(*worst), worst->name);
}

json groups_json(const std::vector<Plan>& groups, const std::vector<std::string>& names) {
  json list = json::array();
  for (std::size_t g = 0; g < groups.size(); ++g) {
    list.push_back({{"name", names[g]},
                    {"rows", groups[g].rows},
                    {"size", groups[g].size},
                    {"order", groups[g].order},
                    {"cells", groups[g].cells}});
  }
  return list;
}

json trials_json(const std::vector<OrderTrial>& trials) {
  json list = json::array();
  for (const OrderTrial& trial : trials) {
    list.push_back({{"order", trial.order},
                    {"features", trial.features},
                    {"cells", trial.cells},
                    {"operations", trial.operations},
                    {"typical_error", trial.typical_error},
                    {"largest_error", trial.largest_error},
                    {"measured", trial.measured}});
  }
  return list;
}

/// The best first.
std::string compared(const std::vector<Alternative>& alternatives) {
  std::vector<std::string> list;
  for (const Alternative& each : alternatives) list.push_back(fmt::format("{} {:.1e}", each.name, each.typical_error));
  return fmt::format("{}; the first was taken", fmt::join(list, ", "));
}

json alternatives_json(const std::vector<Alternative>& alternatives) {
  json list = json::array();
  for (const Alternative& each : alternatives) {
    list.push_back({{"name", each.name}, {"typical_error", each.typical_error}});
  }
  return list;
}

json stage_seconds(const std::vector<StageSeconds>& stages) {
  json object = json::object();
  for (const StageSeconds& stage : stages) object[stage.stage] = stage.seconds;
  return object;
}

}  // namespace

double peak_memory() {
  // Not getrusage: its figure includes the process that started this one.
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return 1024.0 * std::strtod(line.c_str() + 6, nullptr);
  }
  return 0;
}

std::string Report::text() const {
  const Certificate& certificate = coreset->certificate;
  std::string text = fmt::format("{} -> {}\n", fmt::join(inputs, " "), output);
  line(text, "rows",
       fmt::format("{} ({} distinct) -> {}", grouped(table_rows), grouped(coreset->distinct),
                   grouped(coreset->rows.size())));
  line(text, "moments",
       fmt::format("{} up to order {} in {} ({}), kept in {}", grouped(coreset->plan.features), coreset->plan.order,
                   certificate.feature_map.directions.empty()
                       ? counted(coreset->plan.dimension, "column")
                       : fmt::format("{} of {}", counted(coreset->plan.dimension, "direction"),
                                     counted(certificate.dimension, "column")),
                   fmt::join(certificate.columns, ", "),
                   cells_of(certificate) == 1 ? "one cell" : "each of " + counted(cells_of(certificate), "cell")));
  if (!certificate.groups.empty()) line(text, "groups", groups_line(certificate));
  if (!certificate.companions.empty()) {
    const CompanionResidual& first = certificate.companions.front();
    line(text, "target",
         fmt::format("{}{}, times all moments up to order {}{}", few_names_of(certificate.companions),
                     first.degree > 1 ? fmt::format(" with powers up to {}", first.degree) : "", first.order,
                     first.relabelled ? "; the rows have new values of it, whose squares are not kept" : ""));
  }
  if (const std::string finish = coreset->finish(); !finish.empty()) line(text, "finish", finish);
  if (!coreset->alternatives.empty()) {
    line(text, "compared", compared(coreset->alternatives));
  } else if (const OrderTrial* trial = trial_of(coreset->plan, coreset->trials)) {
    line(text, "order",
         fmt::format("the best of {} to {} by trials; expected error {:.1e} of the spread (typical), {:.1e} (largest)",
                     coreset->trials.front().order, coreset->trials.back().order, trial->typical_error,
                     trial->largest_error));
  }
  if (coreset->achieved_error) {
    line(text, "achieved error", fmt::format("{:.1e} of the spread at most", *coreset->achieved_error));
  }
  line(text, "moment residual",
       fmt::format("{:.1e} at worst (allowed: {:.1e})", certificate.worst_residual(), certificate.tolerance));
  line(text, "effective size",
       fmt::format("{} of {}", grouped(std::size_t(std::llround(certificate.effective_sample_size))),
                   grouped(certificate.size)));
  line(text, "error", comparison(certificate));
  if (!certificate_path.empty()) line(text, "certificate", certificate_path);
  line(text, "time", times(stages));
  line(text, "peak memory", bytes(peak_memory()));
  if (!certificate.holds()) text += does_not_hold;
  return text;
}

std::string Report::json() const {
  const Certificate& certificate = coreset->certificate;
  const nlohmann::json object{
      {"inputs", inputs},
      {"output", output},
      {"certificate", certificate_path},
      {"rows", table_rows},
      {"dropped", dropped},
      {"distinct", coreset->distinct},
      {"size", coreset->rows.size()},
      {"columns", certificate.columns},
      {"target", names_of(certificate.companions)},
      {"relabelled", certificate.kind == "relabelled"},
      {"order", coreset->plan.order},
      {"features", coreset->plan.features},
      {"trials", trials_json(coreset->trials)},
      {"achieved_error", coreset->achieved_error ? nlohmann::json(*coreset->achieved_error) : nlohmann::json()},
      {"cells", certificate.tree.cells},
      {"finish", coreset->finish()},
      {"alternatives", alternatives_json(coreset->alternatives)},
      {"rank_deficient_cells", coreset->rank_deficient_cells},
      {"worst_residual", certificate.worst_residual()},
      {"tolerance", certificate.tolerance},
      {"holds", certificate.holds()},
      {"effective_sample_size", certificate.effective_sample_size},
      {"error", {{"coreset", certificate.probe_coreset()}, {"random", certificate.probe_random()}}},
      {"seconds", stage_seconds(stages)},
      {"seconds_total", total(stages)},
      {"peak_memory_bytes", std::uint64_t(peak_memory())},
      {"notices", notices}};
  return object.dump(2) + "\n";
}

std::string StreamReport::text() const {
  std::string text = fmt::format("{} -> {}\n", fmt::join(inputs, " "), output);
  line(text, "rows", fmt::format("{} -> {}, in batches", grouped(certificate->rows), grouped(certificate->size)));
  line(text, "moments",
       fmt::format("{} up to order {} in {}{}{}", grouped(certificate->features), certificate->order,
                   counted(certificate->dimension, "column"), certificate->columns.empty() ? "" : ": ",
                   fmt::join(certificate->columns, ", ")));
  line(text, "moment residual",
       fmt::format("{:.1e} at worst (allowed: {:.1e})", certificate->worst_residual(), certificate->tolerance));
  line(text, "effective size",
       fmt::format("{} of {}", grouped(std::size_t(std::llround(certificate->effective_sample_size))),
                   grouped(certificate->size)));
  if (certificate->cells > 0) line(text, "error", comparison(*certificate));
  if (!certificate_path.empty()) line(text, "certificate", certificate_path);
  if (!stages.empty()) line(text, "time", times(stages));
  line(text, "peak memory", bytes(peak_memory()));
  if (!certificate->holds()) text += does_not_hold;
  return text;
}

std::string StreamReport::json() const {
  nlohmann::json object{{"inputs", inputs},
                        {"output", output},
                        {"certificate", certificate_path},
                        {"streamed", true},
                        {"rows", certificate->rows + dropped},
                        {"dropped", dropped},
                        {"size", certificate->size},
                        {"columns", certificate->columns},
                        {"order", certificate->order},
                        {"features", certificate->features},
                        {"worst_residual", certificate->worst_residual()},
                        {"tolerance", certificate->tolerance},
                        {"holds", certificate->holds()},
                        {"effective_sample_size", certificate->effective_sample_size},
                        {"seconds", stage_seconds(stages)},
                        {"seconds_total", total(stages)},
                        {"peak_memory_bytes", std::uint64_t(peak_memory())},
                        {"notices", notices}};
  if (certificate->cells > 0) {
    object["error"] = {{"coreset", certificate->probe_coreset()}, {"random", certificate->probe_random()}};
  }
  return object.dump(2) + "\n";
}

void print_notices(const std::vector<std::string>& notices) {
  for (const std::string& notice : notices) fmt::print(stderr, "momentset: note: {}\n", notice);
}

std::string PlanReport::text() const {
  std::string text = "plan\n";
  line(text, "rows", fmt::format("{} -> {}", grouped(plan.rows), grouped(plan.size)));
  line(text, "columns", fmt::format("{} ({})", plan.dimension, fmt::join(columns, ", ")));
  line(text, "order", fmt::format("{}: {} moments", plan.order, grouped(plan.features)));
  for (const OrderTrial& trial : trials) {
    line(text, trial.order == trials.front().order ? "tried" : "",
         fmt::format("order {:>2}: {:>7} moments, {:>9} cell{}, expected error {:.1e}{}{}", trial.order,
                     grouped(trial.features), grouped(trial.cells), trial.cells == 1 ? " " : "s", trial.typical_error,
                     trial.measured ? "" : ", continued from lower orders", trial.order == plan.order ? "  <-" : ""));
  }
  line(text, "cells",
       fmt::format("{} of about {} rows, of which about {} survive", grouped(plan.cells),
                   grouped(plan.rows / plan.cells), grouped(plan.size / plan.cells)));
  for (std::size_t g = 0; g < groups.size(); ++g) {
    line(text, g == 0 ? "groups" : "",
         fmt::format("{}: {} -> {}, {}", group_names[g], grouped(groups[g].rows), grouped(groups[g].size),
                     groups[g].size == groups[g].rows
                         ? "whole"
                         : fmt::format("order {}, {}", groups[g].order, counted(groups[g].cells, "cell"))));
  }
  line(text, "expected memory", "about " + bytes(plan.memory + 8.0 * double(plan.rows * plan.dimension)));
  line(text, "expected time",
       fmt::format("about {} on {} threads, without reading and the certificate",
                   duration(plan.operations / operations_per_second / threads), threads));
  return text;
}

std::string PlanReport::json() const {
  nlohmann::json object{
      {"rows", plan.rows},
      {"size", plan.size},
      {"columns", columns},
      {"dimension", plan.dimension},
      {"order", plan.order},
      {"features", plan.features},
      {"trials", trials_json(trials)},
      {"cells", plan.cells},
      {"expected_memory_bytes", std::uint64_t(plan.memory + 8.0 * double(plan.rows * plan.dimension))},
      {"expected_seconds", plan.operations / operations_per_second / threads},
      {"notice", plan.notice}};
  if (!groups.empty()) object["groups"] = groups_json(groups, group_names);
  return object.dump(2) + "\n";
}

}  // namespace momentset::cli
