// Calls from guest to guest through adapters: what they pass on, what they refuse, and what a backtrace shows of them. The same holds
// where there are none, as in an engine that counts fuel.
#include <catch2/catch.hpp>

#include <optional>
#include <string>

#include "component/state.h"
#include "wherry/component_linker.h"

namespace wherry {

namespace {

struct World {
  explicit World(bool fuel) {
    Config config;
    config.fuel = fuel;
    engine = Engine::create(config).value();
    store = Store::create(engine).value();
    linker = ComponentLinker(engine);
    if (fuel) REQUIRE(store.set_fuel(1'000'000).ok());
  }

  ComponentInstance start(const std::string& text, size_t adapters) {
    Result<Component> component = Component::load_text(engine, text);
    if (!component) FAIL(component.error().describe());
    const detail::ComponentState& state = *ComponentTypeAccess::state(*component);
    CHECK(state.flat.adapters.size() == adapters);
    CHECK(state.adapters.size() == (engine.config().fuel ? 0 : adapters));
    Result<ComponentInstance> made = linker.instantiate(store, *component);
    if (!made) FAIL(made.error().describe());
    return *made;
  }

  Engine engine = Engine::create().value();
  Store store = Store::create(engine).value();
  ComponentLinker linker{engine};
};

// A component $C that `f` of the whole calls by way of $D. Both could be entered again, as both call out.
std::string pair(const std::string& types, const std::string& params, const std::string& core_params,
                 const std::string& result, const std::string& core_result, const std::string& body,
                 const std::string& arguments) {
  const std::string core_type = core_params + " " + core_result;
  return "(component (component $C " + types +
         "(type $r (resource (rep i32))) (core func $n (canon resource.new $r))"
         "(core module $M (func (export \"f\") " +
         core_type + " " + body +
         "))(core instance $m (instantiate $M))"
         "(func (export \"f\") " +
         params + " " + result +
         " (canon lift (core func $m \"f\"))))"
         "(component $D " +
         types + "(import \"f\" (func $f " + params + " " + result +
         ")) (core func $f' (canon lower (func $f)))"
         "(core module $M (import \"\" \"f\" (func $f " +
         core_type + ")) (func (export \"run\") " + core_result + " " + arguments +
         " (call $f)))(core instance $m (instantiate $M (with \"\" (instance (export \"f\" (func $f'))))))"
         "(func (export \"run\") " +
         result +
         " (canon lift (core func $m \"run\"))))"
         "(instance $c (instantiate $C)) (instance $d (instantiate $D (with \"f\" (func $c \"f\"))))"
         "(export \"run\" (func $d \"run\")) (export \"f\" (func $c \"f\")))";
}

template <class T>
T run_pair(bool fuel, const std::string& text) {
  World world(fuel);
  const ComponentInstance instance = world.start(text, 1);
  Result<T> result = instance.typed<T()>(world.store, "run").value().call(world.store);
  if (!result) FAIL(result.error().describe());
  return *result;
}

std::optional<TrapCode> trap_of(const Error& error) {
  if (error.trap() == nullptr) return std::nullopt;
  return error.trap()->code;
}

// What $D's f gets if it is called with this i32.
uint32_t passed(bool fuel, const std::string& type, const std::string& value) {
  return run_pair<uint32_t>(fuel, pair("", "(param \"a\" " + type + ")", "(param i32)", "(result u32)",
                                       "(result i32)", "local.get 0", "(i32.const " + value + ")"));
}

}  // namespace

TEST_CASE("scalars are made normal on their way from guest to guest") {
  const bool fuel = GENERATE(false, true);
  CHECK(passed(fuel, "bool", "6") == 1);
  CHECK(passed(fuel, "bool", "0") == 0);
  CHECK(passed(fuel, "u8", "0x1ff") == 0xff);
  CHECK(passed(fuel, "s8", "0x1ff") == ~0u);
  CHECK(passed(fuel, "s8", "0x17f") == 0x7f);
  CHECK(passed(fuel, "u16", "0x1ffff") == 0xffff);
  CHECK(passed(fuel, "s16", "0x1ffff") == ~0u);
  CHECK(passed(fuel, "s32", "-5") == ~4u);
  CHECK(passed(fuel, "char", "0xd7ff") == 0xd7ff);
  CHECK(passed(fuel, "char", "0xe000") == 0xe000);
  CHECK(passed(fuel, "char", "0x10ffff") == 0x10ffff);
}

// The caller answers what it was answered as 32 bits, so that nothing but the call itself can have changed them.
TEST_CASE("a result is made normal on its way back") {
  const bool fuel = GENERATE(false, true);
  const auto answered = [&](const std::string& type, const std::string& value) {
    const std::string result = "(result " + type + ")";
    std::string text = pair("", "", "", result, "(result i32)", "(i32.const " + value + ")", "");
    const std::string lifted = "(func (export \"run\") " + result;
    const size_t at = text.find(lifted);
    if (at == std::string::npos) FAIL("there is no such function");
    text.replace(at, lifted.size(), "(func (export \"run\") (result u32)");
    return run_pair<uint32_t>(fuel, text);
  };
  CHECK(answered("bool", "2") == 1);
  CHECK(answered("u8", "0x102") == 2);
  CHECK(answered("s8", "0x1ff") == ~0u);
  CHECK(answered("s16", "0x1fffe") == ~1u);
}

TEST_CASE("a record of scalars is passed by an adapter, each in its type") {
  const bool fuel = GENERATE(false, true);
  const std::string text = pair(
      "(type $rec' (record (field \"a\" u8) (field \"b\" s64) (field \"c\" f32) (field \"d\" f64) (field "
      "\"e\" bool)))"
      "(import \"t\" (type $rec (eq $rec')))",
      "(param \"v\" $rec)", "(param i32 i64 f32 f64 i32)", "(result f64)", "(result f64)",
      "(f64.add (f64.add (f64.convert_i32_u (local.get 0)) (f64.convert_i64_s (local.get 1)))"
      " (f64.add (f64.promote_f32 (local.get 2)) (f64.add (local.get 3) (f64.convert_i32_u (local.get 4)))))",
      "(i32.const 0x101) (i64.const -10) (f32.const 0.5) (f64.const 0.25) (i32.const 8)");
  const std::string with_type = [&] {  // The type is given to both.
    std::string made = text;
    const std::string type =
        "(component (type $rec' (record (field \"a\" u8) (field \"b\" s64) (field \"c\" f32) (field \"d\" "
        "f64) "
        "(field \"e\" bool)))(export $rec \"t\" (type $rec'))";
    made.replace(0, std::string("(component").size(), type);
    const auto give = [&](const std::string& what, const std::string& more) {
      made.replace(made.find(what), what.size(), what + more);
    };
    give("(instantiate $C", " (with \"t\" (type $rec))");
    give("(instantiate $D", " (with \"t\" (type $rec))");
    made.erase(made.find(" (export \"f\" (func $c \"f\"))"),
               std::string(" (export \"f\" (func $c \"f\"))").size());
    return made;
  }();
  CHECK(run_pair<double>(fuel, with_type) == 1 - 10 + 0.5 + 0.25 + 1);
}

TEST_CASE("what is no value of its type traps before the callee runs") {
  const bool fuel = GENERATE(false, true);
  for (const char* bits : {"0xd800", "0xdfff", "0x110000", "-1"}) {
    World world(fuel);
    const ComponentInstance instance =
        world.start(pair("", "(param \"a\" char)", "(param i32)", "", "", "unreachable",
                         std::string("(i32.const ") + bits + ")"),
                    1);
    const auto run = instance.typed<void()>(world.store, "run").value();
    const Result<void> called = run.call(world.store);
    REQUIRE(!called);
    CHECK(trap_of(called.error()) == TrapCode::InvalidChar);
    const Result<void> again = run.call(world.store);
    CHECK(trap_of(again.error()) == TrapCode::CannotEnter);
  }
}

TEST_CASE("a backtrace shows a call between guests as what the caller imported") {
  const bool fuel = GENERATE(false, true);
  World world(fuel);
  const ComponentInstance instance =
      world.start(pair("", "(param \"a\" s32)", "(param i32)", "", "", "unreachable", "(i32.const 1)"), 1);
  const auto run = instance.typed<void()>(world.store, "run").value();
  const Result<void> called = run.call(world.store);
  REQUIRE(!called);
  REQUIRE(trap_of(called.error()) == TrapCode::Unreachable);
  const std::vector<Frame>& frames = called.error().trap()->frames;
  REQUIRE(frames.size() == 3);
  CHECK(frames[0].function == "f");
  CHECK(!frames[0].host);
  CHECK(frames[1].host);
  CHECK(frames[1].function == ".f");
  CHECK(frames[1].function_index == 0);
  CHECK(frames[2].function == "run");
  // What trapped is never entered again, neither by the host nor by a guest.
  const auto inner = instance.typed<void(int32_t)>(world.store, "f").value();
  const Result<void> entered = inner.call(world.store, 1);
  CHECK(trap_of(entered.error()) == TrapCode::CannotEnter);
}

TEST_CASE("a call by an adapter ends with what its callee's host function fails with") {
  const bool fuel = GENERATE(false, true);
  World world(fuel);
  REQUIRE(world.linker.func("", "h", []() -> Result<void> { return Error::exit(3); }).ok());
  const ComponentInstance instance = world.start(R"((component
    (import "h" (func $h))
    (component $C (import "h" (func $h)) (core func $h' (canon lower (func $h)))
      (core module $M (import "" "h" (func $h)) (func (export "f") (param i32) (call $h)))
      (core instance $m (instantiate $M (with "" (instance (export "h" (func $h'))))))
      (func (export "f") (param "a" u8) (canon lift (core func $m "f"))))
    (component $D (import "f" (func $f (param "a" u8))) (core func $f' (canon lower (func $f)))
      (core module $M (import "" "f" (func $f (param i32))) (func (export "run") (call $f (i32.const 1))))
      (core instance $m (instantiate $M (with "" (instance (export "f" (func $f'))))))
      (func (export "run") (canon lift (core func $m "run"))))
    (instance $c (instantiate $C (with "h" (func $h))))
    (instance $d (instantiate $D (with "f" (func $c "f"))))
    (export "run" (func $d "run"))))",
                                                 1);
  const Result<void> called = instance.typed<void()>(world.store, "run").value().call(world.store);
  REQUIRE(!called);
  CHECK(called.error().kind() == ErrorKind::Exit);
}

TEST_CASE("a guest whose realloc runs cannot call another through an adapter") {
  const bool fuel = GENERATE(false, true);
  World world(fuel);
  const ComponentInstance instance = world.start(R"((component
    (component $C (core module $M (func (export "f") (param i32)))
      (core instance $m (instantiate $M)) (func (export "f") (param "a" u8) (canon lift (core func $m "f"))))
    (component $D (import "f" (func $f (param "a" u8))) (core func $f' (canon lower (func $f)))
      (core module $M (import "" "f" (func $f (param i32))) (memory (export "mem") 1)
        (func (export "run") (param i32 i32) (call $f (i32.const 1)))
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (call $f (i32.const 1)) (i32.const 0)))
      (core instance $m (instantiate $M (with "" (instance (export "f" (func $f'))))))
      (func (export "run") (param "s" string)
        (canon lift (core func $m "run") (memory (core memory $m "mem")) (realloc (core func $m "realloc")))))
    (instance $c (instantiate $C)) (instance $d (instantiate $D (with "f" (func $c "f"))))
    (export "run" (func $d "run"))))",
                                                 1);
  const auto run = instance.typed<void(std::string_view)>(world.store, "run").value();
  const Result<void> called = run.call(world.store, "text");
  REQUIRE(!called);
  CHECK(trap_of(called.error()) == TrapCode::CannotLeave);
}

// $P has $C and $S inside. $S calls $D, which calls $C: what is around $C is entered already.
TEST_CASE("a guest is not entered while something else inside of what is around it runs") {
  const bool fuel = GENERATE(false, true);
  World world(fuel);
  const ComponentInstance instance = world.start(R"((component
    (component $Leaf (core module $M (func (export "f") (param i32)))
      (core instance $m (instantiate $M)) (func (export "f") (param "a" s32) (canon lift (core func $m "f"))))
    (component $Calls (import "f" (func $f (param "a" s32))) (core func $f' (canon lower (func $f)))
      (core module $M (import "" "f" (func $f (param i32))) (func (export "f") (param i32) (call $f (local.get 0))))
      (core instance $m (instantiate $M (with "" (instance (export "f" (func $f'))))))
      (func (export "f") (param "a" s32) (canon lift (core func $m "f"))))
    (component $P
      (import "leaf" (component $Leaf (export "f" (func (param "a" s32)))))
      (import "calls" (component $Calls (import "f" (func (param "a" s32))) (export "f" (func (param "a" s32)))))
      (instance $c (instantiate $Leaf))
      (instance $d (instantiate $Calls (with "f" (func $c "f"))))
      (export "leaf" (func $c "f")) (export "calls" (func $d "f")))
    (instance $p (instantiate $P (with "leaf" (component $Leaf)) (with "calls" (component $Calls))))
    (instance $d (instantiate $Calls (with "f" (func $p "leaf"))))
    (export "through" (func $d "f")) (export "inside" (func $p "calls"))))",
                                                 1);
  const auto through = instance.typed<void(int32_t)>(world.store, "through").value();
  CHECK(through.call(world.store, 1).ok());
  const auto inside = instance.typed<void(int32_t)>(world.store, "inside").value();
  CHECK(inside.call(world.store, 1).ok());
}

// Under an engine that counts fuel what passes from guest to guest costs a unit for 64 bytes.
TEST_CASE("copying from guest to guest takes fuel by length") {
  const auto left_after = [](uint32_t length) {
    World world(true);
    const ComponentInstance instance = world.start(
        R"((component
      (component $C (core module $M (memory (export "mem") 20) (func (export "f") (param i32 i32))
          (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 0))
        (core instance $m (instantiate $M)) (func (export "f") (param "a" (list u8))
          (canon lift (core func $m "f") (memory (core memory $m "mem")) (realloc (core func $m "realloc")))))
      (component $D (import "f" (func $f (param "a" (list u8))))
        (core module $L (memory (export "mem") 20)) (core instance $l (instantiate $L))
        (core func $f' (canon lower (func $f) (memory (core memory $l "mem"))))
        (core module $M (import "" "f" (func $f (param i32 i32)))
          (func (export "run") (param i32) (call $f (i32.const 0) (local.get 0))))
        (core instance $m (instantiate $M (with "" (instance (export "f" (func $f'))))))
        (func (export "run") (param "n" u32) (canon lift (core func $m "run"))))
      (instance $c (instantiate $C)) (instance $d (instantiate $D (with "f" (func $c "f"))))
      (export "run" (func $d "run"))))",
        0);
    const auto run = instance.typed<void(uint32_t)>(world.store, "run").value();
    REQUIRE(world.store.set_fuel(10'000).ok());
    const Result<void> called = run.call(world.store, length);
    if (!called) CHECK(trap_of(called.error()) == TrapCode::OutOfFuel);
    return std::pair(called.ok(), world.store.fuel().value());
  };
  const auto [is_done, most] = left_after(0);
  CHECK(is_done);
  CHECK(left_after(1) == std::pair(true, most - 1));
  CHECK(left_after(64) == std::pair(true, most - 1));
  CHECK(left_after(6400) == std::pair(true, most - 100));
  CHECK(left_after(20 * 65536) == std::pair(false, uint64_t{0}));
}

}  // namespace wherry
