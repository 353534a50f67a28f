// Linkers: what is found, what clashes, what differs in type, and what lives how long.
#include <atomic>
#include <memory>
#include <thread>

#include "engine/api/test_world.h"

namespace wherry {

namespace {

struct Counter {
  int32_t add(int32_t by) { return total += by; }
  int32_t total = 0;
};

int32_t seven() { return 7; }
int32_t eight() { return 8; }

constexpr HostFunctionEntry kFunctions[] = {
    host_function<&Counter::add>("add"),
    host_function<seven>("seven"),
};
constexpr HostFunctionEntry kOthers[] = {host_function<eight>("seven")};

constexpr std::string_view kUser = R"((module
  (import "host" "add" (func $add (param i32) (result i32)))
  (import "host" "seven" (func $seven (result i32)))
  (func (export "run") (result i32) (call $add (call $seven)))))";

}  // namespace

TEST_CASE("a table of functions serves every store, with its environment") {
  World world;
  Counter counter;
  REQUIRE(world.linker.define_functions("host", kFunctions, &counter).ok());
  const Module module = world.load(kUser);
  const InstancePre pre = world.linker.prelink(module).value();
  CHECK(pre.module() == module);
  for (int32_t i = 1; i <= 3; ++i) {
    Store store = Store::create(world.engine).value();
    const Instance instance = pre.instantiate(store).value();
    CHECK(instance.typed<int32_t()>(store, "run")->call(store).value() == 7 * i);
  }
}

TEST_CASE("a host function takes form once in a store") {
  World world;
  REQUIRE(world.linker.func("a", "f", [&] {}).ok());
  REQUIRE(world.linker.define_functions("b", kFunctions).ok());
  constexpr std::string_view kExporter = R"((module
    (import "a" "f" (func)) (import "b" "seven" (func (result i32)))
    (export "f" (func 0)) (export "seven" (func 1))))";
  const Instance one = world.start(kExporter);
  const Instance two = world.start(kExporter);
  CHECK(world.func(one, "f") == world.func(two, "f"));
  CHECK(world.func(one, "seven") == world.func(two, "seven"));
  CHECK_FALSE(world.func(one, "seven") == world.func(one, "f"));
  CHECK(world.linker.get(world.store, "a", "f").value()->func() == world.func(one, "f"));
  CHECK_FALSE(world.linker.get(world.store, "a", "g").value().has_value());
  CHECK(world.func(one, "seven").call(world.store, {}).value()[0].get<int32_t>() == 7);
}

TEST_CASE("unknown and unfitting imports are errors with names and types") {
  World world;
  REQUIRE(world.linker.func("env", "f", [](int32_t) {}).ok());
  const auto unknown = world.linker.prelink(world.load("(module (import \"env\" \"g\" (func (param i64))))"));
  REQUIRE(kind_of(unknown) == ErrorKind::Link);
  CHECK(unknown.error().message().find("env") != std::string_view::npos);
  CHECK(unknown.error().message().find("g") != std::string_view::npos);
  const auto unfitting =
      world.linker.instantiate(world.store, world.load("(module (import \"env\" \"f\" (func (param i64))))"));
  REQUIRE(kind_of(unfitting) == ErrorKind::Link);
  CHECK(unfitting.error().message().find("i64") != std::string_view::npos);
  CHECK(unfitting.error().message().find("i32") != std::string_view::npos);
  CHECK(kind_of(world.linker.instantiate(
            world.store, world.load("(module (import \"env\" \"f\" (memory 1)))"))) == ErrorKind::Link);
  const Memory small = Memory::create(world.store, {.limits = {1, std::nullopt}}).value();
  REQUIRE(world.linker.define(world.store, "env", "m", small).ok());
  const Module large = world.load("(module (import \"env\" \"m\" (memory 2)))");
  CHECK(kind_of(world.linker.instantiate(world.store, large)) == ErrorKind::Link);
  REQUIRE(small.grow(world.store, 1).ok());
  CHECK(world.linker.instantiate(world.store, large).ok());
}

TEST_CASE("wrong numbers of imports are refused") {
  World world;
  const Module module = world.load("(module (import \"a\" \"f\" (func)))");
  CHECK(kind_of(Instance::create(world.store, module, {})) == ErrorKind::Link);
}

TEST_CASE("a name defined twice is an error, unless shadowing is allowed") {
  World world;
  REQUIRE(world.linker.func("host", "seven", seven).ok());
  CHECK(kind_of(world.linker.func("host", "seven", eight)) == ErrorKind::Link);
  world.linker.allow_shadowing(true);
  CHECK(world.linker.func("host", "seven", eight).ok());
  const auto run = [&] {
    const Instance user =
        world.start(R"((module (import "host" "seven" (func (result i32))) (export "f" (func 0))))");
    return user.typed<int32_t()>(world.store, "f")->call(world.store).value();
  };
  CHECK(run() == 8);
  CHECK(world.linker.define_functions("host", kFunctions).ok());
  CHECK(run() == 7);
  CHECK(world.linker.define_functions("host", kOthers).ok());
  CHECK(run() == 8);
}

TEST_CASE("two tables with one name clash when it is imported") {
  World world;
  REQUIRE(world.linker.define_functions("host", kFunctions).ok());
  REQUIRE(world.linker.define_functions("host", kOthers).ok());
  CHECK(kind_of(world.linker.func("host", "seven", seven)) == ErrorKind::Link);
  CHECK(kind_of(world.linker.instantiate(
            world.store, world.load("(module (import \"host\" \"seven\" (func (result i32))))"))) ==
        ErrorKind::Link);
  CHECK(world.linker
            .instantiate(world.store,
                         world.load("(module (import \"host\" \"add\" (func (param i32) (result i32))))"))
            .ok());
}

TEST_CASE("unknown imports can be made traps, and later definitions replace them") {
  World world;
  REQUIRE(world.linker.func("env", "known", [] {}).ok());
  const Module module = world.load(R"((module
    (import "env" "known" (func $known))
    (import "env" "gone" (func $gone (param i64 f64) (result f32)))
    (func (export "run") (call $known) (drop (call $gone (i64.const 1) (f64.const 0))))))");
  CHECK(kind_of(world.linker.prelink(module)) == ErrorKind::Link);
  REQUIRE(world.linker.define_unknown_imports_as_traps(module).ok());
  const Instance instance = world.linker.instantiate(world.store, module).value();
  const auto called = world.run(instance, "run");
  REQUIRE(trap_of(called) == TrapCode::UnknownImport);
  CHECK(called.error().trap()->frames[0].function == "env.gone");
  REQUIRE(world.linker.func("env", "gone", [](int64_t, double) { return 1.0f; }).ok());
  const Instance better = world.linker.instantiate(world.store, module).value();
  CHECK(world.run(better, "run").ok());
}

TEST_CASE("instances are defined under a name, exports and all") {
  World world;
  const Instance library = world.start(R"((module
    (func (export "f") (result i32) (i32.const 5))
    (memory (export "memory") 1) (global (export "g") i32 (i32.const 2))
    (table (export "t") 1 funcref)))");
  REQUIRE(world.linker.define_instance(world.store, "lib", library).ok());
  const Instance user = world.start(R"((module
    (import "lib" "f" (func $f (result i32)))
    (import "lib" "g" (global $g i32))
    (import "lib" "memory" (memory 1))
    (import "lib" "t" (table 1 funcref))
    (func (export "run") (result i32) (i32.add (call $f) (global.get $g)))))");
  CHECK(user.typed<int32_t()>(world.store, "run")->call(world.store).value() == 7);
  Store other = Store::create(world.engine).value();
  CHECK(kind_of(world.linker.instantiate(other, user.module(world.store).value())) ==
        ErrorKind::InvalidHandle);
}

TEST_CASE("define_module initialises a reactor") {
  World world;
  const Module reactor = world.load(R"((module
    (global $g (mut i32) (i32.const 1))
    (func (export "_initialize") (global.set $g (i32.const 2)))
    (func (export "get") (result i32) (global.get $g))))");
  const Instance instance = world.linker.define_module(world.store, "reactor", reactor).value();
  CHECK(instance.typed<int32_t()>(world.store, "get")->call(world.store).value() == 2);
  const Instance user = world.start(R"((module
    (import "reactor" "get" (func (result i32))) (export "get" (func 0))))");
  CHECK(world.func(user, "get") == world.func(instance, "get"));
}

TEST_CASE("a host function sees who called it") {
  World world;
  Instance seen;
  REQUIRE(world.linker
              .func("host", "look",
                    [&](Caller& caller) -> Result<int32_t> {
                      WHERRY_ASSIGN_OR_RETURN(seen, caller.instance());
                      WHERRY_ASSIGN_OR_RETURN(const MemoryView memory, caller.memory());
                      WHERRY_ASSIGN_OR_RETURN(const Extern item, caller.get("g"));
                      WHERRY_ASSIGN_OR_RETURN(const int32_t g, item.global()->get<int32_t>(caller));
                      WHERRY_ASSIGN_OR_RETURN(const int32_t number, memory.read<int32_t>(16));
                      return number + g;
                    })
              .ok());
  const Instance instance = world.start(R"((module
    (import "host" "look" (func $look (result i32)))
    (memory (export "memory") 1) (global (export "g") i32 (i32.const 30))
    (func (export "run") (param i32) (result i32) (i32.store (i32.const 16) (local.get 0)) (call $look))))");
  const auto run = instance.typed<int32_t(int32_t)>(world.store, "run").value();
  CHECK(run.call(world.store, 12).value() == 42);
  CHECK(run.call(world.store, 13).value() == 43);
  CHECK(seen == instance);
  const Func direct = world.linker.get(world.store, "host", "look").value()->func().value();
  CHECK(kind_of(direct.call(world.store, {})) == ErrorKind::Usage);
  const Instance bare = world.start(R"((module
    (import "host" "look" (func $look (result i32))) (func (export "run") (drop (call $look)))))");
  CHECK(kind_of(world.run(bare, "run")) == ErrorKind::Link);
}

TEST_CASE("closures live as long as linker, prelinked modules and stores need them") {
  World world;
  auto token = std::make_shared<int>(1);
  std::weak_ptr<int> alive = token;
  std::optional<InstancePre> pre;
  {
    Linker linker(world.engine);
    REQUIRE(linker.func("a", "f", [token = std::move(token)]() -> int32_t { return *token; }).ok());
    pre =
        linker
            .prelink(world.load("(module (import \"a\" \"f\" (func (result i32))) (export \"f\" (func 0)))"))
            .value();
  }
  CHECK_FALSE(alive.expired());
  {
    Store store = Store::create(world.engine).value();
    const Instance instance = pre->instantiate(store).value();
    pre.reset();
    CHECK_FALSE(alive.expired());
    CHECK(instance.typed<int32_t()>(store, "f")->call(store).value() == 1);
  }
  CHECK(alive.expired());
}

TEST_CASE("a linker may be moved, and one that was moved from refuses") {
  World world;
  REQUIRE(world.linker.func("a", "f", [] {}).ok());
  Linker moved = std::move(world.linker);
  CHECK(moved.prelink(world.load("(module (import \"a\" \"f\" (func)))")).ok());
  CHECK(kind_of(world.linker.prelink(world.load("(module)"))) == ErrorKind::Usage);
  CHECK(kind_of(world.linker.func("a", "g", [] {})) == ErrorKind::Usage);
}

TEST_CASE("many threads instantiate from one linker") {
  World world;
  REQUIRE(world.linker.func("host", "seven", seven).ok());
  REQUIRE(world.linker.func("host", "add", [](int32_t by) { return by * 2; }).ok());
  const InstancePre pre = world.linker.prelink(world.load(kUser)).value();
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 20; ++round) {
        Store store = Store::create(world.engine).value();
        const Instance instance = pre.instantiate(store).value();
        good += instance.typed<int32_t()>(store, "run")->call(store).value() == 14;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(good == 80);
}

TEST_CASE("signatures with more than a thousand parameters are refused") {
  World world;
  FuncType wide;
  wide.params.assign(1001, ValType::i32());
  const auto made = Func::create(
      world.store, wide, [](Caller&, std::span<const Val>, std::span<Val>) -> Result<void> { return {}; });
  CHECK(kind_of(made) == ErrorKind::Usage);
  wide.params.pop_back();
  wide.results = {ValType::i32()};
  const Func sum =
      Func::create(world.store, wide,
                   [](Caller&, std::span<const Val> params, std::span<Val> results) -> Result<void> {
                     int32_t total = 0;
                     for (const Val& param : params) {
                       total += *param.get<int32_t>();
                     }
                     results[0] = Val(total);
                     return {};
                   })
          .value();
  const std::vector<Val> ones(1000, Val(1));
  Val total;
  CHECK(sum.call(world.store, ones, std::span(&total, 1)).ok());
  CHECK(total.get<int32_t>() == 1000);
}

}  // namespace wherry
