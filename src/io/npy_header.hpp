#pragma once

#include <arrow/io/file.h>
#include <arrow/type.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace momentset::io {

/// Header of an NPY file, checked against the length of the file.
struct NpyHeader {
  std::int64_t rows = 0, columns = 0;
  std::shared_ptr<arrow::DataType> type;  ///< of the items, little-endian; booleans are uint8
  bool fortran_order = false;             ///< columns are contiguous
  std::int64_t data_offset = 0;

  std::int64_t item_bytes() const { return type->byte_width(); }
};

/// Throws Error(name, ...) unless it is NPY of version 1 to 3 with a one- or two-dimensional little-endian array of
/// float32, float64, int32, int64, uint8 or booleans that fills the rest of the file exactly. Allocates no more than
/// the header may be long.
NpyHeader read_npy_header(arrow::io::RandomAccessFile& file, const std::string& name);

/// Header of version 1.0 for a float64 array in C order, padded so that the data are aligned.
std::string npy_header(std::int64_t rows, std::int64_t columns);

/// Writes such an array; `fill(j, values)` puts row j, of `columns` numbers, at `values`.
arrow::Status write_npy(arrow::io::OutputStream& stream, std::size_t rows, std::size_t columns,
                        const std::function<void(std::size_t row, double* values)>& fill);

}  // namespace momentset::io
