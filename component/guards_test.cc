// Guards that only a second call or the host itself can run against, each by the one thing that it prevents
// (testdata/hostile/planted.py found that nothing missed them).
#include <catch2/catch.hpp>

#include <optional>
#include <string>

#include "component/canon_guests.h"
#include "engine/canon/plan.h"
#include "engine/canon/strings.h"
#include "wherry/component_linker.h"

namespace wherry {

namespace {

using component::Thing;

Engine engine_of(uint64_t host_call_bytes) {
  Config config;
  config.limits.host_call_bytes = host_call_bytes;
  return Engine::create(config).value();
}

struct World {
  explicit World(uint64_t host_call_bytes = StoreLimits().host_call_bytes)
      : engine(engine_of(host_call_bytes)) {}

  Engine engine;
  Store store = Store::create(engine).value();
  ComponentLinker linker{engine};

  ComponentInstance instantiate(const std::string& text) {
    return linker.instantiate(store, Component::load_text(engine, text).value()).value();
  }
};

using Arguments = std::span<const ComponentVal>;

// Exports `run`, which calls the import `out` from `run` or from its post-return, as its argument says.
std::string calls_out(const std::string& out) {
  return "(component (import \"out\" (func $out " + out + R"())
    (core func $out' (canon lower (func $out)))
    (core module $M (import "" "out" (func $out (result i32)))
      (global $late (mut i32) (i32.const 0))
      (func (export "run") (param i32) (result i32)
        (global.set $late (local.get 0))
        (if (result i32) (local.get 0) (then (i32.const 1)) (else (call $out))))
      (func (export "post") (param i32) (if (global.get $late) (then (drop (call $out))))))
    (core instance $m (instantiate $M (with "" (instance (export "out" (func $out'))))))
    (func (export "run") (param "late" bool) (result u32)
      (canon lift (core func $m "run") (post-return (core func $m "post")))))";
}

Result<void> answer_two(Caller&, const ComponentFuncType&, Arguments, ComponentVal& result) {
  result = ComponentVal(uint32_t{2});
  return {};
}

}  // namespace

TEST_CASE("what may not be called in post-return may be called again after it") {
  World world;
  REQUIRE(world.linker.func("", "out", [] { return 2u; }).ok());
  const ComponentInstance instance = world.instantiate(calls_out("(result u32)") + ")");
  const auto run = instance.typed<uint32_t(bool)>(world.store, "run").value();
  CHECK(run.call(world.store, false).value() == 2);
  CHECK(run.call(world.store, false).value() == 2);
  CHECK(run.call(world.store, true).error().trap_code() == TrapCode::CannotLeave);
}

TEST_CASE("a guest may call out again after the post-return of a guest's call") {
  World world;
  REQUIRE(world.linker.func("", "out", [] { return 2u; }).ok());
  const ComponentInstance instance = world.instantiate(
      R"((component (import "out" (func $out (result u32)))
    (component $Callee )" +
      calls_out("(result u32)").substr(10) + R"()
    (component $Caller (import "run" (func $run (param "late" bool) (result u32)))
      (core func $run' (canon lower (func $run)))
      (core module $M (import "" "run" (func $run (param i32) (result i32)))
        (func (export "twice") (result i32) (i32.add (call $run (i32.const 0)) (call $run (i32.const 0)))))
      (core instance $m (instantiate $M (with "" (instance (export "run" (func $run'))))))
      (func (export "twice") (result u32) (canon lift (core func $m "twice"))))
    (instance $callee (instantiate $Callee (with "out" (func $out))))
    (instance $caller (instantiate $Caller (with "run" (func $callee "run"))))
    (export "twice" (func $caller "twice"))))");
  const auto twice = instance.typed<uint32_t()>(world.store, "twice").value();
  CHECK(twice.call(world.store).value() == 4);
}

TEST_CASE("post-return may call neither what takes dynamic values nor what is unknown") {
  for (const bool is_known : {true, false}) {
    INFO(is_known);
    World world;
    if (is_known) REQUIRE(world.linker.dynamic_func("", "out", answer_two).ok());
    world.linker.unknown_imports_trap(true);
    const ComponentInstance instance = world.instantiate(calls_out("(result u32)") + ")");
    const auto run = instance.typed<uint32_t(bool)>(world.store, "run").value();
    if (is_known) CHECK(run.call(world.store, false).value() == 2);
    CHECK(run.call(world.store, true).error().trap_code() == TrapCode::CannotLeave);
  }
}

TEST_CASE("the result of a dynamic host function is of its type") {
  World world;
  REQUIRE(world.linker
              .dynamic_func(
                  "", "out",
                  [](Caller&, const ComponentFuncType&, Arguments, ComponentVal& result) -> Result<void> {
                    result = ComponentVal::string("two");
                    return {};
                  })
              .ok());
  const ComponentInstance instance = world.instantiate(calls_out("(result u32)") + ")");
  const auto run = instance.typed<uint32_t(bool)>(world.store, "run").value();
  const Error error = run.call(world.store, false).error();
  CHECK(error.kind() == ErrorKind::Usage);
  CHECK(error.message().find("expected u32") != std::string::npos);
}

TEST_CASE("a dynamic call has as many arguments as its function") {
  World world;
  REQUIRE(world.linker.func("", "out", [] { return 2u; }).ok());
  const ComponentInstance instance = world.instantiate(calls_out("(result u32)") + ")");
  const ComponentFunc run = instance.func(world.store, "run").value();
  const ComponentVal arguments[] = {ComponentVal(false), ComponentVal(false)};
  CHECK(run.call(world.store, {arguments, 0}).error().kind() == ErrorKind::Usage);
  CHECK(run.call(world.store, {arguments, 2}).error().kind() == ErrorKind::Usage);
  CHECK(run.call(world.store, {arguments, 1}).value()->get<uint32_t>() == 2);
}

// ---- resources in the host's hands

namespace {

// `make` makes one; `keep` is lent one and keeps it, `look` drops it after calling `out`; `both` is lent one and given one.
constexpr const char* kThings = R"((component
    (import "host" (instance $host
      (export "thing" (type $thing (sub resource)))
      (export "new" (func (result (own $thing))))
      (export "same" (func (param "a" (borrow $thing)) (result (own $thing))))
      (export "out" (func))))
    (alias export $host "thing" (type $thing))
    (core func $new (canon lower (func $host "new")))
    (core func $same (canon lower (func $host "same")))
    (core func $out (canon lower (func $host "out")))
    (core func $drop (canon resource.drop $thing))
    (core module $M
      (import "" "new" (func $new (result i32)))
      (import "" "same" (func $same (param i32) (result i32)))
      (import "" "out" (func $out))
      (import "" "drop" (func $drop (param i32)))
      (func (export "make") (result i32) (call $new))
      (func (export "again") (result i32) (call $same (call $new)))
      (func (export "keep") (param i32))
      (func (export "look") (param i32) (call $out) (call $drop (local.get 0)))
      (func (export "both") (param i32 i32) (call $drop (local.get 0))))
    (core instance $m (instantiate $M (with "" (instance
      (export "new" (func $new)) (export "same" (func $same)) (export "out" (func $out)) (export "drop" (func $drop))))))
    (export $T "t" (type $thing))
    (func (export "make") (result (own $T)) (canon lift (core func $m "make")))
    (func (export "again") (result (own $T)) (canon lift (core func $m "again")))
    (func (export "keep") (param "a" (borrow $T)) (canon lift (core func $m "keep")))
    (func (export "look") (param "a" (borrow $T)) (canon lift (core func $m "look")))
    (func (export "both") (param "a" (borrow $T)) (param "b" (own $T)) (canon lift (core func $m "both")))))";

struct Things : World {
  int alive = 0;
  ComponentResource held;
  ErrorKind dropped = ErrorKind::Io;
  std::optional<TrapCode> dropped_trap;
  std::optional<ComponentInstance> other;  // Is offered what the host was lent.
  std::string refusal;

  explicit Things(uint64_t host_call_bytes = StoreLimits().host_call_bytes) : World(host_call_bytes) {
    REQUIRE(linker.resource<Thing>("host", "thing").ok());
    REQUIRE(
        linker.func("host", "new", [this]() -> Result<Own<Thing>> { return Own<Thing>(new Thing(&alive)); })
            .ok());
    // What it is lent it drops, which is refused, and gives away, which is too.
    REQUIRE(linker
                .dynamic_func(
                    "host", "same",
                    [this](Caller& caller, const ComponentFuncType&, Arguments arguments,
                           ComponentVal& result) -> Result<void> {
                      const ComponentResource lent = arguments[0].resource();
                      dropped = lent.drop(caller).error().kind();
                      if (other) {
                        const ComponentVal both[] = {ComponentVal::borrow(lent), ComponentVal::own(lent)};
                        refusal = other->func(caller, "both").value().call(caller, both).error().message();
                      }
                      result = ComponentVal::own(lent);
                      return {};
                    })
                .ok());
    REQUIRE(linker
                .func("host", "out",
                      [this](Caller& caller) -> Result<void> {
                        const Result<void> ended = held.drop(caller);
                        if (!ended) dropped_trap = ended.error().trap_code();
                        return {};
                      })
                .ok());
  }
  Result<std::optional<ComponentVal>> call(ComponentInstance instance, const char* name,
                                           Arguments arguments) {
    return instance.func(store, name).value().call(store, arguments);
  }
};

}  // namespace

TEST_CASE("a guest that keeps what the host lent it traps") {
  Things things;
  const ComponentInstance instance = things.instantiate(kThings);
  const ComponentResource made = things.call(instance, "make", {}).value()->resource();
  const ComponentVal lent = ComponentVal::borrow(made);
  CHECK(things.call(instance, "keep", {&lent, 1}).error().trap_code() == TrapCode::BorrowsRemain);
}

TEST_CASE("the host cannot drop what it has lent") {
  Things things;
  const ComponentInstance instance = things.instantiate(kThings);
  things.held = things.call(instance, "make", {}).value()->resource();
  const ComponentVal lent = ComponentVal::borrow(things.held);
  CHECK(things.call(instance, "look", {&lent, 1}).ok());
  CHECK(things.dropped_trap == TrapCode::ResourceLent);
  CHECK(things.alive == 1);
  CHECK(things.held.drop(things.store).ok());
  CHECK(things.alive == 0);
}

TEST_CASE("the host cannot lend and give away the same resource at once") {
  Things things;
  const ComponentInstance instance = things.instantiate(kThings);
  const ComponentResource made = things.call(instance, "make", {}).value()->resource();
  const ComponentVal arguments[] = {ComponentVal::borrow(made), ComponentVal::own(made)};
  CHECK(things.call(instance, "both", arguments).error().trap_code() == TrapCode::ResourceLent);
  CHECK(things.alive == 1);
}

TEST_CASE("the host neither drops nor gives away what it was lent") {
  Things things;
  const ComponentInstance instance = things.instantiate(kThings);
  const Error error = things.call(instance, "again", {}).error();
  INFO(error.message());
  CHECK(error.kind() != ErrorKind::Trap);
  CHECK(things.dropped == ErrorKind::Usage);
  CHECK(things.alive == 1);
}

TEST_CASE("the host does not give another guest what it was lent") {
  Things things;
  const ComponentInstance instance = things.instantiate(kThings);
  things.other = things.instantiate(kThings);
  (void)things.call(instance, "again", {});
  CHECK(things.refusal == "a resource that is not owned cannot be given away");
  CHECK(things.alive == 1);
}

TEST_CASE("a resource that is gone is refused by a dynamic call") {
  Things things;
  const ComponentInstance instance = things.instantiate(kThings);
  const ComponentResource made = things.call(instance, "make", {}).value()->resource();
  REQUIRE(made.drop(things.store).ok());
  const ComponentVal lent = ComponentVal::borrow(made);
  CHECK(things.call(instance, "keep", {&lent, 1}).error().kind() == ErrorKind::InvalidHandle);
}

TEST_CASE("a handle that a guest hands to the host is charged") {
  const auto make = [](uint64_t budget) {
    Things things(budget);
    const ComponentInstance instance = things.instantiate(kThings);
    const Result<std::optional<ComponentVal>> made = things.call(instance, "make", {});
    return made ? std::optional<TrapCode>() : made.error().trap_code();
  };
  CHECK(make(8) == TrapCode::HostCallBudget);
  CHECK(make(1000) == std::nullopt);
}

// ---- texts and layouts

TEST_CASE("the host's strings are looked at before any of them is copied") {
  World world;
  const ComponentInstance instance = world.instantiate(R"((component
    (core module $M (memory (export "mem") 1)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) unreachable)
      (func (export "f") (param i32 i32 i32 i32)))
    (core instance $m (instantiate $M))
    (func (export "f") (param "a" string) (param "b" string)
      (canon lift (core func $m "f") (memory (core memory $m "mem")) (realloc (core func $m "realloc"))))))");
  const ComponentFunc func = instance.func(world.store, "f").value();
  const ComponentVal good[] = {ComponentVal::string("good"), ComponentVal::string("good")};
  const ComponentVal bad[] = {ComponentVal::string("good"), ComponentVal::string("\xff")};
  CHECK(func.call(world.store, good).error().kind() == ErrorKind::Trap);
  CHECK(func.call(world.store, bad).error().kind() == ErrorKind::Usage);
}

TEST_CASE("a low surrogate before another is no UTF-16") {
  const auto valid = [](const char16_t* units, size_t count) {
    return canon::is_utf16(reinterpret_cast<const uint8_t*>(units), count);
  };
  const char16_t lows[] = {0xdc00, 0xdc00};
  const char16_t pair[] = {0xd800, 0xdc00};
  CHECK_FALSE(valid(lows, 2));
  CHECK(valid(pair, 2));
  uint8_t made[8] = {};
  REQUIRE(canon::utf16_to_utf8(reinterpret_cast<const uint8_t*>(pair), 2, made) ==
          4);  // The first of four bytes.
  CHECK(std::string(reinterpret_cast<const char*>(made), 4) == "\xf0\x90\x80\x80");
}

TEST_CASE("a choice is as large as its alignment makes it") {
  canon::Plan plan;
  uint32_t byte = 0, half = 0, three = 0, choice = 0;
  REQUIRE(canon::add_leaf(&plan, canon::Op::U8, 0, &byte));
  REQUIRE(canon::add_leaf(&plan, canon::Op::U16, 0, &half));
  const uint32_t bytes[] = {byte, byte, byte};
  REQUIRE(canon::add_sequence(&plan, bytes, &three));
  const uint32_t cases[] = {three, half};
  REQUIRE(canon::add_choice(&plan, cases, &choice));
  CHECK(plan[choice].number == 2);
  CHECK(plan[choice].size == 6);
  CHECK(plan[choice].align == 2);
}

}  // namespace wherry
