#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/compute/cast.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "io/failure.hpp"
#include "io/npy_header.hpp"
#include "io/source.hpp"

namespace momentset::io {
namespace {

const std::string problem = "cannot be read as NPY";
constexpr std::int64_t bytes_per_batch = 32 << 20;

using File = std::shared_ptr<arrow::io::ReadableFile>;

class NpySource : public Source {
 public:
  explicit NpySource(Input input) : Source(std::move(input)) {
    header_ = read_npy_header(*this->input().open(), name());
    // Whole numbers are numbers like others: in an array nothing tells row identifiers from coordinates.
    const auto type = arrow::is_floating(header_.type->id()) ? header_.type : arrow::float64();
    arrow::FieldVector fields;
    for (std::int64_t i = 0; i < header_.columns; ++i) fields.push_back(arrow::field("x" + std::to_string(i), type));
    schema_ = arrow::schema(std::move(fields));
  }

  std::optional<std::int64_t> rows() const override { return header_.rows; }

  void scan(const Request& request, const Visitor& visit) override {
    const File file = input().open();
    std::vector<std::int64_t> columns;
    arrow::FieldVector fields;
    for (const auto& field : request.fields) {
      const int column = schema_->GetFieldIndex(field->name());
      if (column < 0) throw Error(name(), field->name(), "no such column");
      columns.push_back(column);
      fields.push_back(schema_->field(column));
    }
    const auto schema = arrow::schema(std::move(fields));
    const std::int64_t step = std::clamp(bytes_per_batch / row_bytes(), std::int64_t{1}, rows_per_batch);
    for (std::int64_t first = 0; first < header_.rows; first += step) {
      const std::int64_t count = std::min(step, header_.rows - first);
      if (request.needs && !request.needs(first, first + count)) continue;
      const auto batch = arrow::RecordBatch::Make(schema, count, read(*file, first, count, columns));
      if (!visit({batch, first, static_cast<double>(first + count) / static_cast<double>(header_.rows)})) return;
    }
  }

 private:
  std::int64_t row_bytes() const { return header_.columns * header_.item_bytes(); }

  arrow::ArrayVector read(arrow::io::RandomAccessFile& file, std::int64_t first, std::int64_t count,
                          const std::vector<std::int64_t>& columns) const {
    const std::int64_t item = header_.item_bytes();
    arrow::BufferVector buffers;
    if (header_.fortran_order) {
      for (const std::int64_t column : columns) {
        buffers.push_back(read_bytes(file, header_.data_offset + (column * header_.rows + first) * item, count * item));
      }
    } else {
      const auto rows = read_bytes(file, header_.data_offset + first * row_bytes(), count * row_bytes());
      for (const std::int64_t column : columns) buffers.push_back(gather(rows->data() + column * item, count));
    }
    arrow::ArrayVector arrays;
    for (const auto& buffer : buffers) {
      auto array = arrow::MakeArray(arrow::ArrayData::Make(header_.type, count, {nullptr, buffer}, 0));
      if (!arrow::is_floating(header_.type->id())) {
        const auto options = arrow::compute::CastOptions::Unsafe();
        array = unwrap(name(), problem, arrow::compute::Cast(*array, arrow::float64(), options));
      }
      arrays.push_back(std::move(array));
    }
    return arrays;
  }

  std::shared_ptr<arrow::Buffer> read_bytes(arrow::io::RandomAccessFile& file, std::int64_t offset,
                                            std::int64_t count) const {
    auto buffer = unwrap(name(), problem, file.ReadAt(offset, count));
    if (buffer->size() != count) throw Error(name(), "", problem + ": the file changed while being read");
    return buffer;
  }

  /// One column out of consecutive rows.
  std::shared_ptr<arrow::Buffer> gather(const std::uint8_t* source, std::int64_t count) const {
    const std::int64_t item = header_.item_bytes();
    std::shared_ptr<arrow::Buffer> buffer = unwrap(name(), problem, arrow::AllocateBuffer(count * item));
    std::uint8_t* target = buffer->mutable_data();
    const auto copy = [&](auto bytes) {
      for (std::int64_t i = 0; i < count; ++i) {
        std::memcpy(target + i * bytes(), source + i * row_bytes(), static_cast<std::size_t>(bytes()));
      }
    };
    // A constant size lets the compiler turn each memcpy into one move.
    if (item == 1) {
      copy(std::integral_constant<std::int64_t, 1>());
    } else if (item == 4) {
      copy(std::integral_constant<std::int64_t, 4>());
    } else {
      copy(std::integral_constant<std::int64_t, 8>());
    }
    return buffer;
  }

  NpyHeader header_;
};

}  // namespace

std::unique_ptr<Source> open_npy(Input input) { return std::make_unique<NpySource>(std::move(input)); }

}  // namespace momentset::io
