#include "engine/artifact/artifact.h"

#include <cstring>
#include <string>

#include <catch2/catch.hpp>

#include "engine/artifact/hash.h"
#include "engine/artifact/known_module.h"
#include "engine/artifact/processor.h"
#include "engine/artifact/test_changes.h"
#include "engine/artifact/writer.h"
#include "engine/decode/decode.h"
#include "engine/text/parse.h"
#include "engine/validate/typed_module.h"
#include "engine/wasm/errors.h"
#include "engine/wasm/type_registry.h"

namespace wherry::artifact {

namespace {

using wasm::ErrorCode;

// Code that returns 42, for this machine.
#if defined(__x86_64__)
constexpr uint8_t kAnswer[] = {0xb8, 42, 0, 0, 0, 0xc3};
#else
constexpr uint8_t kAnswer[] = {0x40, 0x05, 0x80, 0x52, 0xc0, 0x03, 0x5f, 0xd6};
#endif
constexpr uint32_t kAnswerAt = 64;

constexpr std::string_view kModule = R"((module
  (type (func)) (type (func (param i32))) (type (func (result i32)))
  (import "host" "f" (func (type 1)))
  (func $a (type 0)) (func (type 1)) (func $c (type 2) (i32.const 1))
  (memory 4) (table 8 funcref)
  (elem (i32.const 1) func $a $c $a)
  (data (i32.const 4090) "across two pages") (data (i32.const 4092) "over") (data (i32.const 200000) "far")
  (export "a" (func $a)) (@custom "notes" "some text")))";

validate::TypedModule typed_module(std::string_view text, wasm::TypeRegistry& registry) {
  auto parsed = text::parse_module(base::as_bytes(text));
  REQUIRE(parsed);
  auto module = decode::decode(std::move(parsed->binary), {wasm::Features::all()});
  REQUIRE(module);
  auto typed = validate::type_module(std::move(*module), registry);
  REQUIRE(typed);
  return std::move(*typed);
}

struct Sample {
  wasm::TypeRegistry registry;
  validate::TypedModule typed;
  base::Vector<uint8_t> text;
  std::vector<uint32_t> functions = {128, kAnswerAt, kNoCode};
  std::vector<FunctionRange> ranges;
  std::vector<uint32_t> thunks;
  std::vector<PcRow> rows;
  Contents contents;

  explicit Sample(std::string_view text_of_module = kModule) : typed(typed_module(text_of_module, registry)) {
    if (!text.resize(6000)) std::abort();
    std::copy(std::begin(kAnswer), std::end(kAnswer), text.begin() + kAnswerAt);
    ranges = {{kAnswerAt, sizeof(kAnswer), 1}, {128, 5000, 0}};
    thunks = {kNoCode, 5200, 5200};
    for (uint32_t i = 0; i < 300; ++i) rows.push_back({128 + i * 7, i % 3 == 0 ? 5000 - i : 40 + i});
    contents.arch = host_arch();
    contents.code_flags = static_cast<uint64_t>(CodeFlag::Fuel);
    contents.options = "optimization=2 fuel=y";
    contents.module = &typed.module;
    contents.declared_refs = typed.declared_refs;
    contents.text = text.span();
    contents.functions = functions;
    contents.ranges = ranges;
    contents.enter_thunks = thunks;
    contents.rows = rows;
  }

  base::Vector<uint8_t> file() const {
    auto made = write(contents);
    REQUIRE(made);
    return std::move(*made);
  }
};

base::ByteSpan span_of(const base::Vector<uint8_t>& bytes) { return {bytes.data(), bytes.size()}; }

Header& header_in(base::Vector<uint8_t>& file) { return *reinterpret_cast<Header*>(file.data()); }

// As the writer would have left it.
void seal(base::Vector<uint8_t>& file) { header_in(file).header_hash = header_hash_of(header_in(file)); }

// What is said of the file after a change of its header, which is sealed again.
template <class Change>
std::string after(Change change) {
  base::Vector<uint8_t> file = Sample().file();
  change(header_in(file));
  seal(file);
  auto opened = Artifact::from_bytes(file.span());
  return opened ? "opened" : wasm::describe(opened.error());
}

}  // namespace

TEST_CASE("an artifact gives back what was written") {
  const Sample sample;
  auto opened = Artifact::from_bytes(span_of(sample.file()));
  REQUIRE(opened);
  const Artifact& artifact = *opened;
  CHECK(std::ranges::equal(artifact.wasm(), sample.typed.module.bytes));
  CHECK(std::ranges::equal(artifact.text(), sample.text));
  CHECK(artifact.native_entry(0) == artifact.text().data() + 128);
  CHECK(artifact.native_entry(1) == artifact.text().data() + kAnswerAt);
  CHECK(artifact.native_entry(2) == nullptr);
  CHECK(artifact.native_entry(3) == nullptr);
  CHECK(artifact.enter_thunk(0) == nullptr);
  CHECK(reinterpret_cast<const void*>(artifact.enter_thunk(2)) == artifact.text().data() + 5200);
  CHECK(artifact.enter_thunk(3) == nullptr);
  CHECK(artifact.view().has(CodeFlag::Fuel));
  CHECK_FALSE(artifact.is_flagged());
  CHECK(artifact.view().options() == "optimization=2 fuel=y");
  CHECK(artifact.view().verify());
}

TEST_CASE("metadata are the same whether they are read at once, in two steps, or mapped") {
  for (const size_t name_bytes : {3u, 5000u, 20000u, 90000u}) {
    const std::string name(name_bytes, 'n');
    const Sample sample(
        "(module (type (func)) (type (func (param i32))) (type (func (result i32)))"
        "(import \"host\" \"f\" (func (type 1)))"
        "(func $a (type 0)) (func (type 1)) (func $c (type 2) (i32.const 1)) (table 8 funcref)"
        "(elem (i32.const 1) func $a) (export \"" +
        name + "\" (func $a)))");
    const auto file = sample.file();
    const auto opened = Artifact::from_bytes(file.span());
    const auto view = View::read(file.span());
    REQUIRE(opened);
    REQUIRE(view);
    CHECK(std::ranges::equal(opened->view().functions(), view->functions()));
    CHECK(std::ranges::equal(opened->view().expressions(), view->expressions()));
    CHECK(std::ranges::equal(opened->wasm(), view->wasm()));
    REQUIRE(opened->view().parts().size() == view->parts().size());
    for (size_t i = 0; i < view->parts().size(); ++i) {
      CHECK(std::ranges::equal(opened->view().part(opened->view().parts()[i]), view->part(view->parts()[i])));
    }
    CHECK(opened->view().verify());
  }
}

TEST_CASE("a load reads no byte of the module") {
  const Sample sample;
  auto file = sample.file();
  const Section module = *View::read(file.span())->find_section(SectionKind::Module);
  std::memset(file.data() + module.offset, 0xff, module.size_bytes);
  const auto view = View::read(file.span());
  REQUIRE(view);
  const auto known = read_module(*view, wasm::Features::all());
  REQUIRE(known);
  wasm::TypeRegistry registry;
  auto again = read_module(*view, wasm::Features::all());
  const validate::CompiledParts compiled{view->declared_refs(), view->has_image()};
  CHECK(validate::type_module(std::move(*again), registry, &compiled));
  REQUIRE(known->elements.size() == 1);
  CHECK(std::ranges::equal(known->elements[0].offset_expr.bytes,
                           sample.typed.module.elements[0].offset_expr.bytes));
  CHECK(known->elements[0].offset_expr.offset == sample.typed.module.elements[0].offset_expr.offset);
}

TEST_CASE("an artifact has the tables of its module in place") {
  const Sample sample;
  const wasm::Module& module = sample.typed.module;
  const auto file = sample.file();
  auto view = View::read(span_of(file));
  REQUIRE(view);
  REQUIRE(view->funcs().size() == 4);
  CHECK(view->funcs()[0].type == wasm::TypeIndex(1));
  CHECK(view->funcs()[3].type == wasm::TypeIndex(2));
  CHECK(view->type_count() == 3);
  REQUIRE(view->bodies().size() == 3);
  CHECK(view->bodies()[2].offset == module.bodies[2].offset);
  CHECK(view->bodies()[2].size_bytes == module.bodies[2].size_bytes);
  CHECK(view->declared_refs().size() == 1);
  CHECK(view->declared_refs()[0] == 0b1010);
  std::string parts;
  for (const ModulePart& part : view->parts()) parts += std::to_string(part.id) + " ";
  CHECK(parts == "1 2 4 5 7 ");
  REQUIRE(view->elements().size() == 1);
  CHECK(view->elements()[0].count == 3);
  CHECK(module.bytes_of(view->elements()[0].items).size() == 3);
  REQUIRE(view->customs().size() == 2);  // And the names.
  CHECK(base::as_text(module.bytes_of(view->customs()[0].name)) == "notes");
  CHECK(base::as_text(module.bytes_of(view->customs()[0].content)) == "some text");
  REQUIRE(view->data().size() == 3);
  CHECK(base::as_text(module.bytes_of(view->data()[2].content)) == "far");
}

TEST_CASE("the memory image has what the data segments write, in their order") {
  const auto file = Sample().file();
  auto view = View::read(span_of(file));
  REQUIRE(view);
  CHECK(view->has_image());
  REQUIRE(view->image_runs().size() == 2);
  const uint32_t page = view->header().page_bytes;
  CHECK(view->image_runs()[0].memory_offset == 0);
  CHECK(view->image_runs()[0].size_bytes == std::max<uint32_t>(8192, page));
  CHECK(view->image_runs()[1].memory_offset == 200000 / page * page);
  const base::ByteSpan image = view->section(SectionKind::Image);
  CHECK(base::as_text(image.subspan(4090, 16)) == "acover two pages");
  CHECK(image[4089] == 0);
  const ImageRun& far = view->image_runs()[1];
  CHECK(base::as_text(image.subspan(far.image_offset + 200000 - far.memory_offset, 3)) == "far");
}

TEST_CASE("modules whose memory depends on more than constants have no image") {
  const auto has_image = [](const std::string& fields) {
    const auto file = Sample(
                          "(module (type (func)) (type (func (param i32))) (type (func (result i32)))"
                          "(global (import \"a\" \"g\") i32) " +
                          fields + "(func) (func) (func))")
                          .file();
    auto view = View::read(span_of(file));
    REQUIRE(view);
    return view->has_image();
  };
  CHECK(has_image("(memory 1) (data (i32.const 7) \"x\")"));
  CHECK(has_image("(memory i64 1) (data (i64.const 7) \"x\")"));
  CHECK(has_image("(memory 1) (data (i32.const 65536) \"\")"));
  CHECK_FALSE(has_image("(memory 1)"));
  CHECK_FALSE(has_image("(memory 1) (data (global.get 0) \"x\")"));
  CHECK_FALSE(has_image("(memory 1) (data (i32.const 7) \"x\") (data \"passive\")"));
  CHECK_FALSE(has_image("(memory 1) (data (i32.const 65536) \"x\")"));
  CHECK_FALSE(has_image("(memory 1) (data (i32.const -1) \"x\")"));
  CHECK_FALSE(has_image("(memory 1 1 shared) (data (i32.const 7) \"x\")"));
  CHECK_FALSE(has_image("(memory 1) (memory 1) (data (memory 1) (i32.const 7) \"x\")"));
  CHECK_FALSE(has_image("(memory (import \"a\" \"m\") 1) (data (i32.const 7) \"x\")"));
}

TEST_CASE("the text of an artifact runs where it is mapped") {
  auto opened = Artifact::from_bytes(span_of(Sample().file()));
  REQUIRE(opened);
  const auto answer = reinterpret_cast<int (*)()>(const_cast<void*>(opened->native_entry(1)));
  CHECK(answer() == 42);
  const Artifact moved = std::move(*opened);
  CHECK(answer() == 42);
  CHECK(moved.view().verify());
}

TEST_CASE("the address map finds the row that covers an address") {
  const Sample sample;
  const auto file = sample.file();
  auto view = View::read(span_of(file));
  REQUIRE(view);
  for (uint32_t at = 0; at < 6000; ++at) {
    const auto place = view->find(at);
    uint32_t expected = 0;
    for (const PcRow& row : sample.rows) expected = row.text_offset <= at ? row.wasm_offset : expected;
    if (at >= kAnswerAt && at < kAnswerAt + sizeof(kAnswer)) {
      CHECK((place && place->defined == 1 && place->wasm_offset == 0));
    } else if (at >= 128 && at < 5128) {
      if (!place || place->defined != 0 || place->wasm_offset != expected) FAIL("at " << at);
    } else {
      CHECK_FALSE(place);
    }
  }
  CHECK_FALSE(view->find(UINT32_MAX));
}

TEST_CASE("rows of a range are those that cover it") {
  const auto file = Sample().file();
  auto view = View::read(span_of(file));
  REQUIRE(view);
  std::vector<PcRow> seen;
  const auto collect = [](void* context, uint32_t text, uint32_t wasm) {
    static_cast<std::vector<PcRow>*>(context)->push_back({text, wasm});
  };
  view->each_row(140, 150, &seen, collect);
  REQUIRE(seen.size() == 3);
  CHECK((seen[0].text_offset == 140 && seen[0].wasm_offset == 41));
  CHECK((seen[1].text_offset == 142 && seen[1].wasm_offset == 42));
  CHECK((seen[2].text_offset == 149 && seen[2].wasm_offset == 4997));
}

TEST_CASE("an artifact with any byte of what a load reads changed is refused") {
  const auto file = Sample().file();
  const Section meta = *View::read(span_of(file))->find_section(SectionKind::Meta);
  base::Vector<uint8_t> changed;
  REQUIRE(changed.append(span_of(file)));
  size_t opened = 0;
  const auto flip = [&](uint64_t at) {
    for (const uint8_t bits : {0x01, 0x80, 0xff}) {
      changed[at] ^= bits;
      opened += View::read(span_of(changed)).has_value();
      changed[at] ^= bits;
    }
  };
  for (uint64_t at = 0; at < kHeaderBytes; ++at) flip(at);
  for (uint64_t at = meta.offset; at < meta.offset + meta.size_bytes; ++at) flip(at);
  CHECK(opened == 0);
  CHECK(View::read(span_of(changed)));
}

TEST_CASE("verify finds every changed byte of the file") {
  base::Vector<uint8_t> file = Sample().file();
  size_t passed = 0;
  for (size_t at = 0; at < file.size(); at += step_of_changes(file.size())) {
    file[at] ^= 0x10;
    auto view = View::read(file.span());
    passed += view && view->verify();
    file[at] ^= 0x10;
  }
  CHECK(passed == 0);
}

TEST_CASE("an artifact that is cut off or too long is refused") {
  const auto file = Sample().file();
  size_t opened = 0;
  for (size_t size = 0; size < file.size(); ++size)
    opened += View::read(span_of(file).first(size)).has_value();
  CHECK(opened == 0);
  base::Vector<uint8_t> longer;
  REQUIRE((longer.append(span_of(file)) && longer.push_back(0)));
  CHECK_FALSE(View::read(span_of(longer)));
}

TEST_CASE("an artifact that does not fit is refused with what differs") {
  CHECK(after([](Header&) {}) == "opened");
  CHECK(after([](Header& h) { h.format_version = 1; }) ==
        "the compiled artifact does not fit: format version 1, expected 5");
  CHECK(after([](Header& h) { h.abi_hash ^= 1; }) ==
        "the compiled artifact does not fit: it was made by another version of wherry");
  CHECK(after([](Header& h) {
          h.arch = static_cast<Arch>(3 - static_cast<uint32_t>(h.arch));
        }).starts_with("the compiled artifact does not fit: code for "));
  CHECK(after([](Header& h) {
          h.arch = static_cast<Arch>(9);
        }).starts_with("the compiled artifact does not fit: code for another architecture"));
  CHECK(after([](Header& h) { h.cpu_features[0] = uint64_t{1} << 63; }) ==
        "the compiled artifact does not fit: its code needs a processor with a feature that this version "
        "does not know");
  CHECK(after([](Header& h) { h.cpu_features[1] = 1; }).starts_with("the compiled artifact does not fit"));
  CHECK(after([](Header& h) { h.sections[3].kind = SectionKind::Snapshot; }) ==
        "the compiled artifact does not fit: section of kind 8, which this version does not know");
  CHECK(after([](Header& h) { h.module_count = 2; }) ==
        "the compiled artifact does not fit: 2 modules, expected 1");
}

TEST_CASE("what is no artifact, and a file that cannot be had, are named so") {
  constexpr uint8_t kWords[] = {'h', 'e', 'l', 'l', 'o'};
  CHECK(wasm::describe(Artifact::from_bytes(kWords).error()).starts_with("not a compiled artifact"));
  CHECK(wasm::describe(Artifact::open("/nowhere/a.wherry").error())
            .starts_with("the compiled artifact cannot be mapped: "));
}

TEST_CASE("an artifact whose index is wrong is refused although its hashes are right") {
  const auto damaged = [](auto change) {
    return after(change).starts_with("the compiled artifact is damaged");
  };
  CHECK(damaged([](Header& h) { h.sections[0].offset = 1; }));
  CHECK(damaged([](Header& h) { h.sections[0].offset = 0; }));
  CHECK(damaged([](Header& h) { h.sections[1].offset = h.sections[0].offset; }));
  CHECK(damaged([](Header& h) { h.sections[0].size_bytes = ~uint64_t{0}; }));
  CHECK(damaged([](Header& h) { h.sections[5].offset = ~uint64_t{0xfff}; }));
  CHECK(damaged([](Header& h) { h.sections[5].size_bytes += 1; }));
  CHECK(damaged([](Header& h) { h.sections[0].kind = SectionKind::Text; }));
  CHECK(damaged([](Header& h) { h.sections[2].module = 1; }));
  CHECK(damaged([](Header& h) { h.section_count = 5; }));
  CHECK(damaged([](Header& h) { h.section_count = ~0u; }));
  CHECK(damaged([](Header& h) { h.page_bytes = 0; }));
  CHECK(damaged([](Header& h) { h.page_bytes = 3 << 12; }));
  CHECK(damaged([](Header& h) { h.page_bytes = 1u << 31; }));
  CHECK(damaged([](Header& h) { h.sections[1].size_bytes = 0; }));
  CHECK(damaged([](Header& h) { std::fill(std::begin(h.options), std::end(h.options), 'x'); }));
}

// What is said of a file after a change of its metadata, whose hashes are made right again.
template <class Change>
bool is_damaged(Change change) {
  base::Vector<uint8_t> file = Sample().file();
  Section& section = header_in(file).sections[0];
  REQUIRE(section.kind == SectionKind::Meta);
  uint8_t* const bytes = file.data() + section.offset;
  change(*reinterpret_cast<MetaHeader*>(bytes), bytes);
  section.hash = hash_of(file.span().subspan(section.offset, section.size_bytes));
  seal(file);
  auto view = View::read(file.span());
  return !view && view.error().code == ErrorCode::ArtifactDamaged;
}

TEST_CASE("metadata that points out of its bounds is refused although its hashes are right") {
  const auto item = []<class T>(T*, uint8_t* bytes, uint32_t offset, size_t index) -> T& {
    return reinterpret_cast<T*>(bytes + offset)[index];
  };
  CHECK_FALSE(is_damaged([](MetaHeader&, uint8_t*) {}));
  using M = MetaHeader;
  for (uint32_t M::* const count :
       {&M::function_count, &M::type_count, &M::func_count, &M::part_count, &M::element_count,
        &M::custom_count, &M::image_count, &M::data_count, &M::expression_count}) {
    CHECK(is_damaged([&](M& meta, uint8_t*) { meta.*count = ~0u; }));
    CHECK(is_damaged([&](M& meta, uint8_t*) { meta.*count = 1u << 30; }));
  }
  for (uint32_t M::* const offset : {&M::function_offset, &M::thunk_offset, &M::func_offset, &M::part_offset,
                                     &M::element_offset, &M::custom_offset, &M::image_offset}) {
    CHECK(is_damaged([&](M& meta, uint8_t*) { meta.*offset = ~0u; }));
    CHECK(is_damaged([&](M& meta, uint8_t*) { meta.*offset += 1; }));
  }
  CHECK(is_damaged([&](M& meta, uint8_t*) { meta.expression_offset = ~0u; }));
  CHECK(is_damaged([&](M& meta, uint8_t*) { meta.expression_count -= 1; }));
  CHECK(is_damaged([&](M& m, uint8_t* b) { item((uint32_t*)nullptr, b, m.function_offset, 0) = 6000; }));
  CHECK_FALSE(
      is_damaged([&](M& m, uint8_t* b) { item((uint32_t*)nullptr, b, m.function_offset, 0) = 5999; }));
  CHECK(is_damaged([&](M& m, uint8_t* b) { item((uint32_t*)nullptr, b, m.thunk_offset, 1) = 0xfffffffe; }));
  CHECK(is_damaged([&](M& m, uint8_t* b) { item((uint32_t*)nullptr, b, m.func_offset, 3) = 3; }));
  CHECK(is_damaged([](M& meta, uint8_t*) { meta.func_count = 2; }));
  CHECK(is_damaged([&](M& m, uint8_t* b) { item((ModulePart*)nullptr, b, m.part_offset, 1).offset = ~0u; }));
  CHECK(is_damaged(
      [&](M& m, uint8_t* b) { item((ModulePart*)nullptr, b, m.part_offset, 1).size_bytes = ~0u; }));
  CHECK(is_damaged([&](M& m, uint8_t* b) { item((ModulePart*)nullptr, b, m.part_offset, 1).id = 257; }));
  CHECK(is_damaged([&](M& m, uint8_t* b) { item((ElementRow*)nullptr, b, m.element_offset, 0).mode = 3; }));
  const auto run = [&](uint64_t ImageRun::* member, size_t index, uint64_t value) {
    return is_damaged(
        [&](M& m, uint8_t* b) { item((ImageRun*)nullptr, b, m.image_offset, index).*member = value; });
  };
  CHECK(run(&ImageRun::memory_offset, 0, 100));
  CHECK(run(&ImageRun::memory_offset, 0, uint64_t{1} << 50));
  CHECK(run(&ImageRun::memory_offset, 1, 0));
  CHECK(run(&ImageRun::image_offset, 1, uint64_t{1} << 40));
  CHECK(run(&ImageRun::size_bytes, 1, uint64_t{1} << 40));
  CHECK(run(&ImageRun::size_bytes, 1, 1));
}

TEST_CASE("what is no artifact is said to be none") {
  const std::string_view wasm("\0asm\1\0\0\0", 8);
  CHECK(View::read(base::as_bytes(wasm)).error().code == ErrorCode::NotAnArtifact);
  CHECK(View::read({}).error().code == ErrorCode::NotAnArtifact);
  CHECK_FALSE(Artifact::open("/nonexistent/file"));
}

TEST_CASE("the same contents give the same file") {
  const auto first = Sample().file();
  const auto second = Sample().file();
  CHECK(std::ranges::equal(first, second));
}

TEST_CASE("features are known by LLVM's names") {
  uint64_t features[2] = {};
  CHECK(add_features(Arch::X86_64, "+avx2,-avx512f,+sse3", features));
  CHECK(features[0] == (1u << 8 | 1u));
  CHECK_FALSE(add_features(Arch::X86_64, "+avx512f", features));
  CHECK_FALSE(add_features(Arch::Aarch64, "+avx2", features));
}

}  // namespace wherry::artifact
