#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "momentset/error.hpp"
#include "momentset/points.hpp"

namespace momentset::io {

/// File formats, chosen by suffix: .csv; .parquet, .pq; .arrow, .feather, .ipc; .npy. "-" is CSV.
enum class Format { csv, parquet, arrow, npy };

/// Throws Error for an unknown suffix, naming the suffixes that are known.
Format format_of(const std::string& path);

struct Column {
  std::string name;
  std::string type;          ///< as Arrow prints it, e.g. "double", "timestamp[us]"
  bool numeric = false;      ///< integer, floating-point or decimal: can be a coordinate
  bool categorical = false;  ///< text, boolean or dictionary-encoded: its values are names
};

/// What an output of momentset says of itself: in the schema metadata of Parquet and Arrow files (key "momentset"),
/// for CSV and NPY in the certificate that lies beside it.
struct CoresetMetadata {
  std::vector<std::string> columns;  ///< coordinates that were compressed, by their names in this table (NPY: x0, ...)
  int order = 0;
  std::string weight_column = "weight";
  std::string row_column = "row";            ///< numbers rows of the first input of all
  std::string version;                       ///< of the library that wrote it
  std::vector<std::string> relabelled = {};  ///< columns whose values are not those that the rows had

  std::string to_json() const;
  /// Throws Error on anything that is not such metadata.
  static CoresetMetadata from_json(const std::string& text);
};

/// A column whose missing values were filled, and with what.
struct Filled {
  std::string column;
  double value = 0;
};

struct ReadOptions {
  std::vector<std::string> columns = {};     ///< coordinates, in this order; empty: chosen by `Table::read`
  std::vector<std::string> exclude = {};     ///< columns that are not to be coordinates
  std::vector<std::string> targets = {};     ///< further columns of numbers to read, which are not coordinates
  std::vector<std::string> groups = {};      ///< columns of any type to read as names, which are not coordinates
  std::vector<std::string> categories = {};  ///< the same; their levels come after those of the groups
  std::string weights = {};   ///< column of weights; empty: that of the metadata, else every row weighs 1
  bool weighted = true;       ///< false: neither weights nor row names are read, they may be coordinates
  bool drop_invalid = false;  ///< leave out rows with NaN, infinity or null in a column that is read
  bool fill_missing = false;  ///< fill NaN and null in coordinates with the column's mean: see fill_missing
  std::optional<std::vector<Filled>> filled = {};      ///< with what another table was filled, instead of the means
  std::function<void(double fraction)> progress = {};  ///< called after each batch
};

/// A column of names: classes, regions, whatever has few different values.
struct Levels {
  std::string column;
  std::vector<std::string> names;  ///< the different values as text, in the order in which they come first
  std::vector<Index> of_points;    ///< number of each point's name
};

/// The numeric part of a table, in memory, and names.
struct Features {
  PointSet points;                   ///< weights empty if every row weighs 1
  std::vector<std::string> columns;  ///< names of the coordinates: the table's, then "x is missing" for x of `filled`
  std::vector<Filled> filled;        ///< columns with missing values; none unless fill_missing
  std::vector<double> targets;       ///< row-major, a row for each point, as many numbers as targets were named
  std::vector<Levels> levels;        ///< of the columns of groups, then of categories, in their order
  std::string weight_column;         ///< empty if none
  std::vector<Index> positions;      ///< table row of each point; empty: point i is row i
  std::vector<std::int64_t> row_names;  ///< `row` of each point in the first input; empty: the table row itself
  std::size_t dropped = 0;              ///< rows left out by drop_invalid
  std::vector<std::string> notices;     ///< columns left out and why, one line each

  /// Names of the coordinates that are columns of the table.
  std::vector<std::string> own_columns() const {
    return {columns.begin(), columns.end() - std::ptrdiff_t(filled.size())};
  }
  /// A coordinate as it stands in the table; NaN where it was missing.
  double original(std::size_t point, std::size_t column) const;
  std::size_t position(std::size_t point) const { return positions.empty() ? point : positions[point]; }
  std::int64_t row_name(std::size_t point) const {
    return row_names.empty() ? static_cast<std::int64_t>(position(point)) : row_names[point];
  }
};

/// A column of the table that gets new values, as float64.
struct NewValues {
  std::string column;
  std::vector<double> values;  ///< one for each row written
};

struct WriteOptions {
  CoresetMetadata metadata = {};
  bool file_column = false;                ///< add `file`, the path of the input file that the row came from
  std::vector<NewValues> new_values = {};  ///< not with NPY, which holds coordinates only
};

struct TableData;  // private

/// One or several files (or standard input) read as one table in batches; rows count on from file to file. Nothing
/// but the schema is read before `read`. All files must have the same column names and types.
class Table {
 public:
  /// @param inputs paths, globs, or the single "-" for CSV on standard input (spooled to an unnamed temporary file)
  /// Throws Error: missing file, unknown suffix, unreadable or empty file, two columns of one name, schemas that
  /// differ.
  static Table open(const std::vector<std::string>& inputs);

  Table(Table&&) noexcept;
  Table& operator=(Table&&) noexcept;
  ~Table();

  const std::vector<std::string>& files() const;
  Format format() const;
  const std::vector<Column>& columns() const;
  const std::optional<CoresetMetadata>& coreset() const;

  /// One pass over the columns that matter. Throws Error naming column, value and row (for CSV also the line):
  /// unknown column, text in a number column, NaN or infinity without drop_invalid, a level that is missing (in CSV an
  /// empty cell) without it, negative weight, all weights zero, no numeric column, no row.
  ///
  /// Where no columns are named, those of a recognised coreset are the columns it was made of, and of any other table
  /// all numeric ones but
  /// - the weights, the targets, the groups, the categories, and what is excluded;
  /// - the index of a pandas data frame, as pandas says in the schema metadata of Parquet and Arrow files;
  /// - row identifiers: integer columns without a name or named (in any case) id, row, index, rowid, uuid, key,
  ///   "unnamed: ..." or __index_level_0__, ending in "_id" or "Id", or counting up by exactly one over the whole first
  ///   batch (at most 65,536 rows of Parquet or NPY, 4 MB of CSV, one batch of Arrow) of 100 rows or more;
  /// - CSV columns without any value in the first 4 MB.
  /// Each is named in the notices with the reason, and so are timestamps; other columns share one notice.
  ///
  /// Types of CSV columns are inferred from the first 4 MB. A column of text there of which more than half of the cells
  /// that are not empty read as numbers is taken for a damaged column of numbers: an Error, unless it is excluded or
  /// others are named. Integers may turn into fractions later on.
  Features read(const ReadOptions& options = {}) const;

  /// The same, unless coordinates and targets of all rows take more than `bytes`, 8 for each number: then nothing. So
  /// much is known at once where every file states its rows; else it shows while reading, which ends there.
  std::optional<Features> read_within(std::uint64_t bytes, const ReadOptions& options) const;

  /// The same pass with the same rules, batch by batch: memory for a few of them, any number of rows. `visit` gets the
  /// rows that are valid, positions counted within the batch, and the number in the table of the batch's first row; it
  /// returns false to end the pass. Rows before `first_row` are passed over, unread where the format allows. The number
  /// of rows visited may be zero, and all weights may be. Returns the notices.
  std::vector<std::string> read_batches(
      const ReadOptions& options, std::int64_t first_row,
      const std::function<bool(const Features& batch, std::int64_t first_row)>& visit) const;

  /// Throws Error naming the column where one has no form in `format` (nested types in CSV). `write` says so too, but
  /// only when all the work is done.
  void require_writable(Format format) const;

  /// Second pass: writes the named table rows (ascending) with all their original columns, types and metadata, then
  /// `weight` (double), `row` (int64: row_names) and optionally `file` (string) to `path` ("-": standard output), in
  /// `format`. CSV cells of CSV input are copied as they stand. NPY holds `coordinates` (row-major), weight and row as
  /// float64 of shape (size, m + 2).
  ///
  /// Columns of the input that are called so give way if they are those of a recognised coreset or the weights that
  /// were read; a `file` of a coreset stays, for it goes with `row`. A column that merely has that name is the user's:
  /// it stays, and ours is called coreset_weight, coreset_row or coreset_file. The metadata written say so (whatever
  /// names `options.metadata` has), and a notice of `read`, which throws Error where even that name is taken.
  ///
  /// Columns with new values are named in the metadata (`relabelled`), beside those that the table's own metadata name.
  ///
  /// The file is written at `path` itself: callers write beside the target and rename. Throws Error where the input
  /// changed since `read` (the coordinates of the rows written are compared bit by bit) or the target cannot be
  /// written; a closed pipe and a file size limit are Errors too, not signals.
  void write(const std::string& path, Format format, std::span<const Index> rows, std::span<const double> weights,
             std::span<const std::int64_t> row_names, const Features& features, const WriteOptions& options) const;

  /// The same for rows of read_batches(): `kept` holds these alone, with their new weights and their row_names, and
  /// rows[j] is the number of its point j in the table (ascending).
  void write(const std::string& path, Format format, std::span<const std::int64_t> rows, const Features& kept,
             const WriteOptions& options) const;

 private:
  explicit Table(std::unique_ptr<TableData> data);
  std::unique_ptr<TableData> data_;
};

/// Writes weighted points as a table of float64 columns of these names, then `weight` (double) and `row` (int64), with
/// the metadata, whose names they get: coreset_weight and coreset_row where a coordinate has the other name. NPY as
/// Table::write. Throws Error where the target cannot be written or a number is above 2^63 - 1.
void write_points(const std::string& path, Format format, const PointSet& points, std::span<const std::uint64_t> rows,
                  CoresetMetadata metadata);

/// Writes rows of numbers, row-major, as a table of float64 columns of these names, without metadata. NPY has no names.
/// Throws Error where the target cannot be written.
void write_numbers(const std::string& path, Format format, const std::vector<std::string>& names,
                   std::span<const double> values);

/// Threads that Arrow may use for reading, writing and decompression; 0: all cores.
void set_threads(int threads);

}  // namespace momentset::io
