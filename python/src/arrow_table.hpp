#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "arrow_interface.hpp"

namespace momentset::python {

/// Owns a structure of the Arrow C interface: takes its content over and calls `release` at the end.
template <class T>
class Owned {
 public:
  Owned() = default;
  /// Leaves `from` released, as the specification demands of whoever moves a structure.
  explicit Owned(T& from) : value_(std::exchange(from, T{})) {}
  Owned(Owned&& other) noexcept : value_(std::exchange(other.value_, T{})) {}
  Owned& operator=(Owned&& other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }
  ~Owned() {
    if (value_.release != nullptr) value_.release(&value_);
  }
  T* get() { return &value_; }
  const T& operator*() const { return value_; }
  const T* operator->() const { return &value_; }

 private:
  T value_{};
};

/// A table behind the Arrow C interface: its batches as they are, not copied.
class ArrowTable {
 public:
  struct Column {
    std::string name;
    std::string format;    ///< type, in the notation of the specification
    bool numeric = false;  ///< integer, floating-point (32 or 64 bits) or decimal128: can be a coordinate
    bool integer = false;
    bool categorical = false;  ///< text, boolean or dictionary-encoded: its values are names
  };

  /// Takes over all batches of a stream; or one batch. A batch that is no struct is a table of one column without name.
  /// Throws Error (field "X") if the producer fails or the table has no column.
  explicit ArrowTable(Owned<ArrowArrayStream> stream);
  ArrowTable(Owned<ArrowSchema> schema, Owned<ArrowArray> batch);

  const std::vector<Column>& columns() const { return columns_; }
  std::size_t rows() const { return rows_; }
  /// Value of a key of the schema's metadata; empty if there is none.
  std::string metadata(const std::string& key) const;

  /// The first `rows` rows of numeric columns, row-major: out[i * columns.size() + k]; NaN where there is no value.
  void read(std::span<const std::size_t> columns, std::size_t rows, double* out) const;

 private:
  void take_schema(Owned<ArrowSchema> schema);
  void take_batch(Owned<ArrowArray> batch);

  Owned<ArrowSchema> schema_;
  std::vector<Owned<ArrowArray>> batches_;
  std::vector<Column> columns_;
  bool is_struct_ = true;
  std::size_t rows_ = 0;
};

}  // namespace momentset::python
