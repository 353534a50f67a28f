// LEB128 as core spec 5.2.2 limits it: at most ceil(bits / 7) bytes, and the unused bits of the last byte must
// repeat the sign (or be zero). The two faults are told apart since the specification's tests name them.
#include "engine/base/byte_reader.h"

namespace wherry::base {

uint64_t ByteReader::unsigned_leb(uint32_t bits) {
  const uint8_t* const start = next_;
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
