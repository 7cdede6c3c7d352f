#include "momentset/io/table.hpp"

#include <arrow/type.h>

#include <algorithm>
#include <numeric>
#include <unordered_set>

#include "io/failure.hpp"
#include "io/metadata.hpp"
#include "io/numbers.hpp"
#include "io/source.hpp"
#include "io/table_data.hpp"

namespace momentset::io {
namespace {

std::unique_ptr<Source> open_source(Format format, const std::string& path) {
  Input input = path == "-" ? Input::standard_input() : Input::file(path);
  const std::string name = input.name();
  return guarded(name, "cannot be read", [&]() -> std::unique_ptr<Source> {
    switch (format) {
      case Format::csv:
        return open_csv(std::move(input));
      case Format::parquet:
        return open_parquet(std::move(input));
      case Format::arrow:
        return open_ipc(std::move(input));
      case Format::npy:
        return open_npy(std::move(input));
    }
    throw Error(name, "", "has a format that is not known");
  });
}

Format common_format(const std::vector<std::string>& files) {
  const Format format = format_of(files.front());
  for (const std::string& file : files) {
    if (file == "-" && files.size() > 1) throw Error("-", "", "must be the only input");
    if (format_of(file) != format) throw Error(file, "", "must be of the same format as " + files.front());
  }
  return format;
}

void require_distinct_names(const Source& source) {
  std::unordered_set<std::string> names;
  for (const auto& field : source.schema()->fields()) {
    if (!names.insert(field->name()).second) {
      throw Error(source.name(), printable(field->name()), "is the name of two columns, must be of one");
    }
  }
  if (names.empty()) throw Error(source.name(), "", "has no columns");
}

/// The narrowest type among those that Arrow infers from CSV that holds the cells of both; text holds everything.
std::shared_ptr<arrow::DataType> widen(const std::shared_ptr<arrow::DataType>& a,
                                       const std::shared_ptr<arrow::DataType>& b) {
  using arrow::Type;
  if (a->Equals(*b) || b->id() == Type::NA) return a;
  if (a->id() == Type::NA) return b;
  const auto among = [&](std::initializer_list<Type::type> types) {
    return std::find(types.begin(), types.end(), a->id()) != types.end() &&
           std::find(types.begin(), types.end(), b->id()) != types.end();
  };
  if (among({Type::INT64, Type::DOUBLE})) return arrow::float64();
  if (among({Type::STRING, Type::BINARY})) return arrow::binary();
  if (among({Type::DATE32, Type::TIMESTAMP})) {
    const bool is_nano =
        a->Equals(*arrow::timestamp(arrow::TimeUnit::NANO)) || b->Equals(*arrow::timestamp(arrow::TimeUnit::NANO));
    return arrow::timestamp(is_nano ? arrow::TimeUnit::NANO : arrow::TimeUnit::SECOND);
  }
  return a->id() == Type::BINARY || b->id() == Type::BINARY ? arrow::binary() : arrow::utf8();
}

std::shared_ptr<arrow::Schema> common_schema(const TableData& table) {
  const Source& first = *table.sources.front();
  auto schema = first.schema();
  for (const auto& source : table.sources) {
    if (source->schema()->num_fields() > schema->num_fields()) {
      const auto& fields = source->schema()->fields();
      const auto extra = std::find_if(fields.begin(), fields.end(),
                                      [&](const auto& field) { return schema->GetFieldIndex(field->name()) < 0; });
      throw Error(source->name(), printable((*extra)->name()), "is a column that " + first.name() + " does not have");
    }
    for (int i = 0; i < schema->num_fields(); ++i) {
      const auto& field = schema->field(i);
      const auto other = source->schema()->GetFieldByName(field->name());
      if (other == nullptr)
        throw Error(source->name(), printable(field->name()), "column is missing, " + first.name() + " has it");
      if (table.is_csv()) {
        const auto type = widen(field->type(), other->type());
        if (type->Equals(*field->type())) continue;  // a schema copies all its fields for each that is set
        schema = unwrap(source->name(), "cannot be read", schema->SetField(i, field->WithType(type)));
      } else if (!field->type()->Equals(*other->type())) {
        throw Error(source->name(), printable(field->name()),
                    "column must be " + field->type()->ToString() + " as in " + first.name() + ", is " +
                        other->type()->ToString());
      }
    }
  }
  return schema;
}

std::vector<Column> describe(const arrow::Schema& schema) {
  std::vector<Column> columns;
  for (const auto& field : schema.fields()) {
    const arrow::DataType& type = *field->type();
    columns.push_back({.name = field->name(),
                       .type = type.ToString(),
                       .numeric = holds_numbers(type),
                       .categorical = holds_names(type)});
  }
  return columns;
}

/// Metadata that all files agree on.
std::optional<CoresetMetadata> common_coreset(TableData& table) {
  std::optional<CoresetMetadata> common;
  std::size_t found = 0;
  for (const auto& source : table.sources) {
    std::string notice;
    const auto metadata = coreset_of(*source, table.format, notice);
    if (!notice.empty()) table.notices.push_back(notice);
    if (!metadata) continue;
    if (++found == 1) common = metadata;
    if (metadata->columns != common->columns || metadata->weight_column != common->weight_column ||
        metadata->row_column != common->row_column) {
      table.notices.emplace_back("the files are read as ordinary tables: they are coresets of different columns");
      return std::nullopt;
    }
    common->order = std::min(common->order, metadata->order);
  }
  if (found > 0 && found < table.sources.size()) {
    table.notices.push_back("the files are read as ordinary tables: only " + std::to_string(found) + " of " +
                            std::to_string(table.sources.size()) + " are coresets");
    return std::nullopt;
  }
  return common;
}

void notice_numeric_header(TableData& table) {
  const auto& fields = table.schema->fields();
  const bool numbers = std::all_of(fields.begin(), fields.end(),
                                   [](const auto& field) { return parse_double(field->name()).has_value(); });
  if (table.is_csv() && numbers) {
    table.notices.push_back("the first line of " + table.sources.front()->name() +
                            " is taken as the column names although it holds nothing but numbers");
  }
}

}  // namespace

Table Table::open(const std::vector<std::string>& inputs) {
  auto data = std::make_unique<TableData>();
  data->files = expand(inputs);
  if (data->files.empty()) throw Error("inputs", "", "must name at least one file");
  data->format = common_format(data->files);
  for (const std::string& file : data->files) {
    data->sources.push_back(open_source(data->format, file));
    require_distinct_names(*data->sources.back());
  }
  if (data->rows() == 0) throw Error(data->sources.front()->name(), "", "has no rows");
  data->schema = common_schema(*data);
  data->columns = describe(*data->schema);
  data->coreset = common_coreset(*data);
  notice_numeric_header(*data);
  return Table(std::move(data));
}

Table::Table(std::unique_ptr<TableData> data) : data_(std::move(data)) {}
Table::Table(Table&&) noexcept = default;
Table& Table::operator=(Table&&) noexcept = default;
Table::~Table() = default;

const std::vector<std::string>& Table::files() const { return data_->files; }
Format Table::format() const { return data_->format; }
const std::vector<Column>& Table::columns() const { return data_->columns; }
const std::optional<CoresetMetadata>& Table::coreset() const { return data_->coreset; }

std::optional<std::int64_t> TableData::rows() const {
  std::int64_t total = 0;
  for (const auto& source : sources) {
    const auto rows = source->rows();
    if (!rows) return std::nullopt;
    if (__builtin_add_overflow(total, *rows, &total)) throw Error(source->name(), "", "states too many rows");
  }
  return total;
}

std::int64_t TableData::bytes() const {
  return std::accumulate(sources.begin(), sources.end(), std::int64_t{0},
                         [](std::int64_t sum, const auto& source) { return sum + source->input().bytes(); });
}

void TableData::scan(const Request& request, const std::function<bool(const Piece&)>& visit) const {
  const auto total_bytes = static_cast<double>(std::max<std::int64_t>(1, bytes()));
  std::int64_t first_row = 0;
  double bytes_before = 0;
  for (const auto& source : sources) {
    const auto source_bytes = static_cast<double>(source->input().bytes());
    Request own = request;
    if (request.needs) {
      own.needs = [&](std::int64_t begin, std::int64_t end) {
        return request.needs(first_row + begin, first_row + end);
      };
    }
    std::int64_t rows = 0;
    bool stopped = false;
    source->scan(own, [&](const Batch& batch) {
      rows = batch.first_row + batch.data->num_rows();
      const double fraction = std::min(1.0, (bytes_before + batch.fraction * source_bytes) / total_bytes);
      stopped = !visit({batch, *source, first_row + batch.first_row, fraction});
      return !stopped;
    });
    if (stopped) return;
    // Skipped rows count too, and only the source knows of those at its end.
    first_row += source->rows().value_or(rows);
    bytes_before += source_bytes;
  }
}

}  // namespace momentset::io
