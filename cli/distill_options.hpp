#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "momentset/distill/glm.hpp"
#include "momentset/distill/path.hpp"
#include "table_options.hpp"

namespace momentset::cli {

/// What `momentset distill` was asked for, as it was written.
struct DistillArguments : TableArguments {
  std::string output, certificate, model = "linear", link = "canonical", ridge = "0";
  std::vector<std::string> targets, forget;
  double dispersion = distill::GlmOptions{}.dispersion;
  std::optional<double> scale, tolerance;
  std::vector<double> ridge_range;
  std::size_t batches = 0;
  distill::KernelRidge kernel;
  std::uint64_t seed = 0;
  bool fit_intercept = false, one_point = false, real_rows = false, exact = false, json = false, quiet = false,
       force = false;

  bool linear() const { return model == "linear" && !one_point && !tolerance; }
};

/// Adds the options of the command, whose values are read into the arguments; these must outlive it.
void add_distill_options(CLI::App& command, DistillArguments& arguments);

/// Throws Error naming the option: it has no meaning beside the others, or asks for what a theorem rules out.
void require_consistent(const DistillArguments& arguments);

/// L of --ridge; 0 for path. Throws Error where it is neither, or asks for what a theorem rules out.
double parse_ridge(const DistillArguments& arguments);

}  // namespace momentset::cli
