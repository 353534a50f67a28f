// Line tables written by hand: every kind of operation, both forms of the tables of files, and what is broken.
#include "engine/decode/line_table.h"

#include <catch2/catch.hpp>
#include <string>

#include "engine/decode/decode.h"
#include "engine/decode/test_dwarf.h"

namespace wherry::decode {
namespace {

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
    const Bytes bytes = module_of({{".debug_line", line_unit(version, tables_4(), program())}});
    CHECK(places(bytes, {4, 5, 7, 8, 11, 19, 20}) == kExpected);
  }
}

TEST_CASE("line tables of version 5 give places, with paths in a section of their own") {
  const Bytes bytes = module_of(
      {{".debug_line_str", text("x") + text("src")}, {".debug_line", line_unit(5, tables_5(), program())}});
  CHECK(places(bytes, {4, 5, 7, 8, 11, 19, 20}) == kExpected);
  CHECK(places(bytes, {19, 5}) == "/abs/b.c:9:7 src/a.c:3:7 ");
}

TEST_CASE("a unit that is not understood is passed over") {
  const Bytes strange = u32(6) + u16(77) + u32(0);
  const Bytes bytes = module_of({{".debug_line", strange + line_unit(4, tables_4(), program())}});
  CHECK(places(bytes, {5}) == "src/a.c:3:7 ");
}

TEST_CASE("functions that the linker left out are nowhere") {
  Bytes code = program();
  code.replace(3, 4, u32(0));
  CHECK(places(module_of({{".debug_line", line_unit(4, tables_4(), code)}}), {0, 1, 5}) == ":0:0 :0:0 :0:0 ");
  code.replace(3, 4, u32(~0u));
  CHECK(places(module_of({{".debug_line", line_unit(4, tables_4(), code)}}), {0, 1, 5}) == ":0:0 :0:0 :0:0 ");
}

TEST_CASE("bytes that are no line table answer nothing, and end") {
  const Bytes whole = line_unit(5, tables_5(), program());
  for (size_t size = 0; size < whole.size(); ++size) {
    const Bytes bytes = module_of({{".debug_line", whole.substr(0, size)}});
    CHECK(places(bytes, {5, 11}).starts_with(":"));
  }
  // Entries of no bytes, any number of them.
  const Bytes endless =
      Bytes("\0\xff\xff\xff\xff\xff\xff\xff\xff\x7f\0\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 20);
  CHECK(places(module_of({{".debug_line", line_unit(5, endless, program())}}), {5}) == ":3:7 ");
  Bytes zero_range = line_unit(4, tables_4(), program());
  zero_range[4 + 2 + 4 + 4] = 0;
  CHECK(places(module_of({{".debug_line", zero_range}}), {5}) == ":0:0 ");
}

}  // namespace wherry::decode
