// What metering promises whatever code was made: fuel is the same number in every mode of the interpreter, at each point where
// somebody can look, and nothing runs for ever past a deadline. Loops are small ones on purpose: they run inside one handler
// (engine/interpret/again.h), which is where metering would be forgotten.
#include <chrono>

#include "engine/api/test_world.h"

namespace wherry {
namespace {

using std::chrono::milliseconds;

// Every function takes a number of turns. `seen` is what had happened when it ended, however it ended.
constexpr std::string_view kPrograms = R"((module
  (import "host" "look" (func $look))
  (type $ints (array (mut i32)))
  (type $node (struct (field i32) (field (ref null $node))))
  (type $step (func (param i32) (result i32)))
  (memory 1)
  (global $seen (export "seen") (mut i32) (i32.const 0))
  (table funcref (elem $half $recurse $half))
  (func $half (type $step) (i32.shr_u (local.get 0) (i32.const 1)))
  (func $recurse (type $step)
    (if (result i32) (i32.lt_u (local.get 0) (i32.const 2)) (then (local.get 0))
      (else (i32.add (call $recurse (i32.sub (local.get 0) (i32.const 1)))
                     (call $recurse (i32.sub (local.get 0) (i32.const 2)))))))
  (func (export "recurse") (param i32)
    (global.set $seen (call $recurse (i32.and (local.get 0) (i32.const 7)))))
  (func (export "fill") (param i32) (local i32)
    (loop (i32.store8 offset=16 (local.get 1) (i32.const 1))
      (br_if 0 (i32.lt_u (local.tee 1 (i32.add (local.get 1) (i32.const 3))) (local.get 0))))
    (global.set $seen (local.get 1)))
  (func (export "count") (param i32)
    (loop (global.set $seen (i32.add (global.get $seen) (i32.const 1)))
      (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
  (func (export "add") (param i32) (local i32)
    (loop (local.set 1 (i32.add (local.get 1) (local.get 0)))
      (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (global.set $seen (local.get 1)))
  (func (export "scan") (param i32) (local i32)
    (memory.fill (i32.const 0) (i32.const 7) (i32.const 300))
    (loop (local.set 1 (i32.add (local.get 1) (i32.const 1))) (br_if 0 (i32.load8_u (local.get 1))))
    (global.set $seen (local.get 1)))
  (func (export "nested") (param i32) (local i32 i32)
    (loop $rows
      (local.set 2 (i32.const 0))
      (loop $columns
        (if (i32.and (i32.xor (local.get 1) (local.get 2)) (i32.const 1))
          (then (global.set $seen (i32.add (global.get $seen) (local.get 2))))
          (else (i32.store (i32.shl (local.get 2) (i32.const 2)) (local.get 1))))
        (br_if $columns (i32.lt_u (local.tee 2 (i32.add (local.get 2) (i32.const 1))) (i32.const 5))))
      (br_if $rows (i32.lt_u (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (local.get 0)))))
  (func (export "table") (param i32)
    (loop $again
      (block $c (block $b (block $a (br_table $a $b $c (i32.and (local.get 0) (i32.const 3))))
        (global.set $seen (i32.add (global.get $seen) (i32.const 5))) (br $c))
        (global.set $seen (i32.mul (global.get $seen) (i32.const 3))))
      (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
  (func (export "indirect") (param i32) (local i32)
    (loop
      (global.set $seen (i32.add (global.get $seen)
        (call_indirect (type $step) (local.get 0) (i32.shl (i32.and (local.get 0) (i32.const 1)) (i32.const 1)))))
      (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
  (func (export "calls_host") (param i32)
    (loop (call $look) (global.set $seen (local.get 0))
      (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))) (call $look)))
  (func (export "floats") (param i32) (local f64 f32)
    (loop (local.set 1 (f64.add (f64.mul (local.get 1) (f64.const 0.5)) (f64.const 1)))
      (local.set 2 (f32.add (local.get 2) (f32.const 1)))
      (br_if 0 (f32.lt (local.get 2) (f32.convert_i32_u (local.get 0)))))
    (global.set $seen (i32.trunc_f64_s (f64.mul (local.get 1) (f64.const 1000)))))
  (func (export "vectors") (param i32) (local i32 v128)
    (loop (local.set 2 (i32x4.add (local.get 2) (v128.load (local.get 1))))
      (v128.store offset=64 (local.get 1) (i16x8.add (local.get 2) (v128.load offset=64 (local.get 1))))
      (local.set 1 (i32.and (i32.add (local.get 1) (i32.const 16)) (i32.const 1023)))
      (block (br_if 0 (v128.any_true (i32x4.ne (local.get 2) (local.get 2))))
        (local.set 2 (i16x8.add (local.get 2) (local.get 2))))
      (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (global.set $seen (i32x4.extract_lane 1 (local.get 2))))
  (func (export "objects") (param i32) (local (ref null $node))
    (loop (local.set 1 (struct.new $node (local.get 0) (local.get 1)))
      (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (loop (global.set $seen (i32.add (global.get $seen) (struct.get $node 0 (local.get 1))))
      (br_if 0 (i32.eqz (ref.is_null (local.tee 1 (struct.get $node 1 (local.get 1))))))))
  (func (export "arrays") (param i32) (local i32 (ref null $ints))
    (local.set 2 (array.new_default $ints (i32.const 900)))
    (array.fill $ints (local.get 2) (i32.const 0) (i32.const 3) (i32.const 900))
    (loop (global.set $seen (i32.add (global.get $seen) (array.get $ints (local.get 2) (local.get 1))))
      (br_if 0 (i32.lt_u (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (local.get 0)))))
  (func (export "divides") (param i32)
    (loop (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
      (global.set $seen (i32.add (global.get $seen) (i32.div_u (i32.const 1000) (local.get 0)))) (br 0)))
  (func (export "leaves_memory") (param i32)
    (local.set 0 (i32.sub (i32.const 65536) (local.get 0)))
    (loop (i32.store8 (local.get 0) (i32.const 1)) (local.set 0 (i32.add (local.get 0) (i32.const 1)))
      (global.set $seen (local.get 0)) (br_if 0 (local.get 0))))
  (func (export "loads_outside") (param i32) (local i32)
    (local.set 0 (i32.sub (i32.const 65536) (local.get 0)))
    (loop (local.set 1 (i32.add (local.get 1) (i32.load8_u (local.get 0))))
      (br_if 0 (i32.ne (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 0)))))
  (func (export "machine") (param i32) (local $state i32)
    (loop $again
      (block $end (block $two (block $one (block $zero
        (br_table $zero $one $two $end (local.get $state)))
        (if (i32.eqz (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))
          (then (local.set $state (i32.const 77)) (br $again)))
        (local.set $state (i32.const 2)) (br $again))
        (local.set $state (i32.and (local.get 0) (i32.const 1))) (br $again))
        (global.set $seen (i32.add (global.get $seen) (local.get 0)))
        (local.set $state (i32.const 1)) (br $again))))
  (data (i32.const 5000) "\00\00\01\00\02")
  (func (export "switch") (param i32) (local $pc i32)
    (loop $rounds
      (local.set $pc (i32.const 4999))
      (loop $next
        (block $two (block $one (block $zero
          (br_table $zero $one $two (i32.load8_u (local.tee $pc (i32.add (local.get $pc) (i32.const 1))))))
          (global.set $seen (i32.add (global.get $seen) (i32.const 1))) (br $next))
          (i32.store offset=6000 (local.get 0) (i32.load8_u (local.get $pc))) (br $next)))
      (br_if $rounds (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
  (func (export "ends_of_blocks") (param i32)
    (block (block (block (br_if 0 (local.get 0)) (nop))) (loop (block (br_if 0 (local.get 0)))))
    (loop (block (block (br_if 1 (i32.and (local.get 0) (i32.const 1)))))
      (global.set $seen (i32.add (global.get $seen) (i32.const 1)))
      (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))
)";
constexpr std::string_view kNames[] = {
    "recurse",       "fill",          "count",          "add",     "scan",    "nested", "table",
    "indirect",      "calls_host",    "floats",         "vectors", "objects", "arrays", "divides",
    "leaves_memory", "loads_outside", "ends_of_blocks", "machine", "switch"};

Config mode(uint32_t disabled, bool signals, bool interruption) {
  Config config;
  config.fuel = true;
  config.interruption = interruption;
  config.advanced.disabled_optimizations = disabled;
  config.advanced.signals_based_traps = signals;
  return config;
}

// All that can be seen of the programs: how they end, what they did, what fuel is left then and whenever the host is called.
std::string observe(const Config& config) {
  World world(config);
  std::string seen;
  const auto note = [&seen](std::string_view what, uint64_t value) {
    seen.append(what).append(" ").append(std::to_string(value)).append("\n");
  };
  const auto look = [&](Caller& caller) { note("  host", caller.fuel().value()); };
  REQUIRE(world.linker.func("host", "look", look).ok());
  REQUIRE(world.store.set_fuel(1'000'000).ok());
  const Module module = world.load(kPrograms);
  for (const std::string_view name : kNames) {
    // Enough, and every amount that ends somewhere in the first turns.
    for (uint64_t fuel = 0; fuel <= 80; ++fuel) {
      const Instance instance = world.linker.instantiate(world.store, module).value();
      REQUIRE(world.store.set_fuel(fuel == 80 ? 1'000'000 : fuel).ok());
      const auto ended = world.func(instance, name).call(world.store, {Val(int32_t{37})});
      note(name, ended.ok() ? 0 : static_cast<uint64_t>(trap_of(ended)));
      note("  left", world.store.fuel().value());
      note("  did",
           static_cast<uint32_t>(instance.global(world.store, "seen")->get<int32_t>(world.store).value()));
    }
  }
  return seen;
}

}  // namespace

TEST_CASE("fuel is the same number whatever code is made") {
  const std::string expected = observe(mode(kAllOptimizations, false, false));
  CHECK(expected.find("divides") != std::string::npos);
  const auto joined = static_cast<uint32_t>(Optimization::JoinedHandlers);
  const auto repeated = static_cast<uint32_t>(Optimization::RepeatedDispatch);
  for (const uint32_t disabled : {uint32_t{0}, joined, repeated, kAllOptimizations & ~joined}) {
    for (const bool signals : {true, false}) {
      for (const bool interruption : {true, false}) {
        INFO("disabled " << disabled << " signals " << signals << " interruption " << interruption);
        CHECK(observe(mode(disabled, signals, interruption)) == expected);
      }
    }
  }
}

TEST_CASE(
    "with fuel and a deadline each ends what it should, and the fuel that is left is the same in all code") {
  constexpr std::string_view kBoth = R"((module
    (import "host" "interrupt" (func $interrupt))
    (memory 1)
    (func (export "run") (param $turns i32) (param $interrupted_at i32) (local $turn i32)
      (loop $again
        (if (i32.eq (local.get $turn) (local.get $interrupted_at)) (then (call $interrupt)))
        (i32.store (i32.const 8) (local.get $turn))
        (br_if $again (i32.lt_u (local.tee $turn (i32.add (local.get $turn) (i32.const 1))) (local.get $turns)))))
    (func (export "spin") (loop (br 0)))))";
  const auto joined = static_cast<uint32_t>(Optimization::JoinedHandlers);
  uint64_t expected = 0;
  for (const uint32_t disabled : {kAllOptimizations, uint32_t{0}, joined}) {
    World world(mode(disabled, true, true));
    const InterruptHandle handle = world.store.interrupt_handle().value();
    REQUIRE(world.linker.func("host", "interrupt", [&handle] { handle.interrupt(); }).ok());
    REQUIRE(world.store.set_fuel(100'000).ok());
    const Instance instance = world.start(kBoth);
    REQUIRE(world.store.set_deadline(std::chrono::hours(1)).ok());
    const auto run = [&](int32_t turns, int32_t interrupted_at, uint64_t fuel) {
      REQUIRE(world.store.set_fuel(fuel).ok());
      return trap_of(world.func(instance, "run").call(world.store, {Val(turns), Val(interrupted_at)}));
    };
    // Neither.
    CHECK(run(50, -1, 100'000) == TrapCode{});
    const uint64_t needed = 100'000 - world.store.fuel().value();
    CHECK(run(50, -1, needed) == TrapCode{});
    CHECK(world.store.fuel().value() == 0);
    // Fuel, to the unit, with the deadline far away.
    CHECK(run(50, -1, needed - 1) == TrapCode::OutOfFuel);
    // An interrupt in turn 10 ends it where turn 11 begins, with fuel left.
    CHECK(run(50, 10, 100'000) == TrapCode::Interrupted);
    const uint64_t used = 100'000 - world.store.fuel().value();
    if (expected == 0) expected = used;
    CHECK(used == expected);
    // What is over first ends it; at the same place, the deadline, which is looked at before the next turn is paid for.
    CHECK(run(50, 10, used - 1) == TrapCode::OutOfFuel);
    CHECK(run(50, 10, used) == TrapCode::Interrupted);
    // The deadline, with more fuel than it takes.
    REQUIRE(world.store.set_fuel(uint64_t{1} << 62).ok());
    REQUIRE(world.store.set_deadline(milliseconds(3)).ok());
    CHECK(trap_of(world.run(instance, "spin")) == TrapCode::DeadlineExceeded);
    CHECK(world.store.fuel().value() < uint64_t{1} << 62);
    CHECK(world.store.fuel().value() > 0);
  }
}

TEST_CASE("bulk operations on arrays cost fuel by length") {
  World world(mode(0, true, true));
  REQUIRE(world.store.set_fuel(1'000'000).ok());
  const Instance instance = world.start(R"((module
    (type $longs (array (mut i64))) (type $bytes (array (mut i8))) (type $refs (array (mut anyref)))
    (data $data "0123456789abcdef") (elem $elements anyref (ref.null any) (ref.null any))
    (global $a (mut (ref null $longs)) (ref.null $longs))
    (global $b (mut (ref null $refs)) (ref.null $refs))
    (func (export "array.new_default") (param i32)
      (global.set $a (array.new_default $longs (local.get 0)))
      (global.set $b (array.new_default $refs (local.get 0))))
    (func (export "array.new") (param i32) (drop (array.new $longs (i64.const 7) (local.get 0))))
    (func (export "array.fill") (param i32)
      (array.fill $longs (global.get $a) (i32.const 0) (i64.const 7) (local.get 0)))
    (func (export "array.copy") (param i32)
      (array.copy $longs $longs (global.get $a) (i32.const 0) (global.get $a) (i32.const 1) (local.get 0)))
    (func (export "array.copy of references") (param i32)
      (array.copy $refs $refs (global.get $b) (i32.const 1) (global.get $b) (i32.const 0) (local.get 0)))
    (func (export "array.fill of references") (param i32)
      (array.fill $refs (global.get $b) (i32.const 0) (ref.null any) (local.get 0)))
    (func (export "array.new_data") (param i32)
      (drop (array.new_data $bytes $data (i32.const 0) (i32.and (local.get 0) (i32.const 15)))))
    (func (export "array.init_data") (param i32)
      (array.init_data $longs $data (global.get $a) (i32.const 0) (i32.const 0) (i32.gt_u (local.get 0) (i32.const 8))))
    (func (export "array.new_elem") (param i32)
      (drop (array.new_elem $refs $elements (i32.const 0) (i32.and (local.get 0) (i32.const 1)))))))");
  const auto cost = [&](std::string_view name, int32_t length) {
    REQUIRE(world.store.set_fuel(1'000'000).ok());
    CHECK(text_of(world.func(instance, name).call(world.store, {Val(length)})) == "ok");
    return 1'000'000 - world.store.fuel().value();
  };
  CHECK(cost("array.new_default", 32768) >= cost("array.new_default", 8) + 1000);
  (void)cost("array.new_default", 32768);
  for (const std::string_view name :
       {"array.new", "array.fill", "array.copy", "array.copy of references", "array.fill of references"}) {
    INFO(name);
    const uint64_t large = cost(name, 32767);
    CHECK(large >= cost(name, 8) + 1000);
    REQUIRE(world.store.set_fuel(large - 1).ok());
    CHECK(trap_of(world.func(instance, name).call(world.store, {Val(int32_t{32767})})) ==
          TrapCode::OutOfFuel);
    CHECK(world.store.fuel().value() == 0);
  }
  // Short ones cost the same at all times.
  for (const std::string_view name : {"array.new_data", "array.init_data", "array.new_elem"}) {
    INFO(name);
    CHECK(cost(name, 15) == cost(name, 15));
    CHECK(cost(name, 15) >= cost(name, 0));
  }
}

TEST_CASE("deadlines end small loops of every kind") {
  constexpr std::string_view kLoops = R"((module
    (type $ints (array (mut i32)))
    (type $node (struct (field i32) (field (ref null $node))))
    (memory 1)
    (func (export "branch") (loop (br 0)))
    (func (export "machine") (local i32)
      (loop (block (block (br_table 0 1 (local.get 0))) (local.set 0 (i32.const 1)) (br 1)) (local.set 0 (i32.const 0)) (br 0)))
    (func (export "switch") (local i32)
      (loop (block (block (br_table 0 1 (i32.load8_u (i32.and (local.get 0) (i32.const 7))))) (br 1)) (br 0)))
    (func (export "add") (local i32) (loop (br_if 0 (i32.ne (local.tee 0 (i32.add (local.get 0) (i32.const 2))) (i32.const 1)))))
    (func (export "store") (local i32 i32)
      (local.set 1 (i32.const 2))
      (loop (i32.store8 (i32.and (local.get 0) (i32.const 1023)) (i32.const 1))
        (br_if 0 (i32.ne (local.tee 0 (i32.add (local.get 0) (local.get 1))) (i32.const 1)))))
    (func (export "load") (local i32)
      (i32.store8 (i32.const 0) (i32.const 1)) (loop (br_if 0 (i32.load8_u (local.get 0)))))
    (func (export "chase") (local i32)
      (i32.store (i32.const 64) (i32.const 64)) (local.set 0 (i32.const 64))
      (loop (br_if 0 (local.tee 0 (i32.load (local.get 0))))))
    (func (export "vector add") (local v128)
      (loop (local.set 0 (i32x4.add (local.get 0) (v128.const i32x4 1 2 3 4))) (br 0)))
    (func (export "vector test") (local v128)
      (loop (br_if 0 (i8x16.all_true (i8x16.eq (local.get 0) (local.get 0))))))
    (func (export "vector memory") (local i32)
      (loop (v128.store (local.get 0) (f32x4.mul (v128.load offset=64 (local.get 0)) (v128.load (local.get 0)))) (br 0)))
    (func (export "objects") (local (ref null $node))
      (loop (local.set 0 (struct.new $node (i32.const 1) (ref.null $node))) (br 0)))
    (func (export "list") (local (ref null $node) i32)
      (loop (local.set 0 (struct.new $node (local.get 1) (local.get 0)))
        (if (i32.gt_u (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (i32.const 1000))
          (then (local.set 1 (i32.const 0)) (local.set 0 (ref.null $node))))
        (br 0)))
    (func (export "array elements") (local (ref null $ints) i32)
      (local.set 0 (array.new_default $ints (i32.const 64)))
      (loop (array.set $ints (local.get 0) (i32.and (local.get 1) (i32.const 63))
          (i32.add (array.get $ints (local.get 0) (i32.const 1)) (i32.const 1)))
        (local.set 1 (i32.add (local.get 1) (i32.const 1))) (br 0)))
    (func (export "array copies") (local (ref null $ints))
      (local.set 0 (array.new_default $ints (i32.const 4096)))
      (loop (array.copy $ints $ints (local.get 0) (i32.const 0) (local.get 0) (i32.const 1) (i32.const 4095)) (br 0)))
    (func (export "arrays") (loop (drop (array.new_default $ints (i32.const 100))) (br 0)))))";
  const auto joined = static_cast<uint32_t>(Optimization::JoinedHandlers);
  for (const bool fuel : {false, true}) {
    for (const uint32_t disabled : {uint32_t{0}, joined}) {
      Config config = mode(disabled, true, true);
      config.fuel = fuel;
      World world(config);
      if (fuel) REQUIRE(world.store.set_fuel(uint64_t{1} << 62).ok());
      const Instance instance = world.start(kLoops);
      for (const std::string_view name :
           {"branch", "add", "store", "load", "chase", "vector add", "vector test", "vector memory",
            "objects", "list", "array elements", "array copies", "arrays"}) {
        INFO(name);
        REQUIRE(world.store.set_deadline(milliseconds(3)).ok());
        CHECK(trap_of(world.run(instance, name)) == TrapCode::DeadlineExceeded);
      }
    }
  }
}

}  // namespace wherry
