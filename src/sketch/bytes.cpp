#include "sketch/bytes.hpp"

#include <bit>

#include "momentset/error.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace momentset::sketch {
namespace {

constexpr std::size_t seal_bytes = 8;

}  // namespace

void ByteWriter::fixed(std::uint64_t number, int count) {
  std::uint8_t bytes[8];
  for (int k = 0; k < 8; ++k) bytes[k] = std::uint8_t(number >> (8 * k));
  bytes_.insert(bytes_.end(), bytes, bytes + count);
}

void ByteWriter::f64(double number) { u64(std::bit_cast<std::uint64_t>(number)); }

void ByteWriter::varint(std::uint64_t number) {
  for (; number >= 128; number >>= 7) bytes_.push_back(std::uint8_t(number | 128));
  bytes_.push_back(std::uint8_t(number));
}

std::vector<std::uint8_t> ByteWriter::sealed() && {
  u64(XXH3_64bits(bytes_.data(), bytes_.size()));
  return std::move(bytes_);
}

ByteReader::ByteReader(std::span<const std::uint8_t> sealed) : rest_(sealed) {
  require(sealed.size() > seal_bytes, "end too early");
  const std::span<const std::uint8_t> content = sealed.first(sealed.size() - seal_bytes);
  rest_ = sealed.last(seal_bytes);
  require(u64() == XXH3_64bits(content.data(), content.size()), "do not have the checksum that they state");
  rest_ = content;
}

void ByteReader::require(bool holds, const char* what) {
  if (!holds) throw Error("sketch", "", std::string("the bytes ") + what);
}

std::span<const std::uint8_t> ByteReader::take(std::uint64_t count) {
  require(count <= rest_.size(), "end too early");
  const std::span<const std::uint8_t> taken = rest_.first(std::size_t(count));
  rest_ = rest_.subspan(std::size_t(count));
  return taken;
}

std::uint64_t ByteReader::fixed(std::size_t count) {
  std::uint64_t number = 0;
  const std::span<const std::uint8_t> taken = take(count);
  for (std::size_t k = 0; k < count; ++k) number |= std::uint64_t(taken[k]) << (8 * k);
  return number;
}

std::string ByteReader::bytes(std::uint64_t count) {
  const std::span<const std::uint8_t> taken = take(count);
  return {taken.begin(), taken.end()};
}

double ByteReader::f64() { return std::bit_cast<double>(u64()); }

void ByteReader::f64(std::span<double> numbers) {
  require(numbers.size() <= rest_.size() / sizeof(double), "end too early");
  for (double& number : numbers) number = f64();
}

std::vector<double> ByteReader::f64(std::uint64_t count) {
  require(count <= rest_.size() / sizeof(double), "end too early");
  std::vector<double> numbers(static_cast<std::size_t>(count));
  f64(numbers);
  return numbers;
}

std::uint64_t ByteReader::varint() {
  std::uint64_t number = 0;
  for (int shift = 0;; shift += 7) {
    const std::uint64_t byte = take(1)[0];
    require(shift < 63 || (shift == 63 && byte <= 1), "hold a number that is too large");
    number |= (byte & 127) << shift;
    if (byte < 128) return number;
  }
}

std::uint64_t ByteReader::count(std::uint64_t least) {
  const std::uint64_t count = u64();
  require(count <= rest_.size() / least, "end too early");
  return count;
}

}  // namespace momentset::sketch
