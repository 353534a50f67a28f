// Instantiation and the builtins on whole modules written as text. Nothing here runs guest code: a tier made for these tests
// notes what would have been called.
#include "engine/instantiate/instantiate.h"

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "engine/base/os/clock.h"
#include "engine/decode/decode.h"
#include "engine/runtime/builtins.h"
#include "engine/text/parse.h"
#include "engine/wasm/errors.h"

namespace wherry::instantiate {
namespace {

using runtime::ExternValue;
using runtime::Instance;
using runtime::kBuiltins;
using runtime::Store;
using wasm::ErrorCode;
using wasm::TrapCode;

constexpr uint64_t kRefused = ~uint64_t{0};

// ---- a tier that runs nothing: functions trap as Unreachable, and the last one entered is noted in its context's store

struct Trace {
  uint32_t entered = ~uint32_t{0};
  TrapCode answer = TrapCode::None;
};

TrapCode enter(abi::FuncObject* func, uint64_t*, abi::Crossing*) {
  auto* trace = static_cast<Trace*>(Store::of(func->context).embedder);
  trace->entered = func->func_index;
  return trace->answer;
}

constinit const abi::Cell kCell = 0;
constinit abi::FuncCode g_host_code{};
constinit const abi::Tier kTier{&kCell, &g_host_code, enter};

// A module with all that its instances need. `owners` counts the stores that keep it.
struct Program {
  std::unique_ptr<validate::TypedModule> typed;
  base::Vector<uint8_t> code_memory;
  abi::CodeProvider provider;
  std::unique_ptr<const runtime::ModuleShape> shape;
  int owners = 0;
};

struct World {
  runtime::InterruptClock clock;
  wasm::TypeRegistry registry;
  Trace trace;
  std::unique_ptr<Store> store;

  explicit World(runtime::StoreLimits limits = {}, bool counts_fuel = false, bool gc_stress = false) {
    runtime::StoreSetup setup;
    setup.tier = &kTier;
    setup.clock = &clock;
    setup.limits = limits;
    setup.counts_fuel = counts_fuel;
    setup.gc_stress = gc_stress;
    setup.interruption = true;
    store = std::move(*Store::create(setup));
    store->embedder = &trace;
  }

  std::unique_ptr<Program> load(std::string_view text) {
    auto program = std::make_unique<Program>();
    auto parsed = text::parse_module(base::as_bytes(text));
    INFO((parsed ? std::string() : wasm::describe(parsed.error())));
    REQUIRE(parsed);
    auto module = decode::decode(std::move(parsed->binary), {wasm::Features::all()});
    INFO((module ? std::string() : wasm::describe(module.error())));
    REQUIRE(module);
    auto typed = validate::type_module(std::move(*module), registry);
    INFO((typed ? std::string() : wasm::describe(typed.error())));
    REQUIRE(typed);
    program->typed = std::make_unique<validate::TypedModule>(std::move(*typed));
    REQUIRE(program->code_memory.resize((program->typed->module.bodies.size() + 1) * sizeof(abi::FuncCode)));
    program->provider.codes = reinterpret_cast<abi::FuncCode*>(program->code_memory.data());
    program->provider.prepare = [](abi::CodeProvider*, abi::FuncCode*, base::Error* error) {
      *error = {ErrorCode::TypeMismatch, 7, "no code here"};
      return false;
    };
    auto shape = prepare_module(*program->typed, &program->provider);
    REQUIRE(shape);
    program->shape = std::move(*shape);
    return program;
  }

  runtime::Outcome<Instance*> make(Program& program, std::span<const ExternValue> imports = {}) {
    ++program.owners;
    return instantiate(*store, *program.shape, imports,
                       {&program, [](void* object) { --static_cast<Program*>(object)->owners; }});
  }

  // For modules that must succeed. Programs live as long as the world.
  Instance& must(std::string_view text, std::span<const ExternValue> imports = {}) {
    programs_.push_back(load(text));
    auto made = make(*programs_.back(), imports);
    INFO((made ? std::string() : wasm::describe(made.error().error)));
    REQUIRE(made);
    return **made;
  }

  runtime::Stop fails(std::string_view text, std::span<const ExternValue> imports = {}) {
    programs_.push_back(load(text));
    auto made = make(*programs_.back(), imports);
    REQUIRE_FALSE(made);
    return made.error();
  }

  ~World() { store.reset(); }

 private:
  std::vector<std::unique_ptr<Program>> programs_;
};

ExternValue get(Instance& instance, std::string_view name) {
  const int64_t position = instance.shape().find_export(name);
  REQUIRE(position >= 0);
  return instance.export_at(static_cast<uint32_t>(position));
}

std::string memory_text(Instance& instance, uint64_t at, uint64_t size) {
  return {reinterpret_cast<const char*>(instance.memory(0)->base()) + at, size};
}

// ---- constant expressions

TEST_CASE("constant expressions: constants, arithmetic that wraps, globals, vectors, references") {
  World world;
  const uint64_t forty_two[] = {42};
  auto imported = world.store->add_global({wasm::kI32, false}, forty_two);
  REQUIRE(imported);
  const ExternValue imports[] = {ExternValue(*imported)};
  Instance& instance = world.must(R"((module
    (import "m" "g" (global $g i32))
    (global i32 (i32.const -1))
    (global i64 (i64.const -1))
    (global f32 (f32.const nan:0x200001))
    (global f64 (f64.const -0))
    (global i32 (i32.add (global.get $g) (i32.mul (i32.const 0x10000) (i32.const 0x10001))))
    (global i32 (i32.sub (i32.const 0) (i32.const 1)))
    (global i64 (i64.sub (i64.mul (i64.const 0x7fffffffffffffff) (i64.const 2)) (i64.add (i64.const 1) (i64.const 2))))
    (global v128 (v128.const i64x2 1 2))
    (global funcref (ref.null func))
    (global funcref (ref.func $f))
    (global i31ref (ref.i31 (i32.const -1)))
    (global i32 (global.get 1))
    (func $f)
    (elem declare func $f)))",
                                  imports);
  CHECK(instance.global_slots(0)[0] == 42);
  CHECK(instance.global_slots(1)[0] == 0xffff'ffff);
  CHECK(instance.global_slots(2)[0] == ~uint64_t{0});
  CHECK(instance.global_slots(3)[0] == 0x7fa0'0001);
  CHECK(instance.global_slots(4)[0] == uint64_t{1} << 63);
  CHECK(instance.global_slots(5)[0] == 42 + 0x10000);
  CHECK(instance.global_slots(6)[0] == 0xffff'ffff);
  CHECK(instance.global_slots(7)[0] == ~uint64_t{0} - 4);
  CHECK(instance.global_slots(8)[0] == 1);
  CHECK(instance.global_slots(8)[1] == 2);
  CHECK(reinterpret_cast<uintptr_t>(instance.global_slots(8)) % 16 == 0);
  CHECK(instance.global_slots(9)[0] == abi::kNullRef);
  CHECK(instance.global_slots(10)[0] == instance.func_ref(0));
  CHECK(instance.global_slots(11)[0] == 0xffff'ffff);
  CHECK(instance.global_slots(12)[0] == 0xffff'ffff);
}

TEST_CASE("constant expressions make objects, which live as long as something holds them") {
  for (const bool stress : {false, true}) {
    World world({}, false, stress);
    Instance& instance = world.must(R"((module
      (type $s (struct (field i8) (field (mut i64)) (field (ref null $s)) (field v128)))
      (type $bytes (array i8))
      (type $refs (array (ref null any)))
      (global $first (ref $s) (struct.new $s (i32.const 511) (i64.const 7) (struct.new_default $s)
        (v128.const i64x2 3 4)))
      (global (ref $bytes) (array.new $bytes (i32.const 258) (i32.const 5)))
      (global (ref $refs) (array.new_fixed $refs 3 (ref.i31 (i32.const -1)) (global.get $first)
        (array.new_default $bytes (i32.const 9))))
      (global externref (extern.convert_any (struct.new_default $s)))
      (table 4 (ref $s) (struct.new_default $s))
      (elem (ref $refs) (array.new $refs (ref.null any) (i32.const 2))))
    )");
    world.store->heap().collect();
    const uint64_t* const s = abi::slots_of(*instance.global_slots(0));
    CHECK(s[0] == 0xff);
    CHECK(s[1] == 7);
    CHECK(world.store->heap().is_object(s[2]));
    CHECK(s[3] == 3);
    CHECK(s[4] == 4);
    const abi::Ref bytes = *instance.global_slots(1);
    CHECK(abi::header_of(bytes)->length == 5);
    CHECK(abi::payload_of(bytes)[4] == 2);
    const uint64_t* const refs = abi::slots_of(*instance.global_slots(2));
    CHECK(abi::i31_signed(refs[0]) == -1);
    CHECK(refs[1] == *instance.global_slots(0));
    CHECK(abi::header_of(refs[2])->length == 9);
    CHECK(world.store->heap().is_object(*instance.global_slots(3)));
    CHECK(world.store->heap().is_object(instance.table(0)->object.entries[3]));
    auto segment = instance.element(0);
    REQUIRE(segment);
    CHECK(abi::header_of((*segment)[0])->length == 2);
  }
}

TEST_CASE("a constant expression that fills the heap is an error") {
  runtime::StoreLimits limits;
  limits.heap_bytes = 1 << 20;
  World world(limits);
  const runtime::Stop stop = world.fails(R"((module
    (type $bytes (array i8))
    (global (ref $bytes) (array.new $bytes (i32.const 1) (i32.const -1)))))");
  CHECK_FALSE(stop.is_trap());
  CHECK(stop.error.code == ErrorCode::OutOfMemory);
}

TEST_CASE("an expression that changed after validation is an error") {
  World world;
  auto program = world.load("(module (global i32 (i32.const 1)) (global i64 (i64.const 2)) (func))");
  static constexpr uint8_t kGet[] = {0x23, 0x01, 0x0b};
  static constexpr uint8_t kFunc[] = {0xd2, 0x05, 0x0b};
  static constexpr uint8_t kI64[] = {0x42, 0x01, 0x0b};
  static constexpr uint8_t kEmpty[] = {0x0b};
  static constexpr uint8_t kAdd[] = {0x41, 0x01, 0x6a, 0x0b};
  static constexpr uint8_t kNop[] = {0x01, 0x0b};
  static constexpr uint8_t kCut[] = {0x41};
  const std::pair<base::ByteSpan, ErrorCode> rows[] = {
      {kGet, ErrorCode::UnknownGlobal}, {kFunc, ErrorCode::UnknownFunction},
      {kI64, ErrorCode::TypeMismatch},  {kEmpty, ErrorCode::TypeMismatch},
      {kAdd, ErrorCode::TypeMismatch},  {kNop, ErrorCode::ConstantExpressionRequired},
      {kCut, ErrorCode::UnexpectedEnd},
  };
  for (const auto& [bytes, code] : rows) {
    program->typed->module.globals[0].init.bytes = bytes;
    auto made = world.make(*program);
    REQUIRE_FALSE(made);
    INFO(wasm::describe(made.error().error));
    CHECK(made.error().error.code == code);
  }
  world.store.reset();
}

// ---- imports

TEST_CASE("imports are bound by kind, in order, and exported again as what they are") {
  World world;
  Instance& first = world.must(R"((module
    (memory (export "memory") 1 2)
    (table (export "table") 3 funcref)
    (global (export "global") (mut i32) (i32.const 5))
    (tag (export "tag") (param i32))
    (func (export "func") (param i32) (result i32) (local.get 0))))");
  const ExternValue imports[] = {get(first, "func"), get(first, "memory"), get(first, "global"),
                                 get(first, "table"), get(first, "tag")};
  Instance& second = world.must(R"((module
    (import "a" "func" (func (param i32) (result i32)))
    (import "a" "memory" (memory 1))
    (import "a" "global" (global (mut i32)))
    (import "a" "table" (table 1 funcref))
    (import "a" "tag" (tag (param i32)))
    (export "f" (func 0)) (export "m" (memory 0)) (export "g" (global 0)) (export "t" (table 0)) (export "e" (tag 0))))",
                                imports);
  CHECK(get(second, "f").func == get(first, "func").func);
  CHECK(get(second, "m").memory == get(first, "memory").memory);
  CHECK(get(second, "g").global == get(first, "global").global);
  CHECK(get(second, "t").table == get(first, "table").table);
  CHECK(get(second, "e").tag == get(first, "tag").tag);
  second.global_slots(0)[0] = 6;
  CHECK(first.global_slots(0)[0] == 6);
  CHECK(second.context()->memory0_base == first.memory(0)->base());
  CHECK(second.shape().find_export("nothing") == -1);
  // The same object has the same handle, whoever asks.
  CHECK(Store::handle_of(get(second, "g").global) == Store::handle_of(get(first, "global").global));
  abi::FuncObject* const func = get(second, "f").func;
  const runtime::HandleId handle = world.store->handle_of(func);
  CHECK(world.store->func(handle) == func);
  CHECK(world.store->func({handle.index + 1, handle.generation}) == nullptr);
  CHECK(func->func_index == 0);
  CHECK(func->type->param_slots == 1);
}

TEST_CASE("errors of linking name the import and both types") {
  World world;
  Instance& first = world.must("(module (func (export \"f\") (param i32)) (memory (export \"m\") 1))");
  const ExternValue func[] = {get(first, "f")};
  const ExternValue memory[] = {get(first, "m")};
  runtime::Stop stop = world.fails("(module (import \"env\" \"f\" (func (param i64) (result i32))))", func);
  CHECK(stop.error.code == ErrorCode::IncompatibleImport);
  CHECK(stop.error.detail ==
        "\"env\" \"f\", found (func (param i32)), expected (func (param i64) (result i32))");
  stop = world.fails("(module (import \"e\\00\" \"f\" (memory 2)))", memory);
  CHECK(stop.error.detail == "\"e\\00\" \"f\", found (memory 1), expected (memory 2)");
  stop = world.fails("(module (import \"env\" \"f\" (func)))");
  CHECK(stop.error.code == ErrorCode::IncompatibleImport);
  CHECK(stop.error.detail == "found 0 imports, expected 1");
  const ExternValue nothing[] = {ExternValue()};
  stop = world.fails("(module (import \"env\" \"f\" (func)))", nothing);
  CHECK(stop.error.code == ErrorCode::UnknownImport);
  CHECK(stop.error.detail == "\"env\" \"f\", expected (func)");
}

TEST_CASE("a function of a declared subtype may be imported as its supertype") {
  World world;
  Instance& first = world.must(R"((module
    (type $super (sub (func)))
    (type $sub (sub $super (func)))
    (func (export "sub") (type $sub))
    (func (export "super") (type $super))))");
  constexpr std::string_view kWantsSuper =
      R"((module (type $super (sub (func))) (import "" "" (func (type $super)))))";
  constexpr std::string_view kWantsSub =
      R"((module (type $super (sub (func))) (type $sub (sub $super (func))) (import "" "" (func (type $sub)))))";
  const ExternValue sub[] = {get(first, "sub")};
  const ExternValue super[] = {get(first, "super")};
  world.must(kWantsSuper, sub);
  world.must(kWantsSuper, super);
  world.must(kWantsSub, sub);
  CHECK(world.fails(kWantsSub, super).error.code == ErrorCode::IncompatibleImport);
}

TEST_CASE("limits of the store end instantiation as errors, and the module is given back") {
  runtime::StoreLimits limits;
  limits.instances = 2;
  limits.memory_bytes = 65536;
  limits.table_elements = 10;
  auto world = std::make_unique<World>(limits);
  auto program = world->load("(module)");
  auto large = world->load("(module (memory 2))");
  auto wide = world->load("(module (table 11 funcref))");
  for (Program* each : {large.get(), wide.get()}) {
    auto made = world->make(*each);
    REQUIRE_FALSE(made);
    CHECK(made.error().error.code == ErrorCode::LimitExceeded);
  }
  auto third = world->make(*program);
  REQUIRE_FALSE(third);
  CHECK(third.error().error.code == ErrorCode::LimitExceeded);
  CHECK(program->owners == 0);  // The failed ones before it hold their places.
  world->store.reset();
  CHECK(large->owners == 0);
  CHECK(wide->owners == 0);
}

// ---- segments

TEST_CASE("segments: earlier ones stay when a later one traps, and the instance's functions live on") {
  World world;
  Instance& first = world.must(R"((module (memory (export "m") 1) (table (export "t") 4 funcref)))");
  const ExternValue imports[] = {get(first, "m"), get(first, "t")};
  runtime::Stop stop = world.fails(R"((module
    (import "" "m" (memory 1)) (import "" "t" (table 4 funcref))
    (func $f)
    (elem (i32.const 0) func $f $f)
    (elem (i32.const 3) func $f $f)
    (data (i32.const 0) "never")))",
                                   imports);
  CHECK(stop.trap == TrapCode::TableOutOfBounds);
  CHECK(first.table(0)->object.entries[0] != abi::kNullRef);
  CHECK(first.table(0)->object.entries[3] == abi::kNullRef);
  CHECK(memory_text(first, 0, 1) == std::string(1, '\0'));
  abi::FuncObject* const func = world.store->func_of(first.table(0)->object.entries[1]);
  CHECK(func->func_index == 0);
  CHECK(func->context != first.context());

  stop = world.fails(R"((module (import "" "m" (memory 1)) (import "" "t" (table 4 funcref))
    (data (i32.const 10) "stays") (data (i32.const 65535) "xy") (data (i32.const 20) "never")))",
                     imports);
  CHECK(stop.trap == TrapCode::MemoryOutOfBounds);
  CHECK(memory_text(first, 10, 5) == "stays");
  CHECK(memory_text(first, 20, 1) == std::string(1, '\0'));
}

TEST_CASE("segments at the edges: empty ones at the end fit, one byte beyond traps, for both index types") {
  World world;
  world.must("(module (memory 1) (data (i32.const 65536) \"\") (table 2 funcref) (elem (i32.const 2) func))");
  world.must("(module (memory i64 1) (data (i64.const 65535) \"x\"))");
  CHECK(world.fails("(module (memory 1) (data (i32.const 65537) \"\"))").trap == TrapCode::MemoryOutOfBounds);
  CHECK(world.fails("(module (memory 1) (data (i32.const -1) \"x\"))").trap == TrapCode::MemoryOutOfBounds);
  CHECK(world.fails("(module (memory i64 1) (data (i64.const -1) \"x\"))").trap ==
        TrapCode::MemoryOutOfBounds);
  CHECK(world.fails("(module (memory i64 1) (data (i64.const 0x100000000) \"x\"))").trap ==
        TrapCode::MemoryOutOfBounds);
  CHECK(world.fails("(module (table 1 funcref) (elem (i32.const 2) func))").trap ==
        TrapCode::TableOutOfBounds);
  CHECK(world.fails("(module (table i64 1 funcref) (func $f) (elem (i64.const -1) func $f))").trap ==
        TrapCode::TableOutOfBounds);
}

TEST_CASE("tables take their initial value, and segments of expressions what these say") {
  World world;
  Instance& instance = world.must(R"((module
    (func $a) (func $b)
    (table $t 3 funcref (ref.func $a))
    (table $e 2 externref)
    (elem (table $t) (i32.const 1) funcref (ref.func $b) (ref.null func))
    (elem declare func $a)))");
  CHECK(instance.table(0)->object.entries[0] == instance.func_ref(0));
  CHECK(instance.table(0)->object.entries[1] == instance.func_ref(1));
  CHECK(instance.table(0)->object.entries[2] == abi::kNullRef);
  CHECK(instance.table(1)->object.entries[1] == abi::kNullRef);
}

TEST_CASE("functions in tables are made when somebody looks") {
  World world;
  Instance& instance =
      world.must("(module (func $f) (func $g (param i64)) (table 2 funcref) (elem (i32.const 0) $f $g))");
  const auto* raw = reinterpret_cast<const abi::FuncObject*>(instance.table(0)->object.entries[1]);
  CHECK(raw->type_id == 0);
  kBuiltins.make_func(&world.store->state(), const_cast<abi::FuncObject*>(raw));
  CHECK(raw->func_index == 1);
  CHECK(raw->context == instance.context());
  CHECK(raw->type->param_slots == 1);
  CHECK(raw->type_id == abi::type_id_of(raw->type->id));
  CHECK(raw->code == instance.context()->codes + 1);
}

TEST_CASE("functions of many instances are found by their addresses") {
  World world;
  auto program = world.load("(module (func) (func) (func))");
  std::vector<Instance*> instances;
  for (int i = 0; i < 50; ++i) instances.push_back(*world.make(*program));
  for (Instance* instance : instances) {
    CHECK(instance->func(2)->context == instance->context());
    CHECK(instance->func(0)->func_index == 0);
  }
  world.store.reset();
}

TEST_CASE("the start function runs last, and its trap is the instance's") {
  World world;
  world.must("(module (memory 1) (func) (func $s) (start $s) (data (i32.const 0) \"x\"))");
  CHECK(world.trace.entered == 1);
  world.trace.answer = TrapCode::Unreachable;
  CHECK(world.fails("(module (func $s) (start $s))").trap == TrapCode::Unreachable);
  CHECK(world.store->instance_count() == 2);
}

TEST_CASE("many exports are found by name") {
  World world;
  std::string text = "(module (func $f)";
  for (int i = 0; i < 300; ++i) text += " (export \"e" + std::to_string(i) + "\" (func $f))";
  Instance& instance = world.must(text + ")");
  for (int i = 0; i < 300; ++i) CHECK(instance.shape().find_export("e" + std::to_string(i)) == i);
  CHECK(instance.shape().find_export("e300") == -1);
  CHECK(instance.shape().find_export("") == -1);
}

// ---- builtins

// 2^`count` names with one hash (FNV-1a): each piece of four letters is one of two that lead from the hash so far to the same.
std::vector<std::string> colliding_names(uint32_t count) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  std::vector<std::string> names = {""};
  uint32_t hash = 2166136261u;
  for (uint32_t i = 0; i < count; ++i) {
    std::unordered_map<uint32_t, std::string> seen;
    std::string other;
    for (uint32_t number = 0; other.empty(); number += 2654435761u) {
      std::string piece;
      uint32_t next = hash;
      for (uint32_t shift = 8; shift < 32; shift += 6) {
        piece += kLetters[number >> shift & 63];
        next = (next ^ static_cast<uint8_t>(piece.back())) * 16777619u;
      }
      const auto [first, is_new] = seen.try_emplace(next, piece);
      if (is_new || first->second == piece) continue;
      other = piece;
      hash = next;
    }
    std::vector<std::string> longer;
    for (const std::string& name : names) {
      longer.push_back(name + seen[hash]);
      longer.push_back(name + other);
    }
    names = std::move(longer);
  }
  return names;
}

TEST_CASE("exports whose names collide are found by name, and their table is made in time") {
  const std::vector<std::string> names = colliding_names(11);
  std::string text = "(module (func)";
  for (size_t i = 1; i < names.size(); ++i) text += "(export \"" + names[i] + "\" (func 0))";
  World world;
  Instance& instance = world.must(text + ")");
  const runtime::ModuleShape& shape = instance.shape();
  CHECK(shape.export_table.size() == names.size() - 1);
  for (size_t i = 1; i < names.size(); ++i) CHECK(shape.find_export(names[i]) == static_cast<int64_t>(i) - 1);
  CHECK(shape.find_export(names[0]) == -1);
  CHECK(shape.find_export("") == -1);
  CHECK(shape.find_export("~") == -1);
}

TEST_CASE("memory builtins check all bounds before they write, near 2^32 and 2^64 too") {
  World world;
  Instance& instance = world.must(R"((module (memory 1) (memory i64 1)
    (data "abcdef") (data (i32.const 0) "0123456789")))");
  abi::Context* const context = instance.context();
  struct Row {
    uint64_t to;
    uint64_t from;
    uint64_t size;
    bool fits;
  };
  constexpr uint64_t kEnd = 65536;
  const Row rows[] = {
      {0, 0, 0, true},
      {kEnd, kEnd, 0, true},
      {kEnd + 1, 0, 0, false},
      {0, kEnd + 1, 0, false},
      {kEnd - 1, 0, 1, true},
      {kEnd - 1, 0, 2, false},
      {0, kEnd - 1, 2, false},
      {0, 0, kEnd, true},
      {0, 0, kEnd + 1, false},
      {0xffff'ffff, 0, 1, false},
      {0, 0xffff'ffff, 0xffff'ffff, false},
      {~uint64_t{0}, 0, 1, false},
      {1, 0, ~uint64_t{0}, false},
      {0, ~uint64_t{0}, 2, false},
      {~uint64_t{0}, ~uint64_t{0}, ~uint64_t{0}, false},
  };
  for (const Row& row : rows) {
    INFO(row.to << " " << row.from << " " << row.size);
    const TrapCode wanted = row.fits ? TrapCode::None : TrapCode::MemoryOutOfBounds;
    CHECK(kBuiltins.memory_copy(context, 0, 1, row.to, row.from, row.size) == wanted);
    CHECK(kBuiltins.memory_copy(context, 1, 0, row.to, row.from, row.size) == wanted);
    if (row.from == 0) CHECK(kBuiltins.memory_fill(context, 1, row.to, 0, row.size) == wanted);
  }
  CHECK(kBuiltins.memory_init(context, 0, 0, 10, 2, 3) == TrapCode::None);
  CHECK(memory_text(instance, 10, 3) == "cde");
  CHECK(kBuiltins.memory_init(context, 0, 0, 0, 6, 0) == TrapCode::None);
  CHECK(kBuiltins.memory_init(context, 0, 0, 0, 7, 0) == TrapCode::MemoryOutOfBounds);
  CHECK(kBuiltins.memory_init(context, 0, 0, 0, 0xffff'ffff, 2) == TrapCode::MemoryOutOfBounds);
  CHECK(kBuiltins.memory_init(context, 0, 0, kEnd - 2, 0, 3) == TrapCode::MemoryOutOfBounds);
  CHECK(memory_text(instance, kEnd - 2, 2) == std::string(2, '\0'));
  // Active segments are dropped; passive ones when asked.
  CHECK(kBuiltins.memory_init(context, 0, 1, 0, 0, 1) == TrapCode::MemoryOutOfBounds);
  kBuiltins.data_drop(context, 0);
  CHECK(kBuiltins.memory_init(context, 0, 0, 0, 0, 1) == TrapCode::MemoryOutOfBounds);
  CHECK(kBuiltins.memory_init(context, 0, 0, 0, 0, 0) == TrapCode::None);
}

TEST_CASE("copies may overlap, also when they take several pieces") {
  World world;
  Instance& instance = world.must("(module (memory 800))");
  uint8_t* const base = instance.memory(0)->base();
  const uint64_t size = runtime::kInterruptChunkBytes * 2 + 12345;
  for (const uint64_t distance : {uint64_t{1}, uint64_t{4096}, runtime::kInterruptChunkBytes - 7}) {
    for (const bool up : {true, false}) {
      const uint64_t from = up ? 0 : distance;
      const uint64_t to = up ? distance : 0;
      for (uint64_t i = 0; i < size; i += 509) base[from + i] = static_cast<uint8_t>(i / 509);
      CHECK(kBuiltins.memory_copy(instance.context(), 0, 0, to, from, size) == TrapCode::None);
      bool all = true;
      for (uint64_t i = 0; i < size; i += 509) all = all && base[to + i] == static_cast<uint8_t>(i / 509);
      CHECK(all);
    }
  }
}

TEST_CASE("memory.grow answers in pages, for any memory") {
  World world;
  Instance& instance = world.must("(module (memory 1 3) (memory i64 0 5))");
  TrapCode trap = TrapCode::Unreachable;
  CHECK(kBuiltins.memory_grow(instance.context(), 0, 2, &trap) == 1);
  CHECK(trap == TrapCode::None);
  CHECK(kBuiltins.memory_grow(instance.context(), 0, 1, &trap) == kRefused);
  CHECK(trap == TrapCode::None);
  CHECK(kBuiltins.memory_grow(instance.context(), 1, ~uint64_t{0}, &trap) == kRefused);
  CHECK(kBuiltins.memory_grow(instance.context(), 1, 5, &trap) == 0);
}

TEST_CASE("table builtins: bounds first, overlap, growth, segments and dropping") {
  World world;
  Instance& instance = world.must(R"((module
    (func $a) (func $b) (func $c)
    (table 6 10 funcref) (table i64 4 funcref)
    (elem $p func $a $b $c)
    (elem $q funcref (ref.func $c) (ref.null func))))");
  abi::Context* const context = instance.context();
  abi::Ref* const entries = instance.table(0)->object.entries;
  CHECK(kBuiltins.table_init(context, 0, 0, 1, 0, 3) == TrapCode::None);
  CHECK(entries[1] == instance.func_ref(0));
  CHECK(entries[3] == instance.func_ref(2));
  CHECK(kBuiltins.table_init(context, 0, 1, 5, 0, 1) == TrapCode::None);
  CHECK(entries[5] == instance.func_ref(2));
  CHECK(kBuiltins.table_init(context, 0, 0, 4, 0, 3) == TrapCode::TableOutOfBounds);
  CHECK(entries[4] == abi::kNullRef);
  CHECK(kBuiltins.table_init(context, 0, 0, 0, 0xffff'ffff, 2) == TrapCode::TableOutOfBounds);
  CHECK(kBuiltins.table_init(context, 0, 0, ~uint64_t{0}, 0, 2) == TrapCode::TableOutOfBounds);
  CHECK(kBuiltins.table_init(context, 0, 0, 6, 3, 0) == TrapCode::None);
  CHECK(kBuiltins.table_init(context, 0, 0, 7, 3, 0) == TrapCode::TableOutOfBounds);
  CHECK(kBuiltins.table_init(context, 0, 0, 6, 4, 0) == TrapCode::TableOutOfBounds);
  kBuiltins.elem_drop(context, 0);
  CHECK(kBuiltins.table_init(context, 0, 0, 0, 0, 1) == TrapCode::TableOutOfBounds);
  CHECK(kBuiltins.table_init(context, 0, 0, 0, 0, 0) == TrapCode::None);

  CHECK(kBuiltins.table_copy(context, 0, 0, 2, 1, 3) == TrapCode::None);  // Upwards over itself.
  CHECK(entries[4] == instance.func_ref(2));
  CHECK(entries[2] == instance.func_ref(0));
  CHECK(kBuiltins.table_copy(context, 1, 0, 0, 2, 4) == TrapCode::None);
  CHECK(instance.table(1)->object.entries[3] == instance.func_ref(2));
  CHECK(kBuiltins.table_copy(context, 0, 1, 3, 0, 4) == TrapCode::TableOutOfBounds);
  CHECK(kBuiltins.table_copy(context, 0, 1, 0, ~uint64_t{0}, 2) == TrapCode::TableOutOfBounds);
  CHECK(kBuiltins.table_fill(context, 0, 4, abi::kNullRef, 2) == TrapCode::None);
  CHECK(entries[4] == abi::kNullRef);
  CHECK(kBuiltins.table_fill(context, 0, 4, abi::kNullRef, 3) == TrapCode::TableOutOfBounds);
  CHECK(kBuiltins.table_fill(context, 0, 2, abi::kNullRef, ~uint64_t{0}) == TrapCode::TableOutOfBounds);

  TrapCode trap = TrapCode::Unreachable;
  CHECK(kBuiltins.table_grow(context, 0, 4, instance.func_ref(1), &trap) == 6);
  CHECK(instance.table(0)->object.entries[9] == instance.func_ref(1));
  CHECK(kBuiltins.table_grow(context, 0, 1, abi::kNullRef, &trap) == kRefused);
  CHECK(kBuiltins.table_grow(context, 1, ~uint64_t{0}, abi::kNullRef, &trap) == kRefused);
}

TEST_CASE("bulk operations cost fuel by length, after their bounds and before their work") {
  World world({}, true);
  Instance& instance = world.must("(module (memory 1) (table 64 funcref))");
  abi::Context* const context = instance.context();
  int64_t& fuel = world.store->state().fuel;
  fuel = 10;
  CHECK(kBuiltins.memory_fill(context, 0, 0, 1, 65) == TrapCode::None);
  CHECK(fuel == 8);
  CHECK(kBuiltins.memory_fill(context, 0, 65536, 1, 1) == TrapCode::MemoryOutOfBounds);
  CHECK(fuel == 8);
  CHECK(kBuiltins.table_fill(context, 0, 0, abi::kNullRef, 9) == TrapCode::None);
  CHECK(fuel == 6);
  CHECK(kBuiltins.memory_fill(context, 0, 1000, 9, 64 * 7) == TrapCode::OutOfFuel);
  CHECK(memory_text(instance, 1000, 1) == std::string(1, '\0'));
}

TEST_CASE("a long operation is interrupted between its pieces") {
  World world;
  Instance& instance = world.must("(module (memory 640))");
  world.store->interrupts()->interrupt();
  CHECK(kBuiltins.memory_fill(instance.context(), 0, 0, 1, runtime::kInterruptChunkBytes * 2) ==
        TrapCode::Interrupted);
  CHECK(memory_text(instance, runtime::kInterruptChunkBytes - 1, 2) == std::string("\x01\0", 2));
  CHECK(kBuiltins.memory_fill(instance.context(), 0, 0, 1, runtime::kInterruptChunkBytes * 2) ==
        TrapCode::None);
}

TEST_CASE("code that cannot be prepared leaves its error pending") {
  World world;
  Instance& instance = world.must("(module (func))");
  CHECK_FALSE(kBuiltins.prepare_code(instance.context(), instance.context()->codes));
  world.trace.answer = TrapCode::HostError;
  auto outcome = world.store->call(instance.func(0), nullptr);
  REQUIRE_FALSE(outcome);
  CHECK_FALSE(outcome.error().is_trap());
  CHECK(outcome.error().error.code == ErrorCode::TypeMismatch);
  CHECK(outcome.error().error.offset == 7);
}

}  // namespace
}  // namespace wherry::instantiate
