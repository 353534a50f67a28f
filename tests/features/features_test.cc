// Every feature of engine/wasm/features.inc: a module that needs it is refused with the feature's key in the message while it
// is off, and runs when it is on. The keys are those of `wherry run -W`.
#include "engine/wasm/features.h"

#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "wherry/wherry.h"

namespace wherry {

namespace {

struct Row {
  std::string_view key;
  std::string_view text;  // Exports "run" without parameters and results.
};

constexpr Row kRows[] = {
    {"mutable-global", R"((module (global (export "g") (mut i32) (i32.const 0)) (func (export "run"))))"},
    {"saturating-float-to-int",
     R"((module (func (export "run") (drop (i32.trunc_sat_f32_s (f32.const 1))))))"},
    {"sign-extension", R"((module (func (export "run") (drop (i64.extend32_s (i64.const 1))))))"},
    {"multi-value",
     R"((module (func $f (result i32 i32) (i32.const 1) (i32.const 2))
          (func (export "run") (call $f) (drop) (drop))))"},
    {"multi-value", R"((module (func (export "run") (i32.const 1) (block (param i32) (drop)))))"},
    {"bulk-memory",
     R"((module (memory 1) (func (export "run") (memory.fill (i32.const 0) (i32.const 0) (i32.const 1)))))"},
    {"bulk-memory", R"((module (memory 1) (data $d "a") (func (export "run") (data.drop $d))))"},
    {"reference-types", R"((module (func (export "run") (drop (ref.is_null (ref.null extern))))))"},
    {"reference-types", R"((module (table 1 funcref) (table 1 funcref) (func (export "run"))))"},
    {"simd", R"((module (func (export "run") (drop (i8x16.extract_lane_u 0 (i8x16.splat (i32.const 1)))))))"},
    {"relaxed-simd",
     R"((module (func (export "run") (drop (i8x16.extract_lane_u 0
          (i8x16.relaxed_swizzle (i8x16.splat (i32.const 1)) (i8x16.splat (i32.const 0))))))))"},
    {"tail-call", R"((module (func $f) (func (export "run") (return_call $f))))"},
    {"extended-const",
     R"((module (global i32 (i32.add (i32.const 1) (i32.const 2))) (func (export "run"))))"},
    {"function-references",
     R"((module (type $t (func)) (func $f (type $t)) (elem declare func $f)
          (func (export "run") (call_ref $t (ref.func $f)))))"},
    {"gc",
     R"((module (type $s (struct (field i32))) (func (export "run") (drop (struct.get $s 0 (struct.new $s (i32.const 1)))))))"},
    {"gc", R"((module (func (export "run") (drop (i31.get_s (ref.i31 (i32.const 1)))))))"},
    {"gc",
     R"((module (rec (type $a (sub (array (mut i8)))) (type $s (struct (field (ref null $a)))))
          (func (export "run") (drop (array.len (struct.get $s 0 (struct.new $s (array.new_default $a (i32.const 3)))))))))"},
    {"gc", R"((module (func (export "run") (drop (ref.test (ref i31) (ref.null any))))))"},
    {"exceptions", R"((module (tag $e) (func (export "run"))))"},
    {"exceptions",
     R"((module (tag $e (param i32)) (func $throw (throw $e (i32.const 1)))
          (func (export "run") (drop (block $h (result i32) (try_table (catch $e $h) (call $throw)) (unreachable))))))"},
    {"exceptions", R"((module (func (export "run") (block $h (try_table (catch_all $h))))))"},
    {"exceptions", R"((module (func (export "run") (drop (ref.is_null (ref.null exn))))))"},
    {"multi-memory",
     R"((module (memory 1) (memory 1) (func (export "run") (drop (i32.load 1 (i32.const 0))))))"},
    {"memory64", R"((module (memory i64 1) (func (export "run") (drop (i32.load (i64.const 0))))))"},
    {"memory64",
     R"((module (table i64 1 funcref) (func (export "run") (drop (ref.is_null (table.get (i64.const 0)))))))"},
    {"threads",
     R"((module (memory 1 1 shared) (func (export "run") (drop (i32.atomic.load (i32.const 0))))))"},
    {"threads", R"((module (memory 1) (func (export "run") (drop (i32.atomic.load (i32.const 0))))))"},
    {"threads", R"((module (func (export "run") (atomic.fence))))"},
    {"wide-arithmetic",
     R"((module (func (export "run") (i64.mul_wide_u (i64.const 1) (i64.const 2)) (drop) (drop))))"},
    {"custom-page-sizes",
     R"((module (memory 8 (pagesize 1)) (func (export "run") (drop (i64.load (i32.const 0))))))"},
    {"compact-imports", R"((module (import "m") (func (export "run"))))"},
};

// What becomes of a module: nothing to say, or the error.
std::string outcome(const Config& config, std::string_view text) {
  const Engine engine = Engine::create(config).value();
  // The binary form, so that it is not the parser of the text that refuses.
  const Blob binary = parse_text(text).value();
  const Result<Module> module = Module::load(engine, binary.bytes());
  if (!module) return module.error().describe();
  Store store = Store::create(engine).value();
  const Result<Instance> instance = Instance::create(store, *module, {});
  if (!instance) return instance.error().describe();
  const Result<void> called = instance->typed<void()>(store, "run")->call(store);
  return called ? std::string() : called.error().describe();
}

}  // namespace

TEST_CASE("each feature, off and on") {
  for (const Row& row : kRows) {
    INFO(row.key << ": " << row.text);
    Config config;
    config.features.set(row.key, true).value();
    CHECK(outcome(config, row.text).empty());
    config.features.set(row.key, false).value();
    const std::string refused = outcome(config, row.text);
    INFO(refused);
    CHECK(refused.find(row.key) != std::string::npos);
    // It is the one thing that is missing: everything else may be on.
    config.features.set("all", true).value();
    config.features.set(row.key, false).value();
    CHECK(outcome(config, row.text) == refused);
  }
}

TEST_CASE("no feature is without a module that needs it") {
  std::set<std::string_view> tested;
  for (const Row& row : kRows) tested.insert(row.key);
  for (uint32_t i = 0; i < wasm::kFeatureCount; ++i) {
    const std::string_view key = wasm::feature_key(static_cast<wasm::Feature>(i));
    if (key != "mvp") CHECK(tested.contains(key));
  }
}

TEST_CASE("growth that is refused: minus one, or a trap where that is set") {
  constexpr std::string_view kText = R"((module
    (memory $m 1 2) (memory $l i64 1) (table $t 1 2 funcref)
    (func (export "memory") (result i64) (i64.extend_i32_s (memory.grow $m (i32.const 2))))
    (func (export "memory64") (result i64) (memory.grow $l (i64.const 0x1000000000000)))
    (func (export "table") (result i64) (i64.extend_i32_s (table.grow $t (ref.null func) (i32.const 2))))
    (func (export "good") (result i64) (drop (table.grow $t (ref.null func) (i32.const 1)))
      (i64.extend_i32_s (memory.grow $m (i32.const 1))))))";
  for (const bool trap : {false, true}) {
    Config config;
    config.limits.trap_on_grow_failure = trap;
    const Engine engine = Engine::create(config).value();
    Store store = Store::create(engine).value();
    const Instance instance = Instance::create(store, load_text(engine, kText).value(), {}).value();
    for (const char* name : {"memory", "memory64", "table"}) {
      const Result<int64_t> result = instance.typed<int64_t()>(store, name)->call(store);
      CHECK(result.ok() != trap);
      if (result) CHECK(*result == -1);
      if (!result) CHECK(result.error().trap_code() == TrapCode::GrowthRefused);
    }
    CHECK(instance.typed<int64_t()>(store, "good")->call(store).value() == 1);
  }
}

TEST_CASE("memory.grow costs fuel by what it adds") {
  Config config;
  config.fuel = true;
  const Engine engine = Engine::create(config).value();
  Store store = Store::create(engine).value();
  const Instance instance = Instance::create(store,
                                             load_text(engine, R"((module (memory 1 100)
        (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))))")
                                                 .value(),
                                             {})
                                .value();
  const auto grow = instance.typed<int32_t(int32_t)>(store, "grow").value();
  const auto cost = [&](int32_t pages) {
    store.set_fuel(1'000'000).value();
    grow.call(store, pages).value();
    return 1'000'000 - *store.fuel();
  };
  const uint64_t nothing = cost(0);
  CHECK(cost(3) == nothing + 3 * 65536 / 64);
  CHECK(cost(1000) == nothing);  // Refused.
}

}  // namespace wherry
