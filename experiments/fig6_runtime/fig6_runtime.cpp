// The seconds of Figure 6: what the compression alone takes on the problems of Figure 2. See README.md.

#include <fmt/format.h>

#include <vector>

#include "experiments/measure.hpp"
#include "experiments/options.hpp"
#include "experiments/problem.hpp"
#include "experiments/published.hpp"

namespace {

using namespace momentset;
using namespace momentset::experiments;

void print_row(std::size_t m, std::size_t d, std::optional<int> order, const Statistics& seconds) {
  static const Published published("fig6_runtime");
  const std::optional<double> theirs = published.find("median_seconds", m, d);
  fmt::print("{:>1} {:>5} {:>9} | {:>9.4f} {:>9} {:>8}\n", m, name_of(order), d, seconds.median,
             theirs ? fmt::format("{:.4g}", *theirs) : "-",
             theirs ? fmt::format("{:.0f}", *theirs / seconds.median) : "-");
  std::fflush(stdout);
}

void experiment(const Options& options) {
  CsvFile csv(options.output,
              "m,k,d,d_out,method,threads,trials,chosen_order,median_seconds,min_seconds,max_seconds,median_abs_error");
  fmt::print("{:>1} {:>5} {:>9} | {:>9} {:>9} {:>8}\n", "m", "order", "d", "s", "published", "faster");
  for (const std::size_t m : options.dimensions) {
    for (const std::size_t d : options.rows) {
      for (const std::optional<int> order : options.orders) {
        std::vector<Trial> trials;
        for (int t = -1; t < options.trials; ++t) {  // the first is cold: caches, threads, memory
          const UniformProblem problem(m, d, t, sigmoid());
          const Trial trial = run(problem, compress_options(options, tenth_of(m, d, order), order));
          if (t >= 0) trials.push_back(trial);
        }
        const Statistics seconds = statistics(trials, &Trial::compress);
        csv.write(fmt::format("{},{},{},{},{},{},{},{},{:.6g},{:.6g},{:.6g},{:.6g}", m, name_of(order), d,
                              tenth_of(m, d, order), options.method, options.threads, options.trials,
                              median_order(trials), seconds.median, seconds.minimum, seconds.maximum,
                              statistics(trials, &Trial::error).median));
        print_row(m, d, order, seconds);
      }
    }
  }
}

}  // namespace

int main(int count, char** words) {
  Options options;
  options.dimensions = {1, 2, 3, 4, 5};
  options.orders = {5};
  options.rows = {1'000, 2'000, 4'000, 8'000, 16'000, 32'000, 64'000, 128'000};
  options.trials = 10;
  options.output = "fig6_runtime.csv";
  return run_program(count, words, "Measures the seconds of Figure 6 and writes them as CSV.", options, experiment);
}
