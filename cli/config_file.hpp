#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace momentset::cli {

/// Declares --config for help and completions; `with_config_file` has replaced it by then.
void add_config_option(CLI::App& command);

/// The arguments with "--config FILE" replaced by the options that the file holds, as if they had been typed, except
/// those that are typed too: the command line wins. The file has TOML lines such as size = 1000, columns = ["x", "y"]
/// or quiet = true, at the top or in a section [compress]. Throws Error if it cannot be read.
std::vector<std::string> with_config_file(std::vector<std::string> arguments);

}  // namespace momentset::cli
