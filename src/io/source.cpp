#include "io/source.hpp"

#include <arrow/io/interfaces.h>
#include <arrow/util/thread_pool.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "io/failure.hpp"
#include "momentset/io/table.hpp"

namespace momentset::io {
namespace {

std::atomic<bool> threads_allowed{true};

}  // namespace

bool use_threads() { return threads_allowed.load(); }

void set_threads(int threads) {
  if (threads < 0) throw Error("threads", std::to_string(threads), "must be 0 (all cores) or more");
  const int wanted = threads > 0 ? threads : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  threads_allowed = wanted > 1;
  check("threads", "cannot be set", arrow::SetCpuThreadPoolCapacity(wanted));
  check("threads", "cannot be set", arrow::io::SetIOThreadPoolCapacity(wanted));
}

std::shared_ptr<arrow::RecordBatch> pick(const std::string& file, const arrow::RecordBatch& batch,
                                         const arrow::FieldVector& fields) {
  arrow::FieldVector picked_fields;
  arrow::ArrayVector arrays;
  for (const auto& field : fields) {
    const int index = batch.schema()->GetFieldIndex(field->name());
    if (index < 0) throw Error(file, field->name(), "column is gone: the file changed while being read");
    picked_fields.push_back(batch.schema()->field(index));
    arrays.push_back(batch.column(index));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(picked_fields)), batch.num_rows(), std::move(arrays));
}

}  // namespace momentset::io
