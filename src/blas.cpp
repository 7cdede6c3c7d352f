#include "blas.hpp"

#include <mutex>

namespace momentset {
namespace {

std::mutex guard;
int users = 0;
int threads_before = 1;

}  // namespace

SingleThreadedBlas::SingleThreadedBlas() {
  const std::lock_guard lock(guard);
  if (users++ > 0) return;
  threads_before = openblas_get_num_threads();
  if (threads_before > 1) openblas_set_num_threads(1);
}

SingleThreadedBlas::~SingleThreadedBlas() {
  const std::lock_guard lock(guard);
  if (--users == 0 && threads_before > 1) openblas_set_num_threads(threads_before);
}

}  // namespace momentset
