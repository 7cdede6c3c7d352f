#pragma once

#include <string>
#include <vector>

#include "momentset/io/table.hpp"

namespace CLI {
class App;
}

namespace momentset::cli {

/// Which tables a command reads, and what their columns are: the same for all that read rows.
struct TableArguments {
  std::vector<std::string> inputs, columns, exclude;
  std::string weights;
  bool drop_invalid = false;

  io::ReadOptions read_options() const;
};

/// Adds IN, --columns, --exclude, --weights and --drop-invalid, read into the arguments; these must outlive the
/// command.
void add_table_options(CLI::App& command, TableArguments& arguments);

}  // namespace momentset::cli
