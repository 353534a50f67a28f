#pragma once

#include <cstdint>
#include <cstring>

#include "engine/base/bytes.h"

namespace wherry::base {

// Why a ByteReader stopped.
enum class ReadFault : uint8_t { None, UnexpectedEnd, IntegerTooLong, IntegerTooLarge };

// Reads little-endian numbers and LEB128 integers (core spec 5.2.2) from a span it does not own.
//
// Failure sticks: after the first fault every read returns zero (or an empty span) and does not move, so that a
// caller reads a whole item and asks once. `fault_offset` says where the faulty item begins. Not thread-safe.
class ByteReader {
 public:
  // `base_offset` is the place of the first byte in the file, so that positions are file offsets.
  explicit ByteReader(ByteSpan bytes, uint64_t base_offset = 0)
      : next_(bytes.data()),
        end_(bytes.data() + bytes.size()),
        origin_(base_offset - reinterpret_cast<uintptr_t>(bytes.data())) {}

  bool ok() const { return fault_ == ReadFault::None; }
  ReadFault fault() const { return fault_; }
  uint64_t fault_offset() const { return fault_offset_; }
  bool at_end() const { return next_ == end_; }
  size_t remaining() const { return static_cast<size_t>(end_ - next_); }
  uint64_t offset() const { return offset_of(next_); }
  uint64_t offset_of(const uint8_t* position) const {
    return origin_ + reinterpret_cast<uintptr_t>(position);
  }
  const uint8_t* position() const { return next_; }
  // Moves back (or on) to a position that this reader has reported.
  void seek(const uint8_t* position) { next_ = position; }
  // The same, forgetting a fault: something else is read there instead.
  void reset(const uint8_t* position) {
    next_ = position;
    fault_ = ReadFault::None;
  }

  uint8_t u8() {
    if (next_ == end_) [[unlikely]]
      return fail(ReadFault::UnexpectedEnd, next_), 0;
    return *next_++;
  }
  // The next byte without taking it; zero at the end, which is not a fault.
  uint8_t peek() const { return next_ == end_ ? 0 : *next_; }

  uint32_t u32() {
    if (next_ != end_ && *next_ < 0x80) [[likely]]
      return *next_++;
    return static_cast<uint32_t>(unsigned_leb(32));
  }
  uint64_t u64() {
    if (next_ != end_ && *next_ < 0x80) [[likely]]
      return *next_++;
    return unsigned_leb(64);
  }
  int32_t s32() { return static_cast<int32_t>(signed_leb(32)); }
  int64_t s33() { return signed_leb(33); }
  int64_t s64() { return signed_leb(64); }
  uint32_t fixed32() { return fixed<uint32_t>(); }
  uint64_t fixed64() { return fixed<uint64_t>(); }

  ByteSpan take(uint64_t size_bytes) {
    if (size_bytes > remaining()) [[unlikely]]
      return fail(ReadFault::UnexpectedEnd, next_), ByteSpan{};
    const ByteSpan bytes{next_, static_cast<size_t>(size_bytes)};
    next_ += size_bytes;
    return bytes;
  }

 private:
  template <class T>
  T fixed() {
    if (remaining() < sizeof(T)) [[unlikely]]
      return fail(ReadFault::UnexpectedEnd, next_), T{};
    T value;
    std::memcpy(&value, next_, sizeof(T));
    next_ += sizeof(T);
    return value;
  }
  void fail(ReadFault fault, const uint8_t* where) {
    if (fault_ == ReadFault::None) {
      fault_ = fault;
      fault_offset_ = offset_of(where);
    }
    next_ = end_;
  }
  uint64_t unsigned_leb(uint32_t bits);
  int64_t signed_leb(uint32_t bits);

  const uint8_t* next_;
  const uint8_t* end_;
  uint64_t origin_;  // What an address is added to for a place in the file.
  uint64_t fault_offset_ = 0;
  ReadFault fault_ = ReadFault::None;
};

}  // namespace wherry::base
