#include <arrow/memory_pool.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <new>
#include <numeric>
#include <span>

#include "io/failure.hpp"
#include "io/levels.hpp"
#include "io/misfit.hpp"
#include "io/numbers.hpp"
#include "io/table_data.hpp"
#include "memory.hpp"
#include "momentset/io/table.hpp"
#include "momentset/missing.hpp"

namespace momentset::io {
namespace {

constexpr std::int64_t max_rows = std::numeric_limits<Index>::max() - 1;

std::string text_of(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.17g", value);
  return text.data();
}

/// Takes batches in and builds Features up.
class FeatureBuilder {
 public:
  FeatureBuilder(const TableData& table, const Selection& selection, const ReadOptions& options)
      : table_(table), options_(options), has_weight_(selection.weight), has_row_(selection.row_name) {
    for (const int index : selection.coordinates) {
      features_.columns.push_back(table.column(index).name);
      slots_.push_back(slot_of(index, arrow::float64()));
    }
    features_.points.dimension = slots_.size();
    for (const int index : selection.targets) slots_.push_back(slot_of(index, arrow::float64()));
    targets_ = selection.targets.size();
    for (const int index : selection.levels) {
      const auto& type = table.schema->field(index)->type();
      level_slots_.push_back(slot_of(index, type->id() == arrow::Type::NA ? arrow::utf8() : type));
      levels_.emplace_back(table.column(index).name);
    }
    if (has_weight_) {
      features_.weight_column = table.column(*selection.weight).name;
      slots_.push_back(slot_of(*selection.weight, arrow::float64()));
    }
    if (has_row_) row_slot_ = slot_of(*selection.row_name, arrow::int64());
  }

  const Request& request() const { return request_; }

  void append(const TableData::Piece& piece) {
    const std::int64_t rows = piece.batch.data->num_rows();
    if (piece.first_row + rows > max_rows) {
      throw Error(piece.source.name(), std::to_string(piece.first_row + rows) + " rows",
                  "must be at most " + std::to_string(max_rows));
    }
    rows_ = piece.first_row + rows;
    reserve(piece);
    append_valid(piece, 0);
  }

  /// The rows of the piece alone, from `skipped` of them on.
  const Features& only(const TableData::Piece& piece, std::int64_t skipped) {
    features_.points.coordinates.clear();
    features_.points.weights.clear();
    features_.targets.clear();
    features_.row_names.clear();
    features_.positions.clear();
    features_.dropped = 0;
    origin_ = piece.first_row;
    append_valid(piece, skipped);
    return features_;
  }

  Features finish() {
    if (rows_ == 0) throw Error(table_.sources.front()->name(), "", "has no rows");
    if (size() == 0) {
      throw Error(table_.sources.front()->name(), "",
                  "has no valid row: all " + std::to_string(rows_) + " were dropped");
    }
    const auto& weights = features_.points.weights;
    if (has_weight_ && std::all_of(weights.begin(), weights.end(), [](double weight) { return weight == 0; })) {
      throw Error(features_.weight_column, "0", "at least one weight must be positive");
    }
    fill_coordinates();
    for (LevelBuilder& level : levels_) features_.levels.push_back(std::move(level).finish());
    return std::move(features_);
  }

 private:
  std::size_t dimension() const { return features_.points.dimension; }
  std::size_t size() const { return features_.points.view().size(); }

  void append_valid(const TableData::Piece& piece, std::int64_t skipped) {
    const std::vector<Doubles> columns = convert(piece);
    const std::vector<Texts> texts = level_texts(piece);
    const std::vector<std::int64_t> kept = find_valid(piece, columns, texts, skipped);
    append_points(columns, kept);
    for (std::size_t k = 0; k < levels_.size(); ++k) levels_[k].append(texts[k], kept);
    append_row_names(piece, kept);
    append_positions(piece, kept);
    features_.dropped += static_cast<std::size_t>(piece.batch.data->num_rows() - skipped) - kept.size();
  }

  /// Place in the request of a table column. One may be asked for twice, as coordinate and as weight, but is read once.
  std::size_t slot_of(int index, const std::shared_ptr<arrow::DataType>& type) {
    auto& fields = request_.fields;
    const std::string& name = table_.column(index).name;
    const auto same =
        std::find_if(fields.begin(), fields.end(), [&](const auto& field) { return field->name() == name; });
    const auto slot = static_cast<std::size_t>(same - fields.begin());
    if (same == fields.end()) fields.push_back(arrow::field(name, type));
    return slot;
  }

  std::vector<Doubles> convert(const TableData::Piece& piece) const {
    std::vector<Doubles> columns;
    columns.reserve(slots_.size());
    for (const std::size_t slot : slots_) {
      columns.emplace_back(piece.source.name(), request_.fields[slot]->name(),
                           piece.batch.data->column(static_cast<int>(slot)));
    }
    return columns;
  }

  std::vector<Texts> level_texts(const TableData::Piece& piece) const {
    std::vector<Texts> texts;
    for (const std::size_t slot : level_slots_) {
      texts.emplace_back(piece.source.name(), request_.fields[slot]->name(),
                         piece.batch.data->column(static_cast<int>(slot)), table_.is_csv());
    }
    return texts;
  }

  /// The rows of the batch, from `first` on, that are finite throughout and have all their names. Throws at the first
  /// one that is not, unless they are dropped.
  std::vector<std::int64_t> find_valid(const TableData::Piece& piece, const std::vector<Doubles>& columns,
                                       const std::vector<Texts>& levels, std::int64_t first) const {
    const auto rows = static_cast<std::size_t>(piece.batch.data->num_rows());
    std::vector<char> invalid(rows, 0);
    for (std::size_t k = 0; k < columns.size(); ++k) {
      const auto values = columns[k].values();
      for (std::size_t i = 0; i < rows; ++i) invalid[i] |= static_cast<char>(!is_valid(k, values[i]));
    }
    for (const Texts& texts : levels) {
      for (std::size_t i = 0; i < rows; ++i) {
        invalid[i] |= static_cast<char>(texts.is_missing(static_cast<std::int64_t>(i)));
      }
    }
    std::vector<std::int64_t> kept;
    kept.reserve(rows);
    for (auto i = static_cast<std::size_t>(first); i < rows; ++i) {
      const auto row = static_cast<std::int64_t>(i);
      if (invalid[i] == 0) {
        if (has_weight_ && columns.back().values()[i] < 0) fail_negative(piece, row, columns.back().values()[i]);
        kept.push_back(row);
      } else if (!options_.drop_invalid) {
        fail_invalid(piece, row, columns);
      }
    }
    return kept;
  }

  [[noreturn]] void fail_invalid(const TableData::Piece& piece, std::int64_t row,
                                 const std::vector<Doubles>& columns) const {
    const auto column = std::find_if(columns.begin(), columns.end(), [&](const Doubles& values) {
      return !is_valid(static_cast<std::size_t>(&values - columns.data()),
                       values.values()[static_cast<std::size_t>(row)]);
    });
    if (column == columns.end()) fail_missing(piece, row);
    const auto& field = request_.fields[slots_[static_cast<std::size_t>(column - columns.begin())]];
    const double value = column->values()[static_cast<std::size_t>(row)];
    const std::string text = !column->is_null(row) ? text_of(value) : table_.is_csv() ? "empty or nan" : "null";
    fail_at_row(table_, piece, row, field->name(), text,
                "must be a finite number; --drop-invalid leaves such rows out");
  }

  [[noreturn]] void fail_missing(const TableData::Piece& piece, std::int64_t row) const {
    const std::vector<Texts> texts = level_texts(piece);
    const auto level =
        std::find_if(texts.begin(), texts.end(), [row](const Texts& column) { return column.is_missing(row); });
    const auto& field = request_.fields[level_slots_[static_cast<std::size_t>(level - texts.begin())]];
    fail_at_row(table_, piece, row, field->name(), table_.is_csv() ? "empty" : "null",
                "must have a value; --drop-invalid leaves such rows out");
  }

  [[noreturn]] void fail_negative(const TableData::Piece& piece, std::int64_t row, double weight) const {
    fail_at_row(table_, piece, row, features_.weight_column, text_of(weight), "weight must be 0 or more");
  }

  /// Whether the value may stand in this slot: coordinates that are filled may be missing, not infinite.
  bool is_valid(std::size_t slot, double value) const {
    return std::isfinite(value) || (options_.fill_missing && slot < dimension() && std::isnan(value));
  }

  void fill_coordinates() {
    if (!options_.fill_missing) return;
    PointSet& points = features_.points;
    FilledPoints filled;
    if (options_.filled) {
      std::vector<std::size_t> columns;
      std::vector<double> values;
      for (const Filled& each : *options_.filled) {
        const auto found = std::find(features_.columns.begin(), features_.columns.end(), each.column);
        columns.push_back(static_cast<std::size_t>(found - features_.columns.begin()));
        values.push_back(each.value);
      }
      filled = fill_missing(std::move(points), std::move(columns), std::move(values));
    } else {
      filled = fill_missing(std::move(points), features_.columns);
    }
    points = std::move(filled.points);
    for (std::size_t k = 0; k < filled.columns.size(); ++k) {
      features_.filled.push_back({features_.columns[filled.columns[k]], filled.values[k]});
    }
    for (const Filled& each : features_.filled) features_.columns.push_back(each.column + " is missing");
  }

  /// Grows once and exactly where the number of rows is known, else by what the part read so far lets expect.
  void reserve(const TableData::Piece& piece) {
    const std::size_t needed = size() + static_cast<std::size_t>(piece.batch.data->num_rows());
    if (needed <= capacity_) return;
    auto expected = static_cast<double>(table_.rows().value_or(0));
    if (!table_.rows()) expected = 1.02 * static_cast<double>(rows_) / std::max(piece.fraction, 1e-9);
    capacity_ = std::max(needed, static_cast<std::size_t>(std::min(expected, static_cast<double>(max_rows))));
    require_memory();
    try {
      reserve_rows(capacity_);
    } catch (const std::bad_alloc&) {
      // The file may state rows that it does not hold, and an estimate may be far off.
      capacity_ = std::max(needed, size() + size() / 2);
      reserve_rows(capacity_);
    }
  }

  /// Better now than when the system ends the process.
  void require_memory() const {
    const std::size_t columns = dimension() + targets_ + (has_weight_ ? 1 : 0);
    const double bytes = 8.0 * static_cast<double>(capacity_) * static_cast<double>(columns);
    const double available = available_memory();
    if (bytes <= available) return;
    std::array<char, 160> text{};
    std::snprintf(text.data(), text.size(),
                  "take %.3g GB, more than the %.3g GB of memory that there are; --columns names fewer", bytes / 1e9,
                  available / 1e9);
    throw Error(table_.sources.front()->name(),
                "about " + std::to_string(capacity_) + " rows of " + std::to_string(columns) + " columns", text.data());
  }

  void reserve_rows(std::size_t rows) {
    features_.points.coordinates.reserve(rows * dimension());
    features_.targets.reserve(rows * targets_);
    if (has_weight_) features_.points.weights.reserve(rows);
    if (has_row_) features_.row_names.reserve(rows);
  }

  static void append_rows(std::span<const Doubles> columns, const std::vector<std::int64_t>& kept,
                          std::vector<double>& matrix) {
    const std::size_t begin = matrix.size();
    matrix.resize(begin + kept.size() * columns.size());
    for (std::size_t a = 0; a < columns.size(); ++a) {
      const auto values = columns[a].values();
      double* place = matrix.data() + begin + a;
      for (const std::int64_t row : kept) {
        *place = values[static_cast<std::size_t>(row)];
        place += columns.size();
      }
    }
  }

  void append_points(const std::vector<Doubles>& columns, const std::vector<std::int64_t>& kept) {
    append_rows(std::span(columns).first(dimension()), kept, features_.points.coordinates);
    append_rows(std::span(columns).subspan(dimension(), targets_), kept, features_.targets);
    if (!has_weight_) return;
    for (const std::int64_t row : kept) {
      features_.points.weights.push_back(columns.back().values()[static_cast<std::size_t>(row)]);
    }
  }

  void append_row_names(const TableData::Piece& piece, const std::vector<std::int64_t>& kept) {
    if (!has_row_) return;
    const auto names = to_integers(piece.source.name(), request_.fields[row_slot_]->name(),
                                   *piece.batch.data->column(static_cast<int>(row_slot_)));
    for (const std::int64_t row : kept) features_.row_names.push_back(names[static_cast<std::size_t>(row)]);
  }

  /// Positions are needed from the first row on that is missing, and then for the rows before it as well.
  void append_positions(const TableData::Piece& piece, const std::vector<std::int64_t>& kept) {
    auto& positions = features_.positions;
    const std::size_t before = size() - kept.size();
    const bool is_complete = kept.size() == static_cast<std::size_t>(piece.batch.data->num_rows());
    if (is_complete && features_.dropped == 0) return;
    if (features_.dropped == 0) {
      positions.resize(before);
      std::iota(positions.begin(), positions.end(), Index{0});
    }
    for (const std::int64_t row : kept) positions.push_back(static_cast<Index>(piece.first_row - origin_ + row));
  }

  const TableData& table_;
  const ReadOptions& options_;
  const bool has_weight_, has_row_;
  Request request_;
  std::vector<std::size_t> slots_;  ///< of each coordinate, then of each target, then of the weight
  std::vector<std::size_t> level_slots_;
  std::vector<LevelBuilder> levels_;
  std::size_t targets_ = 0;
  std::size_t row_slot_ = 0;
  Features features_;
  std::int64_t rows_ = 0, origin_ = 0;  ///< positions count from the origin
  std::size_t capacity_ = 0;
};

/// One pass with the builder's request; what goes wrong in it is an Error.
void scan(const TableData& table, const Request& request, const std::function<bool(const TableData::Piece&)>& visit) {
  try {
    table.scan(request, visit);
  } catch (const std::bad_alloc&) {
    throw Error(table.sources.front()->name(), "", "does not fit in memory");
  } catch (const ConversionFailure& failure) {
    const auto field = std::find_if(request.fields.begin(), request.fields.end(),
                                    [&](const auto& candidate) { return candidate->name() == failure.column; });
    fail_at_misfit(table, failure.column, field == request.fields.end() ? *arrow::float64() : *(*field)->type());
  }
  arrow::default_memory_pool()->ReleaseUnused();
}

}  // namespace

double Features::original(std::size_t point, std::size_t column) const {
  const double* x = points.coordinates.data() + point * points.dimension;
  const std::size_t own = columns.size() - filled.size();
  for (std::size_t k = 0; k < filled.size(); ++k) {
    if (filled[k].column == columns[column] && x[own + k] == 1) return std::numeric_limits<double>::quiet_NaN();
  }
  return x[column];
}

Features Table::read(const ReadOptions& options) const {
  return *read_within(std::numeric_limits<std::uint64_t>::max(), options);
}

std::optional<Features> Table::read_within(std::uint64_t bytes, const ReadOptions& options) const {
  const Selection selection = select_columns(*data_, options);
  const std::uint64_t most = bytes / (sizeof(double) * (selection.coordinates.size() + selection.targets.size()));
  const auto too_many = [most](std::int64_t rows) { return rows > 0 && static_cast<std::uint64_t>(rows) > most; };
  FeatureBuilder builder(*data_, selection, options);
  const std::string& name = data_->sources.front()->name();
  const std::int64_t stated = data_->rows().value_or(0);
  if (too_many(stated)) return std::nullopt;
  if (stated > max_rows)
    throw Error(name, std::to_string(stated) + " rows", "must be at most " + std::to_string(max_rows));
  bool fits = true;
  scan(*data_, builder.request(), [&](const TableData::Piece& piece) {
    fits = !too_many(piece.first_row + piece.batch.data->num_rows());
    if (fits) builder.append(piece);
    if (options.progress) options.progress(piece.fraction);
    return fits;
  });
  if (!fits) return std::nullopt;
  Features features = builder.finish();
  features.notices = selection.notices;
  return features;
}

std::vector<std::string> Table::read_batches(
    const ReadOptions& options, std::int64_t first_row,
    const std::function<bool(const Features& batch, std::int64_t first_row)>& visit) const {
  const Selection selection = select_columns(*data_, options);
  FeatureBuilder builder(*data_, selection, options);
  Request request = builder.request();
  if (first_row > 0) request.needs = [first_row](std::int64_t, std::int64_t end) { return end > first_row; };
  scan(*data_, request, [&](const TableData::Piece& piece) {
    const std::int64_t rows = piece.batch.data->num_rows(),
                       skipped = std::max<std::int64_t>(0, first_row - piece.first_row);
    const bool goes_on = skipped >= rows || visit(builder.only(piece, skipped), piece.first_row);
    if (options.progress) options.progress(piece.fraction);
    return goes_on;
  });
  return selection.notices;
}

}  // namespace momentset::io
