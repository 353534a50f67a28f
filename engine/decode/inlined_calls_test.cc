// Debug information written by hand: inlined calls in every way that they are said, and what is broken.
#include "engine/decode/inlined_calls.h"

#include <catch2/catch.hpp>
#include <string>

#include "engine/decode/decode.h"
#include "engine/decode/test_dwarf.h"

namespace wherry::decode {
namespace {

// One row of a table of abbreviations: code, tag, children, pairs of attribute and form (constants follow their form).
Bytes abbreviation(char code, char tag, bool has_children, const Bytes& attributes) {
  return Bytes({code, tag, static_cast<char>(has_children)}) + attributes + Bytes(2, '\0');
}

Bytes with_length(const Bytes& rest) { return u32(static_cast<uint32_t>(rest.size())) + rest; }

// A unit's header and entries; the table of abbreviations begins at `abbreviations`.
Bytes unit(uint32_t version, const Bytes& entries, uint32_t abbreviations = 0) {
  if (version == 5) return with_length(u16(5) + Bytes("\1\4", 2) + u32(abbreviations) + entries);
  return with_length(u16(version) + u32(abbreviations) + '\4' + entries);
}
constexpr uint32_t kHeader4 = 11;

// "function place <- function place": of each address, the inlined calls, outermost first.
std::string calls(const Bytes& bytes, std::initializer_list<uint64_t> addresses) {
  auto module = decode({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}, {});
  if (!module) return "not decoded";
  std::vector<InlineQuery> queries;
  for (const uint64_t address : addresses) queries.push_back({kCode + address, {}});
  find_inlined_calls(*module, queries);
  std::string out;
  for (const InlineQuery& query : queries) {
    for (const InlinedCall& call : query.calls) {
      out += "<" + (call.linkage_name.empty() ? call.name : call.linkage_name) + " " + call.place.file + ":" +
             std::to_string(call.place.line) + ":" + std::to_string(call.place.column) + ">";
    }
    out += ";";
  }
  return out;
}

constexpr char kData1 = 0x0b;
constexpr char kString = 0x08;
constexpr char kAddr = 0x01;
constexpr char kRef4 = 0x13;

const Bytes kCallPlace = {0x58, kData1, 0x59, kData1, 0x57, kData1};

// 1: unit with lines; 2: function with low and high; 3: inlined call; 4: function's name; 5: something of varying size.
Bytes table_4() {
  return abbreviation(1, 0x11, true, {0x10, 0x17}) +                                                //
         abbreviation(2, 0x2e, true, {0x11, kAddr, 0x12, 0x06}) +                                   //
         abbreviation(3, 0x1d, true, Bytes({0x31, kRef4, 0x11, kAddr, 0x12, 0x06}) + kCallPlace) +  //
         abbreviation(4, 0x2e, false, {0x6e, kString, 0x03, kString, 0x20, kData1}) +               //
         abbreviation(5, 0x34, false, {0x02, 0x18, 0x03, kString, 0x34, 0x19}) + '\0';
}

Bytes function(uint32_t low, uint32_t size) { return '\2' + u32(low) + u32(size); }
Bytes inlined(uint32_t origin, uint32_t low, uint32_t size, const char* place) {
  return '\3' + u32(origin) + u32(low) + u32(size) + Bytes(place, 3);
}

// f in 5 to 25: in it g in 8 to 20 (a.c:3:4), in that h in 10 to 12 (b.c:5:6). Names are at the beginning.
Bytes entries_4(uint32_t low = 5) {
  const uint32_t g = kHeader4 + 5;
  const uint32_t h = g + 1 + 5 + 2 + 1;
  Bytes out = '\1' + u32(0);
  out += '\4' + text("_Z1g") + text("g") + '\1';
  out += '\4' + text("") + text("h") + '\1';
  out += '\5' + Bytes("\2\x91\x10", 3) + text("variable");
  out += function(low, 20);
  out += inlined(g, low + 3, 12, "\1\3\4") + inlined(h, low + 5, 2, "\2\5\6") + '\0' + '\0';
  return out + '\0' + '\0';
}

Bytes module_4(const Bytes& info) {
  return module_of(
      {{".debug_line", line_unit(4, tables_4(), {})}, {".debug_abbrev", table_4()}, {".debug_info", info}});
}

constexpr const char* kExpected =
    ";;<_Z1g src/a.c:3:4>;<_Z1g src/a.c:3:4><h /abs/b.c:5:6>;<_Z1g src/a.c:3:4><h /abs/b.c:5:6>;"
    "<_Z1g src/a.c:3:4>;<_Z1g src/a.c:3:4>;;";

}  // namespace

TEST_CASE("inlined calls are found inside one another, with the places of the calls") {
  for (const uint32_t version : {2u, 3u, 4u}) {
    CHECK(calls(module_4(unit(version, entries_4())), {4, 7, 8, 10, 11, 12, 19, 20}) == kExpected);
  }
  CHECK(calls(module_4(unit(4, entries_4())), {11, 4}) == "<_Z1g src/a.c:3:4><h /abs/b.c:5:6>;;");
}

TEST_CASE("units of other kinds and versions are passed over before inlined calls are found") {
  const Bytes strange = with_length(u16(77) + u32(0));
  const Bytes types = with_length(u16(5) + Bytes("\2\4", 2) + u32(0) + Bytes(20, '\0'));
  CHECK(calls(module_4(strange + types + unit(4, entries_4())), {8}) == "<_Z1g src/a.c:3:4>;");
}

TEST_CASE("inlined calls of functions that the linker left out are nowhere") {
  CHECK(calls(module_4(unit(4, entries_4(0))), {3, 5, 6}) == ";;;");
  CHECK(calls(module_4(unit(4, entries_4(~0u - 1))), {3, 5, 6}) == ";;;");
}

TEST_CASE("inlined calls by lists of ranges, a reference to another unit and a declaration") {
  // 1: unit with low; 2: function by ranges; 3: inlined by ranges and a reference into the section; 4: a definition that
  // says what declares it; 5: the declaration.
  const Bytes table = abbreviation(1, 0x11, true, {0x11, kAddr}) +                                  //
                      abbreviation(2, 0x2e, true, {0x55, 0x17}) +                                   //
                      abbreviation(3, 0x1d, false, Bytes({0x31, 0x10, 0x55, 0x17}) + kCallPlace) +  //
                      abbreviation(4, 0x2e, false, {0x47, kRef4}) +                                 //
                      abbreviation(5, 0x2e, false, {0x03, kString}) + '\0';
  // From the unit's low, 2: 6 to 10 and, with another base, 14 to 16; then 7 to 9.
  const Bytes ranges = u32(4) + u32(8) + u32(~0u) + u32(10) + u32(4) + u32(6) + u32(~0u - 1) + u32(~0u - 1) +
                       u32(0) + u32(0) + u32(5) + u32(7) + u32(0) + u32(0);
  const Bytes names = unit(4, '\1' + u32(0) + '\4' + u32(kHeader4 + 10) + '\5' + text("m") + '\0');
  const auto size = static_cast<uint32_t>(names.size());
  const Bytes code =
      unit(4, '\1' + u32(2) + '\2' + u32(0) + '\3' + u32(kHeader4 + 5) + u32(40) + "\1\2\3" + '\0' + '\0');
  for (const bool is_first : {true, false}) {
    Bytes info = names + code;
    if (!is_first) {
      info = code + names;
      info.replace(info.find(Bytes("\3", 1) + u32(kHeader4 + 5)) + 1, 4,
                   u32(kHeader4 + 5 + static_cast<uint32_t>(code.size())));
    }
    const Bytes bytes =
        module_of({{".debug_abbrev", table}, {".debug_ranges", ranges}, {".debug_info", info}});
    CHECK(calls(bytes, {6, 7, 8, 9, 14}) == ";<m :2:3>;<m :2:3>;;;");
  }
  CHECK(size > kHeader4);
}

TEST_CASE("inlined calls of version 5, with strings, addresses and ranges by number") {
  // 1: unit with its bases behind its low; 2: function; 3: inlined by ranges, column constant; 4: its name; 5: indirect.
  const Bytes table =
      abbreviation(1, 0x11, true, {0x11, 0x1b, 0x55, 0x23, 0x72, 0x17, 0x73, 0x17, 0x74, 0x17}) +
      abbreviation(2, 0x2e, true, {0x11, 0x1b, 0x12, 0x06}) +
      abbreviation(3, 0x1d, false, {0x31, kRef4, 0x55, 0x23, 0x59, 0x05, 0x57, 0x21, 9}) +
      abbreviation(4, 0x2e, false, {0x03, 0x25}) + abbreviation(5, 0x34, false, {0x03, 0x16}) + '\0';
  const Bytes strings = text("no") + text("name");
  const Bytes offsets = with_length(u16(5) + u16(0) + u32(0) + u32(3));
  const Bytes addresses = with_length(u16(5) + Bytes("\4\0", 2) + u32(5) + u32(8) + u32(10));
  // Lists: 0: 5 to 25, by index and length; 1: each kind once.
  const Bytes list_0 = Bytes("\3\0\x14\0", 4);
  const Bytes list_1 = Bytes("\1\1\4\0\1\2\1\2\5", 9) + u32(12) + Bytes("\4\0\1\6", 4) + u32(14) + u32(15) +
                       '\7' + u32(16) + Bytes("\1\0", 2);  // 8; 8 and 9; 12; 14; 16
  const Bytes lists = with_length(u16(5) + Bytes("\4\0", 2) + u32(2) + u32(8) + u32(8 + 4) + list_0 + list_1);
  const uint32_t name = 12 + 1 + 2 + 12 + 1;  // Behind the unit's entry and an indirect string.
  Bytes entries = Bytes("\1\0\0", 3) + u32(8) + u32(8) + u32(12);
  entries.insert(entries.size(), Bytes("\5\x08", 2) + text("x"));
  const auto at = static_cast<uint32_t>(12 + entries.size());
  entries += Bytes("\4\1", 2) + Bytes("\2\0", 2) + u32(20) + '\3' + u32(at) + '\1' + u16(700) + '\0' + '\0';
  const Bytes bytes = module_of({{".debug_abbrev", table},
                                 {".debug_str", strings},
                                 {".debug_str_offsets", offsets},
                                 {".debug_addr", addresses},
                                 {".debug_rnglists", lists},
                                 {".debug_info", unit(5, entries)}});
  CHECK(calls(bytes, {7, 8, 9, 10, 12, 13, 14, 15, 16, 17}) ==
        ";<name :700:9>;<name :700:9>;;<name :700:9>;;<name :700:9>;;<name :700:9>;;");
  CHECK(name > 0);
}

TEST_CASE("more inlined calls than are told of") {
  Bytes entries = '\1' + u32(0) + '\4' + text("") + text("r") + '\1' + function(5, 20);
  for (int i = 0; i < 40; ++i) entries += inlined(kHeader4 + 5, 6, 3, "\1\1\1");
  const std::string found = calls(module_4(unit(4, entries)), {7});
  CHECK(std::count(found.begin(), found.end(), '<') == kInlinedCalls);
}

TEST_CASE("bytes that are no debug information answer nothing, and end") {
  const Bytes whole = unit(4, entries_4());
  for (size_t size = 0; size < whole.size(); ++size) {
    for (const bool is_whole_unit : {false, true}) {
      Bytes cut = whole.substr(0, size);
      if (is_whole_unit && size > 4) cut = u32(static_cast<uint32_t>(size - 4)) + cut.substr(4);
      const std::string found = calls(module_4(cut), {4});
      CHECK(found == ";");
    }
  }
  const Bytes table = table_4();
  for (size_t size = 0; size < table.size(); ++size) {
    CHECK(calls(module_of({{".debug_abbrev", table.substr(0, size)}, {".debug_info", whole}}), {4}) == ";");
  }
  // A name that refers to itself.
  const Bytes self = abbreviation(1, 0x11, true, {}) +
                     abbreviation(2, 0x2e, true, {0x11, kAddr, 0x12, 0x06}) +
                     abbreviation(3, 0x1d, false, {0x31, kRef4, 0x11, kAddr, 0x12, 0x06}) + '\0';
  const Bytes entries = '\1' + function(5, 20) + '\3' + u32(kHeader4 + 10) + u32(6) + u32(2);
  CHECK(calls(module_of({{".debug_abbrev", self}, {".debug_info", unit(4, entries)}}), {6}) == "< :0:0>;");
}

TEST_CASE("many units that share a long table of abbreviations end soon") {
  // Without the allowance this reads 60,000 x 180 KB.
  Bytes table;
  for (uint32_t code = 1; code < 20'000; ++code) {
    const Bytes leb = {static_cast<char>(code | 0x80), static_cast<char>(code >> 7 | 0x80),
                       static_cast<char>(code >> 14)};
    table += leb + Bytes("\x34\0\3\x08\0\0", 6);
  }
  Bytes info;
  for (uint32_t i = 0; i < 60'000; ++i) {
    const Bytes last = {static_cast<char>(19'999 | 0x80), static_cast<char>(19'999 >> 7 | 0x80),
                        19'999 >> 14};
    info += unit(4, last + '\0', i % 7 * 9);
  }
  const Bytes header = Bytes({'\0', '\1'});
  Bytes module = module_of({});
  const auto add = [&module](const char* name, const Bytes& bytes) {
    const Bytes content = Bytes(1, static_cast<char>(std::string(name).size())) + name + bytes;
    const auto size = static_cast<uint32_t>(content.size());
    module += Bytes({'\0', static_cast<char>(size | 0x80), static_cast<char>(size >> 7 | 0x80),
                     static_cast<char>(size >> 14 | 0x80), static_cast<char>(size >> 21)}) +
              content;
  };
  add(".debug_abbrev", table);
  add(".debug_info", info);
  CHECK(calls(module, {5}) == ";");
  CHECK(header.size() == 2);
}

}  // namespace wherry::decode
