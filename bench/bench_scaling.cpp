// How compress scales: with the number of rows, with the number of features, with the threads; and what its stages
// take.
//
//   bench_scaling [--rows N] [--json FILE]
//
// --rows: the largest number of rows, default 1e7 (1e8 takes 12 GB). --json: the same figures for plot_scaling.py.

#include <cblas.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "experiments/problem.hpp"
#include "momentset/compress.hpp"

namespace {

using momentset::CompressOptions;
using momentset::Coreset;
using momentset::Method;
using momentset::experiments::uniform;
using nlohmann::json;

/// Seconds of each stage but the certificate's, of the fastest of some runs.
struct Stages {
  double merge = 0, partition = 0, recombine = 0;
  double whole() const { return merge + partition + recombine; }
};

Stages measure(const std::vector<double>& coordinates, std::size_t dimension, std::size_t size, int order, int threads,
               int runs) {
  Stages best;
  for (int run = 0; run < runs; ++run) {
    CompressOptions options;
    options.size = size;
    options.order = order;
    options.method = Method::tree;  // what scales, without finishing steps that the effort bounds
    options.threads = threads;
    struct Enough {};
    std::vector<std::chrono::steady_clock::time_point> starts;
    std::string last;
    options.progress = [&](std::string_view stage, double) {
      if (stage != last) starts.push_back(std::chrono::steady_clock::now());
      last = stage;
      if (stage == "certify") throw Enough{};
    };
    try {
      compress({.coordinates = coordinates, .weights = {}, .dimension = dimension}, options);
    } catch (const Enough&) {
    }
    const auto between = [&](std::size_t k) {
      return std::chrono::duration<double>(starts[k + 1] - starts[k]).count();
    };
    const Stages stages{between(0), between(1), between(2)};
    if (run == 0 || stages.whole() < best.whole()) best = stages;
  }
  return best;
}

/// Slope of the least-squares line through (log x, log y).
double slope(const std::vector<double>& x, const std::vector<double>& y) {
  double mean_x = 0, mean_y = 0, above = 0, below = 0;
  for (std::size_t k = 0; k < x.size(); ++k)
    mean_x += std::log(x[k]) / double(x.size()), mean_y += std::log(y[k]) / double(x.size());
  for (std::size_t k = 0; k < x.size(); ++k) {
    above += (std::log(x[k]) - mean_x) * (std::log(y[k]) - mean_y);
    below += (std::log(x[k]) - mean_x) * (std::log(x[k]) - mean_x);
  }
  return above / below;
}

json by_rows(double most_rows) {
  fmt::print("rows in 3 columns to a tenth, order 5, all cores\n");
  fmt::print("{:>12} {:>9} {:>9} {:>10} {:>10} {:>9}\n", "rows", "seconds", "merge", "partition", "recombine",
             "ns/row");
  json points = json::array();
  std::vector<double> rows, seconds;
  for (double q = 1e5; q <= most_rows * 1.01; q *= std::sqrt(10.0)) {
    const auto count = std::size_t(std::llround(q));
    const Stages stages = measure(uniform(3 * count), 3, count / 10, 5, 0, q < 3e6 ? 5 : q < 3e7 ? 3 : 1);
    fmt::print("{:>12} {:>9.3f} {:>8.0f}% {:>9.0f}% {:>9.0f}% {:>9.0f}\n", count, stages.whole(),
               100 * stages.merge / stages.whole(), 100 * stages.partition / stages.whole(),
               100 * stages.recombine / stages.whole(), 1e9 * stages.whole() / double(count));
    std::fflush(stdout);
    rows.push_back(q);
    seconds.push_back(stages.whole());
    points.push_back(
        {{"rows", count}, {"merge", stages.merge}, {"partition", stages.partition}, {"recombine", stages.recombine}});
  }
  fmt::print("log-log slope {:.3f}\n\n", slope(rows, seconds));
  return {{"points", points}, {"slope", slope(rows, seconds)}};
}

json by_features() {
  constexpr std::size_t rows = 200'000;
  fmt::print("{} rows in 3 columns to n in one cell, all cores, and to a tenth in cells\n", rows);
  fmt::print("{:>6} {:>6} {:>12} {:>12}\n", "order", "n", "one cell s", "in cells s");
  json points = json::array();
  const std::vector<double> coordinates = uniform(3 * rows);
  std::vector<double> features, single, many;
  for (const int order : {2, 3, 4, 5, 6, 8, 10, 12, 16}) {
    const std::size_t n = momentset::feature_count(3, order);
    const double one = measure(coordinates, 3, n, order, 0, 3).recombine;
    const double cells = measure(coordinates, 3, rows / 10, order, 0, 2).recombine;
    fmt::print("{:>6} {:>6} {:>12.4f} {:>12.3f}\n", order, n, one, cells);
    features.push_back(double(n)), single.push_back(one), many.push_back(cells);
    points.push_back({{"order", order}, {"features", n}, {"one_cell", one}, {"in_cells", cells}});
  }
  fmt::print("log-log slopes {:.2f} and {:.2f}\n\n", slope(features, single), slope(features, many));
  return {{"points", points}, {"slope_one_cell", slope(features, single)}, {"slope_in_cells", slope(features, many)}};
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + std::ptrdiff_t(values.size() / 2), values.end());
  return values[values.size() / 2];
}

json by_threads() {
  fmt::print("one thread and two, taking turns; medians of 9 turns; recombine stage (all stages)\n");
  json points = json::array();
  const auto compare = [&](const std::string& name, std::size_t rows, std::size_t m, std::size_t size, int order) {
    const std::vector<double> coordinates = uniform(m * rows);
    std::vector<double> one, two, speedup, whole;
    for (int turn = 0; turn < 9; ++turn) {
      const Stages alone = measure(coordinates, m, size, order, 1, 1),
                   both = measure(coordinates, m, size, order, 2, 1);
      one.push_back(alone.recombine);
      two.push_back(both.recombine);
      speedup.push_back(alone.recombine / both.recombine);
      whole.push_back(alone.whole() / both.whole());
    }
    fmt::print("{:<42} {:>8.3f} {:>8.3f}  {:.2f} times ({:.2f})\n", name, median(one), median(two), median(speedup),
               median(whole));
    points.push_back({{"name", name}, {"speedup", median(speedup)}, {"speedup_of_all", median(whole)}});
  };
  compare("1,000,000 x 3 to 100,000, order 5", 1'000'000, 3, 100'000, 5);
  compare("128,000 x 5 to 12,800, order 5", 128'000, 5, 12'800, 5);
  compare("1,000,000 x 3 to 56, one cell, order 5", 1'000'000, 3, 56, 5);
  return points;
}

}  // namespace

int main(int count, char** words) {
  double most_rows = 1e7;
  std::string path;
  for (int k = 1; k < count; ++k) {
    if (std::strcmp(words[k], "--rows") == 0 && k + 1 < count) {
      most_rows = std::atof(words[++k]);
    } else if (std::strcmp(words[k], "--json") == 0 && k + 1 < count) {
      path = words[++k];
    } else {
      fmt::print(stderr, "usage: {} [--rows N] [--json FILE]\n", words[0]);
      return 2;
    }
  }
  fmt::print("{}\n\n", openblas_get_config());
  json all;
  all["by_threads"] = by_threads();
  fmt::print("\n");
  all["by_features"] = by_features();
  all["by_rows"] = by_rows(most_rows);
  all["blas"] = openblas_get_config();
  if (!path.empty()) std::ofstream(path) << all.dump(1) << "\n";
  return 0;
}
