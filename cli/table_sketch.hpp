#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "momentset/io/table.hpp"
#include "momentset/sketch.hpp"

namespace CLI {
class App;
}

namespace momentset::cli {

/// Where the state is put aside, and how often.
struct CheckpointArguments {
  std::string checkpoint;
  double checkpoint_seconds = 60;
  bool resume = false;
};

/// Adds --checkpoint, --checkpoint-seconds and --resume, read into the arguments; these must outlive the command.
void add_checkpoint_options(CLI::App& command, CheckpointArguments& arguments);

/// What a table's sketch shall be.
struct TableSketchOptions {
  io::ReadOptions read;
  std::size_t size = 0;
  std::optional<int> order;  ///< unset: 5, lowered until the size has room for it
  std::uint64_t seed = 0, memory = 0;
  int threads = 0;
  /// Rows are numbered by their place in the table, as gathering them takes. False: by the names that the rows of a
  /// coreset have.
  bool by_place = false;
  CheckpointArguments aside;
};

struct TableSketch {
  Sketch sketch;
  std::size_t dropped = 0;           ///< rows left out as invalid
  std::vector<std::string> notices;  ///< of the reading
};

/// Takes the rows of a table in, batch by batch. Throws Error, also where no row has a positive weight.
TableSketch sketch_table(const io::Table& table, const TableSketchOptions& options);

}  // namespace momentset::cli
