// Guests that lie: realloc and post-return that do what they must not, called by the host and by another guest.
#include <catch2/catch.hpp>

#include <string>

#include "wherry/component_linker.h"

namespace wherry {

namespace {

struct Lie {
  const char* name;
  const char* realloc;  // The body of realloc(old, old-size, align, size) -> address.
  TrapCode code;
};

// Of a list<u64> of two elements that is passed to the guest.
constexpr Lie kLies[] = {
    {"not aligned", "(i32.const 4)", TrapCode::ReallocUnaligned},
    {"just not aligned", "(i32.const 1025)", TrapCode::ReallocUnaligned},
    {"beyond the memory", "(i32.const 65536)", TrapCode::ReallocOutOfBounds},
    {"across the end", "(i32.const 65528)", TrapCode::ReallocOutOfBounds},
    {"the last address", "(i32.const -8)", TrapCode::ReallocOutOfBounds},
    {"a trap of its own", "(unreachable)", TrapCode::Unreachable},
    {"a division by zero", "(i32.div_u (i32.const 1) (i32.const 0))", TrapCode::IntegerDivideByZero},
    {"calling out", "(call $out) (i32.const 8)", TrapCode::CannotLeave},
    {"a recursion", "(call $f (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))",
     TrapCode::CallStackExhausted},
};

std::string callee(const std::string& realloc, const std::string& post = "") {
  return R"((import "out" (func $out'))
    (core func $out (canon lower (func $out')))
    (core module $M
      (import "" "out" (func $out))
      (memory (export "mem") 1)
      (func $f (export "realloc") (param i32 i32 i32 i32) (result i32) )" +
         realloc + R"()
      (func (export "sum") (param $at i32) (param $n i32) (result i64) (local $sum i64)
        (if (local.get $n) (then (loop $l
          (local.set $sum (i64.add (local.get $sum) (i64.load (local.get $at))))
          (local.set $at (i32.add (local.get $at) (i32.const 8)))
          (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))
        (local.get $sum))
      (func (export "post") (param i64) )" +
         post + R"())
    (core instance $m (instantiate $M (with "" (instance (export "out" (func $out))))))
    (func (export "sum") (param "a" (list u64)) (result u64) (canon lift (core func $m "sum")
      (memory (core memory $m "mem")) (realloc (core func $m "realloc")) (post-return (core func $m "post")))))";
}

struct World {
  Engine engine = Engine::create().value();
  Store store = Store::create(engine).value();
  ComponentLinker linker{engine};

  ComponentInstance instantiate(const std::string& text) {
    REQUIRE(linker.func("", "out", []() {}).ok());
    Result<Component> component = Component::load_text(engine, text);
    if (!component) FAIL(component.error().describe());
    return linker.instantiate(store, *component).value();
  }
};

// From the host, with C++ types.
Result<uint64_t> from_host(const std::string& body) {
  World world;
  const ComponentInstance instance = world.instantiate("(component " + body + ")");
  return instance.typed<uint64_t(std::vector<uint64_t>)>(world.store, "sum")
      .value()
      .call(world.store, {3, 4});
}

// The same list from another guest.
Result<uint64_t> from_guest(const std::string& body) {
  World world;
  const ComponentInstance instance = world.instantiate(R"((component (import "out" (func $out))
    (component $C )" + body + R"()
    (instance $c (instantiate $C (with "out" (func $out))))
    (component $D (import "sum" (func $sum (param "a" (list u64)) (result u64)))
      (core module $L (memory (export "mem") 1) (data (i32.const 16) "\03\00\00\00\00\00\00\00\04"))
      (core instance $l (instantiate $L))
      (core func $sum' (canon lower (func $sum) (memory (core memory $l "mem"))))
      (core module $M (import "" "sum" (func $sum (param i32 i32) (result i64)))
        (func (export "run") (result i64) (call $sum (i32.const 16) (i32.const 2))))
      (core instance $m (instantiate $M (with "" (instance (export "sum" (func $sum'))))))
      (func (export "run") (result u64) (canon lift (core func $m "run"))))
    (instance $d (instantiate $D (with "sum" (func $c "sum"))))
    (export "run" (func $d "run"))))");
  const auto run = instance.typed<uint64_t()>(world.store, "run").value();
  Result<uint64_t> got = run.call(world.store);
  if (!got) CHECK(run.call(world.store).error().trap_code() == TrapCode::CannotEnter);
  return got;
}

}  // namespace

TEST_CASE("a realloc that lies is a trap") {
  for (const Lie& lie : kLies) {
    INFO(lie.name);
    CHECK(from_host(callee(lie.realloc)).error().trap_code() == lie.code);
    CHECK(from_guest(callee(lie.realloc)).error().trap_code() == lie.code);
  }
}

TEST_CASE("a realloc that answers what it likes within the memory is the guest's own business") {
  for (const char* const body :
       {"(i32.const 8)", "(i32.const 0)", "(drop (memory.grow (i32.const 3))) (i32.const 131072)",
        "(i32.const 65520)"}) {
    INFO(body);
    CHECK(from_host(callee(body)).value() == 7);
    CHECK(from_guest(callee(body)).value() == 7);
  }
}

TEST_CASE("a post-return that traps or calls out is a trap") {
  CHECK(from_host(callee("(i32.const 8)", "(unreachable)")).error().trap_code() == TrapCode::Unreachable);
  CHECK(from_guest(callee("(i32.const 8)", "(unreachable)")).error().trap_code() == TrapCode::Unreachable);
  CHECK(from_host(callee("(i32.const 8)", "(call $out)")).error().trap_code() == TrapCode::CannotLeave);
  CHECK(from_guest(callee("(i32.const 8)", "(call $out)")).error().trap_code() == TrapCode::CannotLeave);
}

TEST_CASE("trees that grow with every line end in an error soon") {
  // Each component instantiates the one before it twice: 2^40 instances.
  std::string text = "(component (component $c0)";
  for (int i = 1; i <= 40; ++i) {
    const std::string before = std::to_string(i - 1);
    // Definitions are seen from inside by outer aliases.
    text += "(component $c" + std::to_string(i) + " (alias outer 1 " + before +
            " (component $b)) (instance (instantiate $b)) (instance (instantiate $b)))";
  }
  text += "(instance (instantiate $c40)))";
  const Engine engine = Engine::create().value();
  const Component component = Component::load_text(engine, text).value();
  CHECK(ComponentLinker(engine).prelink(component).error().kind() == ErrorKind::Limit);
}

}  // namespace wherry
