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
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "experiments/measure.hpp"
#include "experiments/problem.hpp"
#include "experiments/published.hpp"

namespace {

using namespace momentset::experiments;
using momentset::Method;
namespace files = std::filesystem;

constexpr int order = 5;
const files::path bench_folder = files::path(__FILE__).parent_path();

std::string cell(std::optional<double> value, const char* format) {
  return value ? fmt::format(fmt::runtime(format), *value) : "-";
}

// The table

struct Task {
  std::size_t m, rows, size;
};

/// Fresh points and functions in every trial; the first trial does not count, as caches and threads are cold.
std::vector<Trial> measure(const Task& task, int trials) {
  std::vector<Trial> found;
  for (int t = -1; t < trials; ++t) {
    const UniformProblem problem(task.m, task.rows, t, sigmoid());
    const Trial trial = run(problem, {.size = task.size, .order = order, .method = Method::tree});
    if (t >= 0) found.push_back(trial);
  }
  return found;
}

void print_head(int trials) {
  fmt::print("order {}, method tree, uniform points in [-1, 1]^m; medians over {} trials (residual: the worst)\n\n",
             order, trials);
  fmt::print("{:>1} {:>9} {:>8} | {:>9} {:>9} {:>9} {:>10} | {:>5} {:>5} {:>6} | {:>8} {:>9} {:>9}\n", "m", "points",
             "kept", "compress", "certify", "together", "published", "merge", "part.", "recom.", "residual", "error",
             "published");
  fmt::print("{:>20} | {:>9} {:>9} {:>9} {:>10} | {:>18} | {:>8} {:>9} {:>9}\n", "", "s", "s", "s", "s",
             "% of compress", "", "", "");
}

void print_row(const Task& task, const std::vector<Trial>& trials) {
  static const Published times("fig6_runtime"), errors("fig2_error");
  const auto median = [&](double Trial::*field) { return statistics(trials, field).median; };
  const double alone = median(&Trial::compress), certify = median(&Trial::certify);
  const auto share = [&](double Trial::*stage) { return 100 * median(stage) / alone; };
  fmt::print(
      "{:>1} {:>9} {:>8} | {:>9.3f} {:>9.3f} {:>9.3f} {:>10} | {:>5.0f} {:>5.0f} {:>6.0f} | {:>8.1e} {:>9.1e} {:>9}\n",
      task.m, task.rows, task.size, alone, certify, alone + certify,
      cell(times.find("median_seconds", task.m, task.rows, order), "{:.0f}"), share(&Trial::merge),
      share(&Trial::partition), share(&Trial::recombine), statistics(trials, &Trial::residual).maximum,
      median(&Trial::error), cell(errors.find("median_abs_error", task.m, task.rows, order), "{:.1e}"));
  std::fflush(stdout);
}

// Memory

struct Run {
  int status = -1;
  double seconds = 0, peak_bytes = 0;
};

/// Runs a program without its output. The peak that the kernel reports for a child is never below what its parent held
/// when it started it, so this must be called before the points of the table are made.
Run run_program(const std::vector<std::string>& words) {
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
  if (run_program({python, (bench_folder / "make_points.py").string(), "10000000", "3", in}).status != 0) {
    return "memory: not measured, " + python + " could not write the Parquet file";
  }
  const Run compress = run_program({executable, "compress", in, "-o", out, "--size", "100000", "--quiet"});
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
