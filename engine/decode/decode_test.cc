#include "engine/decode/decode.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "engine/decode/name_section.h"
#include "engine/wasm/errors.h"

using namespace wherry;
using namespace wherry::decode;
using wherry::wasm::describe;
using Bytes = std::vector<uint8_t>;

namespace {

const Bytes kHeader{0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00};

Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

Bytes text(std::string_view string) {
  Bytes bytes{static_cast<uint8_t>(string.size())};
  return bytes + Bytes(string.begin(), string.end());
}

Bytes section(uint8_t id, const Bytes& content) {
  return Bytes{id, static_cast<uint8_t>(content.size() % 128 | 0x80),
               static_cast<uint8_t>(content.size() / 128)} +
         content;
}

base::Result<wasm::Module> read(const Bytes& bytes, wasm::Features features = wasm::Features::all()) {
  return decode::decode(base::ByteSpan(bytes.data(), bytes.size()), {features});
}

std::string error_of(const Bytes& sections, wasm::Features features = wasm::Features::all()) {
  const auto module = read(kHeader + sections, features);
  return module ? "no error" : describe(module.error());
}

// A module with something in every section.
Bytes rich_module() {
  return kHeader + section(0, text("early") + Bytes{1, 2, 3}) +
         section(1, {4,                                                           // types
                     0x60, 2,    0x7f, 0x7e, 1,    0x7d,                          // 0: func
                     0x4e, 2,    0x50, 0,    0x5f, 2,    0x78, 0,    0x64, 2, 1,  // 1: struct
                     0x4f, 1,    1,    0x5f, 2,    0x78, 0,    0x64, 2,    1,     // 2: struct below it
                     0x5e, 0x7b, 1,                                               // 3: array
                     0x60, 0,    0}) +                                            // 4: func
         section(2, Bytes{5} + text("env") + text("f") + Bytes{0, 0} +            // imports
                        text("env") + text("t") + Bytes{1, 0x70, 1, 1, 9} +       //
                        text("env") + text("m") + Bytes{2, 3, 1, 2} +             //
                        text("env") + text("g") + Bytes{3, 0x7f, 1} +             //
                        text("env") + text("e") + Bytes{4, 0, 4}) +
         section(3, {2, 4, 0}) +                                      // functions
         section(4, {2, 0x40, 0, 0x63, 0x70, 0, 3, 0xd0, 0x70, 0x0b,  // tables
                     0x6f, 5, 2, 0x80, 0x80, 0x80, 0x80, 0x10}) +     //
         section(5, {2, 4, 1, 9, 1, 0x80, 1, 0}) +                    // memories
         section(13, {1, 0, 4}) +                                     // tags
         section(6, {1, 0x7e, 0, 0x42, 5, 0x42, 6, 0x7c, 0x0b}) +     // globals
         section(7, Bytes{2} + text("run") + Bytes{0, 1} + text("e") + Bytes{4, 1}) +
         section(8, {1}) +                                          // start
         section(9, {3, 0, 0x41, 0, 0x0b, 2, 0, 1,                  // elements
                     1, 0, 1, 2,                                    //
                     7, 0x70, 1, 0xd2, 0, 0x0b}) +                  //
         section(12, {2}) +                                         // data count
         section(10, {2, 2, 0, 0x0b, 5, 1, 2, 0x7f, 0x00, 0x0b}) +  // code
         section(11, Bytes{2, 2, 1, 0x42, 7, 0x0b} + text("abc") + Bytes{1} + text("de")) +
         section(0, text("late"));
}

}  // namespace

TEST_CASE("a module with everything is read into its model") {
  const Bytes bytes = rich_module();
  const auto decoded = read(bytes);
  if (!decoded) FAIL(describe(decoded.error()));
  const wasm::Module& module = *decoded;
  using namespace wasm;

  CHECK(module.types.size() == 5);
  CHECK(module.rec_groups.size() == 4);
  CHECK(module.rec_groups[1].first == 1);
  CHECK(module.rec_groups[1].count == 2);
  CHECK(module.types[0].func.params.size() == 2);
  CHECK(module.types[0].func.results[0] == kF32);
  CHECK(module.types[1].super == SubType::kNoSuper);
  CHECK_FALSE(module.types[1].is_final);
  CHECK(module.types[1].fields[0].storage == ValType(ValKind::I8));
  CHECK(module.types[1].fields[1].storage == ValType::ref(HeapType::concrete(2), false));
  CHECK(module.types[1].fields[1].is_mutable);
  CHECK(module.types[2].super == 1);
  CHECK(module.types[2].is_final);
  CHECK(module.types[3].kind == CompositeKind::Array);

  CHECK(module.imports.size() == 5);
  CHECK(module.imports[0].module == "env");
  CHECK(module.imports[4].kind == ExternKind::Tag);
  CHECK(module.imported_funcs == 1);
  CHECK(module.funcs.size() == 3);
  CHECK(module.funcs[1].type == TypeIndex(4));
  CHECK(module.tables[0].type.limits.max == 9);
  CHECK(module.tables[1].init->bytes.size() == 3);
  CHECK_FALSE(module.tables[2].init.has_value());
  CHECK(module.tables[2].type.element == kExternRef);
  CHECK(module.tables[2].type.limits.is_64);
  CHECK(module.tables[2].type.limits.max == (uint64_t{1} << 32));
  CHECK(module.memories[0].type.limits.is_shared);
  CHECK(module.memories[1].type.limits.is_64);
  CHECK(module.memories[2].type.page_size_log2 == 0);
  CHECK(module.memories[2].type.limits.max == 128);
  CHECK(module.tags.size() == 2);
  CHECK(module.globals[0].type.is_mutable);
  CHECK(module.globals[1].init.bytes.size() == 6);
  CHECK(module.exports[1].name == "e");
  CHECK(module.start->func == FuncIndex(1));

  CHECK(module.elements[0].mode == SegmentMode::Active);
  CHECK(module.elements[0].offset_expr.bytes.size() == 3);
  CHECK(module.elements[0].items.size() == 2);
  CHECK(module.elements[1].mode == SegmentMode::Passive);
  CHECK(module.elements[2].mode == SegmentMode::Declarative);
  CHECK(module.elements[2].has_expressions);
  CHECK(module.data_count == 2u);
  CHECK(module.data[0].memory == MemoryIndex(1));
  CHECK(base::as_text(module.bytes_of(module.data[0].content)) == "abc");
  CHECK(module.data[1].mode == SegmentMode::Passive);
  CHECK(module.bodies.size() == 2);
  CHECK(module.body_bytes(FuncIndex(2)).size() == 5);
  CHECK(module.body_bytes(FuncIndex(2))[0] == 1);

  CHECK(module.customs.size() == 2);
  CHECK(module.customs[0].name == "early");
  CHECK(module.customs[0].bytes.size() == 3);
  CHECK(module.customs[0].after_section == 0);
  CHECK(module.customs[1].after_section == 11);
  CHECK(module.bytes.data() == bytes.data());
}

TEST_CASE("a module cut short anywhere is an error, or ends after a section") {
  const Bytes bytes = rich_module();
  uint32_t accepted = 0;
  for (size_t size = 0; size < bytes.size(); ++size) {
    // A copy of that size, so that a sanitizer sees a read past it.
    const Bytes part(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(size));
    const auto module = read(part);
    accepted += module.has_value();
    if (!module && module.error().offset > size) FAIL("offset behind the end, at size " << size);
  }
  // After the header, the first custom section, types and imports; then functions have no bodies, or the data
  // count no data, up to the data section.
  CHECK(accepted == 5);
}

TEST_CASE("no change of a single byte crashes") {
  const Bytes bytes = rich_module();
  uint32_t accepted = 0;
  for (size_t at = 0; at < bytes.size(); ++at) {
    for (uint32_t value = 0; value < 256; ++value) {
      Bytes changed = bytes;
      changed[at] = static_cast<uint8_t>(value);
      accepted += read(changed).has_value();
      accepted += read(changed, wasm::Features()).has_value();
    }
  }
  CHECK(accepted > bytes.size());
}

TEST_CASE("owned bytes stay with the module, also when it moves") {
  const Bytes bytes = rich_module();
  base::Vector<uint8_t> copy;
  CHECK(copy.append({bytes.data(), bytes.size()}));
  auto decoded = decode::decode(std::move(copy), {wasm::Features::all()});
  REQUIRE(decoded);
  const wasm::Module module = std::move(*decoded);
  CHECK(module.bytes.data() == module.owned_bytes.data());
  CHECK(module.imports[0].name == "f");
  CHECK(module.body_bytes(wasm::FuncIndex(1)).size() == 2);
}

TEST_CASE("the header") {
  const auto header_error = [](const Bytes& bytes) { return describe(read(bytes).error()); };
  CHECK(read(kHeader).has_value());
  CHECK(header_error({}) == "unexpected end at offset 0x0");
  CHECK(header_error({0, 0x61, 0x73}) == "unexpected end at offset 0x0");
  CHECK(header_error({0x7f, 0x45, 0x4c, 0x46, 2}) ==
        "magic header not detected: found 7f 45 4c 46, expected 00 61 73 6d at offset 0x0");
  CHECK(header_error({0, 0x61, 0x73, 0x6d, 2, 0, 0, 0}) ==
        "unknown binary version: found 02 00 00 00, expected 01 00 00 00 at offset 0x4");
  CHECK(header_error({0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0}) ==
        "this is a component, not a core module at offset 0x4");
}

TEST_CASE("sections: order, sizes, identifiers") {
  CHECK(error_of({14, 0}) == "malformed section id: found 0x0e, expected less than 0x0e at offset 0x8");
  CHECK(
      error_of({2, 1, 0, 1, 1, 0}) ==
      "unexpected content after last section: found the type section after the import section at offset 0xb");
  CHECK(error_of({1, 1, 0, 0, 2, 1, 'x', 1, 1, 0}) ==
        "unexpected content after last section: found the type section after the type section at offset 0xf");
  CHECK(error_of({5, 1, 0, 13, 1, 0, 6, 1, 0, 9, 1, 0, 12, 1, 0, 10, 1, 0}) == "no error");
  CHECK(
      error_of({6, 1, 0, 13, 1, 0}) ==
      "unexpected content after last section: found the tag section after the global section at offset 0xb");
  CHECK(error_of({1, 2, 0, 0}) ==
        "section size mismatch: found 1 bytes after the end of the type section at offset 0xb");
  CHECK(error_of({1, 9, 0}) ==
        "length out of bounds: found a type section of 9 bytes, expected at most 1 at offset 0x9");
  CHECK(error_of({1}) == "unexpected end: in the type section at offset 0x9");
  CHECK(error_of({3, 5, 0x80, 0x80, 0x80, 0x80, 0x20}) ==
        "integer too large: in the function section at offset 0xa");
  CHECK(error_of({0, 2, 1, 0xff}) == "malformed UTF-8 encoding at offset 0xb");
}

TEST_CASE("counts are compared with what is there before anything is reserved") {
  CHECK(error_of({1, 4, 0xff, 0xff, 0x3f, 0}) ==
        "too many items: found 1048575 types, expected at most 1000000 at offset 0xa");
  CHECK(error_of({1, 4, 0xff, 0xff, 0x0f, 0x60}) ==
        "length out of bounds: found 262143 types in 1 bytes at offset 0xa");
  CHECK(error_of({4, 3, 101, 0x70, 0}) ==
        "too many items: found 101 tables, expected at most 100 at offset 0xa");
  CHECK(error_of({12, 4, 0xff, 0xff, 0xff, 0x00}) ==
        "too many items: found 2097151 data segments, expected at most 100000 at offset 0xa");
}

TEST_CASE("functions and bodies, data count and data") {
  const Bytes type{1, 4, 1, 0x60, 0, 0};
  CHECK(error_of(type + Bytes{3, 2, 1, 0}) ==
        "function and code section have inconsistent lengths: found 1 functions and 0 bodies at offset 0x12");
  CHECK(error_of(Bytes{10, 4, 1, 2, 0, 0x0b}) ==
        "function and code section have inconsistent lengths: found 0 functions and 1 bodies at offset 0xa");
  CHECK(error_of(type + Bytes{3, 2, 1, 0, 10, 3, 1, 9, 0x0b}) ==
        "length out of bounds: found a function body of 9 bytes, expected at most 1 at offset 0x15");
  CHECK(error_of({12, 1, 1}) ==
        "data count and data section have inconsistent lengths: found 0 segments, expected 1 at offset 0xb");
  CHECK(error_of({11, 5, 1, 1, 9, 1, 2}) ==
        "length out of bounds: found a data segment of 9 bytes, expected at most 2 at offset 0xc");
  CHECK(error_of({11, 3, 1, 3, 0}) ==
        "malformed data segment kind: found 0x03, expected 0x00 to 0x02 at offset 0xb");
}

TEST_CASE("types: forms, fields, supertypes") {
  CHECK(error_of({1, 2, 1, 0x61}) ==
        "malformed type form: found 0x61, expected a function, structure or array type at offset 0xb");
  CHECK(error_of({1, 4, 1, 0x5e, 0x78, 2}) ==
        "malformed mutability: found 0x02, expected 0x00 or 0x01 at offset 0xd");
  CHECK(error_of({1, 7, 1, 0x50, 2, 0, 0, 0x5f, 0}) ==
        "sub type: found 2 supertypes, expected at most 1 at offset 0xc");
  CHECK(error_of({1, 3, 1, 0x5f, 0}, wasm::Features::mvp()) ==
        "feature is disabled: gc, needed by a structure or array type at offset 0xb");
  CHECK(error_of({1, 3, 1, 0x4e, 0}) == "no error");
}

TEST_CASE("types: functions of numbers, of any size and mixture") {
  const Bytes codes{0x7f, 0x7e, 0x7d, 0x7c, 0x7b, 0x70};
  for (size_t params = 0; params < 40; ++params) {
    for (size_t results = 0; results < 4; ++results) {
      for (size_t kinds = 1; kinds <= codes.size(); ++kinds) {
        const auto code = [&](size_t i) { return codes[i % kinds]; };
        Bytes content{2, 0x60, static_cast<uint8_t>(params)};
        for (size_t i = 0; i < params; ++i) content.push_back(code(i));
        content.push_back(static_cast<uint8_t>(results));
        for (size_t i = 0; i < results; ++i) content.push_back(code(params + i));
        const auto module = read(kHeader + section(1, content + Bytes{0x60, 0, 0}));
        REQUIRE(module);
        REQUIRE(module->types.size() == 2);
        REQUIRE(module->rec_groups.size() == 2);
        const wasm::SubType& type = module->types[0];
        REQUIRE(type.func.params.size() == params);
        REQUIRE(type.func.results.size() == results);
        CHECK(type.offset == 12);
        for (size_t i = 0; i < params + results; ++i) {
          const wasm::ValType found = i < params ? type.func.params[i] : type.func.results[i - params];
          const wasm::ValType expected =
              code(i) == 0x70 ? wasm::kFuncRef : wasm::ValType(wasm::ValKind{code(i)});
          REQUIRE(found == expected);
        }
        CHECK(module->types[1].func.params.empty());
      }
    }
  }
  CHECK(error_of(section(1, {1, 0x60, 1, 0x7f, 2, 0x7f, 0x7f}), wasm::Features::mvp()) ==
        "feature is disabled: multi-value, needed by several results at offset 0xf");
  CHECK(error_of(section(1, {1, 0x60, 1, 0x7f, 1})) ==
        "length out of bounds: found 1 results in 0 bytes at offset 0xf");
  CHECK(error_of(section(1, {1, 0x60, 1, 0x7a, 0})) == "malformed value type: found 0x7a at offset 0xe");
}

TEST_CASE("limits: flags by feature") {
  CHECK(error_of({5, 3, 1, 0x10, 0}) ==
        "malformed limits flags: found 0x10, expected less than 0x10 at offset 0xb");
  CHECK(error_of({4, 4, 1, 0x70, 8, 0}) ==
        "malformed limits flags: found 0x08, expected less than 0x08 at offset 0xc");
  CHECK(error_of({4, 4, 1, 0x70, 2, 0}) == "tables cannot be shared at offset 0xc");
  CHECK(error_of({5, 4, 1, 3, 0, 1}, wasm::Features()) ==
        "feature is disabled: threads, needed by shared limits at offset 0xb");
  CHECK(error_of({5, 4, 1, 8, 0, 0x40}) ==
        "invalid custom page size: found 2^64, expected 1 or 65536 at offset 0xd");
  CHECK(error_of({4, 4, 1, 0x7f, 0, 0}) ==
        "malformed reference type: found 0x7f, expected a reference type at offset 0xb");
}

TEST_CASE("compact imports") {
  const Bytes type{1, 4, 1, 0x60, 0, 0};
  const Bytes groups = section(2, Bytes{3} + text("env") + Bytes{0, 0x7f, 2} + text("f1") + Bytes{0, 0} +
                                      text("g") + Bytes{3, 0x7f, 0} + text("env") + Bytes{0, 0x7e, 0, 0, 2} +
                                      text("a") + text("b") + text("x") + text("y") + Bytes{0, 0});
  const Bytes bytes = kHeader + type + groups;
  const auto module = read(bytes);
  if (!module) FAIL(describe(module.error()));
  CHECK(module->imports.size() == 5);
  CHECK(module->imports[0].name == "f1");
  CHECK(module->imports[1].kind == wasm::ExternKind::Global);
  CHECK(module->imports[3].name == "b");
  CHECK(module->imports[3].module == "env");
  CHECK(module->imports[3].index == 2);
  CHECK(module->imports[4].module == "x");
  CHECK(module->funcs.size() == 4);
  CHECK(error_of(type + groups, wasm::Features()) ==
        "feature is disabled: compact-imports, needed by an import group at offset 0x17");
  CHECK(error_of(section(2, {1, 0, 0, 0x7e, 7, 0})) ==
        "malformed import kind: found 0x07, expected 0x00 to 0x04 at offset 0xf");
}

TEST_CASE("constant expressions end with the end that is theirs") {
  CHECK(error_of({6, 6, 1, 0x7f, 0, 0x41, 0, 0x0b}) == "no error");
  CHECK(error_of({6, 10, 1, 0x7f, 0, 0x02, 0x7f, 0x41, 0, 0x0b, 0x0b, 0}) ==
        "section size mismatch: found 1 bytes after the end of the global section at offset 0x13");
  CHECK(error_of({6, 5, 1, 0x7f, 0, 0x41, 0}) == "unexpected end: in the global section at offset 0xf");
  CHECK(error_of({6, 5, 1, 0x7f, 0, 0xff, 0}) == "illegal opcode: found 0xff at offset 0xd");
}

TEST_CASE("segments: flags") {
  CHECK(error_of({9, 2, 1, 8}) ==
        "malformed elements segment kind: found 0x08, expected less than 0x08 at offset 0xb");
  CHECK(error_of({9, 4, 1, 1, 1, 0}) ==
        "malformed elements segment kind: found 0x01, expected element kind 0x00 at offset 0xc");
  CHECK(error_of({9, 4, 1, 1, 0, 0}, wasm::Features::mvp()) ==
        "feature is disabled: bulk-memory, needed by this form of element segment at offset 0xb");
}

TEST_CASE("a limit of modules as a whole") {
  const Bytes bytes{0};
  // Only the size is looked at, so the span may lie about it.
  const auto module = decode::decode(base::ByteSpan(bytes.data(), (size_t{1} << 30) + 1), {});
  CHECK(describe(module.error()) ==
        "module is too large: found 1073741825 bytes, expected at most 1073741824");
}

namespace {

Bytes with_names(const Bytes& subsections) { return kHeader + section(0, text("name") + subsections); }

}  // namespace

TEST_CASE("names are found when asked for") {
  const Bytes bytes = with_names(
      section(0, text("mod")) +                                            //
      section(1, Bytes{2, 0} + text("zero") + Bytes{7} + text("seven")) +  //
      section(2, Bytes{2, 0, 1, 3} + text("x") + Bytes{7, 2, 0} + text("a") + Bytes{1} + text("b")) +
      section(11, Bytes{1, 2} + text("tag")));
  const auto module = read(bytes);
  REQUIRE(module);
  const NameSection names(*module);
  CHECK(names.is_present());
  CHECK(names.module_name() == "mod");
  CHECK(names.find(NameKind::Func, 7) == "seven");
  CHECK(names.find(NameKind::Func, 1).empty());
  CHECK(names.find(NameKind::Local, 7, 1) == "b");
  CHECK(names.find(NameKind::Local, 0, 3) == "x");
  CHECK(names.find(NameKind::Local, 0, 0).empty());
  CHECK(names.find(NameKind::Tag, 2) == "tag");
  CHECK(names.find(NameKind::Global, 0).empty());
  uint32_t count = 0;
  NameMap map = names.names(NameKind::Func);
  for (NameMap::Entry entry; map.next(&entry);) ++count;
  CHECK(count == 2);
}

TEST_CASE("a broken name section names what it can and nothing else") {
  const Bytes whole = section(0, text("mod")) +
                      section(1, Bytes{2, 0} + text("zero") + Bytes{7} + text("seven")) +
                      section(2, Bytes{1, 0, 1, 3} + text("x"));
  for (size_t size = 0; size <= whole.size(); ++size) {
    const Bytes bytes = with_names(Bytes(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size)));
    const auto module = read(bytes);
    REQUIRE(module);
    const NameSection names(*module);
    const std::string_view seven = names.find(NameKind::Func, 7);
    CHECK((seven == "seven" || seven.empty()));
    CHECK(names.find(NameKind::Local, 0, 3).size() <= 1);
  }
  const Bytes bad_text = with_names(section(1, Bytes{2, 0, 1, 0xff, 1} + text("fine")));
  const auto module = read(bad_text);
  REQUIRE(module);
  CHECK(NameSection(*module).find(NameKind::Func, 0).empty());
  CHECK(NameSection(*module).find(NameKind::Func, 1) == "fine");
  const Bytes huge = with_names(section(1, {0xff, 0xff, 0xff, 0xff, 0x0f, 0}));
  CHECK(NameSection(*read(huge)).find(NameKind::Func, 0).empty());
  CHECK_FALSE(NameSection(*read(kHeader)).is_present());
}

TEST_CASE("bytes that are not in the module are none") {
  const auto module = read(kHeader);
  REQUIRE(module);
  CHECK(module->bytes_of({4, 4}).size() == 4);
  CHECK(module->bytes_of({8, 0}).empty());
  CHECK(module->bytes_of({4, 5}).empty());
  CHECK(module->bytes_of({~0u, 1}).empty());
  CHECK(module->bytes_of({1, ~0u}).empty());
}

TEST_CASE("a module whose tables are known reads its small sections only") {
  const Bytes types = {1, 0x60, 0, 0};
  const Bytes imports = Bytes{1} + text("env") + text("f") + Bytes{0, 0};
  const Bytes exports = Bytes{1} + text("e") + Bytes{0, 1};
  const wasm::Func funcs[] = {{wasm::TypeIndex(0)}, {wasm::TypeIndex(0)}};
  const wasm::CodeBody bodies[] = {{100, 7}};
  const auto outcome = [&](std::vector<KnownModule::Part> parts, std::span<const wasm::Func> known_funcs) {
    const KnownModule known{.bytes = kHeader,
                            .parts = parts,
                            .funcs = known_funcs,
                            .bodies = bodies,
                            .data = {},
                            .data_count = {}};
    auto module = decode::decode(known, {wasm::Features::all()});
    if (!module) return describe(module.error());
    return std::to_string(module->funcs.size()) + " " + std::to_string(module->imported_funcs) + " " +
           std::to_string(module->exports.size()) + " " + std::to_string(module->bodies[0].offset);
  };
  CHECK(outcome({{1, 10, types}, {2, 20, imports}, {7, 30, exports}}, funcs) == "2 1 1 100");
  CHECK(outcome({{1, 10, types}, {2, 20, imports}}, std::span(funcs).first(1)) != "1 1 0 100");
  CHECK(outcome({{1, 10, types}, {2, 20, imports}}, {}).contains("function and code"));
  CHECK(outcome({{2, 20, imports}, {1, 10, types}}, funcs).starts_with("unexpected"));
  CHECK(outcome({{1, 10, types}, {1, 10, types}}, funcs).starts_with("unexpected"));
  const Bytes longer = types + Bytes{0};
  CHECK(outcome({{1, 10, longer}}, funcs).contains("section size mismatch"));
  for (const uint8_t id : {0, 3, 9, 10, 11, 12, 14, 255}) {
    CHECK(outcome({{id, 10, types}}, funcs).starts_with("unexpected"));
  }
}
