// What one halving of 2n rows costs in units of a matrix product of the same BLAS, and recombine beside its peers.
//
//   bench_recombine [--no-peers]              the tables
//   bench_recombine --problem FILE M ORDER    one problem: FILE holds float64 points, row-major with M columns; prints
//                                             seconds and the surviving rows and weights, for peers_recombine.py
//
// The peers run in Python: MOMENTSET_PYTHON names one (default: the project's .venv) with bench/requirements.txt.

#include <cblas.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "momentset/compress.hpp"
#include "momentset/recombine.hpp"

namespace {

using momentset::CompressOptions;
using momentset::Coreset;
using momentset::Index;

double seconds_of(const auto& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// The shortest of the runs that fit into a third of a second, at least three: noise only ever adds.
double best_seconds(const auto& work) {
  double best = std::numeric_limits<double>::infinity(), total = 0;
  for (int runs = 0; runs < 3 || total < 0.3; ++runs) {
    const double seconds = seconds_of(work);
    best = std::min(best, seconds);
    total += seconds;
  }
  return best;
}

std::vector<double> uniform(std::size_t count) {
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> distribution(-1, 1);
  std::vector<double> values(count);
  for (double& value : values) value = distribution(random);
  return values;
}

void print_halvings() {
  openblas_set_num_threads(1);
  fmt::print("one halving, 2n rows to n with refit, one thread\n");
  fmt::print("{:>5} {:>12} {:>12} {:>16} {:>12}\n", "n", "dgemm us", "halving us", "halving/dgemm", "residual");
  for (const std::size_t n : {21, 35, 56, 84, 126, 252, 455, 969}) {
    std::vector<double> features = uniform(2 * n * n);
    for (std::size_t i = 0; i < 2 * n; ++i) features[i * n] = 1;  // a constant feature keeps the mass
    const std::vector<double> weights(2 * n, 1.0);
    const momentset::MatrixRows rows(features, n);
    double residual = 0;
    const double halving = best_seconds([&] { residual = recombine(rows, weights, {.target = n}).residual; });
    std::vector<double> product(n * n);
    const double dgemm = best_seconds([&] {
      cblas_dgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, int(n), int(n), int(n), 1.0, features.data(), int(n),
                  features.data() + n * n, int(n), 0.0, product.data(), int(n));
    });
    fmt::print("{:>5} {:>12.1f} {:>12.1f} {:>16.1f} {:>12.1e}\n", n, 1e6 * dgemm, 1e6 * halving, halving / dgemm,
               residual);
  }
}

/// All points in one cell, as the peers take them; the certificate's time is not counted.
int solve(const std::string& path, std::size_t dimension, int order) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  std::vector<double> points(static_cast<std::size_t>(file.tellg()) / sizeof(double));
  file.seekg(0);
  file.read(reinterpret_cast<char*>(points.data()), std::streamsize(points.size() * sizeof(double)));
  if (!file) return 2;
  CompressOptions options;
  options.order = order;
  options.size = momentset::feature_count(dimension, order);
  double best = std::numeric_limits<double>::infinity();
  Coreset coreset;
  for (int run = 0; run < 3; ++run) {
    coreset = compress({.coordinates = points, .weights = {}, .dimension = dimension}, options);
    double seconds = 0;
    for (const momentset::StageSeconds& stage : coreset.stages) {
      if (stage.stage != "certify") seconds += stage.seconds;
    }
    best = std::min(best, seconds);
  }
  fmt::print("{}\n", best);
  for (std::size_t j = 0; j < coreset.rows.size(); ++j) fmt::print("{} {}\n", coreset.rows[j], coreset.weights[j]);
  return 0;
}

int compare_with_peers(const std::string& program) {
  const std::filesystem::path folder = std::filesystem::path(__FILE__).parent_path();
  const char* const asked = std::getenv("MOMENTSET_PYTHON");
  const std::string python = asked != nullptr ? asked : (folder.parent_path() / ".venv" / "bin" / "python").string();
  std::fflush(stdout);
  const std::string command = fmt::format("'{}' '{}' '{}'", python, (folder / "peers_recombine.py").string(), program);
  return std::system(command.c_str()) == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 5 && std::strcmp(argv[1], "--problem") == 0) {
    return solve(argv[2], std::strtoul(argv[3], nullptr, 10), std::atoi(argv[4]));
  }
  print_halvings();
  if (argc > 1 && std::strcmp(argv[1], "--no-peers") == 0) return 0;
  return compare_with_peers(argv[0]);
}
