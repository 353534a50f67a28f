// What hostile components and confused embedders tried and must not get: one test for each fault that was found.
#include <catch2/catch.hpp>

#include <string>

#include "component/linker_state.h"
#include "wherry/component_linker.h"

namespace wherry {

namespace {

struct Thing {
  uint32_t value = 1;
};

struct World {
  explicit World(const Config& config = {}) : engine(Engine::create(config).value()) {}

  Engine engine;
  Store store = Store::create(engine).value();
  ComponentLinker linker{engine};

  Result<ComponentInstance> instantiate(std::string_view text, const ComponentFeatures& features = {}) {
    WHERRY_ASSIGN_OR_RETURN(const Component component, Component::load_text(engine, text, features));
    return linker.instantiate(store, component);
  }
};

// A component whose `run` does `body`, with $new making a thing of the host's and $count counting those of a list.
std::string things(const std::string& body) {
  return R"((component
    (import "things" (instance $i
      (export "thing" (type $thing (sub resource)))
      (export "new" (func (result (own $thing))))
      (export "count" (func (param "things" (list (borrow $thing))) (result u32)))))
    (core module $L (memory (export "mem") 1))
    (core instance $l (instantiate $L))
    (core func $new (canon lower (func $i "new")))
    (core func $count (canon lower (func $i "count") (memory (core memory $l "mem"))))
    (core module $M
      (import "l" "mem" (memory 1))
      (import "" "new" (func $new (result i32)))
      (import "" "count" (func $count (param i32 i32) (result i32)))
      (func (export "run") (result i32) (local $h i32) (local $k i32) )" +
         body + R"())
    (core instance $m (instantiate $M (with "l" (instance $l))
      (with "" (instance (export "new" (func $new)) (export "count" (func $count))))))
    (func (export "run") (result u32) (canon lift (core func $m "run")))))";
}

// Defines the things; `made` counts them.
void define_things(World& world, uint32_t& made) {
  REQUIRE(world.linker.resource<Thing>("things", "thing").ok());
  REQUIRE(world.linker
              .func("things", "new",
                    [&made]() -> Result<Own<Thing>> {
                      ++made;
                      return Own<Thing>(new Thing);
                    })
              .ok());
  REQUIRE(world.linker
              .func("things", "count",
                    [](const std::vector<Borrow<Thing>>& all) { return static_cast<uint32_t>(all.size()); })
              .ok());
}

Result<uint32_t> run(World& world, const std::string& body) {
  WHERRY_ASSIGN_OR_RETURN(const ComponentInstance instance, world.instantiate(things(body)));
  WHERRY_ASSIGN_OR_RETURN(const auto func, instance.typed<uint32_t()>(world.store, "run"));
  return func.call(world.store);
}

// Gives a resource and what makes one.
constexpr const char* kProvider = R"((component
    (type $R' (resource (rep i32)))
    (export $R "r" (type $R'))
    (core func $new (canon resource.new $R'))
    (core module $M (import "" "new" (func $new (param i32) (result i32)))
      (func (export "make") (result i32) (call $new (i32.const 1))))
    (core instance $m (instantiate $M (with "" (instance (export "new" (func $new))))))
    (func (export "make") (result (own $R)) (canon lift (core func $m "make")))))";

}  // namespace

TEST_CASE("lending one handle many times is charged") {
  Config config;
  config.limits.host_call_bytes = 64 << 10;
  World world(config);
  uint32_t made = 0;
  define_things(world, made);
  const auto lend = [&](const char* times) {
    return run(world, std::string("(local.set $h (call $new))") + R"(
      (loop $l
        (i32.store (i32.mul (local.get $k) (i32.const 4)) (local.get $h))
        (local.set $k (i32.add (local.get $k) (i32.const 1)))
        (br_if $l (i32.lt_u (local.get $k) (i32.const )" +
                          times + R"())))
      (call $count (i32.const 0) (local.get $k)))");
  };
  CHECK(lend("1000").value() == 1000);
  // 32,000 bytes as a list of pointers, and 64,000 to remember what has been lent.
  CHECK(lend("4000").error().trap_code() == TrapCode::HostCallBudget);
}

TEST_CASE("looking at one string many times is charged") {
  Config config;
  config.limits.host_call_bytes = 64 << 10;
  World world(config);
  REQUIRE(
      world.linker
          .func("", "look",
                [](const std::vector<std::string_view>& all) { return static_cast<uint32_t>(all.size()); })
          .ok());
  // Strings of 48 KiB, all at the same place.
  const ComponentInstance instance = world
                                         .instantiate(R"((component
    (import "look" (func $look (param "all" (list string)) (result u32)))
    (core module $L (memory (export "mem") 1))
    (core instance $l (instantiate $L))
    (core func $look (canon lower (func $look) (memory (core memory $l "mem"))))
    (core module $M
      (import "l" "mem" (memory 1))
      (import "" "look" (func $look (param i32 i32) (result i32)))
      (func (export "run") (param i32) (result i32) (local $k i32)
        (loop $l
          (i32.store offset=4 (i32.mul (local.get $k) (i32.const 8)) (i32.const 49152))
          (i32.store (i32.mul (local.get $k) (i32.const 8)) (i32.const 8192))
          (local.set $k (i32.add (local.get $k) (i32.const 1)))
          (br_if $l (i32.lt_u (local.get $k) (local.get 0))))
        (call $look (i32.const 0) (local.get 0))))
    (core instance $m (instantiate $M (with "l" (instance $l))
      (with "" (instance (export "look" (func $look))))))
    (func (export "run") (param "times" u32) (result u32) (canon lift (core func $m "run")))))")
                                         .value();
  const auto look = instance.typed<uint32_t(uint32_t)>(world.store, "run").value();
  CHECK(look.call(world.store, 10).value() == 10);
  CHECK(look.call(world.store, 1000).error().trap_code() == TrapCode::HostCallBudget);
}

TEST_CASE("the handles of all instances of a store are limited together") {
  uint32_t made = 0;
  World world;
  define_things(world, made);
  const std::string forever = "(loop $l (drop (call $new)) (br $l)) (i32.const 0)";
  CHECK(run(world, forever).error().trap_code() == TrapCode::TooManyHandles);
  const uint32_t first = made;
  CHECK(run(world, forever).error().trap_code() == TrapCode::TooManyHandles);
  CHECK(made <= first + 1);
}

// A resource whose destructor counts, what makes one, and what fills the tables.
constexpr const char* kCounted = R"((component
    (core module $D (global $n (mut i32) (i32.const 0))
      (func (export "dtor") (param i32) (global.set $n (i32.add (global.get $n) (i32.const 1))))
      (func (export "dead") (result i32) (global.get $n)))
    (core instance $d (instantiate $D))
    (type $R' (resource (rep i32) (dtor (func $d "dtor"))))
    (export $R "r" (type $R'))
    (core func $new (canon resource.new $R'))
    (core module $M (import "" "new" (func $new (param i32) (result i32)))
      (func (export "make") (result i32) (call $new (i32.const 1)))
      (func (export "fill") (loop $l (drop (call $new (i32.const 2))) (br $l))))
    (core instance $m (instantiate $M (with "" (instance (export "new" (func $new))))))
    (func (export "make") (result (own $R)) (canon lift (core func $m "make")))
    (func (export "fill") (canon lift (core func $m "fill")))
    (func (export "dead") (result u32) (canon lift (core func $d "dead")))))";

TEST_CASE("what cannot be given for want of a place stays with who had it, and dies of its destructor") {
  World world;
  const auto call = [&](const ComponentInstance& instance, const char* name,
                        std::span<const ComponentVal> arguments = {}) {
    return instance.func(world.store, name).value().call(world.store, arguments);
  };
  const ComponentInstance one = world.instantiate(kCounted).value();
  const ComponentInstance other = world.instantiate(kCounted).value();
  REQUIRE(world.linker.define_instance(world.store, "p", one).ok());
  const ComponentInstance taker = world
                                      .instantiate(R"((component
    (import "p" (instance $p (export "r" (type $R (sub resource)))))
    (alias export $p "r" (type $R))
    (core module $M (func (export "take") (param i32)))
    (core instance $m (instantiate $M))
    (func (export "take") (param "r" (own $R)) (canon lift (core func $m "take")))))")
                                      .value();
  const ComponentVal thing = call(one, "make").value().value();
  CHECK(call(other, "fill").error().trap_code() == TrapCode::TooManyHandles);
  // The table of the taker is empty, and no table may grow any more.
  CHECK(call(taker, "take", {&thing, 1}).error().trap_code() == TrapCode::TooManyHandles);
  CHECK(thing.resource().is_owned(world.store).value());
  CHECK(call(one, "dead").value()->get<uint32_t>() == 0);
  CHECK(thing.resource().drop(world.store).ok());
  CHECK(call(one, "dead").value()->get<uint32_t>() == 1);
}

TEST_CASE("parameters whose sizes add up to more than a memory are refused") {
  World world;
  ComponentFeatures features;
  REQUIRE(features.set("component-model-fixed-length-lists", true).ok());
  // 16 lists of 2^28 - 8 bytes and one of 128: together 2^32.
  std::string params;
  for (const char name : std::string_view("abcdefghijklmnop")) {
    params += std::string("(param \"") + name + "\" $big) ";
  }
  const Result<ComponentInstance> made = world.instantiate(R"((component
    (component $callee
      (type $big (list u64 33554431)) (type $small (list u64 16))
      (core module $M (memory (export "mem") 1)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0))
        (func (export "f") (param i32)))
      (core instance $m (instantiate $M))
      (func (export "f") )" + params +
                                                               R"((param "z" $small)
        (canon lift (core func $m "f") (memory (core memory $m "mem")) (realloc (core func $m "realloc")))))
    (instance $c (instantiate $callee))
    (core module $L (memory (export "mem") 1))
    (core instance $l (instantiate $L))
    (core func $f (canon lower (func $c "f") (memory (core memory $l "mem"))))
    (core module $M (import "" "f" (func $f (param i32))) (func (export "run") (call $f (i32.const 0))))
    (core instance $m (instantiate $M (with "" (instance (export "f" (func $f))))))
    (func (export "run") (canon lift (core func $m "run")))))",
                                                           features);
  REQUIRE_FALSE(made.ok());
  CHECK(made.error().message().find("4 GiB") != std::string_view::npos);
}

TEST_CASE("a small component is refused that would have a million canonical functions") {
  std::string text = "(component (component $c (type $r (resource (rep i32)))";
  for (int i = 0; i < 1000; ++i) text += "(core func (canon resource.new $r))";
  text += ")";
  for (int i = 0; i < 1000; ++i) text += "(instance (instantiate $c))";
  World world;
  const Result<ComponentInstance> made = world.instantiate(text + ")");
  REQUIRE_FALSE(made.ok());
  CHECK(made.error().message().find("steps") != std::string_view::npos);
}

TEST_CASE("what imports from an instance is not instantiated in another store") {
  World world;
  Store other = Store::create(world.engine).value();
  // The second instance has a number that no tree of the other store has.
  REQUIRE(world.instantiate(kProvider).ok());
  const ComponentInstance provider = world.instantiate(kProvider).value();
  REQUIRE(world.linker.define_instance(world.store, "provider", provider).ok());
  const Component user = Component::load_text(world.engine, R"((component
    (import "provider" (instance (export "r" (type (sub resource)))))))")
                             .value();
  CHECK(world.linker.instantiate(world.store, user).ok());
  CHECK(world.linker.instantiate(other, user).error().kind() == ErrorKind::InvalidHandle);
}

TEST_CASE("what imports from instances of two stores is not linked") {
  World world;
  Store other = Store::create(world.engine).value();
  const Component component = Component::load_text(world.engine, kProvider).value();
  ComponentLinker empty(world.engine);
  const ComponentInstance one = empty.instantiate(world.store, component).value();
  REQUIRE(empty.instantiate(other, component).ok());
  const ComponentInstance two = empty.instantiate(other, component).value();
  REQUIRE(world.linker.define_instance(world.store, "one", one).ok());
  REQUIRE(world.linker.define_instance(other, "two", two).ok());
  const Component user = Component::load_text(world.engine, R"((component
    (import "two" (instance (export "r" (type (sub resource)))))
    (import "one" (instance (export "r" (type (sub resource)))))))")
                             .value();
  CHECK(world.linker.instantiate(world.store, user).error().kind() == ErrorKind::Link);
  CHECK(world.linker.instantiate(other, user).error().kind() == ErrorKind::Link);
}

TEST_CASE("a handle of the host's is gone for good, also when its place is taken again") {
  World world;
  const ComponentInstance instance = world.instantiate(kProvider).value();
  const ComponentFunc make = instance.func(world.store, "make").value();
  const ComponentResource first = make.call(world.store, {}).value()->resource();
  CHECK(first.drop(world.store).ok());
  const ComponentResource second = make.call(world.store, {}).value()->resource();
  CHECK(second.is_owned(world.store).value());
  CHECK(first.is_owned(world.store).error().kind() == ErrorKind::InvalidHandle);
  CHECK(first.drop(world.store).error().kind() == ErrorKind::InvalidHandle);
  CHECK(second.drop(world.store).ok());
}

TEST_CASE("a string of the host's that is no UTF-8 is refused before the guest is entered") {
  World world;
  const ComponentInstance instance = world
                                         .instantiate(R"((component
    (core module $M (memory (export "mem") 1)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 8))
      (func (export "f") (param i32 i32) (result i32) (local.get 1)))
    (core instance $m (instantiate $M))
    (func (export "f") (param "s" string) (result u32)
      (canon lift (core func $m "f") (memory (core memory $m "mem")) (realloc (core func $m "realloc"))))))")
                                         .value();
  const ComponentFunc func = instance.func(world.store, "f").value();
  const ComponentVal bad = ComponentVal::string("\xff");
  const ComponentVal good = ComponentVal::string("four");
  CHECK(func.call(world.store, {&bad, 1}).error().kind() == ErrorKind::Usage);
  CHECK(func.call(world.store, {&good, 1}).value()->get<uint32_t>() == 4);
}

TEST_CASE("arguments that only the host got wrong do not end an instance") {
  World world;
  const ComponentInstance instance = world
                                         .instantiate(R"((component
    (core module $M (memory (export "mem") 1)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 8))
      (func (export "f") (param i32 i32 i32 i32) (result i32) (i32.add (local.get 1) (local.get 3))))
    (core instance $m (instantiate $M))
    (func (export "f") (param "s" string) (param "t" string) (result u32)
      (canon lift (core func $m "f") (memory (core memory $m "mem")) (realloc (core func $m "realloc"))))))")
                                         .value();
  const auto func = instance.typed<uint32_t(std::string, std::string)>(world.store, "f").value();
  CHECK(func.call(world.store, "one", "\xff").error().kind() == ErrorKind::Usage);
  CHECK(func.call(world.store, "one", "four").value() == 7);
}

}  // namespace wherry
