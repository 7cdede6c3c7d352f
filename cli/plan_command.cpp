#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "commands.hpp"
#include "momentset/compress.hpp"
#include "momentset/error.hpp"
#include "momentset/io/table.hpp"
#include "momentset/theory/compression_bounds.hpp"
#include "text.hpp"
#include "trial.hpp"

namespace momentset::cli {
namespace {

struct PlanArguments {
  std::vector<std::string> inputs;
  std::string rows, columns, size;  // parsed here, as in compress
  std::optional<double> tolerance;
  std::optional<int> order;
  int most = 12;
  int threads = 0;
  bool json = false;
};

/// d points in R^m.
struct Problem {
  std::size_t rows = 0, columns = 0;
};

/// One way to compress: an order and a size.
struct Candidate {
  Plan plan;
  std::size_t smallest_size = 0;  // of this order
  double scaling = 0;             // of the relative error, constants left out
  double seconds = 0, memory = 0;
};

std::size_t positive(const std::string& option, const std::string& text) {
  const std::uint64_t number = parse_count(option, text);
  if (number == 0) throw Error(option, text, "must be at least 1");
  return number;
}

Problem problem_of(const PlanArguments& options) {
  if (options.inputs.empty()) {
    if (options.rows.empty() || options.columns.empty()) {
      throw Error("plan", "", "needs a FILE, or --rows and --columns");
    }
    return {positive("--rows", options.rows), positive("--columns", options.columns)};
  }
  if (!options.rows.empty() || !options.columns.empty()) {
    throw Error(options.rows.empty() ? "--columns" : "--rows", "", "cannot be given with a FILE, which has its own");
  }
  const io::Features features = io::Table::open(options.inputs).read({.drop_invalid = true});
  return {features.points.view().size(), features.points.view().dimension};
}

/// The highest order of which fewer points than there are rows can keep the moments.
int highest_possible(const Problem& problem, int limit) {
  return problem.rows < 2 ? 0 : highest_order(problem.columns, problem.rows - 1, limit);
}

void require_consistent(const PlanArguments& options, const Problem& problem) {
  if (options.size.empty() && !options.tolerance && !options.order) {
    throw Error("plan", "", "needs --size, --tolerance or --order");
  }
  if (options.tolerance && !(*options.tolerance > 0 && *options.tolerance < 1)) {
    throw Error("--tolerance", fmt::format("{:g}", *options.tolerance), "must be above 0 and below 1");
  }
  if (options.most < 0) throw Error("--max-order", std::to_string(options.most), "must not be negative");
  if (options.threads < 0) throw Error("--threads", std::to_string(options.threads), "must not be negative");
  if (!options.order) return;
  if (*options.order < 0) throw Error("--order", std::to_string(*options.order), "must not be negative");
  const int highest = highest_possible(problem, *options.order);
  if (highest < *options.order) {
    throw Error(
        "--order", std::to_string(*options.order),
        fmt::format("needs a size of at least {} in {} columns, which must be below the {} rows; order {} is the "
                    "highest that fits, with a size of at least {}",
                    grouped(feature_count(problem.columns, *options.order)), problem.columns, grouped(problem.rows),
                    highest, grouped(feature_count(problem.columns, highest))));
  }
}

/// Throws Error, with the sizes and orders that would do, if the size cannot be kept at that order.
Candidate candidate(const Problem& problem, std::size_t size, int order) {
  if (size >= problem.rows) {
    throw Error("--size", grouped(size),
                fmt::format("must be below the {} rows: otherwise all are kept", grouped(problem.rows)));
  }
  Candidate found;
  found.plan = plan(problem.rows, problem.columns, {.size = size, .order = order});
  found.smallest_size = feature_count(problem.columns, order);
  found.scaling =
      theory::observed_scaling(problem.columns, order, double(problem.rows), double(size), double(found.plan.features));
  found.memory = found.plan.memory + 8.0 * double(problem.rows * problem.columns);
  return found;
}

std::vector<Candidate> orders_for_size(const Problem& problem, std::size_t size, int most) {
  std::vector<Candidate> found;
  const int highest = highest_order(problem.columns, size, most);
  for (int order = std::min(1, highest); order <= highest; ++order) found.push_back(candidate(problem, size, order));
  return found;
}

/// Theorem 4 says how errors fall with the size, not where they start: some sizes from the smallest to a tenth.
std::vector<Candidate> sizes_for_order(const Problem& problem, int order) {
  const std::size_t smallest = feature_count(problem.columns, order);
  std::vector<std::size_t> sizes{smallest, problem.rows / 1000, problem.rows / 100, problem.rows / 10};
  std::sort(sizes.begin(), sizes.end());
  sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
  std::vector<Candidate> found;
  for (const std::size_t size : sizes) {
    if (size >= smallest) found.push_back(candidate(problem, size, order));
  }
  return found;
}

/// The size that the observed law asks for at each order, where that is below the number of rows.
std::vector<Candidate> sizes_for_tolerance(const Problem& problem, double tolerance, int least, int most) {
  std::vector<Candidate> found;
  double closest = HUGE_VAL;
  int closest_order = 0;
  for (int order = least; order <= highest_possible(problem, most); ++order) {
    const double size = std::ceil(theory::observed_size(problem.columns, order, double(problem.rows),
                                                        double(feature_count(problem.columns, order)), tolerance));
    if (size < double(problem.rows)) {
      found.push_back(candidate(problem, std::size_t(size), order));
    } else if (size < closest) {
      closest = size;
      closest_order = order;
    }
  }
  if (!found.empty()) return found;
  throw Error("--tolerance", fmt::format("{:g}", tolerance),
              std::isfinite(closest) ? fmt::format("needs at least {:.3g} points (order {}), more than the {} rows",
                                                   closest, closest_order, grouped(problem.rows))
                                     : fmt::format("{} rows are too few for order {} in {} columns",
                                                   grouped(problem.rows), least, problem.columns));
}

std::vector<Candidate> candidates(const PlanArguments& options, const Problem& problem) {
  if (!options.size.empty()) {
    const std::size_t size = positive("--size", options.size);
    if (options.order) return {candidate(problem, size, *options.order)};
    if (size >= problem.rows) candidate(problem, size, 0);  // refused there
    return orders_for_size(problem, size, options.most);
  }
  if (options.tolerance) {
    return sizes_for_tolerance(problem, *options.tolerance, options.order.value_or(1),
                               options.order.value_or(options.most));
  }
  return sizes_for_order(problem, *options.order);
}

/// What the theorems say of the whole problem.
struct Theorems {
  int vanishing_order;                 // Theorem 4, d' a tenth of d or what was asked
  double optimal_order;                // Theorem 7, at the largest size of the candidates
  std::optional<double> polylog_size;  // Theorem 7, for a tolerance
};

Theorems theorems(const PlanArguments& options, const Problem& problem, const std::vector<Candidate>& found) {
  std::size_t largest = 1;
  for (const Candidate& candidate : found) largest = std::max(largest, candidate.plan.size);
  const double sigma = std::log(double(largest)) / std::log(double(problem.rows));
  Theorems said{0, theory::optimal_order(problem.columns, double(largest)), std::nullopt};
  said.vanishing_order = largest > 1 ? theory::lowest_vanishing_order(problem.columns, sigma) : 0;
  if (options.tolerance) said.polylog_size = theory::polylog_size(problem.columns, *options.tolerance);
  return said;
}

std::string text(const PlanArguments& options, const Problem& problem, const std::vector<Candidate>& found,
                 const TrialRate& rate, int threads) {
  const std::size_t m = problem.columns;
  std::string text = fmt::format("plan for {} rows in {} column{}\n", grouped(problem.rows), m, m == 1 ? "" : "s");
  text += fmt::format("  {:>5} {:>9} {:>11} {:>9} | {:>8} {:>8} {:>8} | {:>8} {:>9} {:>9}\n", "order", "moments",
                      "size", "cells", "bound p", "fall a", "scaling", "work", "memory", "time");
  for (const Candidate& row : found) {
    const int order = row.plan.order;
    text += fmt::format("  {:>5} {:>9} {:>11} {:>9} | {:>7.2f}{} {:>8.2f} {:>8.1e} | {:>8} {:>9} {:>9}\n", order,
                        grouped(row.plan.features), grouped(row.plan.size), grouped(row.plan.cells),
                        theory::bound_exponent(m, order), theory::bound_vanishes(m, order) ? " " : "*",
                        theory::observed_exponent(m, order), row.scaling, with_unit(row.plan.operations),
                        bytes(row.memory), duration(row.seconds));
  }
  const Theorems said = theorems(options, problem, found);
  text += fmt::format(
      "  moments   as many rows have to be kept at least\n"
      "  bound p   Theorem 4: relative error O(size^p), p = 1 - (order + 1)/{0}; *: does not vanish, order + 1 <= {0}\n"
      "            times the number of rows it vanishes from order {1} on\n"
      "  fall a    observed where a share of the rows is kept: relative error ~ rows^-a, a = (order + 1)/{0} + 0.5\n"
      "  scaling   rows^-0.5 (moments/size)^((order + 1)/{0}): the same without its constant, which depends on the "
      "function\n"
      "  Theorem 7 best order of the bound about {2:.0f} at the largest size here; grows as size^(1/{0})\n",
      m, said.vanishing_order, said.optimal_order);
  if (said.polylog_size) {
    text += fmt::format("            its size for the tolerance: about {:.3g}, growing as ln(1/tolerance)^{}\n",
                        *said.polylog_size, m);
  }
  return text + fmt::format(
                    "  time      on this machine with {} thread{}, from a trial of {}; certificate and reading "
                    "come on top\n",
                    threads, threads == 1 ? "" : "s", duration(rate.seconds));
}

std::string json(const PlanArguments& options, const Problem& problem, const std::vector<Candidate>& found,
                 const TrialRate& rate, int threads) {
  const Theorems said = theorems(options, problem, found);
  nlohmann::json object{{"rows", problem.rows},
                        {"columns", problem.columns},
                        {"vanishing_order", said.vanishing_order},
                        {"optimal_order", said.optimal_order},
                        {"polylog_size", nullptr},
                        {"threads", threads},
                        {"operations_per_second", rate.operations_per_second},
                        {"candidates", nlohmann::json::array()}};
  if (said.polylog_size) object["polylog_size"] = *said.polylog_size;
  for (const Candidate& row : found) {
    const int order = row.plan.order;
    object["candidates"].push_back({{"order", order},
                                    {"moments", row.plan.features},
                                    {"smallest_size", row.smallest_size},
                                    {"size", row.plan.size},
                                    {"cells", row.plan.cells},
                                    {"bound_exponent", theory::bound_exponent(problem.columns, order)},
                                    {"bound_vanishes", theory::bound_vanishes(problem.columns, order)},
                                    {"observed_exponent", theory::observed_exponent(problem.columns, order)},
                                    {"scaling", row.scaling},
                                    {"operations", row.plan.operations},
                                    {"expected_memory_bytes", std::uint64_t(row.memory)},
                                    {"expected_seconds", row.seconds}});
    if (options.tolerance) {
      const std::optional<double> size = theory::bound_size(problem.columns, order, *options.tolerance);
      object["candidates"].back()["bound_size"] = size ? nlohmann::json(*size) : nlohmann::json(nullptr);
    }
  }
  return object.dump(2) + "\n";
}

int run(const PlanArguments& options) {
  io::set_threads(options.threads);
  const Problem problem = problem_of(options);
  require_consistent(options, problem);
  std::vector<Candidate> found = candidates(options, problem);
  const int threads = options.threads > 0 ? options.threads : int(std::max(1u, std::thread::hardware_concurrency()));
  const TrialRate rate = trial_rate(problem.columns, options.threads);
  for (Candidate& row : found) row.seconds = row.plan.operations / rate.operations_per_second;
  fmt::print(
      "{}", options.json ? json(options, problem, found, rate, threads) : text(options, problem, found, rate, threads));
  return success;
}

}  // namespace

void add_plan(CLI::App& app, int& status) {
  const auto options = std::make_shared<PlanArguments>();
  CLI::App* command = app.add_subcommand("plan", "show what orders and sizes promise and cost, without compressing");
  command->add_option("input", options->inputs, "tables that say how many rows and columns there are")
      ->type_name("FILE");
  command->add_option("--rows", options->rows, "number of rows, if there is no FILE")->type_name("D");
  command->add_option("--columns", options->columns, "number of columns, if there is no FILE")->type_name("M");
  CLI::Option* size =
      command->add_option("--size", options->size, "rows to keep: a line for each order")->type_name("N");
  command->add_option("--tolerance", options->tolerance, "relative error to reach: a line and a size for each order")
      ->type_name("E")
      ->excludes(size);
  command->add_option("--order", options->order, "moments to keep: a line for each of some sizes")->type_name("K");
  command->add_option("--max-order", options->most, "highest order to show")->type_name("K")->capture_default_str();
  command->add_option("--threads", options->threads, "threads that compress would use [all cores]");
  command->add_flag("--json", options->json, "print JSON");
  command->callback([options, &status] { status = run(*options); });
}

}  // namespace momentset::cli
