#include "momentset/partition/large_vector.hpp"

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace momentset {
namespace {

constexpr std::size_t huge_page = std::size_t{1} << 21;

}  // namespace

void* allocate_large(std::size_t bytes) {
  if (bytes < huge_page) return ::operator new(bytes);
  void* memory = ::operator new(bytes, std::align_val_t(huge_page));
#if defined(__linux__)
  madvise(memory, bytes, MADV_HUGEPAGE);  // may be refused: nothing is lost then
#endif
  return memory;
}

void release_large(void* memory, std::size_t bytes) noexcept {
  if (bytes < huge_page) {
    ::operator delete(memory);
  } else {
    ::operator delete(memory, std::align_val_t(huge_page));
  }
}

}  // namespace momentset
