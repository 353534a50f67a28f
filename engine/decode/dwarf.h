#pragma once

#include <cstdint>
#include <string_view>

#include "engine/base/byte_reader.h"
#include "engine/wasm/module.h"

// What the readers of debug information share ("DWARF for WebAssembly": sections of DWARF as custom sections, addresses
// counted from the beginning of the code section's contents).
namespace wherry::decode::dwarf {

// The most of a name or path that is read.
inline constexpr size_t kTextBytes = 1024;

// Addresses from here on stand for code that the linker left out, as 0 does.
inline constexpr uint64_t kLeftOut = 0xffff'fffe;

// Little-endian numbers and offsets of either width, on top of ByteReader.
class Reader : public base::ByteReader {
 public:
  using ByteReader::ByteReader;
  uint16_t fixed16() {
    const uint16_t low = u8();
    return static_cast<uint16_t>(low | u8() << 8);
  }
  uint32_t fixed24() {
    const uint32_t low = fixed16();
    return low | uint32_t{u8()} << 16;
  }
  uint64_t offset_of(bool is_64) { return is_64 ? fixed64() : fixed32(); }
  // The length at the beginning of a unit, and the width of offsets that it chooses.
  uint64_t unit_length(bool* is_64) {
    const uint32_t length = fixed32();
    *is_64 = length == 0xffff'ffff;
    return *is_64 ? fixed64() : length;
  }
  std::string_view text() {
    const auto* const begin = position();
    size_t size = 0;
    while (ok() && !at_end() && u8() != 0) ++size;
    return {reinterpret_cast<const char*>(begin), size};
  }
};

// The string there, cut to kTextBytes; empty if it is not in the section.
std::string_view text_at(base::ByteSpan section, uint64_t offset);

// From `offset` on; nothing if that is not in the section.
inline base::ByteSpan from(base::ByteSpan section, uint64_t offset) {
  return offset >= section.size() ? base::ByteSpan{} : section.subspan(offset);
}

// The first custom section of that name; empty if there is none.
base::ByteSpan custom_section(const wasm::Module& module, std::string_view name);

// Where the contents of the code section begin in the file; 0 if there is none.
uint64_t code_begin(base::ByteSpan module_bytes);

}  // namespace wherry::decode::dwarf
