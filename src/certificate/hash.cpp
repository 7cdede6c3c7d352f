#include "certificate/hash.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <string_view>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace momentset::certificate {
namespace {

/// Hashes 64-bit numbers, in batches so that they need not lie in memory as such.
class NumberHash {
 public:
  NumberHash() { XXH3_128bits_reset(&state_); }

  void add(std::uint64_t number) {
    if constexpr (std::endian::native == std::endian::big) number = __builtin_bswap64(number);
    batch_[filled_++] = number;
    if (filled_ == batch_.size()) flush();
  }
  void add(double number) { add(std::bit_cast<std::uint64_t>(number)); }

  std::string digest() {
    flush();
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(&state_));
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text = "xxh3-128:";
    for (const unsigned char byte : canonical.digest) text += {digits[byte >> 4], digits[byte & 15]};
    return text;
  }

 private:
  void flush() {
    XXH3_128bits_update(&state_, batch_.data(), filled_ * sizeof(std::uint64_t));
    filled_ = 0;
  }

  XXH3_state_t state_;
  std::array<std::uint64_t, 512> batch_{};
  std::size_t filled_ = 0;
};

void add_points(NumberHash& hash, const Selection& points) {
  for (std::size_t k = 0; k < points.size; ++k) {
    std::for_each_n(points.point(k), points.dimension, [&](double x) { hash.add(x); });
  }
  for (std::size_t k = 0; k < points.size; ++k) hash.add(points.weight(k));
}

template <class Row>
std::string hash_rows(std::span<const Row> rows, const Selection& points) {
  NumberHash hash;
  hash.add(std::uint64_t(points.dimension));
  hash.add(std::uint64_t(points.size));
  for (const Row row : rows) hash.add(std::uint64_t(row));
  add_points(hash, points);
  return hash.digest();
}

}  // namespace

std::string hash_input(const Selection& points) {
  NumberHash hash;
  hash.add(std::uint64_t(points.dimension));
  hash.add(std::uint64_t(points.size));
  add_points(hash, points);
  return hash.digest();
}

std::string hash_output(std::span<const Index> rows, const Selection& points) { return hash_rows(rows, points); }

std::string hash_output(std::span<const std::uint64_t> rows, const Selection& points) {
  return hash_rows(rows, points);
}

}  // namespace momentset::certificate
