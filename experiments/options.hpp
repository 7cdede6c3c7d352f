#pragma once

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "momentset/compress.hpp"

namespace CLI {
class App;
}

namespace momentset::experiments {

/// An order that the library chooses itself.
inline constexpr std::optional<int> automatic_order = std::nullopt;

/// What the experiments can be asked for; each has defaults of its own.
struct Options {
  std::vector<std::size_t> dimensions;     ///< m
  std::vector<std::optional<int>> orders;  ///< K, or automatic_order
  std::vector<std::size_t> rows;           ///< d
  int trials = 1;
  std::string method = "default";
  int threads = 0;               ///< 0: all cores
  std::filesystem::path output;  ///< CSV
};

/// The order as tables show it: a number, or "auto".
std::string name_of(std::optional<int> order);

/// What compress is to do: the one place that knows how a method and an order are asked for.
/// Throws Error on an unknown method.
CompressOptions compress_options(const Options& options, std::size_t size, std::optional<int> order);

/// A table that grows row by row, so that a run that is cut short leaves what it has.
class CsvFile {
 public:
  /// Throws Error if the file cannot be written.
  CsvFile(const std::filesystem::path& path, const std::string& header);

  void write(const std::string& row);

 private:
  std::filesystem::path path_;
  std::ofstream file_;
};

/// Reads the command line into what the options of `app` name and runs the experiment; returns the exit status. Errors
/// are one line on standard error and status 2.
int run_program(CLI::App& app, int count, char** words, const std::function<void()>& experiment);

/// The same with the options above, over the defaults in `options`. `add_options` may add options of the experiment's
/// own.
int run_program(int count, char** words, const std::string& description, Options options,
                const std::function<void(const Options&)>& experiment,
                const std::function<void(CLI::App&)>& add_options = {});

}  // namespace momentset::experiments
