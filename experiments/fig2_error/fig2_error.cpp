// The errors of Figure 2: uniform points, the mean of sigmoids, one tenth of the points kept. See README.md.

#include <fmt/format.h>

#include <vector>

#include "experiments/measure.hpp"
#include "experiments/options.hpp"
#include "experiments/problem.hpp"
#include "experiments/published.hpp"

namespace {

using namespace momentset;
using namespace momentset::experiments;

void print_row(std::size_t m, std::size_t d, std::optional<int> order, const Statistics& errors,
               const Statistics& seconds) {
  static const Published published("fig2_error");
  const std::optional<double> theirs = order ? published.find("median_abs_error", m, d, order) : std::nullopt;
  fmt::print("{:>1} {:>5} {:>9} | {:>9.2e} {:>9} {:>6} | {:>8.3f}\n", m, name_of(order), d, errors.median,
             theirs ? fmt::format("{:.2e}", *theirs) : "-",
             theirs ? fmt::format("{:.2f}", errors.median / *theirs) : "-", seconds.median);
  std::fflush(stdout);
}

void experiment(const Options& options) {
  CsvFile csv(options.output,
              "m,k,d,d_out,method,trials,chosen_order,median_abs_error,mean_abs_error,std_abs_error,median_seconds,"
              "worst_residual");
  fmt::print("{:>1} {:>5} {:>9} | {:>9} {:>9} {:>6} | {:>8}\n", "m", "order", "d", "error", "published", "ratio", "s");
  for (const std::size_t m : options.dimensions) {
    for (const std::size_t d : options.rows) {
      std::vector<std::vector<Trial>> trials(options.orders.size());
      for (int t = 0; t < options.trials; ++t) {
        const UniformProblem problem(m, d, t, sigmoid());
        for (std::size_t k = 0; k < options.orders.size(); ++k) {
          const std::optional<int> order = options.orders[k];
          trials[k].push_back(run(problem, compress_options(options, tenth_of(m, d, order), order)));
        }
      }
      for (std::size_t k = 0; k < options.orders.size(); ++k) {
        const std::optional<int> order = options.orders[k];
        const Statistics errors = statistics(trials[k], &Trial::error),
                         seconds = statistics(trials[k], &Trial::compress);
        csv.write(fmt::format("{},{},{},{},{},{},{},{:.6g},{:.6g},{:.6g},{:.4g},{:.3g}", m, name_of(order), d,
                              tenth_of(m, d, order), options.method, options.trials, median_order(trials[k]),
                              errors.median, errors.mean, errors.deviation, seconds.median,
                              statistics(trials[k], &Trial::residual).maximum));
        print_row(m, d, order, errors, seconds);
      }
    }
  }
}

}  // namespace

int main(int count, char** words) {
  Options options;
  options.dimensions = {1, 2, 3, 4, 5};
  options.orders = {1, 2, 3, 4, 5, 6};
  options.rows = {1'000, 2'000, 4'000, 8'000, 16'000, 32'000, 64'000, 128'000};
  options.trials = 20;
  options.output = "fig2_error.csv";
  return run_program(count, words, "Measures the errors of Figure 2 and writes them as CSV.", options, experiment);
}
