#include <algorithm>
#include <cctype>
#include <numeric>

#include "io/failure.hpp"
#include "io/metadata.hpp"
#include "io/misfit.hpp"
#include "io/numbers.hpp"
#include "io/table_data.hpp"

namespace momentset::io {
namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

bool is_close(const std::string& wanted, const std::string& name) {
  constexpr std::size_t longest = 64;  // beyond that nobody mistypes, and the distance takes quadratic time
  if (wanted.size() > longest || name.size() > longest) return false;
  return edit_distance(lower(wanted), lower(name)) <= std::max<std::size_t>(1, wanted.size() / 3);
}

std::string joined(const std::vector<std::string>& names) {
  constexpr std::size_t limit = 20;
  std::string text;
  for (std::size_t i = 0; i < std::min(limit, names.size()); ++i) text += (i > 0 ? ", " : "") + printable(names[i], 60);
  if (names.size() > limit) text += ", and " + std::to_string(names.size() - limit) + " more";
  return text;
}

[[noreturn]] void fail_unknown(const TableData& table, const std::string& option, const std::string& wanted) {
  std::vector<std::string> close, all;
  for (const Column& column : table.columns) {
    all.push_back(column.name);
    if (is_close(wanted, column.name)) close.push_back(column.name);
  }
  const std::string hint = close.empty() ? "known: " + joined(all) : "did you mean " + joined(close) + "?";
  throw Error(option, printable(wanted, 60), "there is no such column; " + hint);
}

int find(const TableData& table, const std::string& option, const std::string& name) {
  const int index = table.schema->GetFieldIndex(name);
  if (index < 0) fail_unknown(table, option, name);
  return index;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Options whose columns are read as names, groups before categories.
const std::pair<const char*, std::vector<std::string> ReadOptions::*> level_options[] = {
    {"groups", &ReadOptions::groups}, {"categories", &ReadOptions::categories}};

/// Whether the column is read for something else than a coordinate.
bool has_another_part(const ReadOptions& options, const std::string& name) {
  return contains(options.targets, name) || contains(options.groups, name) || contains(options.categories, name);
}

/// A CSV column without any value in the first block has no type yet: it may well hold numbers further on.
bool may_be_numeric(const TableData& table, const arrow::DataType& type) {
  return holds_numbers(type) || (table.is_csv() && type.id() == arrow::Type::NA);
}

/// @param hint what else can be done with a column of names
void require_numeric(const TableData& table, int index, const std::string& hint = "") {
  const auto& field = *table.schema->field(index);
  if (may_be_numeric(table, *field.type())) return;
  if (table.is_csv() && holds_text(*field.type())) fail_at_misfit(table, field.name(), *arrow::float64());
  throw Error(printable(field.name()), field.type()->ToString(),
              "must be an integer, floating-point or decimal column" + (holds_names(*field.type()) ? hint : ""));
}

bool is_named_like_identifier(const std::string& name) {
  static const std::vector<std::string> names = {"", "id", "row", "index", "rowid", "uuid", "key", "__index_level_0__"};
  const std::string folded = lower(name);
  return contains(names, folded) || folded.ends_with("_id") || name.ends_with("Id") || folded.starts_with("unnamed:");
}

bool counts_up(const arrow::Array& array) {
  constexpr std::int64_t fewest_rows = 100;
  if (array.length() < fewest_rows || array.null_count() > 0 || !arrow::is_integer(array.type_id())) return false;
  const auto values = to_integers("", "", array);
  // In unsigned arithmetic the step is well defined even where a column wraps around.
  return std::adjacent_find(values.begin(), values.end(), [](std::int64_t a, std::int64_t b) {
           return static_cast<std::uint64_t>(b) - static_cast<std::uint64_t>(a) != 1;
         }) == values.end();
}

/// Which of `indices` count up by one over the first batch of the first file.
std::vector<int> find_counters(const TableData& table, const std::vector<int>& indices) {
  std::vector<int> counters;
  if (indices.empty()) return counters;
  Request request;
  for (const int index : indices) request.fields.push_back(table.schema->field(index));
  const auto look = [&](const TableData::Piece& piece) {
    for (std::size_t i = 0; i < indices.size(); ++i) {
      if (counts_up(*piece.batch.data->column(static_cast<int>(i)))) counters.push_back(indices[i]);
    }
    return false;
  };
  try {
    table.scan(request, look);
  } catch (const ConversionFailure&) {
    // Something further on is no integer: then the column is no identifier, and the pass proper tells the rest.
  }
  return counters;
}

/// Chooses coordinates for a caller who named none, and says of every column left out why.
class DefaultColumns {
 public:
  DefaultColumns(const TableData& table, const ReadOptions& options, const Selection& selection)
      : table_(table), options_(options), selection_(selection), index_(index_of_data_frame(*table.schema)) {}

  Selection choose() {
    Selection chosen = selection_;
    for (int i = 0; i < table_.schema->num_fields(); ++i) sort_out(i);
    drop_counters();
    chosen.coordinates = numeric_;
    chosen.notices.insert(chosen.notices.end(), notices_.begin(), notices_.end());
    if (!other_.empty()) chosen.notices.push_back("left out, not numeric: " + joined(other_));
    if (numeric_.empty()) fail_without_columns();
    return chosen;
  }

 private:
  void sort_out(int index) {
    const auto& field = *table_.schema->field(index);
    if (contains(options_.exclude, field.name()) || has_another_part(options_, field.name())) return;
    if (selection_.weight == index || is_ours(field.name())) return;
    if (contains(index_, field.name())) {
      leave_out(field.name(), "is the index of a data frame (use --columns to keep it)");
      return;
    }
    if (holds_text(*field.type())) {
      require_text(field);
    } else if (holds_times(*field.type())) {
      leave_out(field.name(), "is of type " + field.type()->ToString());
    } else if (field.type()->id() == arrow::Type::NA) {
      leave_out(field.name(), table_.is_csv() ? "has no value in the first block of the file (use --columns to keep it)"
                                              : "has no value");
    } else if (!holds_numbers(*field.type())) {
      other_.push_back(field.name() + " (" + field.type()->ToString() + ")");
    } else if (arrow::is_integer(field.type()->id()) && is_named_like_identifier(field.name())) {
      leave_out_identifier(field.name());
    } else {
      numeric_.push_back(index);
    }
  }

  bool is_ours(const std::string& name) const {
    return table_.coreset && (name == table_.coreset->weight_column || name == table_.coreset->row_column);
  }

  /// A column that is mostly numbers and holds text too is more likely damaged than meant as text.
  void require_text(const arrow::Field& field) {
    TextTally total;
    for (const auto& source : table_.sources) {
      const TextTally tally = source->tally(field.name());
      total.filled += tally.filled;
      total.numbers += tally.numbers;
    }
    if (total.mostly_numbers()) fail_at_misfit(table_, field.name(), *arrow::float64());
    other_.push_back(field.name() + " (text)");
  }

  void drop_counters() {
    std::vector<int> integers;
    std::copy_if(numeric_.begin(), numeric_.end(), std::back_inserter(integers),
                 [this](int index) { return arrow::is_integer(table_.schema->field(index)->type()->id()); });
    for (const int index : find_counters(table_, integers)) {
      std::erase(numeric_, index);
      leave_out_identifier(table_.schema->field(index)->name());
    }
  }

  void leave_out(const std::string& name, const std::string& reason) {
    notices_.push_back((name.empty() ? "the column without a name" : printable(name, 60)) + " left out: " + reason);
  }
  void leave_out_identifier(const std::string& name) {
    leave_out(name, "looks like a row identifier (use --columns to keep it)");
  }

  [[noreturn]] void fail_without_columns() const {
    std::string reasons;
    for (const std::string& notice : notices_) reasons += "; " + notice;
    if (!other_.empty()) reasons += "; left out, not numeric: " + joined(other_);
    const std::string& first = table_.columns.front().name;
    if (table_.is_csv() && table_.columns.size() == 1 && first.find_first_of(";\t|") != std::string::npos) {
      reasons += "; fields must be separated by commas";
    }
    throw Error(table_.sources.front()->name(), "", "must have a numeric column to compress" + reasons);
  }

  const TableData& table_;
  const ReadOptions& options_;
  const Selection& selection_;
  std::vector<std::string> index_;
  std::vector<int> numeric_;
  std::vector<std::string> other_, notices_;
};

std::vector<int> named_columns(const TableData& table, const ReadOptions& options,
                               const std::vector<std::string>& names) {
  std::vector<int> indices;
  for (const std::string& name : names) {
    const int index = find(table, "columns", name);
    if (std::find(indices.begin(), indices.end(), index) != indices.end()) {
      throw Error("columns", printable(name), "must be named once");
    }
    if (contains(options.exclude, name)) throw Error("columns", printable(name), "must not be excluded as well");
    if (contains(options.targets, name)) throw Error("target", printable(name), "must not be a coordinate as well");
    for (const auto& [option, levels] : level_options) {
      if (contains(options.*levels, name)) throw Error(option, printable(name), "must not be a coordinate as well");
    }
    require_numeric(table, index, "; --groups compresses inside its levels, --categories keeps their counts");
    indices.push_back(index);
  }
  return indices;
}

std::vector<int> target_columns(const TableData& table, const ReadOptions& options) {
  std::vector<int> indices;
  for (const std::string& name : options.targets) {
    const int index = find(table, "target", name);
    if (std::find(indices.begin(), indices.end(), index) != indices.end()) {
      throw Error("target", printable(name), "must be named once");
    }
    require_numeric(table, index);
    indices.push_back(index);
  }
  return indices;
}

std::vector<int> level_columns(const TableData& table, const ReadOptions& options) {
  std::vector<int> indices;
  for (const auto& [option, levels] : level_options) {
    for (const std::string& name : options.*levels) {
      const int index = find(table, option, name);
      if (std::find(indices.begin(), indices.end(), index) != indices.end() || contains(options.targets, name)) {
        throw Error(option, printable(name), "must be named once");
      }
      const auto& field = *table.schema->field(index);
      if (arrow::is_nested(field.type()->id())) {
        throw Error(printable(name), field.type()->ToString(), "must not be of a nested type");
      }
      indices.push_back(index);
    }
  }
  return indices;
}

void use_coreset(const TableData& table, const ReadOptions& options, Selection& selection) {
  const CoresetMetadata& coreset = *table.coreset;
  selection.row_name = table.schema->GetFieldIndex(coreset.row_column);
  std::string notice = "the input is a coreset: " + coreset.row_column + " still numbers rows of its own input";
  if (options.weights.empty()) {
    selection.weight = table.schema->GetFieldIndex(coreset.weight_column);
    notice += ", " + coreset.weight_column + " holds its weights";
  }
  selection.notices.push_back(notice);
  if (table.several()) {
    selection.notices.push_back("the files are several coresets: " + coreset.row_column +
                                " is only unique within each of them if they are of one input");
  }
}

void notice_renamed(const TableData& table, const std::string& weight_column, Selection& selection) {
  const AddedColumns added = added_columns(table, weight_column, table.several());
  for (const auto& [plain, name] : {std::pair<std::string, std::string>{"weight", added.weight}, {"row", added.row}}) {
    if (name != plain && !table.coreset) {
      selection.notices.push_back("the input has a column " + plain + " of its own: the output keeps it and adds " +
                                  name);
    }
  }
}

}  // namespace

Selection select_columns(const TableData& table, const ReadOptions& options) {
  Selection selection;
  selection.notices = table.notices;
  for (const std::string& name : options.exclude) find(table, "exclude", name);
  if (table.coreset && options.weighted) use_coreset(table, options, selection);
  if (options.weighted && !options.weights.empty()) {
    selection.weight = find(table, "weights", options.weights);
    require_numeric(table, *selection.weight);
  }
  selection.targets = target_columns(table, options);
  selection.levels = level_columns(table, options);
  const std::string weight_column = selection.weight ? table.column(*selection.weight).name : "";
  if (options.weighted) notice_renamed(table, weight_column, selection);
  if (!options.columns.empty()) {
    selection.coordinates = named_columns(table, options, options.columns);
    return selection;
  }
  if (table.coreset) {
    // The columns it was compressed on: which of its integers count up says nothing about its own input.
    std::vector<std::string> names = table.coreset->columns;
    std::erase_if(names, [&](const std::string& name) {
      return contains(options.exclude, name) || has_another_part(options, name);
    });
    std::erase(names, weight_column);
    if (!names.empty()) {
      selection.coordinates = named_columns(table, options, names);
      return selection;
    }
  }
  return DefaultColumns(table, options, selection).choose();
}

AddedColumns added_columns(const TableData& table, const std::string& weight_column, bool with_file) {
  AddedColumns added;
  const auto is_theirs = [&](const std::string& name) {
    return table.schema->GetFieldIndex(name) >= 0 && !contains(added.replaced, name);
  };
  const auto settle = [&](std::string& name) {
    if (!is_theirs(name)) return;
    name = "coreset_" + name;
    if (is_theirs(name)) throw Error(printable(name), "", "column must be renamed: the output adds one of that name");
  };
  if (table.coreset) added.replaced = {table.coreset->weight_column, table.coreset->row_column};
  if (weight_column == added.weight && !contains(added.replaced, weight_column))
    added.replaced.push_back(weight_column);
  settle(added.weight);
  settle(added.row);
  // A coreset that names the files of its rows keeps those names: they go with its `row`.
  const bool has_files = table.coreset && table.schema->GetFieldIndex("file") >= 0;
  if (with_file && !has_files) {
    added.file = "file";
    settle(added.file);
  }
  return added;
}

}  // namespace momentset::io
