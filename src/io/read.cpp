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
#include "io/misfit.hpp"
#include "io/numbers.hpp"
#include "io/table_data.hpp"
#include "momentset/io/table.hpp"

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
  FeatureBuilder(const TableData& table, const Selection& selection, bool drop_invalid)
      : table_(table), drop_invalid_(drop_invalid), has_weight_(selection.weight), has_row_(selection.row_name) {
    for (const int index : selection.coordinates) {
      features_.columns.push_back(table.column(index).name);
      slots_.push_back(slot_of(index, arrow::float64()));
    }
    features_.points.dimension = slots_.size();
    for (const int index : selection.targets) slots_.push_back(slot_of(index, arrow::float64()));
    targets_ = selection.targets.size();
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
    return std::move(features_);
  }

 private:
  std::size_t dimension() const { return features_.points.dimension; }
  std::size_t size() const { return features_.points.view().size(); }

  void append_valid(const TableData::Piece& piece, std::int64_t skipped) {
    const std::vector<Doubles> columns = convert(piece);
    const std::vector<std::int64_t> kept = find_valid(piece, columns, skipped);
    append_points(columns, kept);
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

  /// The rows of the batch, from `first` on, that are finite throughout. Throws at the first one that is not, unless
  /// they are dropped.
  std::vector<std::int64_t> find_valid(const TableData::Piece& piece, const std::vector<Doubles>& columns,
                                       std::int64_t first) const {
    const auto rows = static_cast<std::size_t>(piece.batch.data->num_rows());
    std::vector<char> invalid(rows, 0);
    for (const Doubles& column : columns) {
      const auto values = column.values();
      for (std::size_t i = 0; i < rows; ++i) invalid[i] |= static_cast<char>(!std::isfinite(values[i]));
    }
    std::vector<std::int64_t> kept;
    kept.reserve(rows);
    for (auto i = static_cast<std::size_t>(first); i < rows; ++i) {
      const auto row = static_cast<std::int64_t>(i);
      if (invalid[i] == 0) {
        if (has_weight_ && columns.back().values()[i] < 0) fail_negative(piece, row, columns.back().values()[i]);
        kept.push_back(row);
      } else if (!drop_invalid_) {
        fail_invalid(piece, row, columns);
      }
    }
    return kept;
  }

  [[noreturn]] void fail_invalid(const TableData::Piece& piece, std::int64_t row,
                                 const std::vector<Doubles>& columns) const {
    const auto column = std::find_if(columns.begin(), columns.end(), [row](const Doubles& values) {
      return !std::isfinite(values.values()[static_cast<std::size_t>(row)]);
    });
    const auto& field = request_.fields[slots_[static_cast<std::size_t>(column - columns.begin())]];
    const double value = column->values()[static_cast<std::size_t>(row)];
    const std::string text = !column->is_null(row) ? text_of(value) : table_.is_csv() ? "empty or nan" : "null";
    fail_at_row(table_, piece, row, field->name(), text,
                "must be a finite number; --drop-invalid leaves such rows out");
  }

  [[noreturn]] void fail_negative(const TableData::Piece& piece, std::int64_t row, double weight) const {
    fail_at_row(table_, piece, row, features_.weight_column, text_of(weight), "weight must be 0 or more");
  }

  /// Grows once and exactly where the number of rows is known, else by what the part read so far lets expect.
  void reserve(const TableData::Piece& piece) {
    const std::size_t needed = size() + static_cast<std::size_t>(piece.batch.data->num_rows());
    if (needed <= capacity_) return;
    auto expected = static_cast<double>(table_.rows().value_or(0));
    if (!table_.rows()) expected = 1.02 * static_cast<double>(rows_) / std::max(piece.fraction, 1e-9);
    capacity_ = std::max(needed, static_cast<std::size_t>(std::min(expected, static_cast<double>(max_rows))));
    try {
      reserve_rows(capacity_);
    } catch (const std::bad_alloc&) {
      // The file may state rows that it does not hold, and an estimate may be far off.
      capacity_ = std::max(needed, size() + size() / 2);
      reserve_rows(capacity_);
    }
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
  const bool drop_invalid_, has_weight_, has_row_;
  Request request_;
  std::vector<std::size_t> slots_;  ///< of each coordinate, then of each target, then of the weight
  std::size_t targets_ = 0;
  std::size_t row_slot_ = 0;
  Features features_;
  std::int64_t rows_ = 0, origin_ = 0;  ///< positions count from the origin
  std::size_t capacity_ = 0;
};

}  // namespace

namespace {

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

Features Table::read(const ReadOptions& options) const {
  const Selection selection = select_columns(*data_, options);
  FeatureBuilder builder(*data_, selection, options.drop_invalid);
  const std::string& name = data_->sources.front()->name();
  const std::int64_t stated = data_->rows().value_or(0);
  if (stated > max_rows)
    throw Error(name, std::to_string(stated) + " rows", "must be at most " + std::to_string(max_rows));
  scan(*data_, builder.request(), [&](const TableData::Piece& piece) {
    builder.append(piece);
    if (options.progress) options.progress(piece.fraction);
    return true;
  });
  Features features = builder.finish();
  features.notices = selection.notices;
  return features;
}

std::vector<std::string> Table::read_batches(
    const ReadOptions& options, std::int64_t first_row,
    const std::function<bool(const Features& batch, std::int64_t first_row)>& visit) const {
  const Selection selection = select_columns(*data_, options);
  FeatureBuilder builder(*data_, selection, options.drop_invalid);
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
