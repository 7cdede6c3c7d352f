#include "io/misfit.hpp"

#include <arrow/type.h>
#include <arrow/type_traits.h>

#include "io/failure.hpp"

namespace momentset::io {

void fail_at_misfit(const TableData& table, const std::string& column, const arrow::DataType& type) {
  const std::string due = arrow::is_integer(type.id()) ? "an integer" : "a number";
  for (const auto& source : table.sources) {
    const auto cell = source->first_misfit(column, type);
    if (!cell) continue;
    throw Error(printable(column), "'" + printable(cell->text, 60) + "'",
                "must be " + due + " (line " + std::to_string(cell->line) + " of " + source->name() + ")");
  }
  throw Error(printable(column), type.ToString(), "column cannot be converted");
}

void fail_at_row(const TableData& table, const TableData::Piece& piece, std::int64_t row_in_piece,
                 const std::string& column, const std::string& value, const std::string& rule) {
  std::string place = "row " + std::to_string(piece.first_row + row_in_piece);
  const auto line = piece.source.line_of(piece.batch.first_row + row_in_piece);
  if (line) {
    place += ", line " + std::to_string(*line) + " of " + piece.source.name();
  } else if (table.several()) {
    place += ", row " + std::to_string(piece.batch.first_row + row_in_piece) + " of " + piece.source.name();
  }
  throw Error(printable(column), value, rule + " (" + place + ")");
}

}  // namespace momentset::io
