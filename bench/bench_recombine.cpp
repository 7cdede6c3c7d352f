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
#include <numeric>
#include <string>
#include <vector>

#include "blas.hpp"
#include "experiments/problem.hpp"
#include "local_features.hpp"
#include "momentset/basis/polynomial.hpp"
#include "momentset/recombine.hpp"
#include "recombine/group_means.hpp"
#include "recombine/refit.hpp"
#include "recombine/tableau.hpp"
#include "recombine/walk.hpp"

namespace {

using momentset::Index;
using momentset::experiments::uniform;

double seconds_of(const auto& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// The shortest of the runs that fit into a third of a second, at least three: noise only ever adds.
double best_seconds(const auto& work) {
  const double once = seconds_of(work);
  const int repeats = std::max(1, int(1e-4 / std::max(once, 1e-9)));  // so many that the clock's own time is nothing
  double best = std::numeric_limits<double>::infinity(), total = 0;
  for (int runs = 0; runs < 3 || total < 0.3; ++runs) {
    const double seconds = seconds_of([&] {
      for (int k = 0; k < repeats; ++k) work();
    });
    best = std::min(best, seconds / repeats);
    total += seconds;
  }
  return best;
}

/// What one halving of 2n rows takes, in units of a matrix product n x n x n of the same BLAS.
struct Halving {
  double dgemm, means, getrf, trsm, tableau, walk, refit, whole, residual;
};

Halving measure_halving(std::size_t n) {
  using namespace momentset;
  std::vector<double> features = uniform(2 * n * n);
  for (std::size_t i = 0; i < 2 * n; ++i) features[i * n] = 1;  // a constant feature keeps the mass
  const std::vector<double> weights(2 * n, 1.0);
  const MatrixRows rows(features, n);
  std::vector<Index> all(2 * n);
  std::iota(all.begin(), all.end(), Index{0});
  Pulse pulse({}, {}, 1);
  Halving halving{};

  std::vector<double> product(n * n), matrix, moments;
  const int columns = int(n), doubled = int(2 * n);
  halving.dgemm = best_seconds([&] {
    cblas_dgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, columns, columns, columns, 1.0, features.data(), columns,
                features.data() + n * n, columns, 0.0, product.data(), columns);
  });
  std::vector<int> swaps(n);
  int info = 0;
  Groups groups;
  halving.means = best_seconds([&] { groups = group_means(rows, all, weights, 2 * n, pulse, &moments); });
  const double copy = best_seconds([&] { matrix = groups.means; });
  halving.getrf = best_seconds([&] {
                    matrix = groups.means;
                    dgetrf_(&doubled, &columns, matrix.data(), &doubled, swaps.data(), &info);
                  }) -
                  copy;
  std::vector<double> lower;
  halving.trsm = best_seconds([&] {
                   lower = matrix;
                   cblas_dtrsm(CblasColMajor, CblasRight, CblasLower, CblasNoTrans, CblasUnit, columns, columns, 1.0,
                               lower.data(), doubled, lower.data() + n, doubled);
                 }) -
                 copy;
  Tableau tableau;
  halving.tableau = best_seconds([&] {
                      matrix = groups.means;
                      tableau = tableau_by_lu(matrix, 2 * n, n, pulse);
                    }) -
                    copy;
  const std::vector<std::size_t> costs(2 * n, 1);
  std::vector<double> masses;
  halving.walk = best_seconds([&] {
                   Tableau fresh = tableau;
                   masses = groups.masses;
                   walk_to_vertex(fresh, masses, {.bounds = {}, .costs = costs, .budget = n}, pulse);
                 }) -
                 copy / 2;
  std::vector<Index> support;
  std::vector<double> kept;
  for (std::size_t g = 0; g < 2 * n; ++g) {
    if (masses[g] == 0) continue;
    support.push_back(Index(g));
    kept.push_back(masses[g]);
  }
  halving.refit = best_seconds([&] {
    std::vector<double> changed = kept;
    refit(rows, support, changed, {}, moments, pulse);
  });
  halving.whole = best_seconds([&] { halving.residual = recombine(rows, weights, {.target = n}).residual; });
  return halving;
}

void print_halvings() {
  openblas_set_num_threads(1);
  fmt::print("one halving, 2n rows to n, one thread, in units of dgemm n x n x n (microseconds)\n");
  fmt::print("{:>5} {:>9} | {:>6} {:>6} | {:>6} {:>8} {:>6} {:>6} {:>6} | {:>18} | {}\n", "n", "dgemm us", "getrf",
             "trsm", "means", "tableau", "walk", "refit", "whole", "whole/(getrf+trsm)", "residual");
  for (const std::size_t n : {21, 35, 56, 84, 126, 252, 455, 969}) {
    const Halving h = measure_halving(n);
    const auto in_dgemms = [&](double seconds) { return seconds / h.dgemm; };
    fmt::print(
        "{:>5} {:>9.1f} | {:>6.1f} {:>6.1f} | {:>6.1f} {:>8.1f} {:>6.1f} {:>6.1f} {:>6.1f} | {:>18.2f} | {:.1e}\n", n,
        1e6 * h.dgemm, in_dgemms(h.getrf), in_dgemms(h.trsm), in_dgemms(h.means), in_dgemms(h.tableau),
        in_dgemms(h.walk), in_dgemms(h.refit), in_dgemms(h.whole), h.whole / (h.getrf + h.trsm), h.residual);
  }
}

/// From points to rows and weights, as the peers are timed.
int solve(const std::string& path, std::size_t dimension, int order) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  std::vector<double> points(static_cast<std::size_t>(file.tellg()) / sizeof(double));
  file.seekg(0);
  file.read(reinterpret_cast<char*>(points.data()), std::streamsize(points.size() * sizeof(double)));
  if (!file) return 2;
  const momentset::PolynomialBasis basis(dimension, order);
  const std::vector<double> weights(points.size() / dimension, 1.0);
  momentset::Recombination result;
  fmt::print("{}\n", best_seconds([&] {
               const momentset::LocalFrame frame(points, dimension);
               const momentset::LocalFeatures features(basis, frame, points);
               result = recombine(features, weights, {.target = basis.size()});
             }));
  for (std::size_t j = 0; j < result.support.size(); ++j) fmt::print("{} {}\n", result.support[j], result.weights[j]);
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
