// The errors of Figure 8: uniform points to polylog many, at the order with the smallest error. See README.md.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <limits>
#include <vector>

#include "experiments/measure.hpp"
#include "experiments/options.hpp"
#include "experiments/problem.hpp"
#include "experiments/published.hpp"
#include "momentset/error.hpp"

namespace {

using namespace momentset;
using namespace momentset::experiments;

struct Search {
  double size_factor = 1;
  int patience = 3;
  double operations = 2e10;  // most that one compression may take: high orders in one cell grow with the cube of n
};

/// d' = [a ln(d)^m]: a = 120 and 20 as published for m = 1 and 2, and continued in the same spirit for m = 3.
std::size_t polylog_size(std::size_t m, std::size_t d, const Search& search) {
  constexpr double factors[] = {120, 20, 3};
  if (m > std::size(factors)) throw Error("--m", std::to_string(m), "must be at most 3 here");
  return std::size_t(search.size_factor * factors[m - 1] * std::pow(std::log(double(d)), double(m)));
}

/// The order is raised from 1 until the error has not fallen for some orders or a compression would take too long; the
/// best one counts.
Trial at_best_order(const UniformProblem& problem, std::size_t m, std::size_t size, const Options& options,
                    const Search& search) {
  Trial best;
  best.error = std::numeric_limits<double>::infinity();
  int in_vain = 0;
  for (int order = 1; feature_count(m, order) <= size && in_vain < search.patience; ++order) {
    const CompressOptions asked = compress_options(options, size, order);
    if (plan(problem.points().size(), m, asked).operations > search.operations) break;
    const Trial trial = run(problem, asked);
    in_vain = trial.error < best.error ? 0 : in_vain + 1;
    if (in_vain == 0) best = trial;
  }
  return best;
}

/// The seconds of the search for the best order are those of the compression at that order.
void measure(std::size_t m, std::size_t d, bool raised, std::optional<int> order, const Options& options,
             const Search& search, CsvFile& csv) {
  static const Published published("fig8_polylog");
  const std::size_t size = polylog_size(m, d, search);
  std::vector<Trial> trials;
  for (int t = 0; t < options.trials; ++t) {
    const UniformProblem problem(m, d, t, reciprocal(m));
    trials.push_back(raised ? at_best_order(problem, m, size, options, search)
                            : run(problem, compress_options(options, size, order)));
  }
  const Statistics errors = statistics(trials, &Trial::error), seconds = statistics(trials, &Trial::compress);
  const std::string asked = raised ? "raised" : name_of(order);
  csv.write(fmt::format("{},{},{},{},{},{},{:.6g},{:.6g},{:.6g},{},{:.4g}", m, d, size, options.method, asked,
                        options.trials, errors.median, errors.mean, errors.deviation, median_order(trials),
                        seconds.median));
  const std::optional<double> theirs = published.find("median_best_error", m, d);
  fmt::print("{:>1} {:>9} {:>6} {:>6} | {:>5} {:>9.2e} {:>9} | {:>8.3f}\n", m, d, size, asked, median_order(trials),
             errors.median, theirs ? fmt::format("{:.2e}", *theirs) : "-", seconds.median);
  std::fflush(stdout);
}

void experiment(const Options& options, const Search& search) {
  for (const std::size_t m : options.dimensions) {
    for (const std::size_t d : options.rows) {
      const std::size_t size = polylog_size(m, d, search);
      if (size < feature_count(m, 1) || size > d) {
        throw Error("--size-factor", fmt::format("{}", search.size_factor),
                    fmt::format("asks for {} of {} points in {} columns: must leave at least {} and at most all", size,
                                d, m, feature_count(m, 1)));
      }
    }
  }
  CsvFile csv(options.output,
              "m,d,d_out,method,order,trials,median_best_error,mean_best_error,std_best_error,median_best_k,"
              "median_seconds");
  fmt::print("{:>1} {:>9} {:>6} {:>6} | {:>5} {:>9} {:>9} | {:>8}\n", "m", "d", "kept", "order", "best", "error",
             "published", "s");
  for (const std::size_t m : options.dimensions) {
    for (const std::size_t d : options.rows) {
      if (options.orders.empty()) measure(m, d, true, automatic_order, options, search, csv);
      for (const std::optional<int> order : options.orders) measure(m, d, false, order, options, search, csv);
    }
  }
}

}  // namespace

int main(int count, char** words) {
  Options options;
  options.dimensions = {1, 2, 3};
  options.rows = {1'000, 2'000, 4'000, 8'000, 16'000, 32'000, 64'000, 128'000, 1'000'000};
  options.trials = 20;
  options.output = "fig8_polylog.csv";
  Search search;
  return run_program(
      count, words,
      "Measures the errors of Figure 8 and writes them as CSV. Without --order the order is raised until the error no "
      "longer falls.",
      options, [&](const Options& asked) { experiment(asked, search); },
      [&](CLI::App& app) {
        app.add_option("--patience", search.patience, "orders without a smaller error that end the search")
            ->check(CLI::PositiveNumber)
            ->capture_default_str();
        app.add_option("--operations", search.operations, "planned operations of a compression that end the search")
            ->check(CLI::PositiveNumber)
            ->capture_default_str();
        app.add_option("--size-factor", search.size_factor, "multiple of the published sizes to keep")
            ->check(CLI::PositiveNumber)
            ->capture_default_str();
      });
}
