#include "claim.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "column_roles.hpp"
#include "momentset/error.hpp"
#include "row_matrix.hpp"
#include "text.hpp"

namespace momentset::cli {
namespace {

template <class AnyCertificate>
std::string option_of(const AnyCertificate& certificate, const std::string& name, const std::string& otherwise) {
  const auto found = certificate.options.find(name);
  return found == certificate.options.end() ? otherwise : found->second;
}

/// Companions that have names are columns of the input.
std::vector<std::string> targets_of(const Certificate& certificate) {
  const std::vector<std::string> targets = split_lines(option_of(certificate, "target", ""));
  std::vector<std::string> names;
  for (const CompanionResidual& each : certificate.companions) {
    if (each.column.empty()) return {};
    if (std::find(targets.begin(), targets.end(), each.column) != targets.end()) names.push_back(each.column);
  }
  return names;
}

std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error("--certificate", path, "cannot be read");
  return {std::istreambuf_iterator<char>(file), {}};
}

void read_certificate(Claim& claim, const std::string& text) {
  claim.certificate = Certificate::from_json(text);
  claim.columns = claim.certificate->columns;
  claim.targets = targets_of(*claim.certificate);
  claim.groups = split_lines(option_of(*claim.certificate, "groups", ""));
  claim.categories = split_lines(option_of(*claim.certificate, "categories", ""));
  claim.category_pairs = option_of(*claim.certificate, "category_pairs", "") == "true";
  if (const std::string columns = option_of(*claim.certificate, "feature_columns", ""); !columns.empty()) {
    claim.feature_columns = parse_count("feature_columns", columns);
  }
  claim.order = claim.certificate->order;
  claim.weights = option_of(*claim.certificate, "weights", claim.weights);
  claim.weight_sum = option_of(*claim.certificate, "weight_sum", "mass");
  claim.drop_invalid = option_of(*claim.certificate, "drop_invalid", "false") == "true";
  if (option_of(*claim.certificate, "missing", "error") == "indicator") {
    claim.filled = parse_filled(option_of(*claim.certificate, "filled", ""));
    claim.columns.resize(claim.columns.size() - std::min(claim.columns.size(), claim.filled->size()));
  }
}

/// Sketches do not know which columns of their tables were weights, nor which rows were left out.
void read_stream(Claim& claim, const std::string& text) {
  const StreamCertificate& stated = claim.stream.emplace(StreamCertificate::from_json(text));
  claim.columns = stated.columns;
  for (std::size_t a = claim.columns.size(); a < stated.dimension; ++a) claim.columns.push_back(fmt::format("x{}", a));
  claim.order = stated.order;
  claim.weights = option_of(stated, "weights", claim.weights);
  claim.drop_invalid = option_of(stated, "drop_invalid", claim.drop_invalid ? "true" : "false") == "true";
}

}  // namespace

bool has_column(const io::Table& table, const std::string& name) {
  return std::any_of(table.columns().begin(), table.columns().end(),
                     [&](const io::Column& column) { return column.name == name; });
}

io::ReadOptions Claim::read_options() const {
  return {.columns = columns,
          .targets = targets,
          .groups = groups,
          .categories = categories,
          .weights = weights,
          .drop_invalid = drop_invalid,
          .fill_missing = filled.has_value(),
          .filled = filled};
}

Claim claim_of(const ClaimArguments& options, const std::string& output, const io::Table& table) {
  const std::string beside = output + ".certificate.json";
  const std::string path = !options.certificate.empty()               ? options.certificate
                           : std::filesystem::is_regular_file(beside) ? beside
                                                                      : "";
  Claim claim;
  claim.weights = options.weights;
  claim.drop_invalid = options.drop_invalid;
  if (!path.empty()) {
    claim.source = path;
    const std::string text = read_text(path);
    if (StreamCertificate::is_in(text)) {
      read_stream(claim, text);
    } else {
      read_certificate(claim, text);
    }
    return claim;
  }
  if (table.coreset()) {
    claim.columns = table.coreset()->columns;
    claim.order = table.coreset()->order;
    claim.source = "the metadata of " + output;
  } else if (options.order && !options.columns.empty()) {
    claim.source = "the command line";
  } else {
    throw Error(output, "", "has no certificate and no metadata: give --certificate, or --columns and --order");
  }
  if (options.order) claim.order = *options.order;
  if (!options.columns.empty()) claim.columns = options.columns;
  return claim;
}

void require_source(const Claim& claim, const io::Table& input) {
  if (claim.weights.empty() || has_column(input, claim.weights)) return;
  throw Error(input.files().front(), "",
              fmt::format("has no column '{}' of weights: the output was made from another table{}", claim.weights,
                          claim.certificate ? ", " + option_of(*claim.certificate, "inputs", "")
                          : claim.stream    ? ", " + option_of(*claim.stream, "inputs", "")
                                            : ""));
}

}  // namespace momentset::cli
