#include "io/metadata.hpp"

#include <arrow/util/key_value_metadata.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "io/failure.hpp"
#include "io/numbers.hpp"

namespace momentset::io {
namespace {

using Json = nlohmann::json;

std::string clip(const std::string& text) { return printable(text, 60); }

template <typename T>
T member(const Json& json, const std::string& text, const char* key) {
  const auto found = json.find(key);
  if (found == json.end()) throw Error("metadata", clip(text), std::string("must have \"") + key + "\"");
  try {
    return found->get<T>();
  } catch (const Json::exception&) {
    throw Error("metadata", clip(text), std::string("\"") + key + "\" is of another type");
  }
}

std::string first_of(const arrow::Schema& schema, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (schema.GetFieldIndex(name) >= 0) return name;
  }
  return {};
}

/// The few members that matter here of a certificate, which may hold large arrays besides.
struct CertificateHead {
  std::vector<std::string> columns;
  int order = 0;
  std::int64_t size = 0;
  std::string library_version;
};

std::optional<CertificateHead> read_certificate(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return std::nullopt;
  std::ifstream file(path);
  const std::set<std::string> wanted = {"columns", "options", "order", "size", "library_version"};
  const auto keep = [&wanted](int depth, Json::parse_event_t event, Json& parsed) {
    return depth != 1 || event != Json::parse_event_t::key || wanted.contains(parsed.get_ref<const std::string&>());
  };
  try {
    const Json json = Json::parse(file, keep);
    CertificateHead head;
    head.columns = json.at("columns").get<std::vector<std::string>>();
    // The last columns tell what was missing in those that were filled: the table does not have them.
    const std::string filled = json.value("options", Json::object()).value("filled", "");
    const auto lines = filled.empty() ? 0 : 1 + std::count(filled.begin(), filled.end(), '\n');
    head.columns.resize(head.columns.size() - std::min(head.columns.size(), static_cast<std::size_t>(lines)));
    head.order = json.at("order").get<int>();
    head.size = json.at("size").get<std::int64_t>();
    head.library_version = json.value("library_version", "");
    return head;
  } catch (const std::exception&) {
    // A certificate that cannot be understood is no ground to refuse the table beside it.
    return std::nullopt;
  }
}

std::optional<CoresetMetadata> from_schema(const arrow::Schema& schema, std::string& notice) {
  if (schema.metadata() == nullptr || !schema.metadata()->Contains(metadata_key)) return std::nullopt;
  try {
    return CoresetMetadata::from_json(schema.metadata()->Get(metadata_key).ValueOr(""));
  } catch (const Error& error) {
    notice = error.what();
    return std::nullopt;
  }
}

std::optional<CoresetMetadata> from_csv(const Source& source, const CertificateHead& head) {
  CoresetMetadata metadata;
  metadata.columns = head.columns;
  metadata.order = head.order;
  metadata.version = head.library_version;
  // An input with columns `weight` or `row` of its own got ours under the longer names.
  metadata.weight_column = first_of(*source.schema(), {"coreset_weight", "weight"});
  metadata.row_column = first_of(*source.schema(), {"coreset_row", "row"});
  if (metadata.weight_column.empty() || metadata.row_column.empty()) return std::nullopt;
  if (source.count_rows(head.size + 1) != head.size) return std::nullopt;
  return metadata;
}

std::optional<CoresetMetadata> from_npy(const arrow::Schema& schema, std::int64_t rows, const CertificateHead& head) {
  const auto dimension = head.columns.size();
  if (rows != head.size || static_cast<std::size_t>(schema.num_fields()) != dimension + 2) return std::nullopt;
  CoresetMetadata metadata;
  for (std::size_t i = 0; i < dimension; ++i) metadata.columns.push_back(schema.field(static_cast<int>(i))->name());
  metadata.order = head.order;
  metadata.version = head.library_version;
  metadata.weight_column = schema.field(static_cast<int>(dimension))->name();
  metadata.row_column = schema.field(static_cast<int>(dimension) + 1)->name();
  return metadata;
}

/// What in the metadata contradicts the table; empty if nothing does.
std::string contradiction(const CoresetMetadata& metadata, const arrow::Schema& schema) {
  const auto type_of = [&schema](const std::string& name) {
    const auto field = schema.GetFieldByName(name);
    return field == nullptr ? nullptr : field->type();
  };
  const auto weight = type_of(metadata.weight_column);
  if (weight == nullptr || !holds_numbers(*weight)) return "it has no numeric column " + clip(metadata.weight_column);
  const auto row = type_of(metadata.row_column);
  if (row == nullptr || !holds_numbers(*row)) return "it has no numeric column " + clip(metadata.row_column);
  for (const std::string& column : metadata.columns) {
    if (type_of(column) == nullptr) return "it has no column " + clip(column);
  }
  return {};
}

}  // namespace

std::string CoresetMetadata::to_json() const {
  Json json = {{"columns", columns},
               {"order", order},
               {"weight_column", weight_column},
               {"row_column", row_column},
               {"version", version}};
  if (!relabelled.empty()) json["relabelled"] = relabelled;
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

CoresetMetadata CoresetMetadata::from_json(const std::string& text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) throw Error("metadata", clip(text), "must be a JSON object");
  CoresetMetadata metadata;
  metadata.columns = member<std::vector<std::string>>(json, text, "columns");
  metadata.order = member<int>(json, text, "order");
  metadata.weight_column = member<std::string>(json, text, "weight_column");
  metadata.row_column = member<std::string>(json, text, "row_column");
  metadata.version = member<std::string>(json, text, "version");
  if (json.contains("relabelled")) {
    metadata.relabelled = member<std::vector<std::string>>(json, text, "relabelled");
  }
  if (metadata.order < 0) throw Error("metadata", std::to_string(metadata.order), "\"order\" must be 0 or more");
  return metadata;
}

std::optional<CoresetMetadata> coreset_of(const Source& source, Format format, std::string& notice) {
  std::optional<CoresetMetadata> metadata;
  if (format == Format::parquet || format == Format::arrow) {
    metadata = from_schema(*source.schema(), notice);
  } else if (source.input().path() != "-") {
    const auto head = read_certificate(source.input().path() + ".certificate.json");
    if (!head || head->size < 0) return std::nullopt;
    metadata =
        format == Format::csv ? from_csv(source, *head) : from_npy(*source.schema(), source.rows().value_or(0), *head);
    if (!metadata) notice = "the certificate beside it is of a table with other rows or columns";
  }
  if (!metadata) {
    if (!notice.empty()) notice = source.name() + " is read as an ordinary table: " + notice;
    return std::nullopt;
  }
  if (const std::string reason = contradiction(*metadata, *source.schema()); !reason.empty()) {
    notice = source.name() + " is read as an ordinary table although it says it is a coreset: " + reason;
    return std::nullopt;
  }
  return metadata;
}

std::vector<std::string> index_of_data_frame(const arrow::Schema& schema) {
  if (schema.metadata() == nullptr) return {};
  const Json stated = Json::parse(schema.metadata()->Get("pandas").ValueOr(""), nullptr, false);
  std::vector<std::string> names;
  if (!stated.is_object() || !stated.contains("index_columns")) return names;
  for (const Json& column : stated["index_columns"]) {
    if (column.is_string()) names.push_back(column.get<std::string>());
  }
  return names;
}

}  // namespace momentset::io
