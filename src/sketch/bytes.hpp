#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace momentset::sketch {

/// Writes numbers in little-endian order.
class ByteWriter {
 public:
  /// Room for so many bytes in all.
  void reserve(std::size_t count) { bytes_.reserve(count); }

  void bytes(std::string_view text) { bytes_.insert(bytes_.end(), text.begin(), text.end()); }
  void u32(std::uint32_t number) { fixed(number, 4); }
  void u64(std::uint64_t number) { fixed(number, 8); }
  void f64(double number);
  void f64(std::span<const double> numbers) {
    for (const double number : numbers) f64(number);
  }
  /// Seven bits a byte, the lowest first; the eighth bit says that more follow (LEB128).
  void varint(std::uint64_t number);

  /// The bytes, and XXH3-64 of them.
  std::vector<std::uint8_t> sealed() &&;

 private:
  void fixed(std::uint64_t number, int count);

  std::vector<std::uint8_t> bytes_;
};

/// Reads what ByteWriter wrote. Never beyond the end: throws Error there.
class ByteReader {
 public:
  /// Throws Error unless the bytes end with XXH3-64 of those before it.
  explicit ByteReader(std::span<const std::uint8_t> sealed);

  std::string bytes(std::uint64_t count);
  std::uint32_t u32() { return std::uint32_t(fixed(4)); }
  std::uint64_t u64() { return fixed(8); }
  double f64();
  void f64(std::span<double> numbers);
  std::vector<double> f64(std::uint64_t count);
  std::uint64_t varint();
  /// A number of things that take `least` bytes each, at least: no more than there is room for.
  std::uint64_t count(std::uint64_t least);

  bool done() const { return rest_.empty(); }
  /// Throws the Error that this is no sketch, unless the rule holds.
  static void require(bool holds, const char* what);

 private:
  std::span<const std::uint8_t> take(std::uint64_t count);
  std::uint64_t fixed(std::size_t count);

  std::span<const std::uint8_t> rest_;
};

}  // namespace momentset::sketch
