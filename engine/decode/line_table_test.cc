// Line tables written by hand: every kind of operation, both forms of the tables of files, and what is broken.
#include "engine/decode/line_table.h"

#include <catch2/catch.hpp>
#include <string>

#include "engine/decode/decode.h"

namespace wherry::decode {
namespace {

using Bytes = std::string;

Bytes u16(uint32_t value) { return {static_cast<char>(value), static_cast<char>(value >> 8)}; }
Bytes u32(uint32_t value) { return u16(value & 0xffff) + u16(value >> 16); }
Bytes text(const char* value) { return Bytes(value) + '\0'; }

// A module with a code section of one function, and custom sections.
Bytes module_of(std::initializer_list<std::pair<const char*, Bytes>> customs) {
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
constexpr uint64_t kCode = 20;

constexpr const char kCounts[] = {0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1};

// Sequence from address 5: line 3 column 7; from 8: line 4, file 2; from 11: line 9; ends at 20.
Bytes program() {
  Bytes out = Bytes("\0\5\2", 3) + u32(5);
  out += Bytes("\3\2\5\7\1", 5);                    // advance_line 2, set_column 7, copy
  out += Bytes("\4\2\2\3", 4);                      // set_file 2, advance_pc 3
  out += Bytes("\3\1\1", 3);                        // advance_line 1, copy
  out += static_cast<char>(13 + 3 * 14 + (5 + 5));  // special: address +3, line +5
  out += Bytes("\x9", 1) + u16(9);                  // fixed_advance_pc 9
  out += Bytes("\0\1\1", 3);                        // end_sequence
  return out;
}

Bytes unit(uint32_t version, const Bytes& tables, const Bytes& code) {
  Bytes header = Bytes(1, '\1');         // minimum length
  if (version >= 4) header += '\1';      // operations
  header += Bytes("\1\xfb\x0e\x0d", 4);  // is_stmt, line_base -5, line_range 14, opcode_base 13
  header += Bytes(kCounts, sizeof kCounts) + tables;
  Bytes rest = u16(version);
  if (version == 5) rest += Bytes("\4\0", 2);
  rest += u32(static_cast<uint32_t>(header.size())) + header + code;
  return u32(static_cast<uint32_t>(rest.size())) + rest;
}

const Bytes kTables4 =
    text("src") + '\0' + text("a.c") + Bytes("\1\0\0", 3) + text("/abs/b.c") + Bytes(3, '\0') + '\0';
// Directories: one of line_strp; files: string, directory udata.
const Bytes kTables5 = Bytes("\1\1\x1f\1", 4) + u32(2) + Bytes("\2\1\x08\2\x0f\3", 6) + text("zero.c") +
                       '\0' + text("a.c") + '\0' + text("/abs/b.c") + '\0';

std::string places(const Bytes& bytes, std::initializer_list<uint64_t> addresses) {
  auto module = decode({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}, {});
  if (!module) return "not decoded";
  std::vector<SourceQuery> queries;
  for (const uint64_t address : addresses) queries.push_back({kCode + address, {}});
  find_source_places(*module, queries);
  std::string out;
  for (const SourceQuery& query : queries) {
    out += query.place.file + ":" + std::to_string(query.place.line) + ":" +
           std::to_string(query.place.column) + " ";
  }
  return out;
}

constexpr const char* kExpected = ":0:0 src/a.c:3:7 src/a.c:3:7 /abs/b.c:4:7 /abs/b.c:9:7 /abs/b.c:9:7 :0:0 ";

}  // namespace

TEST_CASE("line tables of versions 2 to 4 give places") {
  for (const uint32_t version : {2u, 3u, 4u}) {
    const Bytes bytes = module_of({{".debug_line", unit(version, kTables4, program())}});
    CHECK(places(bytes, {4, 5, 7, 8, 11, 19, 20}) == kExpected);
  }
}

TEST_CASE("line tables of version 5 give places, with paths in a section of their own") {
  const Bytes bytes = module_of(
      {{".debug_line_str", text("x") + text("src")}, {".debug_line", unit(5, kTables5, program())}});
  CHECK(places(bytes, {4, 5, 7, 8, 11, 19, 20}) == kExpected);
  CHECK(places(bytes, {19, 5}) == "/abs/b.c:9:7 src/a.c:3:7 ");
}

TEST_CASE("a unit that is not understood is passed over") {
  const Bytes strange = u32(6) + u16(77) + u32(0);
  const Bytes bytes = module_of({{".debug_line", strange + unit(4, kTables4, program())}});
  CHECK(places(bytes, {5}) == "src/a.c:3:7 ");
}

TEST_CASE("functions that the linker left out are nowhere") {
  Bytes code = program();
  code.replace(3, 4, u32(0));
  CHECK(places(module_of({{".debug_line", unit(4, kTables4, code)}}), {0, 1, 5}) == ":0:0 :0:0 :0:0 ");
  code.replace(3, 4, u32(~0u));
  CHECK(places(module_of({{".debug_line", unit(4, kTables4, code)}}), {0, 1, 5}) == ":0:0 :0:0 :0:0 ");
}

TEST_CASE("bytes that are no line table answer nothing, and end") {
  const Bytes whole = unit(5, kTables5, program());
  for (size_t size = 0; size < whole.size(); ++size) {
    const Bytes bytes = module_of({{".debug_line", whole.substr(0, size)}});
    CHECK(places(bytes, {5, 11}).starts_with(":"));
  }
  // Entries of no bytes, any number of them.
  const Bytes endless =
      Bytes("\0\xff\xff\xff\xff\xff\xff\xff\xff\x7f\0\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 20);
  CHECK(places(module_of({{".debug_line", unit(5, endless, program())}}), {5}) == ":3:7 ");
  Bytes zero_range = unit(4, kTables4, program());
  zero_range[4 + 2 + 4 + 4] = 0;
  CHECK(places(module_of({{".debug_line", zero_range}}), {5}) == ":0:0 ");
}

}  // namespace wherry::decode
