#pragma once

#include <arrow/type.h>

#include <optional>
#include <string>
#include <vector>

#include "io/source.hpp"
#include "momentset/io/table.hpp"

namespace momentset::io {

/// What one source says of itself if it is an output of momentset: its schema metadata, or for CSV and NPY the
/// certificate beside it. Empty where there is none, and where it does not fit the table: that is for the caller to
/// treat as an ordinary table. `notice` then says why, if there was something that did not fit.
std::optional<CoresetMetadata> coreset_of(const Source& source, Format format, std::string& notice);

/// Columns of the index of the pandas data frame that a table was: pandas names them in the schema metadata. None where
/// it says nothing that can be understood, and of an index that merely counts rows, which is no column.
std::vector<std::string> index_of_data_frame(const arrow::Schema& schema);

constexpr const char* metadata_key = "momentset";

}  // namespace momentset::io
