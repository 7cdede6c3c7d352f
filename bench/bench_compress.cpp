// Compresses uniform points as the paper's Figures 2 and 6 do and prints what it took beside what they published.
// Then the memory that the executable needs for a Parquet file of 10,000,000 x 3.
//
//   bench_compress [--trials N] [--no-memory] [--only-memory]
//
// The executable is named by MOMENTSET_EXECUTABLE, the Python with pyarrow by MOMENTSET_PYTHON (default: the project's
// .venv); without them the memory row is left out.

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "momentset/compress.hpp"
#include "uniform.hpp"

namespace {

using momentset::Coreset;
namespace files = std::filesystem;

constexpr int order = 5;
const files::path bench_folder = files::path(__FILE__).parent_path();

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

// Published figures

/// The entry of a column in the line of a CSV file that has these values of m, k and d; none where there is no such.
std::optional<double> published(const std::string& file, const std::string& column, std::size_t m, std::size_t d) {
  std::ifstream stream(bench_folder / "reference" / file);
  const auto split = [](const std::string& line) {
    std::vector<std::string> fields;
    std::istringstream text(line);
    for (std::string field; std::getline(text, field, ',');) fields.push_back(field);
    return fields;
  };
  std::string line;
  if (!std::getline(stream, line)) return std::nullopt;
  const std::vector<std::string> names = split(line);
  const auto place = std::size_t(std::find(names.begin(), names.end(), column) - names.begin());
  while (std::getline(stream, line)) {
    const std::vector<std::string> fields = split(line);  // m, k, d come first in both files
    if (fields.size() != names.size() || place == names.size()) continue;
    if (std::stoul(fields[0]) == m && std::stoi(fields[1]) == order && std::stoul(fields[2]) == d) {
      return std::stod(fields[place]);
    }
  }
  return std::nullopt;
}

std::string cell(std::optional<double> value, const char* format) {
  return value ? fmt::format(fmt::runtime(format), *value) : "-";
}

// One trial

/// mean over a of sigmoid(<w, x_a>); x holds the x_a one after another.
long double smooth_function(const double* w, std::size_t m, const std::vector<double>& x) {
  long double sum = 0;
  for (std::size_t k = 0; k < x.size(); k += m) {
    double product = 0;
    for (std::size_t a = 0; a < m; ++a) product += w[a] * x[k + a];
    sum += 1 / (1 + std::exp(-product));
  }
  return sum / static_cast<long double>(x.size() / m);
}

/// |weighted mean of the function over the coreset - mean over all points|.
double error_of(const Coreset& coreset, const momentset::WeightedPoints& points, const std::vector<double>& x) {
  long double all = 0, kept = 0, mass = 0;
  for (std::size_t i = 0; i < points.size(); ++i) all += smooth_function(points.point(i), points.dimension, x);
  for (std::size_t j = 0; j < coreset.rows.size(); ++j) {
    kept += coreset.weights[j] * smooth_function(points.point(coreset.rows[j]), points.dimension, x);
    mass += coreset.weights[j];
  }
  return double(std::abs(kept / mass - all / static_cast<long double>(points.size())));
}

struct Task {
  std::size_t m, rows, size;
};

/// Medians over the trials.
struct Measurement {
  double merge = 0, partition = 0, recombine = 0, certify = 0, total = 0;
  double residual = 0, error = 0;

  double alone() const { return total - certify; }
};

double seconds_of(const Coreset& coreset, const std::string& stage) {
  for (const momentset::StageSeconds& entry : coreset.stages) {
    if (entry.stage.starts_with(stage)) return entry.seconds;
  }
  return 0;
}

/// Fresh points and functions in every trial; the first trial's seconds do not count, as caches and threads are cold.
Measurement measure(const Task& task, int trials) {
  std::array<std::vector<double>, 5> seconds;
  std::vector<double> residuals, errors;
  for (int trial = 0; trial <= trials; ++trial) {
    std::mt19937_64 random(std::uint64_t(1000 * task.m + trial));
    const std::vector<double> coordinates = uniform(random, task.rows * task.m), x = uniform(random, 10 * task.m);
    const momentset::WeightedPoints points{coordinates, {}, task.m};
    momentset::CompressOptions options;
    options.size = task.size;
    options.order = order;
    const auto begin = std::chrono::steady_clock::now();
    const Coreset coreset = momentset::compress(points, options);
    const std::chrono::duration<double> total = std::chrono::steady_clock::now() - begin;
    if (trial == 0) continue;
    std::size_t next = 0;
    for (const char* stage : {"merge", "partition", "recombine", "certify"}) {
      seconds[next++].push_back(seconds_of(coreset, stage));
    }
    seconds[next].push_back(total.count());
    residuals.push_back(coreset.certificate.worst_residual());
    errors.push_back(error_of(coreset, points, x));
  }
  const double worst = *std::max_element(residuals.begin(), residuals.end());
  return {median(seconds[0]), median(seconds[1]), median(seconds[2]), median(seconds[3]), median(seconds[4]), worst,
          median(errors)};
}

void print_head(int trials) {
  fmt::print("order {}, uniform points in [-1, 1]^m; medians over {} trials (residual: the worst)\n\n", order, trials);
  fmt::print("{:>1} {:>9} {:>8} | {:>9} {:>9} {:>9} {:>10} | {:>5} {:>5} {:>6} | {:>8} {:>9} {:>9}\n", "m", "points",
             "kept", "compress", "certify", "together", "published", "merge", "part.", "recom.", "residual", "error",
             "published");
  fmt::print("{:>20} | {:>9} {:>9} {:>9} {:>10} | {:>18} | {:>8} {:>9} {:>9}\n", "", "s", "s", "s", "s",
             "% of compress", "", "", "");
}

void print_row(const Task& task, const Measurement& found) {
  const auto share = [&](double part) { return 100 * part / found.alone(); };
  fmt::print(
      "{:>1} {:>9} {:>8} | {:>9.3f} {:>9.3f} {:>9.3f} {:>10} | {:>5.0f} {:>5.0f} {:>6.0f} | {:>8.1e} {:>9.1e} {:>9}\n",
      task.m, task.rows, task.size, found.alone(), found.certify, found.total,
      cell(published("fig6_runtime.csv", "median_seconds", task.m, task.rows), "{:.0f}"), share(found.merge),
      share(found.partition), share(found.recombine), found.residual, found.error,
      cell(published("fig2_error.csv", "median_abs_error", task.m, task.rows), "{:.1e}"));
  std::fflush(stdout);
}

// Memory

struct Run {
  int status = -1;
  double seconds = 0, peak_bytes = 0;
};

/// Runs a program without its output. The peak that the kernel reports for a child is never below what its parent held
/// when it started it, so this must be called before the points of the table are made.
Run run(const std::vector<std::string>& words) {
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  const auto begin = std::chrono::steady_clock::now();
  pid_t child = 0;
  const int failure = posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failure != 0) {
    fmt::print(stderr, "{}: {}\n", words[0], std::strerror(failure));
    return {};
  }
  int status = 0;
  rusage usage{};
  wait4(child, &status, 0, &usage);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, seconds.count(), 1024.0 * double(usage.ru_maxrss)};
}

/// A folder of its own that goes when this does.
class ScratchFolder {
 public:
  ScratchFolder() : path_(files::temp_directory_path() / fmt::format("momentset-bench-{}", getpid())) {
    files::create_directories(path_);
  }
  ~ScratchFolder() {
    std::error_code ignored;
    files::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  files::path path_;
};

std::string setting(const char* name, const std::string& otherwise) {
  const char* const value = std::getenv(name);
  return value != nullptr ? value : otherwise;
}

/// One line on the memory row, measured or not.
std::string memory_row() {
  constexpr double limit = 1.5e9;
  const std::string executable = setting("MOMENTSET_EXECUTABLE", "");
  const std::string python =
      setting("MOMENTSET_PYTHON", (bench_folder.parent_path() / ".venv" / "bin" / "python").string());
  if (executable.empty() || !files::exists(executable)) return "memory: not measured, MOMENTSET_EXECUTABLE names none";
  const ScratchFolder scratch;
  const std::string in = scratch / "points.parquet", out = scratch / "kept.parquet";
  if (run({python, (bench_folder / "make_points.py").string(), "10000000", "3", in}).status != 0) {
    return "memory: not measured, " + python + " could not write the Parquet file";
  }
  const Run compress = run({executable, "compress", in, "-o", out, "--size", "100000", "--quiet"});
  if (compress.status != 0) return fmt::format("memory: the executable ended with status {}", compress.status);
  return fmt::format(
      "10,000,000 x 3 from Parquet to 100,000, executable: {:.1f} s, peak {:.2f} GB resident ({} {:.1f} GB)",
      compress.seconds, compress.peak_bytes / 1e9, compress.peak_bytes < limit ? "below" : "ABOVE", limit / 1e9);
}

}  // namespace

int main(int count, char** words) {
  int trials = 5;
  bool memory = true, table = true;
  for (int k = 1; k < count; ++k) {
    const std::string word = words[k];
    if (word == "--trials" && k + 1 < count) {
      trials = std::max(1, std::atoi(words[++k]));
    } else if (word == "--no-memory") {
      memory = false;
    } else if (word == "--only-memory") {
      table = false;
    } else {
      fmt::print(stderr, "usage: {} [--trials N] [--no-memory | --only-memory]\n", words[0]);
      return 2;
    }
  }
  const std::string memory_line = memory ? memory_row() : "";
  if (table) {
    print_head(trials);
    for (std::size_t m = 1; m <= 5; ++m) {
      const Task task{m, 128'000, 12'800};
      print_row(task, measure(task, trials));
    }
    const Task large{3, 1'000'000, 100'000};
    print_row(large, measure(large, trials));
    fmt::print("\n");
  }
  if (memory) fmt::print("{}\n", memory_line);
  return 0;
}
