#pragma once

#include <CLI/CLI.hpp>

namespace momentset::cli {

/// Exit statuses of the executable; everything else the shell says of a signal.
inline constexpr int success = 0;
inline constexpr int usage_error = 2;   ///< wrong arguments or bad input
inline constexpr int check_failed = 3;  ///< the numbers do not hold what a certificate states

/// Each adds its subcommand to the application. The command runs when the arguments have been parsed and leaves its
/// exit status in `status`; bad input leaves as momentset::Error.
void add_compress(CLI::App& app, int& status);
void add_verify(CLI::App& app, int& status);
void add_info(CLI::App& app, int& status);
void add_plan(CLI::App& app, int& status);
void add_theory(CLI::App& app, int& status);
void add_prune(CLI::App& app, int& status);
void add_distill(CLI::App& app, int& status);
void add_sketch(CLI::App& app, int& status);
void add_merge(CLI::App& app, int& status);
void add_finish(CLI::App& app, int& status);
void add_completions(CLI::App& app, int& status);

}  // namespace momentset::cli
