#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "momentset/certificate.hpp"
#include "momentset/certificate/stream.hpp"
#include "momentset/io/table.hpp"

namespace momentset::cli {

/// What the command line says of a compressed table, beside where it is.
struct ClaimArguments {
  std::string certificate;           ///< path; empty: beside the table, if there is one
  std::vector<std::string> columns;  ///< without a certificate: the coordinates
  std::optional<int> order;          ///< without a certificate
  std::string weights;               ///< column of the input, where no certificate names it
  bool drop_invalid = false;         ///< where no certificate says so
};

/// What a compressed table claims, from whichever source tells it.
struct Claim {
  std::optional<Certificate> certificate;   ///< if there is one
  std::optional<StreamCertificate> stream;  ///< or one of a stream
  std::vector<std::string> columns;
  std::vector<std::string> targets;     ///< columns of the input that are the certificate's companions; none if unnamed
  std::vector<std::string> groups;      ///< columns of the input that tell its groups apart
  std::vector<std::string> categories;  ///< columns of which counts are kept
  bool category_pairs = false;
  std::size_t feature_columns = 0;  ///< of files, the last of the companions
  int order = 0;
  std::string weights;  ///< column of the input
  std::string weight_sum = "mass";
  bool drop_invalid = false;
  std::optional<std::vector<io::Filled>> filled;  ///< columns whose missing values were filled
  std::string source;                             ///< for people

  /// How the input was read.
  io::ReadOptions read_options() const;
};

bool has_column(const io::Table& table, const std::string& name);

/// Throws Error where nothing tells what the table claims, or where the certificate is none.
Claim claim_of(const ClaimArguments& arguments, const std::string& path, const io::Table& table);

/// Throws Error where the input is not what the table was made from, as far as its columns tell: a coreset of a coreset
/// keeps the moments of the table that it was made from.
void require_source(const Claim& claim, const io::Table& input);

}  // namespace momentset::cli
