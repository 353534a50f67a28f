// LEB128 as core spec 5.2.2 limits it: at most ceil(bits / 7) bytes, and the unused bits of the last byte must
// repeat the sign (or be zero). The two faults are told apart since the specification's tests name them.
//
// Eight bytes are looked at as one word where there are so many: the first byte without a continuation bit ends the
// number, and its groups of seven bits are pushed together in three steps. What that cannot answer (nine and ten bytes,
// the end of the span, faults) is read byte by byte.
#include "engine/base/byte_reader.h"

namespace wherry::base {
namespace {

struct Groups {
  uint64_t value = 0;
  uint32_t bytes = 0;  // 0: more than eight.
};

Groups read_groups(const uint8_t* at) {
  uint64_t word;
  std::memcpy(&word, at, sizeof word);
  const uint64_t ends = ~word & 0x8080808080808080;
  if (ends == 0) return {};
  const auto last_bit = static_cast<uint32_t>(__builtin_ctzll(ends));
  word &= ends ^ (ends - 1);
  word &= 0x7f7f7f7f7f7f7f7f;
  word = (word & 0x007f007f007f007f) | (word & 0x7f007f007f007f00) >> 1;
  word = (word & 0x00003fff00003fff) | (word & 0x3fff00003fff0000) >> 2;
  word = (word & 0x000000000fffffff) | (word & 0x0fffffff00000000) >> 4;
  return {word, last_bit / 8 + 1};
}

}  // namespace

uint64_t ByteReader::unsigned_leb(uint32_t bits) {
  const uint8_t* const start = next_;
  if (remaining() >= 8) [[likely]] {
    const Groups groups = read_groups(next_);
    if (groups.bytes != 0 && groups.bytes * 7 < bits + 7 && (bits == 64 || groups.value >> bits == 0))
        [[likely]] {
      next_ += groups.bytes;
      return groups.value;
    }
  }
  uint64_t value = 0;
  for (uint32_t shift = 0;; shift += 7) {
    if (next_ == end_) return fail(ReadFault::UnexpectedEnd, start), 0;
    const uint8_t byte = *next_++;
    const uint32_t left = bits - shift;  // How many bits this byte may still carry.
    if (left < 7 && (byte & 0x80) != 0) return fail(ReadFault::IntegerTooLong, start), 0;
    if (left < 7 && (byte >> left) != 0) return fail(ReadFault::IntegerTooLarge, start), 0;
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return value;
  }
}

int64_t ByteReader::signed_leb(uint32_t bits) {
  const uint8_t* const start = next_;
  if (remaining() >= 8) [[likely]] {
    const Groups groups = read_groups(next_);
    const uint32_t unused = 64 - groups.bytes * 7;
    if (groups.bytes != 0 && groups.bytes * 7 < bits + 7) [[likely]] {
      const int64_t value = static_cast<int64_t>(groups.value << unused) >> unused;
      const int64_t high = value >> (bits - 1);
      if (high == 0 || high == -1) [[likely]] {
        next_ += groups.bytes;
        return value;
      }
    }
  }
  uint64_t value = 0;
  for (uint32_t shift = 0;; shift += 7) {
    if (next_ == end_) return fail(ReadFault::UnexpectedEnd, start), 0;
    const uint8_t byte = *next_++;
    const uint32_t left = bits - shift;
    if (left < 7) {
      if ((byte & 0x80) != 0) return fail(ReadFault::IntegerTooLong, start), 0;
      const uint8_t spare = static_cast<uint8_t>((byte & 0x7f) >> (left - 1));  // Sign bit and all above it.
      if (spare != 0 && spare != (0x7f >> (left - 1))) return fail(ReadFault::IntegerTooLarge, start), 0;
    }
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) {
      const uint32_t used = shift + 7;
      if (used < 64 && (byte & 0x40) != 0) value |= ~uint64_t{0} << used;
      return static_cast<int64_t>(value);
    }
  }
}

}  // namespace wherry::base
