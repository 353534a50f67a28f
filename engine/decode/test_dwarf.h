#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>

// For tests: modules with debug information, written by hand.
namespace wherry::decode {

using Bytes = std::string;

inline Bytes u16(uint32_t value) { return {static_cast<char>(value), static_cast<char>(value >> 8)}; }
inline Bytes u32(uint32_t value) { return u16(value & 0xffff) + u16(value >> 16); }
inline Bytes text(const char* value) { return Bytes(value) + '\0'; }

// A module with a code section of one function, and custom sections.
inline Bytes module_of(std::initializer_list<std::pair<const char*, Bytes>> customs) {
  Bytes module("\0asm\1\0\0\0", 8);
  module += Bytes("\1\4\1\x60\0\0", 6) + Bytes("\3\2\1\0", 4);
  // 32 bytes of nop in one body; contents begin at 20.
  module += Bytes("\x0a\x24\1\x22\0", 5) + Bytes(32, '\1') + '\x0b';
  for (const auto& [name, bytes] : customs) {
    const Bytes content = Bytes(1, static_cast<char>(std::string(name).size())) + name + bytes;
    const auto size = static_cast<uint32_t>(content.size());
    module += Bytes({'\0', static_cast<char>(size | 0x80), static_cast<char>(size >> 7)}) + content;
  }
  return module;
}
inline constexpr uint64_t kCode = 20;

inline constexpr const char kCounts[] = {0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1};

// A unit of the line table: its files by `tables`, its rows by the program `code`.
inline Bytes line_unit(uint32_t version, const Bytes& tables, const Bytes& code) {
  Bytes header = Bytes(1, '\1');         // minimum length
  if (version >= 4) header += '\1';      // operations
  header += Bytes("\1\xfb\x0e\x0d", 4);  // is_stmt, line_base -5, line_range 14, opcode_base 13
  header += Bytes(kCounts, sizeof kCounts) + tables;
  Bytes rest = u16(version);
  if (version == 5) rest += Bytes("\4\0", 2);
  rest += u32(static_cast<uint32_t>(header.size())) + header + code;
  return u32(static_cast<uint32_t>(rest.size())) + rest;
}

inline Bytes tables_4() {
  return text("src") + '\0' + text("a.c") + Bytes("\1\0\0", 3) + text("/abs/b.c") + Bytes(3, '\0') + '\0';
}
// Directories: one of line_strp; files: string, directory udata.
inline Bytes tables_5() {
  return Bytes("\1\1\x1f\1", 4) + u32(2) + Bytes("\2\1\x08\2\x0f\3", 6) + text("zero.c") + '\0' +
         text("a.c") + '\0' + text("/abs/b.c") + '\0';
}

}  // namespace wherry::decode
