#include "table_sketch.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <limits>

#include "momentset/compress.hpp"
#include "momentset/error.hpp"
#include "read_ahead.hpp"
#include "row_numbers.hpp"
#include "sketch_file.hpp"
#include "text.hpp"

namespace momentset::cli {
namespace {

/// A sketch under way, which is put aside now and then.
class Work {
 public:
  Work(const io::Table& table, const TableSketchOptions& options)
      : table_(table), options_(options), numbers_(table, options.read, options.by_place) {
    if (options.aside.resume) restore(read_checkpoint(options.aside.checkpoint, options.threads));
  }

  std::int64_t rows() const { return rows_; }
  std::size_t dropped() const { return dropped_; }
  std::optional<Sketch>& sketch() { return sketch_; }

  void take(const io::Features& batch, std::int64_t first_row) {
    if (!sketch_) sketch_.emplace(sketch_options(batch.columns));
    sketch_->update(batch.points.view(), numbers_.of(batch, first_row));
    dropped_ += batch.dropped;
    rows_ += std::int64_t(batch.points.view().size() + batch.dropped);
    if (!options_.aside.checkpoint.empty() && seconds_since_saved() >= options_.aside.checkpoint_seconds) save();
  }

 private:
  SketchOptions sketch_options(const std::vector<std::string>& columns) const {
    const int order = options_.order
                          ? *options_.order
                          : plan(std::numeric_limits<Index>::max(), columns.size(), {.size = options_.size}).order;
    return {.dimension = columns.size(),
            .columns = columns,
            .size = options_.size,
            .order = order,
            .seed = options_.seed,
            .memory = options_.memory,
            .threads = options_.threads};
  }

  /// Whatever the state after some rows depends on, beside their number.
  std::string description() const {
    return fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}", fmt::join(table_.files(), "\n"), options_.size,
                       options_.order.value_or(-1), options_.memory, options_.seed,
                       fmt::join(options_.read.columns, ","), fmt::join(options_.read.exclude, ","),
                       options_.read.weights, options_.read.drop_invalid, options_.by_place);
  }

  double seconds_since_saved() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - saved_).count();
  }

  void restore(Checkpoint checkpoint) {
    if (checkpoint.description != description()) {
      throw Error("--resume", options_.aside.checkpoint, "is of other inputs or options");
    }
    rows_ = checkpoint.rows;
    dropped_ = checkpoint.dropped;
    sketch_ = std::move(checkpoint.sketch);
  }

  void save() {
    write_checkpoint(options_.aside.checkpoint, description(), rows_, dropped_, *sketch_);
    saved_ = std::chrono::steady_clock::now();
  }

  const io::Table& table_;
  const TableSketchOptions& options_;
  BatchNumbers numbers_;
  std::optional<Sketch> sketch_;
  std::int64_t rows_ = 0;  // of the table that were read
  std::size_t dropped_ = 0;
  std::chrono::steady_clock::time_point saved_ = std::chrono::steady_clock::now();
};

}  // namespace

void add_checkpoint_options(CLI::App& command, CheckpointArguments& arguments) {
  command.add_option("--checkpoint", arguments.checkpoint, "file to put the state of a sketch aside in now and then")
      ->type_name("FILE");
  command.add_option("--checkpoint-seconds", arguments.checkpoint_seconds, "how often that is done")
      ->check(CLI::NonNegativeNumber)
      ->type_name("S")
      ->capture_default_str();
  command.add_flag("--resume", arguments.resume, "go on from the checkpoint");
}

TableSketch sketch_table(const io::Table& table, const TableSketchOptions& options) {
  if (options.aside.resume && options.aside.checkpoint.empty()) throw Error("--resume", "", "needs --checkpoint");
  Work work(table, options);
  std::vector<std::string> notices =
      read_ahead(table, options.read, work.rows(),
                 [&](const io::Features& batch, std::int64_t first_row) { work.take(batch, first_row); });
  if (work.dropped() > 0) {
    notices.push_back(fmt::format("{} rows with NaN, infinity or no value left out", grouped(work.dropped())));
  }
  std::optional<Sketch>& sketch = work.sketch();
  if (!sketch || sketch->points_held() == 0) {
    throw Error(table.files().front(), "", "has no row of positive weight");
  }
  return {std::move(*sketch), work.dropped(), std::move(notices)};
}

}  // namespace momentset::cli
