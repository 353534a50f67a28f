#pragma once

#include <cstdint>
#include <string_view>

#include "engine/base/bytes.h"
#include "engine/base/vector.h"

namespace wherry::text {

// Bytes of the binary format in the making (core spec 5.2). Lack of memory sticks: it drops what is written from
// then on, and is asked for once at the end. Not thread-safe.
class ByteBuffer {
 public:
  void u8(uint8_t byte) { ok_ = bytes_.push_back(byte) && ok_; }
  void append(base::ByteSpan bytes) { ok_ = bytes_.append(bytes) && ok_; }

  // LEB128.
  void u32(uint32_t value) { u64(value); }
  void u64(uint64_t value) {
    while (value >= 0x80) {
      u8(static_cast<uint8_t>(value | 0x80));
      value >>= 7;
    }
    u8(static_cast<uint8_t>(value));
  }
  void s64(int64_t value) {
    while (value < -0x40 || value >= 0x40) {
      u8(static_cast<uint8_t>(value | 0x80));
      value >>= 7;
    }
    u8(static_cast<uint8_t>(value & 0x7f));
  }
  // Little-endian.
  void fixed(uint64_t value, uint32_t size_bytes) {
    for (uint32_t i = 0; i < size_bytes; ++i) u8(static_cast<uint8_t>(value >> (8 * i)));
  }
  void name(std::string_view text) {
    u64(text.size());
    append(base::as_bytes(text));
  }
  // A length, then the bytes.
  void sized(base::ByteSpan bytes) {
    u64(bytes.size());
    append(bytes);
  }
  void sized(const ByteBuffer& bytes) {
    sized(bytes.span());
    require(bytes.ok());
  }
  // A section or subsection: its content in one piece or in two, or so many items.
  void section(uint8_t id, const ByteBuffer& content) {
    u8(id);
    sized(content);
  }
  void section(uint8_t id, const ByteBuffer& head, base::ByteSpan rest) {
    u8(id);
    u64(head.size() + rest.size());
    append(head.span());
    append(rest);
    require(head.ok());
  }
  void section(uint8_t id, size_t count, const ByteBuffer& items) {
    ByteBuffer head;
    head.u64(count);
    section(id, head, items.span());
    require(items.ok());
  }
  void custom_section(std::string_view section_name, base::ByteSpan content) {
    ByteBuffer head;
    head.name(section_name);
    section(0, head, content);
  }
  // An opcode as engine/wasm/opcodes.inc codes it.
  void opcode(uint32_t code) {
    if (code < 0x1000) return u8(static_cast<uint8_t>(code));
    u8(static_cast<uint8_t>(code >> 12));
    u32(code & 0xfff);
  }

  bool ok() const { return ok_; }
  // Takes over the failure of a buffer that was copied into this one.
  void require(bool ok) { ok_ = ok && ok_; }
  size_t size() const { return bytes_.size(); }
  base::ByteSpan span() const { return bytes_.span(); }
  base::ByteSpan from(size_t begin) const { return span().subspan(begin); }
  void truncate(size_t size) { bytes_.truncate(size); }
  void clear() { bytes_.clear(); }
  base::Vector<uint8_t> take() { return std::move(bytes_); }

 private:
  base::Vector<uint8_t> bytes_;
  bool ok_ = true;
};

}  // namespace wherry::text
