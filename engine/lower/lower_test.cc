// Lowering as text: each testdata/*.wat is lowered function by function, and the listing must be the one that
// stands behind it in lines that begin with ";;= ". BLESS=1 rewrites these. A first line ";; options: NAME=0|1 ..."
// changes Options.
#include <dirent.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "engine/abi/layout.h"
#include "engine/base/test_file.h"
#include "engine/decode/decode.h"
#include "engine/lower/fake_handlers.h"
#include "engine/lower/joined.h"
#include "engine/lower/listing.h"
#include "engine/lower/lower.h"
#include "engine/lower/module_code.h"
#include "engine/text/parse.h"
#include "engine/wasm/errors.h"

namespace wherry::lower {
namespace {

Options options_of(const std::string& source) {
  Options options;
  options.joined_handlers = false;  // Listings show what each instruction does, but for those that say so.
  const auto flag = [&source](const char* name, bool* value) {
    const std::string first = source.substr(0, source.find('\n'));
    if (first.find(std::string(name) + "=1") != std::string::npos) *value = true;
    if (first.find(std::string(name) + "=0") != std::string::npos) *value = false;
  };
  flag("accumulators", &options.accumulators);
  flag("destination_folding", &options.destination_folding);
  flag("address_folding", &options.address_folding);
  flag("compare_branch", &options.compare_branch);
  flag("branch_table_index", &options.branch_table_index);
  flag("pinned_locals", &options.pinned_locals);
  flag("joined_handlers", &options.joined_handlers);
  flag("pinned_floats", &options.pinned_floats);
  flag("unread_locals", &options.unread_locals);
  flag("near_headers", &options.near_headers);
  flag("repeated_dispatch", &options.repeated_dispatch);
  flag("guard_pages", &options.guard_pages);
  flag("fuel", &options.fuel);
  flag("interruption", &options.interruption);
  flag("observe_calls", &options.observe_calls);
  flag("observe_instructions", &options.observe_instructions);
  flag("pause_at_returns", &options.pause_at_returns);
  return options;
}

// A module made of text, typed, with what lowering needs around it.
struct Fixture {
  explicit Fixture(const std::string& source) {
    auto text = text::parse_module(base::as_bytes(source));
    if (!text) {
      problem = text::describe_text_error(base::as_bytes(source), text.error(), "test");
      return;
    }
    auto module = decode::decode(std::move(text->binary), {.features = wasm::Features::all()});
    if (!module) {
      problem = wasm::describe(module.error());
      return;
    }
    auto result = validate::type_module(std::move(*module), registry);
    if (!result) {
      problem = wasm::describe(result.error());
      return;
    }
    typed = std::make_unique<validate::TypedModule>(std::move(*result));
    codes = std::make_unique<abi::FuncCode[]>(typed->module.bodies.size() + 1);
  }

  base::Result<void> lower(const Options& options, uint32_t defined, bool with_positions, SlotCode* out) {
    Environment environment{*typed, handlers.table(), options, abi::layout_of(typed->module), {}};
    if (!abi::global_offsets(typed->module, environment.layout, &environment.global_offsets)) std::abort();
    environment.codes = codes.get();
    const wasm::FuncIndex func(typed->module.imported_funcs + defined);
    return lower::lower(environment, func, with_positions, buffers, out);
  }

  FakeHandlers handlers;
  wasm::TypeRegistry registry;
  std::unique_ptr<validate::TypedModule> typed;
  std::unique_ptr<abi::FuncCode[]> codes;
  Buffers buffers;
  std::string problem;
};

// Regions as `catch WORD: SCOPE`, scopes as `scope N in OUTER: CLAUSE, ...`.
std::string list_catches(const SlotCode& code) {
  const auto scope_name = [](uint32_t scope) {
    return scope == abi::CatchScope::kNone ? std::string("none") : std::to_string(scope);
  };
  std::string lines;
  for (const abi::CatchRegion& region : code.catch_regions) {
    lines += "catch from " + std::to_string(region.word) + ": scope " + scope_name(region.scope) + "\n";
  }
  for (uint32_t i = 0; i < code.catch_scopes.size(); ++i) {
    const abi::CatchScope& scope = code.catch_scopes[i];
    lines += "scope " + std::to_string(i) + " in " + scope_name(scope.outer) + ":";
    for (uint32_t j = 0; j < scope.clause_count; ++j) {
      const abi::CatchClause& clause = code.catch_clauses[scope.first_clause + j];
      lines += clause.tag == abi::CatchClause::kAnyTag ? " all" : " tag " + std::to_string(clause.tag);
      lines += clause.with_reference ? " ref" : "";
      lines += " -> s" + std::to_string(clause.slot) + " @" + std::to_string(clause.target) + ";";
    }
    lines += "\n";
  }
  return lines;
}

std::string list(const std::string& source) {
  Fixture fixture(source);
  if (fixture.typed == nullptr) return fixture.problem + "\n";
  const Listing listing(fixture.handlers.table());
  std::string lines;
  for (uint32_t i = 0; i < fixture.typed->module.bodies.size(); ++i) {
    SlotCode code;
    const auto lowered = fixture.lower(options_of(source), i, false, &code);
    lines += "func " + std::to_string(i);
    if (!lowered) {
      base::Error error = lowered.error();
      error.offset = base::Error::kNoOffset;
      lines += ": " + wasm::describe(error) + "\n";
      continue;
    }
    lines += " frame " + std::to_string(code.frame_slots) + " clears " + std::to_string(code.zero_count) +
             " from " + std::to_string(code.zero_begin) + "\n" + listing.list(code.cells) +
             list_catches(code);
  }
  return lines;
}

constexpr const char* kMark = ";;= ";

// Every line of `lines` behind the mark.
std::string marked(const std::string& lines) {
  std::string text;
  for (size_t at = 0; at < lines.size();) {
    const size_t end = lines.find('\n', at);
    text += kMark + lines.substr(at, end - at) + "\n";
    at = end + 1;
  }
  return text;
}

}  // namespace

TEST_CASE("lowering gives the listed code") {
  const std::string folder = WHERRY_SOURCE_DIR "/engine/lower/testdata";
  std::vector<std::string> names;
  DIR* directory = opendir(folder.c_str());
  REQUIRE(directory != nullptr);
  while (const dirent* entry = readdir(directory)) {
    const std::string name = entry->d_name;
    if (name.ends_with(".wat")) names.push_back(name);
  }
  closedir(directory);
  std::sort(names.begin(), names.end());
  CHECK(names.size() >= 8);
  for (const std::string& name : names) {
    const std::string path = folder + "/" + name;
    const std::string file = base::read_file(path);
    const size_t mark = file.find(kMark);
    const std::string source = file.substr(0, mark);
    const std::string expected = mark == std::string::npos ? "" : file.substr(mark);
    const std::string found = marked(list(source));
    INFO(name);
    if (std::getenv("BLESS") != nullptr && found != expected) {
      base::write_file(path, source + found);
      continue;
    }
    CHECK(found == expected);
  }
}

TEST_CASE("positions lead from cells to instructions and lowering again gives the same code") {
  Fixture fixture(
      "(module (memory 1) (func (param i32) (result i32) (i32.div_u (i32.load (local.get 0)) (local.get "
      "0))))");
  REQUIRE(fixture.typed != nullptr);
  SlotCode first, second;
  REQUIRE(fixture.lower({}, 0, false, &first));
  REQUIRE(fixture.lower({}, 0, true, &second));
  CHECK(std::equal(first.cells.begin(), first.cells.end(), second.cells.begin(), second.cells.end()));
  CHECK(first.positions.empty());
  REQUIRE(second.positions.size() == 3);  // load, div_u, return
  const uint64_t body = fixture.typed->module.bodies[0].offset;
  CHECK(second.positions[0].word == 0);
  CHECK(second.positions[0].offset == body + 3);
  CHECK(second.positions[1].offset == body + 8);
}

TEST_CASE("a fused comparison belongs to the branch") {
  Fixture fixture(
      "(module (func (param i32) (block (br_if 0 (i32.lt_s (local.get 0) (i32.const 7))) (unreachable))))");
  REQUIRE(fixture.typed != nullptr);
  SlotCode code;
  REQUIRE(fixture.lower({}, 0, true, &code));
  REQUIRE(code.positions.size() == 3);
  const uint64_t body = fixture.typed->module.bodies[0].offset;
  CHECK(code.positions[0].offset == body + 8);   // br_if
  CHECK(code.positions[1].offset == body + 10);  // unreachable
}

TEST_CASE("a fault in a joined handler belongs to the access") {
  Fixture fixture(
      "(module (memory 1) (func (param i32) (result i32) (local.set 0 (i32.add (local.get 0) (i32.const 4))) "
      "(i32.mul (i32.load (local.get 0)) (i32.const 3))))");
  REQUIRE(fixture.typed != nullptr);
  SlotCode code;
  REQUIRE(fixture.lower({}, 0, true, &code));
  REQUIRE(code.positions.size() == 4);  // add and set, load, mul, return
  const uint64_t body = fixture.typed->module.bodies[0].offset;
  CHECK(code.positions[0].offset == body + 10);  // The load, which the first of the three does.
  CHECK(code.positions[1].offset == body + 10);
  CHECK(code.positions[2].offset == body + 15);
}

TEST_CASE("a piece that cannot be paid is not taken for the one that is joined with it") {
  Fixture fixture(
      "(module (memory 1) (func (param i32) (result i32) (loop (local.set 0 (i32.add (local.get 0) "
      "(i32.const 1))) (br_if 0 (i32.ne (local.get 0) (i32.const 100)))) "
      "(i32.mul (i32.load (local.get 0)) (i32.const 3))))");
  REQUIRE(fixture.typed != nullptr);
  Options options;
  options.fuel = true;
  SlotCode code;
  REQUIRE(fixture.lower(options, 0, true, &code));
  REQUIRE(code.positions.size() == 8);  // fuel of nothing, fuel, add and set, br_if, fuel, load, mul, return
  CHECK(code.positions[4].offset ==
        code.positions[5].offset);  // The load, which the handler of its piece does.
  CHECK(code.positions[1].offset < code.positions[2].offset);  // The loop's may be out of fuel before that.
}

TEST_CASE("a module's code is made once and found by its cells") {
  Fixture fixture(
      "(module (func (result i32) (call 1)) (func (result i32) (i32.const 7)) (func (result i32) (i32.const "
      "1) (i32.const 2)))");
  REQUIRE(fixture.typed != nullptr);
  auto made = ModuleCode::create(*fixture.typed, {}, fixture.handlers.table());
  REQUIRE(made.has_value());
  ModuleCode& code = **made;
  abi::FuncCode* codes = code.provider()->codes;
  CHECK(codes[0].frame_slots.load() == 0);
  base::Error error{};
  REQUIRE(code.provider()->prepare(code.provider(), &codes[0], &error));
  const Cell* entry = codes[0].entry.load();
  REQUIRE(code.provider()->prepare(code.provider(), &codes[0], &error));
  CHECK(codes[0].entry.load() == entry);
  CHECK(codes[1].frame_slots.load() == 0);
  CHECK(code.find(entry) == &codes[0]);
  CHECK(code.find(entry + 1) == &codes[0]);
  CHECK(code.find(&codes[0].entry.load()[code.cells(codes[0]).size()]) == nullptr);
  CHECK(code.wasm_offset(codes[0], entry) == fixture.typed->module.bodies[0].offset + 1);
  CHECK_FALSE(code.provider()->prepare(code.provider(), &codes[2], &error));
  CHECK(error.code == wasm::ErrorCode::TypeMismatch);
  CHECK(codes[2].frame_slots.load() == 0);
}

// Functions of many sizes, so that their code does not lie in the order in which it was made.
TEST_CASE("code is found while functions go on being made") {
  constexpr uint32_t kCount = 600;
  std::string text = "(module (tag $t)";
  for (uint32_t i = 0; i < kCount; ++i) {
    text += i % 7 == 0 ? "(func block try_table (catch_all 1) throw $t end end" : "(func";
    for (uint32_t j = 0; j < i % 13 * 100; ++j) text += " i32.const 1 global.set 0";
    text += ")";
  }
  Fixture fixture(text + "(global (mut i32) (i32.const 0)))");
  REQUIRE(fixture.typed != nullptr);
  auto made = ModuleCode::create(*fixture.typed, {}, fixture.handlers.table());
  REQUIRE(made.has_value());
  abi::CodeProvider& provider = *(*made)->provider();
  base::Error error{};
  for (uint32_t i = 0; i < kCount; ++i) {
    const uint32_t func = i * 211 % kCount;
    REQUIRE(provider.prepare(&provider, &provider.codes[func], &error));
    for (const uint32_t back : {0u, 1u, 63u, 64u, 65u, 300u}) {
      if (back > i) continue;
      const uint32_t earlier = (i - back) * 211 % kCount;
      const Cell* const entry = provider.codes[earlier].entry.load();
      const abi::CodeSite site = provider.find(&provider, entry + 1);
      CHECK(site.code == &provider.codes[earlier]);
      CHECK(site.begin == entry);
      CHECK((site.catches != nullptr) == (earlier % 7 == 0));
    }
  }
}

TEST_CASE("deep operand stacks and many locals") {
  std::string deep = "(module (func";
  for (int i = 0; i < 66'000; ++i) deep += " i32.const 1 global.get 0";
  for (int i = 0; i < 132'000; ++i) deep += " drop";
  deep += ") (global i32 (i32.const 0)))";
  Fixture too_deep(deep);
  REQUIRE(too_deep.typed != nullptr);
  SlotCode code;
  const auto refused = too_deep.lower({}, 0, false, &code);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == wasm::ErrorCode::FrameTooLarge);

  std::string wide = "(module (func (param i32) (result i64) (local";
  for (int i = 0; i < 49'999; ++i) wide += " i64";
  wide += ") (i64.add (local.get 1) (local.get 49999))))";
  Fixture many(wide);
  REQUIRE(many.typed != nullptr);
  REQUIRE(many.lower({}, 0, false, &code));
  CHECK(code.zero_count == 49'999);
  CHECK(code.frame_slots < 65'536);
}

// So that about as much code runs between two looks at the clock, whatever the loops are like.
TEST_CASE("a long function's loops count more under a deadline, and its beginning nothing") {
  const auto cost = [](uint32_t nops, bool fuel) {
    std::string source = "(module (func (param i32) (loop (br_if 0 (local.get 0)))";
    for (uint32_t i = 0; i < nops; ++i) source += " nop";
    Fixture fixture(source + "))");
    REQUIRE(fixture.typed != nullptr);
    Options options;
    options.interruption = true;
    options.fuel = fuel;
    options.joined_handlers = false;
    SlotCode code;
    REQUIRE(fixture.lower(options, 0, false, &code));
    const std::string listing = Listing(fixture.handlers.table()).list(code.cells);
    CHECK(listing.find("interrupt", listing.find("interrupt") + 1) == std::string::npos);
    const size_t found = listing.find(": interrupt");
    REQUIRE(found != std::string::npos);
    // The first, or behind the fuel of what comes before the loop.
    CHECK(std::count(listing.begin(), listing.begin() + static_cast<ptrdiff_t>(found), '\n') ==
          (fuel ? 1 : 0));
    return listing.substr(found + 11, listing.find('\n', found) - found - 11);
  };
  CHECK(cost(0, false).empty());
  CHECK(cost(kBytesPerLook / 2, false).empty());
  CHECK(cost(kBytesPerLook, false) == " 2");
  CHECK(cost(5 * kBytesPerLook, false) == " 6");
  CHECK(cost(1000 * kBytesPerLook, false) == " 1001");
  CHECK(cost(5 * kBytesPerLook, true).empty());  // Looks each time.
}

// It runs in a second frame behind its locals, so that frames of callees do not lie on them.
TEST_CASE("a function with too many slots of locals enters and leaves a second frame") {
  std::string wide = "(module (func $f (param i32)) (func (param i32) (local";
  for (int i = 0; i < 30'000; ++i) wide += " v128";
  wide += " i64) (local.set 30001 (i64.const 5)) (call $f (i32.const 1)) (return_call $f (local.get 0))))";
  Fixture fixture(wide);
  REQUIRE(fixture.typed != nullptr);
  SlotCode code;
  REQUIRE(fixture.lower({}, 1, false, &code));
  CHECK(code.frame_slots == 60'014);
  CHECK(Listing(fixture.handlers.table()).list(code.cells) ==
        "    0: wide_enter s1, 0 +60008\n"
        "    3: wide_leave s1, 0 -60008\n"
        "    5: move 5 -> s4\n"
        "    8: move_wide s4 -> s-4\n"
        "   10: move 1 -> s4\n"
        "   13: call base s4\n"
        "   16: move s0 -> s4\n"
        "   18: wide_shrink s4, 1 -60008\n"
        "   20: return_call base s4\n");
}

namespace {

// What runs of a function of one parameter, a loop around a call, when `begin` and `end` are put around the call.
base::Vector<Cell> loop_with(const std::string& begin) {
  Fixture fixture(
      "(module (import \"\" \"\" (func $f (param i32))) (tag $t) (func (param i32) block $h loop $l " +
      begin + " local.get 0 call $f end local.get 0 i32.const 1 i32.sub local.tee 0 br_if $l end end))");
  SlotCode code;
  CHECK(fixture.problem.empty());
  CHECK(fixture.lower(Options(), 0, false, &code).has_value());
  return std::move(code.cells);
}

}  // namespace

// So a loop with a try_table that does not throw dispatches as often as one without.
TEST_CASE("a try_table emits nothing") {
  const base::Vector<Cell> plain = loop_with("block");
  for (const char* begin :
       {"try_table", "try_table (catch_all $h)", "try_table (catch $t 0) (catch_all 1)"}) {
    const base::Vector<Cell> guarded = loop_with(begin);
    CHECK(std::equal(plain.begin(), plain.end(), guarded.begin(), guarded.end()));
  }
}

}  // namespace wherry::lower
