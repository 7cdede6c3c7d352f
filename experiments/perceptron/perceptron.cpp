// Simulated perceptrons of the largest margin on pruned examples, beside the theory. See README.md.

#include "momentset/theory/perceptron.hpp"

#include <fmt/format.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <ctime>
#include <fstream>
#include <numbers>
#include <random>
#include <thread>
#include <vector>

#include "experiments/options.hpp"
#include "experiments/perceptron/max_margin.hpp"
#include "momentset/error.hpp"
#include "momentset/theory/pruning.hpp"

namespace {

using namespace momentset;
using namespace momentset::experiments;

struct Grid {
  std::vector<double> alphas{1, 2, 3, 5, 10}, fractions{0.2, 0.3, 0.6, 1}, angles{0, 10, 20, 40};
  std::vector<std::size_t> dimensions{200, 400};
  int draws = 100, curve = 30, threads = 0;
  std::vector<std::string> keeps{"hard", "adaptive"};
  std::string output = "perceptron.csv", problem;
};

struct Cell {
  std::size_t dimension;
  double alpha, fraction, theta_deg;
  double lower = 0;     // of the kept margins, as the policy has them
  bool random = false;  // kept without a look at the margins
};

/// Of a pool of P / f margins the P from `lower` on, as their ranks have it, or any.
std::vector<double> kept_margins(const Cell& cell, std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  const auto kept = std::size_t(std::lround(cell.alpha * double(cell.dimension)));
  std::vector<double> pool(cell.random ? kept : std::max(kept, std::size_t(std::lround(double(kept) / cell.fraction))));
  for (double& z : pool) z = normal(random);
  std::sort(pool.begin(), pool.end(), [](double left, double right) { return std::abs(left) < std::abs(right); });
  const double harder = std::erf(cell.lower / std::numbers::sqrt2);  // share of them below the window
  const std::size_t first = std::min(std::size_t(std::lround(harder * double(pool.size()))), pool.size() - kept);
  return {pool.begin() + std::ptrdiff_t(first), pool.begin() + std::ptrdiff_t(first + kept)};
}

/// The kept examples of one draw, each times its label. The probe is the first axis, the teacher lies in the plane of
/// the first two.
class Problem {
 public:
  Problem(const Cell& cell, int draw) : dimension_(cell.dimension) {
    const double theta = cell.theta_deg * std::numbers::pi / 180;
    cosine_ = std::cos(theta);
    sine_ = std::sin(theta);
    std::seed_seq seed{std::uint64_t(cell.dimension), std::uint64_t(std::lround(1e6 * cell.alpha)),
                       std::uint64_t(std::lround(1e6 * cell.fraction)),
                       std::uint64_t(std::lround(1e6 * cell.theta_deg)), std::uint64_t(draw)};
    std::mt19937_64 random(seed);
    std::normal_distribution<double> normal;
    for (const double z : kept_margins(cell, random)) {
      const std::size_t at = rows_.size();
      rows_.push_back(z);
      for (std::size_t k = 1; k < dimension_; ++k) rows_.push_back(normal(random));
      const double label = cosine_ * z + sine_ * rows_[at + 1] > 0 ? 1 : -1;
      for (std::size_t k = 0; k < dimension_; ++k) rows_[at + k] *= label;
    }
  }

  const std::vector<double>& rows() const { return rows_; }

  /// The share of labels that this student gets wrong: its angle to the teacher over pi.
  double error(const std::vector<double>& w) const {
    const double along = cosine_ * w[0] + sine_ * w[1], across = sine_ * w[0] - cosine_ * w[1];
    double square = across * across;
    for (std::size_t k = 2; k < w.size(); ++k) square += w[k] * w[k];
    return std::atan2(std::sqrt(square), along) / std::numbers::pi;
  }

 private:
  std::size_t dimension_;
  double cosine_, sine_;
  std::vector<double> rows_;
};

struct Draw {
  double error = 0, violation = 0, seconds = 0;
};

/// Of the calling thread's processor time, which others on the machine change little.
double seconds_of_thread() {
  std::timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return double(time.tv_sec) + 1e-9 * double(time.tv_nsec);
}

Draw draw_of(const Cell& cell, int number) {
  const Problem problem(cell, number);
  const double start = seconds_of_thread();
  const MaxMargin student = max_margin(problem.rows(), cell.dimension);
  return {problem.error(student.w), student.violation, seconds_of_thread() - start};
}

/// @param policy as the table shows it
void simulate(const Cell& cell, const std::string& policy, double expected, const Grid& grid, CsvFile& csv) {
  std::vector<Draw> draws(std::size_t(grid.draws));
  tbb::parallel_for(std::size_t{0}, draws.size(), [&](std::size_t i) { draws[i] = draw_of(cell, int(i)); });
  double mean = 0, square = 0, violation = 0, seconds = 0;
  for (const Draw& draw : draws) mean += draw.error / grid.draws;
  for (const Draw& draw : draws) {
    square += (draw.error - mean) * (draw.error - mean);
    violation = std::max(violation, draw.violation);
    seconds += draw.seconds / grid.draws;
  }
  const double sem = std::sqrt(square / (grid.draws - 1.0) / grid.draws);
  csv.write(fmt::format("{},{},{},{},{},{:.9g},{},{:.9g},{:.4g},{:.3g},{:.4g}", cell.dimension, policy, cell.alpha,
                        cell.fraction, cell.theta_deg, expected, grid.draws, mean, sem, violation, seconds));
  fmt::print("{:>4} {:>14} {:>5} {:>5} {:>5} | {:.6f} {:.6f} +- {:.6f} {:>6.2f} | {:.1e} {:.3f}\n", cell.dimension,
             policy, cell.alpha, cell.fraction, cell.theta_deg, expected, mean, sem, (mean - expected) / sem, violation,
             seconds);
  std::fflush(stdout);
}

const char* name_of(theory::Policy policy) {
  switch (policy) {
    case theory::Policy::keep_easy:
      return "adaptive:easy";
    case theory::Policy::keep_hard:
      return "adaptive:hard";
    case theory::Policy::window:
      return "adaptive:window";
    default:
      return "adaptive:random";
  }
}

void simulate_policies(const Cell& of_grid, const Grid& grid, CsvFile& csv) {
  for (const std::string& keep : grid.keeps) {
    Cell cell = of_grid;
    if (keep == "hard") {
      const auto margins = theory::MarginDistribution::keep_hard(cell.fraction);
      simulate(cell, keep, theory::perceptron(cell.alpha, margins, cell.theta_deg).error, grid, csv);
    } else if (keep == "easy") {
      const auto margins = theory::MarginDistribution::keep_easy(cell.fraction);
      cell.lower = HUGE_VAL;
      simulate(cell, keep, theory::perceptron(cell.alpha, margins, cell.theta_deg).error, grid, csv);
    } else {
      const theory::PolicyChoice choice = theory::adaptive_policy(cell.alpha, cell.fraction, cell.theta_deg);
      cell.lower = choice.chosen.lower;
      cell.random = choice.policy == theory::Policy::random;
      simulate(cell, name_of(choice.policy), choice.chosen.predicted.error, grid, csv);
    }
  }
}

/// The theory between the simulated alphas, as rows without draws.
void draw_curves(const Grid& grid, CsvFile& csv) {
  const auto [least, most] = std::minmax_element(grid.alphas.begin(), grid.alphas.end());
  std::vector<double> alphas;
  for (int i = 0; i < grid.curve; ++i) alphas.push_back(*least * std::pow(*most / *least, i / (grid.curve - 1.0)));
  for (const double theta : grid.angles) {
    for (const double fraction : grid.fractions) {
      const auto curve = theory::perceptron_curve(alphas, theory::MarginDistribution::keep_hard(fraction), theta);
      for (std::size_t i = 0; i < alphas.size(); ++i) {
        csv.write(fmt::format("0,hard,{},{},{},{:.9g},0,nan,nan,nan,nan", alphas[i], fraction, theta, curve[i].error));
      }
    }
  }
}

/// One problem and its solution: a line for each example times its label, then w.
void write_problem(const Cell& cell, const std::string& path) {
  const Problem problem(cell, 0);
  const MaxMargin student = max_margin(problem.rows(), cell.dimension);
  std::ofstream file(path);
  const auto line = [&](const double* values) {
    for (std::size_t k = 0; k < cell.dimension; ++k) file << fmt::format("{}{}", k > 0 ? "," : "", values[k]);
    file << '\n';
  };
  for (std::size_t i = 0; i < problem.rows().size(); i += cell.dimension) line(problem.rows().data() + i);
  line(student.w.data());
  if (!file.flush()) throw Error("--problem", path, "cannot be written");
}

void experiment(const Grid& grid) {
  if (grid.draws < 2) throw Error("--draws", std::to_string(grid.draws), "must be at least 2");
  for (const std::string& keep : grid.keeps) {
    if (keep != "hard" && keep != "easy" && keep != "adaptive") {
      throw Error("--keep", keep, "must be hard, easy or adaptive");
    }
  }
  if (!grid.problem.empty()) {
    write_problem({grid.dimensions.at(0), grid.alphas.at(0), grid.fractions.at(0), grid.angles.at(0)}, grid.problem);
    return;
  }
  const std::size_t cores = std::max(1u, std::thread::hardware_concurrency());
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                                  grid.threads > 0 ? std::size_t(grid.threads) : cores);
  CsvFile csv(grid.output, "n,keep,alpha,fraction,theta_deg,theory,draws,mean,sem,violation,seconds");
  if (grid.curve > 1) draw_curves(grid, csv);
  fmt::print("{:>4} {:>14} {:>5} {:>5} {:>5} | {:>8} {:>8}    {:>8} {:>6} | {:>7} {:>5}\n", "N", "kept", "alpha", "f",
             "theta", "theory", "mean", "sem", "z", "KKT", "s");
  for (const std::size_t dimension : grid.dimensions) {
    for (const double theta : grid.angles) {
      for (const double fraction : grid.fractions) {
        for (const double alpha : grid.alphas) simulate_policies({dimension, alpha, fraction, theta}, grid, csv);
      }
    }
  }
}

}  // namespace

int main(int count, char** words) {
  Grid grid;
  CLI::App app("Simulates perceptrons of the largest margin on pruned examples and writes their errors as CSV.");
  const auto list = [&](const char* name, auto& values, const char* what) {
    app.add_option(name, values, what)->delimiter(',')->capture_default_str();
  };
  list("--n", grid.dimensions, "parameters N");
  list("--alpha", grid.alphas, "kept examples per parameter");
  list("--fraction", grid.fractions, "fractions of the examples that are kept");
  list("--theta", grid.angles, "angles between probe and teacher, degrees");
  list("--keep", grid.keeps,
       "hard: the smallest margins; easy: the largest; adaptive: what the theory finds best, see theory window");
  app.add_option("--draws", grid.draws, "of teacher and examples for each of these")->capture_default_str();
  app.add_option("--curve", grid.curve, "alphas of the theory's curves; 0: none")->capture_default_str();
  app.add_option("--threads", grid.threads, "threads; 0: all cores")->capture_default_str();
  app.add_option("--output", grid.output, "CSV to write")->capture_default_str();
  app.add_option("--problem", grid.problem, "write one problem and its student instead, as CSV");
  return run_program(app, count, words, [&] { experiment(grid); });
}
