#pragma once

#include <optional>
#include <string>
#include <vector>

#include "table_options.hpp"

namespace momentset::cli {

/// What `momentset compress` was asked for, as it was written.
struct CompressArguments : TableArguments {
  std::string output;
  std::string size;  // parsed here: what CLI11 makes of -1 as an unsigned number is no error to it
  std::optional<double> keep;
  std::optional<double> tolerance;
  std::string order = "auto";
  std::string effort = "normal", smoothness = "smooth";
  std::string method = "auto";
  std::optional<double> max_weight, min_ess;
  std::vector<std::string> targets;
  std::string loss = "auto";
  int target_degree = 1;
  std::vector<std::string> groups;
  std::string group_sizes = "mass";
  std::vector<std::string> categories;
  bool category_pairs = false;
  std::string scale = "standard";
  std::vector<std::string> column_weights;
  std::string weight_sum = "mass";
  std::string keep_rows;
  std::string seed = "0";
  int threads = 0;
  std::string certificate;
  std::string missing = "error";
  bool quiet = false, force = false, json = false, dry_run = false;

  bool to_stdout() const { return output == "-"; }
};

/// Adds the options of the command, whose values are read into the arguments; these must outlive it.
void add_compress_options(CLI::App& command, CompressArguments& arguments);

/// The order that --order states; none where it is to be chosen. Throws Error.
std::optional<int> stated_order(const std::string& text);

}  // namespace momentset::cli
