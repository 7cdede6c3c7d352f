#pragma once

#include <string>
#include <vector>

#include "momentset/certificate/stream.hpp"
#include "momentset/compress.hpp"

namespace momentset::cli {

/// What a finished compression reports, as text for people or JSON for programs.
struct Report {
  std::vector<std::string> inputs;
  std::string output, certificate_path;
  std::size_t table_rows = 0;  ///< rows in the files
  std::size_t dropped = 0;     ///< left out as invalid
  std::vector<std::string> notices;
  std::vector<StageSeconds> stages;
  const Coreset* coreset = nullptr;

  std::string text() const;
  std::string json() const;
};

/// The same of the coreset of a stream.
struct StreamReport {
  std::vector<std::string> inputs;
  std::string output, certificate_path;
  std::size_t dropped = 0;
  std::vector<std::string> notices;
  std::vector<StageSeconds> stages;
  const StreamCertificate* certificate = nullptr;

  std::string text() const;
  std::string json() const;
};

/// Notices go to standard error, where they do not mix with what a command was asked to print.
void print_notices(const std::vector<std::string>& notices);

/// What --dry-run prints.
struct PlanReport {
  std::vector<std::string> columns;
  Plan plan;
  std::vector<OrderTrial> trials;
  std::vector<Plan> groups;              ///< of each group; empty if there are none
  std::vector<std::string> group_names;  ///< as many
  int threads = 1;

  std::string text() const;
  std::string json() const;
};

/// Largest resident memory of this process so far, in bytes.
double peak_memory();

}  // namespace momentset::cli
