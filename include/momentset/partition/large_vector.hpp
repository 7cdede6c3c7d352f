#pragma once

#include <cstddef>
#include <new>
#include <type_traits>
#include <vector>

namespace momentset {

/// Memory for a large array, in huge pages where the system gives them to those who ask: with small ones, a
/// quarter of a kd-tree's time goes into the first access to each. Throws std::bad_alloc.
void* allocate_large(std::size_t bytes);
void release_large(void* memory, std::size_t bytes) noexcept;

template <class T>
struct LargeAllocator {
  using value_type = T;

  LargeAllocator() = default;
  template <class U>
  LargeAllocator(const LargeAllocator<U>&) noexcept {}

  T* allocate(std::size_t count) {
    if (count > std::size_t(-1) / sizeof(T)) throw std::bad_array_new_length();
    return static_cast<T*>(allocate_large(count * sizeof(T)));
  }
  void deallocate(T* memory, std::size_t count) noexcept { release_large(memory, count * sizeof(T)); }

  /// Leaves numbers as they are: zeros would be written by one thread, and before those that are wanted.
  template <class U>
  void construct(U* place) noexcept(std::is_nothrow_default_constructible_v<U>) {
    ::new (static_cast<void*>(place)) U;
  }

  bool operator==(const LargeAllocator&) const = default;
};

/// A vector for large arrays of numbers, which resize() leaves uninitialised.
template <class T>
using LargeVector = std::vector<T, LargeAllocator<T>>;

}  // namespace momentset
