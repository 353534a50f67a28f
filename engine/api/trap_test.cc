// Traps with their backtraces: names, offsets, host frames, deep stacks.
#include "engine/api/test_world.h"

namespace wherry {

TEST_CASE("a trap has a backtrace with names and offsets") {
  World world;
  const Instance instance = world.start(R"((module $calc
    (func $divide (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
    (func $middle (param i32) (result i32) (call $divide (i32.const 1) (local.get 0)))
    (func (export "run") (param i32) (result i32) (i32.add (call $middle (local.get 0)) (i32.const 1)))))");
  const auto called = world.func(instance, "run").call(world.store, {Val(0)});
  REQUIRE(trap_of(called) == TrapCode::IntegerDivideByZero);
  const Trap& trap = *called.error().trap();
  REQUIRE(trap.frames.size() == 3);
  CHECK(trap.frames[0].function == "divide");
  CHECK(trap.frames[0].module == "calc");
  CHECK(trap.frames[0].function_index == 0);
  CHECK(trap.frames[0].function_offset == 5);  // No locals, two local.gets.
  CHECK(trap.frames[1].function == "middle");
  CHECK(trap.frames[1].function_offset == 5);
  CHECK(trap.frames[2].function == "run");
  CHECK(trap.frames[2].function_offset == 3);
  CHECK(trap.frames[0].module_offset > trap.frames[0].function_offset);
  CHECK(trap.frames[2].module_offset > trap.frames[1].module_offset);
  CHECK(trap.frames_omitted == 0);
  CHECK(text_of(called).find("calc!divide") != std::string::npos);
}

TEST_CASE("memory faults trap in both ways of checking, with the place") {
  for (const bool signals : {true, false}) {
    Config config;
    config.advanced.signals_based_traps = signals;
    World world(config);
    const Instance instance = world.start(R"((module (memory 1)
      (func $load (export "load") (param i32) (result i32) (i32.load offset=4 (local.get 0)))
      (func $store (export "store") (param i32) (i64.store (local.get 0) (i64.const 1)))))");
    const auto load = instance.typed<int32_t(uint32_t)>(world.store, "load").value();
    CHECK(load.call(world.store, 0).value() == 0);
    CHECK(load.call(world.store, 65528).value() == 0);
    const auto beyond = load.call(world.store, 65529);
    REQUIRE(trap_of(beyond) == TrapCode::MemoryOutOfBounds);
    REQUIRE(beyond.error().trap()->frames.size() == 1);
    CHECK(beyond.error().trap()->frames[0].function == "load");
    CHECK(beyond.error().trap()->frames[0].function_offset == 3);
    CHECK(trap_of(load.call(world.store, ~0u)) == TrapCode::MemoryOutOfBounds);
    const auto store = instance.typed<void(uint32_t)>(world.store, "store").value();
    CHECK(store.call(world.store, 65528).ok());
    CHECK(trap_of(store.call(world.store, 65529)) == TrapCode::MemoryOutOfBounds);
    CHECK(load.call(world.store, 65524).value() == 1);
  }
}

// Sequences of instructions have handlers with several accesses; each of them may be the one that traps.
TEST_CASE("a fault is found at its own access, with everything before it done") {
  constexpr std::string_view kPrograms = R"((module (memory 1) (data (i32.const 100) "\c8\00")
    (func (export "copy") (param $to i32) (param $from i32)
      (loop (i32.store (local.get $to) (i32.load8_u (local.get $from))) (br 0)))
    (func (export "table") (param $to i32) (param $from i32)
      (loop (i32.store (local.get $to)
          (i32.load (i32.add (i32.shl (i32.load8_u (local.get $from)) (i32.const 2)) (i32.const 65000))))
        (br 0)))
    (func (export "two") (param $to i32) (param $from i32)
      (local $a i32)
      (loop (local.set $from (i32.add (local.get $to) (i32.const -8))) (local.set $a (i32.load (local.get $from)))
        (local.set $to (i32.add (local.get $to) (i32.const -4))) (i32.store (local.get $from) (i32.sub (local.get $a) (i32.load (local.get $to))))
        (br 0)))
    (func (export "vectors") (param $i i32) (param $n i32)
      (loop (local.set $n (i32.add (local.get $i) (i32.const 32)))
        (v128.store (local.get $n) (f32x4.add (f32x4.mul (v128.const i32x4 1 1 1 1) (v128.load (i32.add (local.get $i) (i32.const 16))))
          (v128.load (local.get $n))))
        (local.set $i (i32.add (local.get $i) (i32.const 16))) (br_if 0 (local.get $i))))
    (func (export "peek") (param i32) (result i32) (i32.load (local.get 0)))))";
  struct Call {
    const char* name;
    uint32_t first, second;
    uint32_t peek = 0;
  };
  constexpr Call kCalls[] = {{"copy", 65536, 100},
                             {"copy", 65533, 100},
                             {"copy", 100, 65536},
                             {"table", 8, 65536},
                             {"table", 8, 100},
                             {"table", 65535, 101},
                             {"two", 65544, 0},
                             {"two", 65540, 0, 65532},
                             {"two", 4, 0},
                             {"two", 3, 0},
                             {"vectors", 65000, 0},
                             {"vectors", 65488, 0, 65520},
                             {"vectors", 0xfffffff8, 0}};
  std::vector<std::string> seen[2];
  for (const bool plain : {false, true}) {
    Config config;
    if (plain) config.advanced.disabled_optimizations = kAllOptimizations;
    World world(config);
    const Module module = world.load(kPrograms);
    for (const Call& call : kCalls) {
      const Instance instance = world.linker.instantiate(world.store, module).value();
      const auto peek = instance.typed<int32_t(uint32_t)>(world.store, "peek").value();
      const auto ended = world.func(instance, call.name)
                             .call(world.store, {Val(static_cast<int32_t>(call.first)),
                                                 Val(static_cast<int32_t>(call.second))});
      REQUIRE(trap_of(ended) == TrapCode::MemoryOutOfBounds);
      seen[plain].push_back(std::string(call.name) + " " +
                            std::to_string(ended.error().trap()->frames[0].function_offset) + " " +
                            std::to_string(peek.call(world.store, call.peek).value()));
    }
  }
  CHECK(seen[0] == seen[1]);
  CHECK(seen[0][0] != seen[0][2]);  // The load and the store.
}

TEST_CASE("traps leave the instance usable") {
  World world;
  const Instance instance = world.start(R"((module
    (global $g (mut i32) (i32.const 0))
    (func (export "step") (result i32)
      (global.set $g (i32.add (global.get $g) (i32.const 1)))
      (if (i32.eq (global.get $g) (i32.const 2)) (then unreachable))
      (global.get $g))))");
  const auto step = instance.typed<int32_t()>(world.store, "step").value();
  CHECK(step.call(world.store).value() == 1);
  CHECK(trap_of(step.call(world.store)) == TrapCode::Unreachable);
  CHECK(step.call(world.store).value() == 3);
}

TEST_CASE("of a deep stack both ends are kept") {
  World world;
  const Instance instance = world.start(R"((module
    (func $inner unreachable)
    (func $down (param i32)
      (if (local.get 0) (then (call $down (i32.sub (local.get 0) (i32.const 1)))) (else (call $inner))))
    (func $endless (export "endless") (call $endless))
    (func (export "run") (param i32) (call $down (local.get 0)))))");
  const auto run = instance.typed<void(int32_t)>(world.store, "run").value();
  const auto deep = run.call(world.store, 1000);
  REQUIRE(trap_of(deep) == TrapCode::Unreachable);
  const Trap& trap = *deep.error().trap();
  REQUIRE(trap.frames.size() == kInnermostFrames + kOutermostFrames);
  CHECK(trap.frames_omitted == 1003 - 128);
  CHECK(trap.frames.front().function == "inner");
  CHECK(trap.frames[1].function == "down");
  CHECK(trap.frames[126].function == "down");
  CHECK(trap.frames.back().function == "run");
  const auto exact = run.call(world.store, 125);
  CHECK(exact.error().trap()->frames.size() == 128);
  CHECK(exact.error().trap()->frames_omitted == 0);
  const auto endless = world.run(instance, "endless");
  REQUIRE(trap_of(endless) == TrapCode::CallStackExhausted);
  CHECK(endless.error().trap()->frames.size() == 128);
  CHECK(endless.error().trap()->frames[127].function == "endless");
  CHECK(endless.error().trap()->frames_omitted > 1000);
}

TEST_CASE("a backtrace crosses host functions and instances") {
  World world;
  const DataKey<Func> kInner{"inner"};
  REQUIRE(world.linker
              .func("host", "back",
                    [&](Caller& caller) -> Result<void> {
                      return caller.data(kInner)->call(caller, std::span<const Val>(), std::span<Val>());
                    })
              .ok());
  const Instance library = world.start(R"((module $library
    (func $boom (export "boom") unreachable)))");
  REQUIRE(world.linker.define_instance(world.store, "library", library).ok());
  const Instance app = world.start(R"((module $app
    (import "host" "back" (func $back))
    (import "library" "boom" (func $boom))
    (func $inner (export "inner") (call $boom))
    (func $outer (export "outer") (call $back))))");
  Func inner = world.func(app, "inner");
  REQUIRE(world.store.set_data(kInner, &inner).ok());
  const auto called = world.run(app, "outer");
  REQUIRE(trap_of(called) == TrapCode::Unreachable);
  const std::vector<Frame>& frames = called.error().trap()->frames;
  REQUIRE(frames.size() == 4);
  CHECK(frames[0].module == "library");
  CHECK(frames[0].function == "boom");
  CHECK(frames[1].module == "app");
  CHECK(frames[1].function == "inner");
  CHECK(frames[2].host);
  CHECK(frames[2].function == "host.back");
  CHECK(frames[2].function_index == 0);
  CHECK(frames[3].function == "outer");
}

TEST_CASE("a trap of a host function shows the function and who called it") {
  World world;
  REQUIRE(world.linker.func("env", "abort", []() -> Result<void> { return Error::trap("assertion failed"); })
              .ok());
  const Instance instance = world.start(R"((module
    (import "env" "abort" (func $abort))
    (func $main (export "main") (call $abort))))");
  const auto called = world.run(instance, "main");
  REQUIRE(trap_of(called) == TrapCode::HostError);
  const std::vector<Frame>& frames = called.error().trap()->frames;
  REQUIRE(frames.size() == 2);
  CHECK(frames[0].host);
  CHECK(frames[0].function == "env.abort");
  CHECK(frames[1].function == "main");
  const auto again = world.run(instance, "main");
  CHECK(again.error().trap()->frames.size() == 2);
}

TEST_CASE("a start function's trap and a segment's trap come out of instantiation") {
  World world;
  const auto started =
      world.linker.instantiate(world.store, world.load("(module (func $start unreachable) (start $start))"));
  REQUIRE(trap_of(started) == TrapCode::Unreachable);
  REQUIRE(started.error().trap()->frames.size() == 1);
  CHECK(started.error().trap()->frames[0].function == "start");
  const auto segment =
      world.linker.instantiate(world.store, world.load("(module (memory 1) (data (i32.const 65536) \"x\"))"));
  CHECK(trap_of(segment) == TrapCode::MemoryOutOfBounds);
}

TEST_CASE("an invalid body ends a lazily validated call, and nothing of it has run") {
  Config config;
  config.validation = Validation::Lazy;
  World world(config);
  const Instance instance = world.start(R"((module
    (global $g (export "g") (mut i32) (i32.const 0))
    (func (export "good") (result i32) (i32.const 1))
    (func (export "bad") (global.set $g (i32.const 1)) (drop (i32.add (i32.const 1) (i64.const 2))))))");
  CHECK(instance.typed<int32_t()>(world.store, "good")->call(world.store).value() == 1);
  for (int i = 0; i < 2; ++i) {
    const auto bad = world.run(instance, "bad");
    CHECK(kind_of(bad) == ErrorKind::Invalid);
    CHECK(bad.error().offset().has_value());
  }
  CHECK(instance.global(world.store, "g")->get<int32_t>(world.store).value() == 0);
  Config eager;
  World strict(eager);
  CHECK(kind_of(load_text(strict.engine, "(module (func (result i32) (i64.const 1)))")) ==
        ErrorKind::Invalid);
}

}  // namespace wherry
