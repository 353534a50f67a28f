// Host interfaces, resources of the host, versions, what the linker refuses; traps of the canonical ABI, one by one; and what a guest may make the host
// keep.
#include <catch2/catch.hpp>

#include <string>

#include "component/linker_state.h"
#include "wherry/component_linker.h"

namespace wherry {

namespace {

struct Counts {
  int made = 0;
  int gone = 0;
};

// A resource: a number that a guest can ask for.
struct Counter {
  Counter(Counts& in, uint32_t from) : counts(in), value(from) { ++counts.made; }
  ~Counter() { ++counts.gone; }
  uint32_t next() { return value++; }
  Result<uint32_t> add(Caller&, uint32_t more) {
    if (more == 1000) return Error::exit(7);
    return value += more;
  }
  Counts& counts;
  uint32_t value;
};

Result<Own<Counter>> make_counter(Counts& counts, uint32_t from) {
  return Own<Counter>(new Counter(counts, from));
}
uint32_t consume(Counts&, Own<Counter> counter) { return counter->value; }
uint32_t sum(Counts&, const std::vector<Borrow<Counter>>& counters) {
  uint32_t all = 0;
  for (const Borrow<Counter>& counter : counters) all += counter->value;
  return all;
}

constexpr ComponentHostEntry kCounters[] = {
    component_resource<Counter>("counter"),
    component_function<make_counter>("[constructor]counter"),
    component_method<&Counter::next>("[method]counter.next"),
    component_method<&Counter::add>("[method]counter.add"),
    component_function<consume>("consume"),
    component_function<sum>("sum"),
};

struct World {
  Engine engine = Engine::create().value();
  Store store = Store::create(engine).value();
  ComponentLinker linker{engine};

  Result<ComponentInstance> instantiate(std::string_view text) {
    WHERRY_ASSIGN_OR_RETURN(const Component component, Component::load_text(engine, text));
    return linker.instantiate(store, component);
  }
  Error fail(std::string_view text) {
    Result<ComponentInstance> made = instantiate(text);
    if (made) FAIL("it was instantiated");
    return std::move(made).error();
  }
};

std::string counters(const std::string& body, const std::string& version = "1.2.0") {
  return R"((component
    (import "test:host/counters@)" +
         version + R"(" (instance $i
      (export "counter" (type $counter (sub resource)))
      (export "[constructor]counter" (func (param "from" u32) (result (own $counter))))
      (export "[method]counter.next" (func (param "self" (borrow $counter)) (result u32)))
      (export "[method]counter.add" (func (param "self" (borrow $counter)) (param "more" u32) (result u32)))
      (export "consume" (func (param "counter" (own $counter)) (result u32)))
      (export "sum" (func (param "counters" (list (borrow $counter))) (result u32)))))
    (alias export $i "counter" (type $counter))
    (core module $L (memory (export "mem") 1))
    (core instance $l (instantiate $L))
    (core func $new (canon lower (func $i "[constructor]counter")))
    (core func $next (canon lower (func $i "[method]counter.next")))
    (core func $add (canon lower (func $i "[method]counter.add")))
    (core func $consume (canon lower (func $i "consume")))
    (core func $sum (canon lower (func $i "sum") (memory (core memory $l "mem"))))
    (core func $drop (canon resource.drop $counter))
    (core module $M
      (import "l" "mem" (memory 1))
      (import "" "new" (func $new (param i32) (result i32)))
      (import "" "next" (func $next (param i32) (result i32)))
      (import "" "add" (func $add (param i32 i32) (result i32)))
      (import "" "consume" (func $consume (param i32) (result i32)))
      (import "" "sum" (func $sum (param i32 i32) (result i32)))
      (import "" "drop" (func $drop (param i32)))
      (func (export "run") (param i32) (result i32) (local $h i32) (local $k i32) )" +
         body + R"())
    (core instance $m (instantiate $M (with "l" (instance $l)) (with "" (instance (export "new" (func $new)) (export "next" (func $next))
      (export "add" (func $add)) (export "consume" (func $consume)) (export "sum" (func $sum)) (export "drop" (func $drop))))))
    (func (export "run") (param "a" u32) (result u32) (canon lift (core func $m "run")))))";
}

// What `run` of a component over the counters comes to.
Result<uint32_t> run(World& world, Counts& counts, const std::string& body, uint32_t argument = 0) {
  WHERRY_RETURN_IF_ERROR(world.linker.define_interface("test:host/counters@1.2.0", kCounters, &counts));
  WHERRY_ASSIGN_OR_RETURN(const ComponentInstance instance, world.instantiate(counters(body)));
  WHERRY_ASSIGN_OR_RETURN(const auto func, instance.typed<uint32_t(uint32_t)>(world.store, "run"));
  return func.call(world.store, argument);
}

}  // namespace

TEST_CASE("a resource of the host is made, used and dropped by a guest") {
  Counts counts;
  World world;
  const Result<uint32_t> got = run(world, counts, R"(
      (local.set $h (call $new (local.get 0)))
      (drop (call $next (local.get $h)))
      (drop (call $add (local.get $h) (i32.const 10)))
      (local.set $k (call $next (local.get $h)))
      (call $drop (local.get $h))
      (local.get $k))",
                                   5);
  CHECK(got.value() == 16);
  CHECK(counts.made == 1);
  CHECK(counts.gone == 1);
}

TEST_CASE("an owned resource goes to the host, borrowed ones stay") {
  Counts counts;
  World world;
  const Result<uint32_t> got = run(world, counts, R"(
      (i32.store (i32.const 0) (call $new (i32.const 3)))
      (i32.store (i32.const 4) (call $new (i32.const 4)))
      (local.set $k (call $sum (i32.const 0) (i32.const 2)))
      (i32.add (local.get $k) (call $consume (i32.load (i32.const 4)))))");
  CHECK(got.value() == 11);
  CHECK(counts.gone == 1);
}

TEST_CASE("resources that a guest keeps end with the store") {
  Counts counts;
  {
    World world;
    CHECK(run(world, counts, "(call $new (i32.const 1))").value() == 1);
    CHECK(counts.gone == 0);
  }
  CHECK(counts.made == 1);
  CHECK(counts.gone == 1);
}

TEST_CASE("an exit passes through a guest and ends its instance") {
  Counts counts;
  World world;
  REQUIRE(world.linker.define_interface("test:host/counters@1.2.0", kCounters, &counts).ok());
  const ComponentInstance instance =
      world.instantiate(counters("(call $add (call $new (i32.const 1)) (local.get 0))")).value();
  const auto func = instance.typed<uint32_t(uint32_t)>(world.store, "run").value();
  CHECK(func.call(world.store, 2).value() == 3);
  CHECK(func.call(world.store, 1000).error().exit_code() == 7);
  CHECK(func.call(world.store, 2).error().trap_code() == TrapCode::CannotEnter);
}

TEST_CASE("handles that are wrong trap") {
  const auto code = [](const std::string& body) {
    Counts counts;
    World world;
    return run(world, counts, body).error().trap_code();
  };
  CHECK(code("(call $next (i32.const 0))") == TrapCode::UnknownHandle);
  CHECK(code("(call $next (i32.const 1))") == TrapCode::UnknownHandle);
  CHECK(code("(call $next (i32.const -1))") == TrapCode::UnknownHandle);
  CHECK(code("(call $consume (i32.const 5))") == TrapCode::UnknownHandle);
  CHECK(
      code("(local.set $h (call $new (i32.const 1))) (call $drop (local.get $h)) (call $drop (local.get $h)) "
           "(i32.const 0)") == TrapCode::UnknownHandle);
  CHECK(code("(call $sum (i32.const 2) (i32.const 1))") == TrapCode::UnalignedPointer);
  CHECK(code("(call $sum (i32.const 65536) (i32.const 1))") == TrapCode::ListOutOfBounds);
  CHECK(code("(call $sum (i32.const 0) (i32.const 0x20000000))") == TrapCode::ListTooLong);
  CHECK(code("(call $sum (i32.const 0) (i32.const 0xffffffff))") == TrapCode::ListTooLong);
}

TEST_CASE("handles run out at a bound, and what they stand for does not leak") {
  Counts counts;
  {
    World world;
    const Result<uint32_t> got =
        run(world, counts, "(loop $l (drop (call $new (i32.const 1))) (br $l)) (i32.const 0)");
    CHECK(got.error().trap_code() == TrapCode::TooManyHandles);
    CHECK(counts.made <= 1'000'001);
  }
  CHECK(counts.gone == counts.made);
}

// ---- the linker

TEST_CASE("versions match within a track") {
  using component::VersionedName;
  const auto matches = [](const char* a, const char* b) {
    return VersionedName::parse(a).is_compatible(VersionedName::parse(b));
  };
  CHECK(matches("a:b/c@0.2.4", "a:b/c@0.2.12"));
  CHECK(matches("a:b/c@1.0.0", "a:b/c@1.9.3"));
  CHECK(matches("a:b/c@1.0.0", "a:b/c@1.9.3+build"));
  CHECK_FALSE(matches("a:b/c@0.2.0", "a:b/c@0.3.0"));
  CHECK_FALSE(matches("a:b/c@1.0.0", "a:b/c@2.0.0"));
  CHECK_FALSE(matches("a:b/c@0.0.1", "a:b/c@0.0.1"));
  CHECK_FALSE(matches("a:b/c@1.0.0-rc", "a:b/c@1.0.0"));
  CHECK_FALSE(matches("a:b/c@1.0.0", "a:b/d@1.0.0"));
  CHECK_FALSE(matches("a:b/c", "a:b/c"));
  CHECK_FALSE(matches("a:b/c@1.0", "a:b/c@1.0.0"));
}

TEST_CASE("an interface is found under a compatible version") {
  Counts counts;
  World world;
  REQUIRE(world.linker.define_interface("test:host/counters@1.9.0", kCounters, &counts).ok());
  CHECK(world.instantiate(counters("(i32.const 1)", "1.2.0")).ok());
  CHECK(world.fail(counters("(i32.const 1)", "2.0.0")).kind() == ErrorKind::Link);
}

TEST_CASE("imports that are missing or of another type are refused by name") {
  World world;
  REQUIRE(world.linker.func("", "f", [](uint32_t) -> std::string { return {}; }).ok());
  const auto text = [](const char* type) {
    return "(component (import \"f\" (func " + std::string(type) + ")))";
  };
  CHECK(world.instantiate(text("(param \"a\" u32) (result string)")).ok());
  for (const char* const wrong :
       {"(param \"a\" s32) (result string)", "(result string)", "(param \"a\" u32)",
        "(param \"a\" u32) (result (list char))", "(param \"a\" (option u32)) (result string)"}) {
    const Error error = world.fail(text(wrong));
    CHECK(error.kind() == ErrorKind::Link);
    CHECK(error.message().find("'f'") != std::string_view::npos);
  }
  CHECK(world.fail("(component (import \"g\" (func)))").kind() == ErrorKind::Link);
  CHECK(world.fail("(component (import \"f\" (type (sub resource))))").kind() == ErrorKind::Link);
}

TEST_CASE("a name is defined once") {
  World world;
  REQUIRE(world.linker.func("a:b/c", "f", []() {}).ok());
  CHECK(world.linker.func("a:b/c", "f", []() {}).error().kind() == ErrorKind::Link);
  CHECK(world.linker.func("a:b/d", "f", []() {}).ok());
  world.linker.allow_shadowing(true);
  CHECK(world.linker.func("a:b/c", "f", []() {}).ok());
}

TEST_CASE("unknown imports can be left to trap") {
  World world;
  world.linker.unknown_imports_trap(true);
  const ComponentInstance instance = world
                                         .instantiate(R"((component
    (import "f" (func $f)) (core func $f' (canon lower (func $f)))
    (core module $M (import "" "f" (func $f)) (func (export "g") (call $f)))
    (core instance $m (instantiate $M (with "" (instance (export "f" (func $f'))))))
    (func (export "g") (canon lift (core func $m "g")))))")
                                         .value();
  const auto func = instance.typed<void()>(world.store, "g").value();
  CHECK(func.call(world.store).error().trap_code() == TrapCode::UnknownImport);
}

// ---- traps of lifting, by typed and by dynamic calls

namespace {

// A function without parameters whose core function answers `address`, over 64 KiB of memory with `data` at 16.
std::string giving(const std::string& type, const std::string& data, const std::string& answer,
                   const std::string& options = "") {
  return R"((component (core module $M (memory (export "mem") 1) (data (i32.const 16) ")" + data +
         R"(") (func (export "f") (result i32) )" + answer + R"())
    (core instance $m (instantiate $M))
    (func (export "f") (result )" +
         type + ") (canon lift (core func $m \"f\") (memory (core memory $m \"mem\")) " + options + ")))";
}

struct Bad {
  const char* type;
  const char* data;
  const char* answer;
  TrapCode code;
  const char* options = "";
};

constexpr Bad kBad[] = {
    {"string", "", "(i32.const 2)", TrapCode::UnalignedPointer},
    {"string", "", "(i32.const 65536)", TrapCode::PointerOutOfBounds},
    {"string", "", "(i32.const -4)", TrapCode::PointerOutOfBounds},
    {"string", "\\ff\\ff\\00\\00\\02\\00\\00\\00", "(i32.const 16)", TrapCode::StringOutOfBounds},
    {"string", "\\00\\00\\01\\00\\01\\00\\00\\00", "(i32.const 16)", TrapCode::StringOutOfBounds},
    {"string", "\\01\\00\\01\\00\\00\\00\\00\\00", "(i32.const 16)", TrapCode::StringOutOfBounds},
    {"string", "\\00\\00\\00\\00\\00\\00\\00\\10", "(i32.const 16)", TrapCode::StringTooLong},
    {"string", "\\00\\00\\00\\00\\ff\\ff\\ff\\ff", "(i32.const 16)", TrapCode::StringTooLong},
    {"string", "\\18\\00\\00\\00\\01\\00\\00\\00\\ff", "(i32.const 16)", TrapCode::InvalidUtf8},
    {"string", "\\18\\00\\00\\00\\02\\00\\00\\00\\c0\\80", "(i32.const 16)", TrapCode::InvalidUtf8},
    {"string", "\\18\\00\\00\\00\\03\\00\\00\\00\\ed\\a0\\80", "(i32.const 16)", TrapCode::InvalidUtf8},
    {"string", "\\18\\00\\00\\00\\02\\00\\00\\00\\e2\\98", "(i32.const 16)", TrapCode::InvalidUtf8},
    {"string", "\\19\\00\\00\\00\\00\\00\\00\\00", "(i32.const 16)", TrapCode::UnalignedPointer,
     "string-encoding=utf16"},
    {"string", "\\18\\00\\00\\00\\01\\00\\00\\00\\00\\d8", "(i32.const 16)", TrapCode::InvalidUtf16,
     "string-encoding=utf16"},
    {"string", "\\18\\00\\00\\00\\02\\00\\00\\00\\00\\dc\\00\\d8", "(i32.const 16)", TrapCode::InvalidUtf16,
     "string-encoding=utf16"},
    {"string", "\\18\\00\\00\\00\\01\\00\\00\\80\\00\\d8", "(i32.const 16)", TrapCode::InvalidUtf16,
     "string-encoding=latin1+utf16"},
    {"string", "\\19\\00\\00\\00\\01\\00\\00\\00", "(i32.const 16)", TrapCode::UnalignedPointer,
     "string-encoding=latin1+utf16"},
    {"string", "\\00\\00\\00\\00\\00\\00\\00\\88", "(i32.const 16)", TrapCode::StringTooLong,
     "string-encoding=latin1+utf16"},
    {"(list u32)", "\\02\\00\\00\\00\\00\\00\\00\\00", "(i32.const 16)", TrapCode::UnalignedPointer},
    {"(list u32)", "\\00\\00\\00\\00\\01\\40\\00\\00", "(i32.const 16)", TrapCode::ListOutOfBounds},
    {"(list u32)", "\\00\\00\\00\\00\\00\\00\\00\\04", "(i32.const 16)", TrapCode::ListTooLong},
    {"(list u32)", "\\04\\00\\01\\00\\00\\00\\00\\00", "(i32.const 16)", TrapCode::ListOutOfBounds},
    {"char", "", "(i32.const 0xd800)", TrapCode::InvalidChar},
    {"char", "", "(i32.const 0xdfff)", TrapCode::InvalidChar},
    {"char", "", "(i32.const 0x110000)", TrapCode::InvalidChar},
    {"char", "", "(i32.const -1)", TrapCode::InvalidChar},
    {"(list char)", "\\18\\00\\00\\00\\01\\00\\00\\00\\00\\d8", "(i32.const 16)", TrapCode::InvalidChar},
    {"(result)", "", "(i32.const 2)", TrapCode::InvalidDiscriminant},
    {"(result)", "", "(i32.const -1)", TrapCode::InvalidDiscriminant},
    {"(option u8)", "\\02\\00", "(i32.const 16)", TrapCode::InvalidDiscriminant},
    {"(option u64)", "\\00", "(i32.const 4)", TrapCode::UnalignedPointer},
    {"(list (option u8))", "\\18\\00\\00\\00\\01\\00\\00\\00\\02", "(i32.const 16)",
     TrapCode::InvalidDiscriminant},
    {"(tuple u8 u64)", "", "(i32.const 65528)", TrapCode::PointerOutOfBounds},
    {"u32", "", "(unreachable)", TrapCode::Unreachable},
};

template <class T>
std::optional<TrapCode> typed_code(const Bad& bad) {
  World world;
  const ComponentInstance instance =
      world.instantiate(giving(bad.type, bad.data, bad.answer, bad.options)).value();
  const auto func = instance.typed<T()>(world.store, "f").value();
  const Result<T> got = func.call(world.store);
  return got.ok() ? std::nullopt : got.error().trap_code();
}

std::optional<TrapCode> typed_code_of(const Bad& bad) {
  const std::string_view type = bad.type;
  if (type == "string") return typed_code<std::string>(bad);
  if (type == "(list u32)") return typed_code<std::vector<uint32_t>>(bad);
  if (type == "char") return typed_code<char32_t>(bad);
  if (type == "(list char)") return typed_code<std::vector<char32_t>>(bad);
  if (type == "(result)") return typed_code<Expected<void, void>>(bad);
  if (type == "(option u8)") return typed_code<std::optional<uint8_t>>(bad);
  if (type == "(option u64)") return typed_code<std::optional<uint64_t>>(bad);
  if (type == "(list (option u8))") return typed_code<std::vector<std::optional<uint8_t>>>(bad);
  if (type == "(tuple u8 u64)") return typed_code<std::tuple<uint8_t, uint64_t>>(bad);
  return typed_code<uint32_t>(bad);
}

}  // namespace

TEST_CASE("what cannot be lifted traps with its code, and the instance is closed") {
  for (const Bad& bad : kBad) {
    INFO(bad.type << " " << bad.data << " " << bad.answer);
    World world;
    const ComponentInstance instance =
        world.instantiate(giving(bad.type, bad.data, bad.answer, bad.options)).value();
    const ComponentFunc func = instance.func(world.store, "f").value();
    const Result<std::optional<ComponentVal>> got = func.call(world.store, {});
    REQUIRE(!got.ok());
    CHECK(got.error().trap_code() == bad.code);
    CHECK(func.call(world.store, {}).error().trap_code() == TrapCode::CannotEnter);
    CHECK(typed_code_of(bad) == bad.code);
  }
}

TEST_CASE("what a guest makes the host keep is bounded") {
  // 4,096 lists, each the same 64 KiB: 256 MiB if they were believed.
  const std::string text = R"((component (core module $M (memory (export "mem") 2)
      (func (export "f") (result i32) (local $i i32)
        (loop $l
          (i32.store (i32.add (i32.const 65536) (i32.mul (local.get $i) (i32.const 8))) (i32.const 0))
          (i32.store (i32.add (i32.const 65540) (i32.mul (local.get $i) (i32.const 8))) (i32.const 65536))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br_if $l (i32.lt_u (local.get $i) (i32.const 4096))))
        (i32.store (i32.const 131064) (i32.const 65536))
        (i32.store (i32.const 131068) (i32.const 4096))
        (i32.const 131064)))
    (core instance $m (instantiate $M))
    (func (export "f") (result (list (list u8))) (canon lift (core func $m "f") (memory (core memory $m "mem"))))))";
  World world;
  const ComponentInstance instance = world.instantiate(text).value();
  const auto func = instance.typed<std::vector<std::vector<uint8_t>>()>(world.store, "f").value();
  CHECK(func.call(world.store).error().trap_code() == TrapCode::HostCallBudget);
  const ComponentInstance again = world.instantiate(text).value();
  CHECK(again.func(world.store, "f").value().call(world.store, {}).error().trap_code() ==
        TrapCode::HostCallBudget);
}

TEST_CASE("handles of another store mean nothing") {
  World one;
  World two;
  const std::string text = giving("u32", "", "(i32.const 5)");
  const ComponentInstance instance = one.instantiate(text).value();
  REQUIRE(two.instantiate(text).ok());
  const ComponentFunc func = instance.func(one.store, "f").value();
  CHECK(func.call(one.store, {}).value()->get<uint32_t>() == 5);
  CHECK(func.call(two.store, {}).error().kind() == ErrorKind::InvalidHandle);
  CHECK(instance.func(two.store, "f").error().kind() == ErrorKind::InvalidHandle);
  CHECK(ComponentInstance().func(one.store, "f").error().kind() == ErrorKind::InvalidHandle);
  CHECK(ComponentFunc().call(one.store, {}).error().kind() == ErrorKind::InvalidHandle);
  CHECK(ComponentResource().drop(one.store).error().kind() == ErrorKind::InvalidHandle);
}

// ---- resources of guests in the host's hands

namespace {

constexpr const char* kGuestResource = R"((component
    (core module $L (global $live (export "live") (mut i32) (i32.const 0))
      (func (export "dtor") (param i32) (global.set $live (i32.sub (global.get $live) (i32.const 1)))))
    (core instance $l (instantiate $L))
    (type $R' (resource (rep i32) (dtor (core func $l "dtor"))))
    (export $R "r" (type $R'))
    (core func $new (canon resource.new $R'))
    (core func $rep (canon resource.rep $R'))
    (core module $M
      (import "l" "live" (global $live (mut i32)))
      (import "" "new" (func $new (param i32) (result i32)))
      (import "" "rep" (func $rep (param i32) (result i32)))
      (func (export "make") (param i32) (result i32)
        (global.set $live (i32.add (global.get $live) (i32.const 1))) (call $new (local.get 0)))
      (func (export "get") (param i32) (result i32) (local.get 0))
      (func (export "take") (param i32) (result i32) (call $rep (local.get 0)))
      (func (export "live") (result i32) (global.get $live)))
    (core instance $m (instantiate $M (with "l" (instance $l))
      (with "" (instance (export "new" (func $new)) (export "rep" (func $rep))))))
    (func (export "make") (param "rep" u32) (result (own $R)) (canon lift (core func $m "make")))
    (func (export "get") (param "r" (borrow $R)) (result u32) (canon lift (core func $m "get")))
    (func (export "take") (param "r" (own $R)) (result u32) (canon lift (core func $m "take")))
    (func (export "live") (result u32) (canon lift (core func $m "live")))))";

struct Thing;

}  // namespace

TEST_CASE("the host holds, lends, gives back and drops a guest's resource") {
  World world;
  const ComponentInstance instance = world.instantiate(kGuestResource).value();
  const auto make = instance.typed<GuestOwn<Thing>(uint32_t)>(world.store, "make").value();
  const auto get = instance.typed<uint32_t(GuestBorrow<Thing>)>(world.store, "get").value();
  const auto take = instance.typed<uint32_t(GuestOwn<Thing>)>(world.store, "take").value();
  const auto live = instance.typed<uint32_t()>(world.store, "live").value();
  const GuestOwn<Thing> first = make.call(world.store, 7).value();
  const GuestOwn<Thing> second = make.call(world.store, 8).value();
  CHECK(live.call(world.store).value() == 2);
  CHECK(get.call(world.store, {first.resource}).value() == 7);
  CHECK(get.call(world.store, {first.resource}).value() == 7);
  CHECK(first.resource.is_owned(world.store).value());
  CHECK(first.resource.drop(world.store).ok());
  CHECK(first.resource.drop(world.store).error().kind() == ErrorKind::InvalidHandle);
  CHECK(live.call(world.store).value() == 1);
  CHECK(take.call(world.store, second).value() == 8);
  CHECK(second.resource.drop(world.store).error().kind() == ErrorKind::InvalidHandle);
  CHECK(get.call(world.store, {first.resource}).error().kind() == ErrorKind::InvalidHandle);
}

TEST_CASE("a type that does not fit leaves no tag bound") {
  struct Other;
  World world;
  const ComponentInstance instance = world.instantiate(kGuestResource).value();
  // The parameter fits and binds the tag, the result does not.
  CHECK_FALSE(instance.typed<std::string(GuestBorrow<Other>)>(world.store, "get").ok());
  CHECK(instance.typed<uint32_t(GuestBorrow<Thing>)>(world.store, "get").ok());
  CHECK(instance.typed<uint32_t(GuestBorrow<Other>)>(world.store, "get").ok());
}

TEST_CASE("a resource of one instance is not one of another") {
  World world;
  const ComponentInstance one = world.instantiate(kGuestResource).value();
  const ComponentInstance two = world.instantiate(kGuestResource).value();
  const ComponentVal rep(uint32_t{1});
  const std::optional<ComponentVal> made =
      one.func(world.store, "make").value().call(world.store, {&rep, 1}).value();
  const ComponentVal lent = ComponentVal::borrow(made->resource());
  CHECK(two.func(world.store, "get").value().call(world.store, {&lent, 1}).error().kind() ==
        ErrorKind::Usage);
  CHECK(one.func(world.store, "get").value().call(world.store, {&lent, 1}).value()->get<uint32_t>() == 1);
}

TEST_CASE("a typed call takes no resource of another instance") {
  World world;
  const ComponentInstance one = world.instantiate(kGuestResource).value();
  const ComponentInstance two = world.instantiate(kGuestResource).value();
  const GuestOwn<Thing> made =
      one.typed<GuestOwn<Thing>(uint32_t)>(world.store, "make").value().call(world.store, 1).value();
  const auto get = two.typed<uint32_t(GuestBorrow<Thing>)>(world.store, "get").value();
  const auto take = two.typed<uint32_t(GuestOwn<Thing>)>(world.store, "take").value();
  CHECK(get.call(world.store, {made.resource}).error().kind() == ErrorKind::Usage);
  CHECK(take.call(world.store, made).error().kind() == ErrorKind::Usage);
  CHECK(made.resource.drop(world.store).ok());
}

TEST_CASE("a component is linked to an instance of another") {
  World world;
  const ComponentInstance provider = world.instantiate(kGuestResource).value();
  REQUIRE(world.linker.define_instance(world.store, "provider", provider).ok());
  const ComponentInstance user = world
                                     .instantiate(R"((component
    (import "provider" (instance $p
      (export "r" (type $r (sub resource)))
      (export "make" (func (param "rep" u32) (result (own $r))))
      (export "get" (func (param "r" (borrow $r)) (result u32)))))
    (core func $make (canon lower (func $p "make")))
    (core func $get (canon lower (func $p "get")))
    (core module $M (import "" "make" (func $make (param i32) (result i32)))
      (import "" "get" (func $get (param i32) (result i32)))
      (func (export "run") (result i32) (call $get (call $make (i32.const 9)))))
    (core instance $m (instantiate $M (with "" (instance (export "make" (func $make)) (export "get" (func $get))))))
    (func (export "run") (result u32) (canon lift (core func $m "run")))))")
                                     .value();
  CHECK(user.typed<uint32_t()>(world.store, "run").value().call(world.store).value() == 9);
  CHECK(world.fail(R"((component (import "provider" (instance (export "live" (func (result s32)))))))")
            .kind() == ErrorKind::Link);
}

TEST_CASE("functions that are lowered with different options keep them, in every instance") {
  World world;
  REQUIRE(world.linker
              .func("", "look",
                    [](std::string_view text) -> uint32_t {
                      return static_cast<uint32_t>(text.size() * 1000) + static_cast<uint8_t>(text.front());
                    })
              .ok());
  constexpr std::string_view kText = R"((component
    (import "look" (func $look (param "text" string) (result u32)))
    (core module $A (memory (export "mem") 1) (data (i32.const 0) "AA"))
    (core module $B (memory (export "mem") 1) (data (i32.const 0) "B\00"))
    (core instance $a (instantiate $A))
    (core instance $b (instantiate $B))
    (core func $one (canon lower (func $look) (memory (core memory $a "mem"))))
    (core func $two (canon lower (func $look) (memory (core memory $b "mem"))))
    (core func $three (canon lower (func $look) string-encoding=utf16 (memory (core memory $b "mem"))))
    (core func $four (canon lower (func $look) (memory (core memory $a "mem"))))
    (core module $M
      (import "" "one" (func $one (param i32 i32) (result i32)))
      (import "" "two" (func $two (param i32 i32) (result i32)))
      (import "" "three" (func $three (param i32 i32) (result i32)))
      (import "" "four" (func $four (param i32 i32) (result i32)))
      (func (export "one") (result i32) (call $one (i32.const 0) (i32.const 2)))
      (func (export "two") (result i32) (call $two (i32.const 0) (i32.const 2)))
      (func (export "three") (result i32) (call $three (i32.const 0) (i32.const 1)))
      (func (export "four") (result i32) (call $four (i32.const 1) (i32.const 1))))
    (core instance $m (instantiate $M (with "" (instance (export "one" (func $one)) (export "two" (func $two))
      (export "three" (func $three)) (export "four" (func $four))))))
    (func (export "one") (result u32) (canon lift (core func $m "one")))
    (func (export "two") (result u32) (canon lift (core func $m "two")))
    (func (export "three") (result u32) (canon lift (core func $m "three")))
    (func (export "four") (result u32) (canon lift (core func $m "four")))))";
  const Component component = Component::load_text(world.engine, kText).value();
  const ComponentPre pre = world.linker.prelink(component).value();
  for (int i = 0; i < 3; ++i) {
    const ComponentInstance instance = pre.instantiate(world.store).value();
    const auto call = [&](std::string_view name) {
      return instance.typed<uint32_t()>(world.store, name).value().call(world.store).value();
    };
    CHECK(call("one") == 2065);
    CHECK(call("two") == 2066);
    CHECK(call("three") == 1066);
    CHECK(call("four") == 1065);
  }
}

}  // namespace wherry
