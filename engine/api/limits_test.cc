// Limits, fuel, deadlines and interrupts.
#include <atomic>
#include <chrono>
#include <thread>

#include "engine/api/test_world.h"

namespace wherry {

namespace {

using std::chrono::milliseconds;

Config with_fuel() {
  Config config;
  config.fuel = true;
  return config;
}

constexpr std::string_view kLoops = R"((module
  (memory 64)
  (func (export "spin") (loop $l (br $l)))
  (func $recurse (export "recurse") (call $recurse))
  (func (export "fill") (loop $l (memory.fill (i32.const 0) (i32.const 1) (i32.const 4194304)) (br $l)))
  (func (export "quick") (result i32) (i32.const 1))))";

}  // namespace

TEST_CASE("limits of memories and tables bound what guests take") {
  Config config;
  config.limits.memory_bytes = 4 * 65536;
  config.limits.table_elements = 10;
  World world(config);
  const Instance instance = world.start(R"((module
    (memory 1) (table 4 funcref)
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "grow_table") (param i32) (result i32) (table.grow (ref.null func) (local.get 0)))))");
  const auto grow = instance.typed<int32_t(int32_t)>(world.store, "grow").value();
  CHECK(grow.call(world.store, 3).value() == 1);
  CHECK(grow.call(world.store, 1).value() == -1);
  const auto grow_table = instance.typed<int32_t(int32_t)>(world.store, "grow_table").value();
  CHECK(grow_table.call(world.store, 7).value() == -1);
  CHECK(grow_table.call(world.store, 6).value() == 4);
  CHECK(kind_of(Memory::create(world.store, {.limits = {1, std::nullopt}})) == ErrorKind::Limit);
  CHECK(kind_of(Table::create(world.store, {.limits = {1, std::nullopt}}, Val(Func()))) == ErrorKind::Limit);
  CHECK(kind_of(world.linker.instantiate(world.store, world.load("(module (memory 1))"))) ==
        ErrorKind::Limit);
}

TEST_CASE("limits count instances, memories and tables") {
  const World world;
  StoreLimits limits;
  limits.instances = 2;
  limits.memories = 1;
  limits.tables = 1;
  Store store = Store::create(world.engine, limits).value();
  CHECK(store.limits().instances == 2);
  CHECK(Memory::create(store, {}).ok());
  CHECK(kind_of(Memory::create(store, {})) == ErrorKind::Limit);
  CHECK(Table::create(store, {}, Val(Func())).ok());
  CHECK(kind_of(Table::create(store, {}, Val(Func()))) == ErrorKind::Limit);
  const Module empty = world.load("(module)");
  CHECK(world.linker.instantiate(store, empty).ok());
  CHECK(world.linker.instantiate(store, empty).ok());
  CHECK(kind_of(world.linker.instantiate(store, empty)) == ErrorKind::Limit);
}

TEST_CASE("the stack's limit decides how deep guests call") {
  World world;
  const Module module = world.load(R"((module
    (global $depth (export "depth") (mut i32) (i32.const 0))
    (func $down (export "down") (global.set $depth (i32.add (global.get $depth) (i32.const 1))) (call $down))))");
  int32_t depths[2];
  for (int i = 0; i < 2; ++i) {
    StoreLimits limits;
    limits.stack_bytes = i == 0 ? 64 << 10 : 1 << 20;
    Store store = Store::create(world.engine, limits).value();
    const Instance instance = world.linker.instantiate(store, module).value();
    CHECK(trap_of(instance.func(store, "down")->call(store, {})) == TrapCode::CallStackExhausted);
    depths[i] = instance.global(store, "depth")->get<int32_t>(store).value();
  }
  CHECK(depths[0] > 500);
  CHECK(depths[1] > depths[0] * 12);
}

TEST_CASE("a host call's budget is its own") {
  Config config;
  config.limits.host_call_bytes = 100;
  World world(config);
  const Func charge = Func::wrap(world.store, [](Caller& caller, uint64_t a, uint64_t b) -> Result<void> {
                        WHERRY_RETURN_IF_ERROR(caller.charge(a));
                        return caller.charge(b);
                      }).value();
  const auto call = charge.typed<void(uint64_t, uint64_t)>(world.store).value();
  CHECK(call.call(world.store, 60, 40).ok());
  CHECK(call.call(world.store, 60, 40).ok());
  CHECK(trap_of(call.call(world.store, 60, 41)) == TrapCode::HostCallBudget);
  CHECK(trap_of(call.call(world.store, 1, ~uint64_t{0})) == TrapCode::HostCallBudget);
}

TEST_CASE("fuel is counted exactly, seen by host functions, and ends calls") {
  World world(with_fuel());
  CHECK(world.store.fuel().value() == 0);
  uint64_t inside = 0;
  REQUIRE(world.linker.func("host", "look", [&](Caller& caller) { inside = caller.fuel().value(); }).ok());
  const Instance instance = world.start(R"((module
    (import "host" "look" (func $look))
    (func (export "three") (result i32) (i32.add (i32.const 1) (i32.const 2)))
    (func (export "look") (call $look) (nop))
    (func (export "loop") (param i32)
      (loop $l (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))))");
  const auto used = [&](std::string_view name, std::initializer_list<Val> params) -> uint64_t {
    REQUIRE(world.store.set_fuel(1000).ok());
    CHECK(text_of(world.func(instance, name).call(world.store, params)) == "ok");
    return 1000 - world.store.fuel().value();
  };
  const uint64_t three = used("three", {});
  CHECK(three >= 3);
  CHECK(used("three", {}) == three);
  const uint64_t one_round = used("loop", {Val(1)});
  const uint64_t ten_rounds = used("loop", {Val(10)});
  CHECK((ten_rounds - one_round) % 9 == 0);
  CHECK((ten_rounds - one_round) / 9 >= 5);
  (void)used("look", {});
  CHECK(inside < 1000);
  CHECK(inside > 990);

  REQUIRE(world.store.set_fuel(three).ok());
  CHECK(world.func(instance, "three").call(world.store, {}).ok());
  CHECK(world.store.fuel().value() == 0);
  REQUIRE(world.store.set_fuel(three - 1).ok());
  CHECK(trap_of(world.func(instance, "three").call(world.store, {})) == TrapCode::OutOfFuel);
  REQUIRE(world.store.set_fuel(50).ok());
  CHECK(trap_of(world.func(instance, "loop").call(world.store, {Val(0)})) == TrapCode::OutOfFuel);
  CHECK(world.store.fuel().value() == 0);
  REQUIRE(world.store.set_fuel(~uint64_t{0}).ok());
  CHECK(world.func(instance, "three").call(world.store, {}).ok());
}

TEST_CASE("fuel is refused where it is off") {
  World world;
  CHECK(kind_of(world.store.set_fuel(1)) == ErrorKind::Usage);
  CHECK(kind_of(world.store.fuel()) == ErrorKind::Usage);
}

TEST_CASE("bulk operations cost fuel by length") {
  World world(with_fuel());
  REQUIRE(world.store.set_fuel(10'000).ok());
  const Instance instance = world.start(R"((module (memory 16)
    (func (export "fill") (param i32) (memory.fill (i32.const 0) (i32.const 1) (local.get 0)))))");
  const auto fill = instance.typed<void(uint32_t)>(world.store, "fill").value();
  CHECK(fill.call(world.store, 64).ok());
  const uint64_t before = world.store.fuel().value();
  CHECK(fill.call(world.store, 65536).ok());
  CHECK(before - world.store.fuel().value() >= 1000);
  REQUIRE(world.store.set_fuel(100).ok());
  CHECK(trap_of(fill.call(world.store, 1 << 20)) == TrapCode::OutOfFuel);
}

TEST_CASE("deadlines end loops, recursion, bulk operations and later calls") {
  StoreLimits limits;
  limits.stack_bytes = uint64_t{1} << 30;
  const World world;
  // The guest asks for its own deadline, so that it runs when that passes, however slow the machine is.
  constexpr std::string_view module = R"((module
    (import "host" "arm" (func $arm))
    (memory 64)
    (func (export "spin") (call $arm) (loop $l (br $l)))
    (func (export "fill") (call $arm) (loop $l (memory.fill (i32.const 0) (i32.const 1) (i32.const 4194304)) (br $l)))
    (func (export "quick") (result i32) (i32.const 1))))";
  for (const std::string_view name : {"spin", "fill"}) {
    Store store = Store::create(world.engine, limits).value();
    Linker linker(world.engine);
    const Func arm =
        Func::wrap(store, [](Caller& caller) { return caller.set_deadline(milliseconds(20)); }).value();
    REQUIRE(linker.define(store, "host", "arm", arm).ok());
    const Instance instance = linker.instantiate(store, world.load(module)).value();
    const auto called = instance.func(store, name)->call(store, {});
    CHECK(store.deadline().has_value());
    CHECK(trap_of(called) == TrapCode::DeadlineExceeded);
    CHECK(called.error().trap()->frames.size() == 1);
    const auto quick = instance.typed<int32_t()>(store, "quick").value();
    CHECK(trap_of(quick.call(store)) == TrapCode::DeadlineExceeded);
    CHECK(trap_of(store.check_interrupt()) == TrapCode::DeadlineExceeded);
    store.clear_deadline();
    CHECK_FALSE(store.deadline().has_value());
    CHECK(store.check_interrupt().ok());
    CHECK(quick.call(store).value() == 1);
  }
}

TEST_CASE("deadlines end start functions and host functions that ask") {
  World world;
  REQUIRE(world.store.set_deadline(milliseconds(10)).ok());
  CHECK(trap_of(world.linker.instantiate(world.store,
                                         world.load("(module (func $s (loop $l (br $l))) (start $s))"))) ==
        TrapCode::DeadlineExceeded);
  world.store.clear_deadline();
  const Func wait = Func::wrap(world.store, [](Caller& caller) -> Result<void> {
                      while (true) {
                        WHERRY_RETURN_IF_ERROR(caller.check_interrupt());
                        std::this_thread::sleep_for(milliseconds(1));
                      }
                    }).value();
  REQUIRE(world.store.set_deadline(milliseconds(10)).ok());
  CHECK(trap_of(wait.call(world.store, {})) == TrapCode::DeadlineExceeded);
  REQUIRE(world.store.set_deadline(std::chrono::nanoseconds(-5)).ok());
  CHECK(trap_of(wait.call(world.store, {})) == TrapCode::DeadlineExceeded);
  REQUIRE(world.store.set_deadline(std::chrono::nanoseconds::max()).ok());
  CHECK(world.store.deadline().has_value());
  CHECK(world.store.check_interrupt().ok());
}

TEST_CASE("another thread interrupts a guest, once") {
  World world;
  const Instance instance = world.start(kLoops);
  const InterruptHandle handle = world.store.interrupt_handle().value();
  std::thread other([&handle] {
    std::this_thread::sleep_for(milliseconds(10));
    handle.interrupt();
  });
  CHECK(trap_of(world.run(instance, "spin")) == TrapCode::Interrupted);
  other.join();
  const auto quick = instance.typed<int32_t()>(world.store, "quick").value();
  CHECK(quick.call(world.store).value() == 1);
  const InterruptHandle copy = handle;
  copy.interrupt();
  CHECK(trap_of(quick.call(world.store)) == TrapCode::Interrupted);
  CHECK(quick.call(world.store).value() == 1);
  handle.interrupt();
  CHECK(trap_of(world.store.check_interrupt()) == TrapCode::Interrupted);
  CHECK(world.store.check_interrupt().ok());
}

namespace {

// Nothing here has a loop, and all of it would take ages, or for ever; each does so behind a call that interrupts.
constexpr std::string_view kEndless = R"((module
  (import "host" "interrupt" (func $interrupt))
  (type $step (func (param i32) (result i32)))
  (table (export "table") 6 funcref)
  (elem (i32.const 0) $indirect $tail_indirect)
  (elem declare func $reference $tail_reference)
  (func $direct (type $step) (i32.add (call $direct_too (local.get 0)) (call $direct_too (local.get 0))))
  (func $direct_too (type $step)
    (if (result i32) (local.get 0)
      (then (i32.add (call $direct (i32.sub (local.get 0) (i32.const 1))) (call $direct (i32.sub (local.get 0) (i32.const 1)))))
      (else (i32.const 1))))
  (func $indirect (type $step)
    (if (result i32) (local.get 0)
      (then (i32.add (call_indirect (type $step) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0))
                     (call_indirect (type $step) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0))))
      (else (i32.const 1))))
  (func $reference (type $step)
    (if (result i32) (local.get 0)
      (then (i32.add (call_ref $step (i32.sub (local.get 0) (i32.const 1)) (ref.func $reference))
                     (call_ref $step (i32.sub (local.get 0) (i32.const 1)) (ref.func $reference))))
      (else (i32.const 1))))
  (func $tail (type $step) (return_call $tail (i32.add (local.get 0) (i32.const 1))))
  (func $tail_indirect (type $step) (return_call_indirect (type $step) (local.get 0) (i32.const 1)))
  (func $tail_reference (type $step) (return_call_ref $step (local.get 0) (ref.func $tail_reference)))
  (func (export "direct") (call $interrupt) (drop (call $direct (i32.const 100))))
  (func (export "indirect") (call $interrupt) (drop (call $indirect (i32.const 100))))
  (func (export "reference") (call $interrupt) (drop (call $reference (i32.const 100))))
  (func (export "tail") (call $interrupt) (drop (call $tail (i32.const 0))))
  (func (export "tail_indirect") (call $interrupt) (drop (call $tail_indirect (i32.const 0))))
  (func (export "tail_reference") (call $interrupt) (drop (call $tail_reference (i32.const 0))))
  (func (export "across") (call $interrupt) (drop (call_indirect (type $step) (i32.const 100) (i32.const 2))))
  (func (export "tail_across") (call $interrupt) (drop (call_indirect (type $step) (i32.const 100) (i32.const 3))))))";
// Two of these stand in the table of the first, at 2 and at 4, and call each other.
constexpr std::string_view kOther = R"((module
  (type $step (func (param i32) (result i32)))
  (import "first" "table" (table 6 funcref))
  (import "place" "own" (global $own i32))
  (import "place" "other" (global $other i32))
  (func $across (type $step)
    (if (result i32) (local.get 0)
      (then (i32.add (call_indirect (type $step) (i32.sub (local.get 0) (i32.const 1)) (global.get $other))
                     (call_indirect (type $step) (i32.sub (local.get 0) (i32.const 1)) (global.get $other))))
      (else (i32.const 1))))
  (func $tail_across (type $step)
    (return_call_indirect (type $step) (local.get 0) (i32.add (global.get $other) (i32.const 1))))
  (elem (global.get $own) $across $tail_across)))";
constexpr std::string_view kPlaces[] = {
    R"((module (global (export "own") i32 (i32.const 2)) (global (export "other") i32 (i32.const 4))))",
    R"((module (global (export "own") i32 (i32.const 4)) (global (export "other") i32 (i32.const 2))))"};

}  // namespace

TEST_CASE("interrupts and deadlines end recursion without loops, whatever calls it") {
  for (const bool fuel : {false, true}) {
    for (const bool by_deadline : {false, true}) {
      Config config;
      config.fuel = fuel;
      World world(config);
      if (fuel) REQUIRE(world.store.set_fuel(uint64_t{1} << 62).ok());
      const InterruptHandle handle = world.store.interrupt_handle().value();
      REQUIRE(world.linker
                  .func("host", "interrupt",
                        [&](Caller& caller) -> Result<void> {
                          if (by_deadline) return caller.set_deadline(milliseconds(3));
                          handle.interrupt();
                          return {};
                        })
                  .ok());
      const Instance first = world.start(kEndless);
      for (const std::string_view place : kPlaces) {
        Linker linker(world.engine);
        REQUIRE(linker.define_instance(world.store, "first", first).ok());
        REQUIRE(linker.define_instance(world.store, "place", world.start(place)).ok());
        REQUIRE(linker.instantiate(world.store, world.load(kOther)).ok());
      }
      for (const std::string_view name : {"direct", "indirect", "reference", "tail", "tail_indirect",
                                          "tail_reference", "across", "tail_across"}) {
        INFO(name << (fuel ? " with fuel" : "") << (by_deadline ? ", by its deadline" : ""));
        const auto ended = world.run(first, name);
        CHECK(trap_of(ended) == (by_deadline ? TrapCode::DeadlineExceeded : TrapCode::Interrupted));
        CHECK_FALSE(ended.error().trap()->frames.empty());
        world.store.clear_deadline();
      }
    }
  }
}

// What the host did may have taken any time: the guest does not go on for a thousand turns before it looks.
TEST_CASE("behind a host call the next loop looks at its deadline") {
  for (const bool fuel : {false, true}) {
    Config config;
    config.fuel = fuel;
    World world(config);
    if (fuel) REQUIRE(world.store.set_fuel(1'000'000).ok());
    const InterruptHandle handle = world.store.interrupt_handle().value();
    REQUIRE(world.linker.func("host", "interrupt", [&handle] { handle.interrupt(); }).ok());
    const Instance instance = world.start(R"((module
      (import "host" "interrupt" (func $interrupt))
      (global $turns (export "turns") (mut i32) (i32.const 0))
      (func (export "run") (local i32)
        (loop (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 10))))
        (call $interrupt)
        (loop (global.set $turns (i32.add (global.get $turns) (i32.const 1)))
          (br_if 0 (i32.lt_u (global.get $turns) (i32.const 500)))))))");
    const auto turns = [&] {
      return instance.global(world.store, "turns")->get<int32_t>(world.store).value();
    };
    for (int32_t round = 0; round < 3; ++round) {
      CHECK(trap_of(world.run(instance, "run")) == TrapCode::Interrupted);
      CHECK(turns() == 0);
    }
  }
}

TEST_CASE("interruption is refused where it is off") {
  Config config;
  config.interruption = false;
  World world(config);
  CHECK(kind_of(world.store.set_deadline(milliseconds(1))) == ErrorKind::Usage);
  CHECK(kind_of(world.store.interrupt_handle()) == ErrorKind::Usage);
  CHECK(world.store.check_interrupt().ok());
}

}  // namespace wherry

namespace wherry {

TEST_CASE("ten thousand instances live in one store, and each keeps its functions") {
  constexpr int32_t kInstances = 10'000;
  const Engine engine = Engine::create(Config()).value();
  StoreLimits limits;
  limits.instances = kInstances;
  Store store = Store::create(engine, limits).value();
  Linker linker(engine);
  const Module module = load_text(engine, R"((module
    (global $own (mut i32) (i32.const 0))
    (func (export "set") (param i32) local.get 0 global.set $own)
    (func (export "get") (result i32) global.get $own)))")
                            .value();
  std::vector<Instance> instances;
  int32_t wrong = 0;
  for (int32_t i = 0; i < kInstances; ++i) {
    instances.push_back(linker.instantiate(store, module).value());
    if (!instances.back().typed<void(int32_t)>(store, "set").value().call(store, i * 3)) ++wrong;
  }
  // The second function of each is looked at only now, when its neighbours are long there.
  for (int32_t i = 0; i < kInstances; ++i) {
    if (instances[i].typed<int32_t()>(store, "get").value().call(store).value() != i * 3) ++wrong;
  }
  CHECK(wrong == 0);
}

}  // namespace wherry
