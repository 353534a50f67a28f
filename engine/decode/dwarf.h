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

// How values are encoded (DWARF 5, 7.5.6).
enum Form : uint64_t {
  kAddr = 0x01,
  kBlock2 = 0x03,
  kBlock4 = 0x04,
  kData2 = 0x05,
  kData4 = 0x06,
  kData8 = 0x07,
  kString = 0x08,
  kBlock = 0x09,
  kBlock1 = 0x0a,
  kData1 = 0x0b,
  kFlag = 0x0c,
  kSdata = 0x0d,
  kStrp = 0x0e,
  kUdata = 0x0f,
  kRefAddr = 0x10,
  kRef1 = 0x11,
  kRef2 = 0x12,
  kRef4 = 0x13,
  kRef8 = 0x14,
  kRefUdata = 0x15,
  kIndirect = 0x16,
  kSecOffset = 0x17,
  kExprloc = 0x18,
  kFlagPresent = 0x19,
  kStrx = 0x1a,
  kAddrx = 0x1b,
  kRefSup4 = 0x1c,
  kStrpSup = 0x1d,
  kData16 = 0x1e,
  kLineStrp = 0x1f,
  kRefSig8 = 0x20,
  kImplicitConst = 0x21,
  kLoclistx = 0x22,
  kRnglistx = 0x23,
  kRefSup8 = 0x24,
  kStrx1 = 0x25,
  kStrx2 = 0x26,
  kStrx3 = 0x27,
  kStrx4 = 0x28,
  kAddrx1 = 0x29,
  kAddrx2 = 0x2a,
  kAddrx3 = 0x2b,
  kAddrx4 = 0x2c,
};

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
