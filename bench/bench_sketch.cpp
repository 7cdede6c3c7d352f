// Sketches of streams: rows a second, errors beside those of compress() over all rows at once, what merging takes,
// bytes, and a tree of merges as a thousand workers would make it.
//
//   bench_sketch [--rows N] [--size N] [--trials N] [--workers N] [--only rate|error|merge|tree]

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "momentset/compress.hpp"
#include "momentset/sketch.hpp"

namespace {

using namespace momentset;

constexpr std::size_t m = 3;
constexpr int order = 5;

class Clock {
 public:
  /// Seconds that the action took, added to the sum.
  template <class Action>
  void time(const Action& action) {
    const auto begin = std::chrono::steady_clock::now();
    const std::clock_t before = std::clock();
    action();
    seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    cpu += double(std::clock() - before) / CLOCKS_PER_SEC;
  }
  double seconds = 0, cpu = 0;  ///< cpu: of all threads, which says more where others are at work
};

PointSet uniform(std::size_t rows, std::mt19937_64& random) {
  PointSet points{std::vector<double>(rows * m), {}, m};
  for (double& x : points.coordinates) x = double(random() >> 11) * 0x1p-52 - 1;
  return points;
}

/// Thirty clusters of sizes and widths over two decades.
PointSet clustered(std::size_t rows, std::mt19937_64& random) {
  constexpr std::size_t clusters = 30;
  std::normal_distribution<double> normal;
  std::vector<double> centres(clusters * m), shares(clusters), widths(clusters);
  for (double& x : centres) x = normal(random);
  for (std::size_t c = 0; c < clusters; ++c) {
    shares[c] = std::pow(10.0, 2 * double(random() >> 11) * 0x1p-53);
    widths[c] = std::pow(10.0, -2 * double(random() >> 11) * 0x1p-53);
  }
  std::discrete_distribution<std::size_t> draw(shares.begin(), shares.end());
  PointSet points{{}, {}, m};
  for (std::size_t i = 0; i < rows; ++i) {
    const std::size_t c = draw(random);
    for (std::size_t a = 0; a < m; ++a) points.coordinates.push_back(centres[c * m + a] + widths[c] * normal(random));
  }
  return points;
}

/// The rows in the order of the first column plus noise, in standard deviations of the column.
PointSet arranged(const PointSet& points, double noise, std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  const std::size_t rows = points.view().size();
  double mean = 0, square = 0;
  for (std::size_t i = 0; i < rows; ++i) mean += points.coordinates[i * m] / double(rows);
  for (std::size_t i = 0; i < rows; ++i) square += std::pow(points.coordinates[i * m] - mean, 2) / double(rows);
  std::vector<std::pair<double, std::size_t>> keys(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    keys[i] = {points.coordinates[i * m] + noise * std::sqrt(square) * normal(random), i};
  }
  std::sort(keys.begin(), keys.end());
  PointSet result{{}, {}, m};
  for (const auto& [key, i] : keys) {
    result.coordinates.insert(result.coordinates.end(), &points.coordinates[i * m], &points.coordinates[i * m] + m);
  }
  return result;
}

/// Means of cosines, cos(u x + b), u of normal numbers.
std::vector<double> means(const WeightedPoints& points, std::uint64_t seed) {
  constexpr int functions = 24;
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  std::vector<double> means;
  for (int f = 0; f < functions; ++f) {
    const double u = normal(random), v = normal(random), w = normal(random), b = 6 * normal(random);
    long double sum = 0, mass = 0;
    for (std::size_t i = 0; i < points.size(); ++i) {
      const double* x = points.point(i);
      sum += points.weight(i) * std::cos(u * x[0] + v * x[1] + w * x[2] + b);
      mass += points.weight(i);
    }
    means.push_back(double(sum / mass));
  }
  return means;
}

double rms_difference(const std::vector<double>& a, const std::vector<double>& b) {
  double square = 0;
  for (std::size_t k = 0; k < a.size(); ++k) square += (a[k] - b[k]) * (a[k] - b[k]) / double(a.size());
  return std::sqrt(square);
}

void rate(std::size_t most, std::size_t size) {
  constexpr std::size_t batch = 65'536;
  fmt::print("uniform points in [-1, 1]^3, order {}, size {}, updates of {} rows\n\n", order, size, batch);
  fmt::print("{:>11} | {:>9} {:>9} {:>9} {:>12} | {:>9} {:>9} | {:>8} {:>5} {:>9}\n", "rows", "update s", "CPU s",
             "rows/s", "rows/CPU s", "coreset s", "CPU s", "residual", "holds", "held");
  for (std::size_t rows = 1'000'000; rows <= most; rows *= 10) {
    std::mt19937_64 random(1);
    Sketch sketch({.dimension = m, .size = size, .order = order});
    Clock update, finish;
    for (std::size_t done = 0; done < rows;) {
      const PointSet points = uniform(std::min(batch, rows - done), random);
      update.time([&] { sketch.update(points.view()); });
      done += points.view().size();
    }
    StreamCoreset coreset;
    const std::size_t held = sketch.points_held();
    finish.time([&] { coreset = sketch.coreset(); });
    fmt::print("{:>11} | {:>9.2f} {:>9.2f} {:>9.0f} {:>12.0f} | {:>9.2f} {:>9.2f} | {:>8.1e} {:>5} {:>9}\n", rows,
               update.seconds, update.cpu, double(rows) / update.seconds, double(rows) / update.cpu, finish.seconds,
               finish.cpu, coreset.certificate.worst_residual(), coreset.certificate.holds(), held);
    std::fflush(stdout);
  }
  fmt::print("\n");
}

void errors(int trials) {
  constexpr std::size_t rows = 300'000, size = 2'000;
  fmt::print("{} rows to {}, order {}: rms error of 24 cosines, beside that of compress() with method tree;\n", rows,
             size, order);
  fmt::print("geometric means over {} trials\n\n", trials);
  fmt::print("{:>10} {:>10} | {:>9} {:>9} {:>7}\n", "points", "order", "compress", "sketch", "ratio");
  using Maker = PointSet (*)(std::size_t, std::mt19937_64&);
  for (const auto& [shape, make] : {std::pair<std::string, Maker>{"uniform", uniform}, {"clustered", clustered}}) {
    double once = 0;
    double sketched[3] = {};
    const std::pair<std::string, double> orders[3] = {{"random", 0}, {"sorted", 0}, {"drifting", 0.1}};
    for (int t = 0; t < trials; ++t) {
      std::mt19937_64 random(std::uint64_t(t) + 1);
      const PointSet points = make(rows, random);
      const std::uint64_t seed = random();
      const std::vector<double> exact = means(points.view(), seed);
      const Coreset whole = compress(points.view(), {.size = size, .order = order, .method = Method::tree});
      PointSet kept{{}, whole.weights, m};
      for (const Index row : whole.rows) {
        kept.coordinates.insert(kept.coordinates.end(), points.view().point(row), points.view().point(row) + m);
      }
      once += std::log(rms_difference(means(kept.view(), seed), exact)) / trials;
      for (int k = 0; k < 3; ++k) {
        Sketch sketch({.dimension = m, .size = size, .order = order, .seed = std::uint64_t(t)});
        sketch.update(k == 0 ? points.view() : arranged(points, orders[k].second, random).view());
        sketched[k] += std::log(rms_difference(means(sketch.coreset().points.view(), seed), exact)) / trials;
      }
    }
    for (int k = 0; k < 3; ++k) {
      fmt::print("{:>10} {:>10} | {:>9.1e} {:>9.1e} {:>7.2f}\n", shape, orders[k].first, std::exp(once),
                 std::exp(sketched[k]), std::exp(sketched[k] - once));
    }
    std::fflush(stdout);
  }
  fmt::print("\n");
}

void merging() {
  constexpr std::size_t parts = 64, rows = 200'000, size = 2'000;
  std::mt19937_64 random(3);
  Clock building, merging;
  std::vector<Sketch> sketches;
  std::vector<double> exact(24, 0.0);
  for (std::size_t p = 0; p < parts; ++p) {
    const PointSet points = uniform(rows, random);
    const std::vector<double> part = means(points.view(), 5);
    for (std::size_t k = 0; k < exact.size(); ++k) exact[k] += part[k] / double(parts);
    Sketch sketch({.dimension = m, .size = size, .order = order, .seed = p});
    building.time([&] {
      sketch.update(points.view());
      sketch.compact();
    });
    sketches.push_back(std::move(sketch));
  }
  Sketch merged({.dimension = m, .size = size, .order = order});
  merging.time([&] {
    for (const Sketch& sketch : sketches) merged.merge(sketch);
    merged.compact();
  });
  const StreamCoreset coreset = merged.coreset();
  const double single = rms_difference(means(sketches[0].coreset().points.view(), 5), exact);
  fmt::print(
      "{} sketches of {} rows each to {}: built in {:.1f} s of CPU, merged and compacted in {:.2f} s, {:.1f} %\n",
      parts, rows, size, building.cpu, merging.cpu, 100 * merging.cpu / building.cpu);
  fmt::print("residual {:.1e}, {}; rms error of 24 cosines {:.1e} (of the first sketch alone {:.1e}, its sample's)\n",
             coreset.certificate.worst_residual(), coreset.certificate.holds() ? "holds" : "DOES NOT HOLD",
             rms_difference(means(coreset.points.view(), 5), exact), single);
  const double numbers = double(merged.points_held()) * 8 * (m + 1);
  fmt::print("bytes: {} for {} points, {:.3f} times coordinates and weights\n", merged.to_bytes().size(),
             merged.points_held(), double(merged.to_bytes().size()) / numbers);
}

/// Each worker's sketch is stored, sent, and merged with its neighbour's, and so on: see docs/scale.md.
void tree(std::size_t workers) {
  constexpr std::size_t rows = 10'000, size = 1'000;
  std::mt19937_64 random(4);
  Clock building, merging;
  std::vector<std::vector<std::uint8_t>> level;
  std::vector<double> exact(24, 0.0);
  for (std::size_t w = 0; w < workers; ++w) {
    const PointSet points = clustered(rows, random);  // other clusters for each: workers have unlike parts
    const std::vector<double> part = means(points.view(), 5);
    for (std::size_t k = 0; k < exact.size(); ++k) exact[k] += part[k] / double(workers);
    Sketch sketch({.dimension = m, .size = size, .order = order, .seed = w});
    building.time([&] {
      sketch.update(points.view());
      sketch.compact();
      level.push_back(sketch.to_bytes());
    });
  }
  constexpr std::size_t at_once = 8;  // as python/momentset/_partitions.py
  std::size_t merges = 0, depth = 0, sent = 0;
  for (; level.size() > 1; ++depth) {
    std::vector<std::vector<std::uint8_t>> next;
    for (std::size_t first = 0; first < level.size(); first += at_once) {
      merging.time([&] {
        Sketch merged = Sketch::from_bytes(level[first]);
        for (std::size_t k = first + 1; k < std::min(first + at_once, level.size()); ++k, ++merges) {
          merged.merge(Sketch::from_bytes(level[k]));
          sent += level[k].size();
        }
        merged.compact();
        next.push_back(merged.to_bytes());
      });
    }
    level = std::move(next);
  }
  const Sketch whole = Sketch::from_bytes(level.front());
  const StreamCoreset coreset = whole.coreset();
  fmt::print("{} workers of {} rows each to {}, merged up to {} at once in {} rounds\n", workers, rows, size, at_once,
             depth);
  fmt::print("built in {:.2f} ms of CPU each; {} merged in {:.2f} ms each, {:.2f} us for each point that comes in\n",
             1e3 * building.cpu / double(workers), merges, 1e3 * merging.cpu / double(merges),
             1e6 * merging.cpu / double(merges) / double(size));
  fmt::print("sent: {:.1f} kB each, {:.1f} MB in all; {} rows seen\n", 1e-3 * double(sent) / double(merges),
             1e-6 * double(sent), whole.rows_seen());
  fmt::print("residual {:.1e} (allowed {:.1e}), {}; rms error of 24 cosines {:.1e}\n",
             coreset.certificate.worst_residual(), coreset.certificate.tolerance,
             coreset.certificate.holds() ? "holds" : "DOES NOT HOLD",
             rms_difference(means(coreset.points.view(), 5), exact));
}

}  // namespace

int main(int count, char** words) {
  std::size_t rows = 10'000'000, size = 100'000;
  std::size_t workers = 1'000;
  int trials = 20;
  std::string only;
  for (int k = 1; k < count; ++k) {
    const std::string word = words[k];
    if (word == "--rows" && k + 1 < count) {
      rows = std::strtoull(words[++k], nullptr, 10);
    } else if (word == "--size" && k + 1 < count) {
      size = std::strtoull(words[++k], nullptr, 10);
    } else if (word == "--workers" && k + 1 < count) {
      workers = std::max<std::size_t>(1, std::strtoull(words[++k], nullptr, 10));
    } else if (word == "--trials" && k + 1 < count) {
      trials = std::max(1, std::atoi(words[++k]));
    } else if (word == "--only" && k + 1 < count) {
      only = words[++k];
    } else {
      fmt::print(stderr, "usage: {} [--rows N] [--size N] [--trials N] [--workers N] [--only rate|error|merge|tree]\n",
                 words[0]);
      return 2;
    }
  }
  if (only.empty() || only == "rate") rate(rows, size);
  if (only.empty() || only == "error") errors(trials);
  if (only.empty() || only == "merge") merging();
  if (only.empty() || only == "tree") tree(workers);
  return 0;
}
