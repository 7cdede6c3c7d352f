#include "simd.hpp"

#include <algorithm>
#include <atomic>

namespace momentset {
namespace {

std::atomic<SimdPath>& chosen_path() {
  static std::atomic<SimdPath> path = best_simd_path();
  return path;
}

}  // namespace

SimdPath best_simd_path() {
#if defined(__x86_64__) && defined(__GNUC__)
  if (!__builtin_cpu_supports("fma")) return SimdPath::baseline;
  if (__builtin_cpu_supports("avx512f")) return SimdPath::avx512;
  if (__builtin_cpu_supports("avx2")) return SimdPath::avx2;
#endif
  return SimdPath::baseline;
}

SimdPath simd_path() { return chosen_path().load(std::memory_order_relaxed); }

void use_simd_path(SimdPath path) { chosen_path().store(std::min(path, best_simd_path())); }

}  // namespace momentset
