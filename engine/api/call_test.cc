// Calls in both directions: values of all types, re-entrancy, and what typed and untyped calls refuse.
#include <bit>
#include <thread>
#include <tuple>

#include "engine/api/test_world.h"

namespace wherry {

namespace {

constexpr std::string_view kEchoes = R"((module
  (func (export "i32") (param i32) (result i32) local.get 0)
  (func (export "i64") (param i64) (result i64) local.get 0)
  (func (export "f32") (param f32) (result f32) local.get 0)
  (func (export "f64") (param f64) (result f64) local.get 0)
  (func (export "func") (param funcref) (result funcref) local.get 0)
  (func (export "extern") (param externref) (result externref) local.get 0)
  (func (export "swap") (param i32 i64 f64) (result f64 i64 i32) local.get 2 local.get 1 local.get 0)
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "nop"))))";

enum class Color : uint32_t { Red = 3 };

}  // namespace

TEST_CASE("typed calls pass every type through") {
  World world;
  const Instance echoes = world.start(kEchoes);
  StoreRef store = world.store;
  CHECK(echoes.typed<int32_t(int32_t)>(store, "i32")->call(store, -5).value() == -5);
  CHECK(echoes.typed<uint32_t(uint32_t)>(store, "i32")->call(store, 0xffffffffu).value() == 0xffffffffu);
  CHECK(echoes.typed<Color(Color)>(store, "i32")->call(store, Color::Red).value() == Color::Red);
  CHECK(echoes.typed<int64_t(int64_t)>(store, "i64")->call(store, INT64_MIN).value() == INT64_MIN);
  const auto nan = std::bit_cast<float>(0x7fa00001u);
  CHECK(std::bit_cast<uint32_t>(echoes.typed<float(float)>(store, "f32")->call(store, nan).value()) ==
        0x7fa00001u);
  CHECK(echoes.typed<double(double)>(store, "f64")->call(store, -0.5).value() == -0.5);
  const Func add = world.func(echoes, "add");
  CHECK(echoes.typed<Func(Func)>(store, "func")->call(store, add).value() == add);
  CHECK(echoes.typed<Func(Func)>(store, "func")->call(store, Func()).value().is_null());
  int object = 0;
  const ExternRef reference = ExternRef::create(store, &object).value();
  const ExternRef returned =
      echoes.typed<ExternRef(ExternRef)>(store, "extern")->call(store, reference).value();
  CHECK(returned == reference);
  CHECK(returned.object(store).value() == &object);
  auto swap =
      echoes.typed<std::tuple<double, int64_t, int32_t>(int32_t, int64_t, double)>(store, "swap").value();
  CHECK(swap.call(store, 7, 8, 1.5).value() == std::tuple(1.5, int64_t{8}, 7));
  CHECK(echoes.typed<void()>(store, "nop")->call(store).ok());
}

TEST_CASE("untyped calls pass every type through") {
  World world;
  const Instance echoes = world.start(kEchoes);
  const auto echo = [&](std::string_view name, Val value) {
    return world.func(echoes, name).call(world.store, {value}).value()[0];
  };
  CHECK(echo("i32", Val(-1)).get<int32_t>() == -1);
  CHECK(echo("i64", Val(int64_t{1} << 40)).get<int64_t>() == int64_t{1} << 40);
  CHECK(echo("f32", Val(1.5f)).get<float>() == 1.5f);
  CHECK(echo("f64", Val(2.5)).get<double>() == 2.5);
  CHECK(echo("func", Val(Func())).get<Func>()->is_null());
  CHECK(echo("extern", Val(ExternRef())).get<ExternRef>()->is_null());
  const auto swapped =
      world.func(echoes, "swap").call(world.store, {Val(1), Val(int64_t{2}), Val(4.0)}).value();
  CHECK(swapped.size() == 3);
  CHECK(swapped[0].get<double>() == 4.0);
  CHECK(swapped[1].get<int64_t>() == 2);
  CHECK(swapped[2].get<int32_t>() == 1);
}

TEST_CASE("vectors pass through host functions, typed and untyped") {
  World world;
  const Func swap =
      Func::wrap(world.store, [](V128 v, int32_t n) { return std::tuple(n, V128{v.high, v.low}); }).value();
  const auto typed = swap.typed<std::tuple<int32_t, V128>(V128, int32_t)>(world.store).value();
  CHECK(typed.call(world.store, {1, 2}, 3).value() == std::tuple(3, V128{2, 1}));
  const auto untyped = swap.call(world.store, {Val(V128{4, 5}), Val(6)}).value();
  CHECK(untyped[0].get<int32_t>() == 6);
  CHECK(untyped[1].get<V128>() == V128{5, 4});
}

TEST_CASE("an untyped call checks numbers and types before anything runs") {
  World world;
  const Instance echoes = world.start(kEchoes);
  const Func add = world.func(echoes, "add");
  const auto too_few = add.call(world.store, {Val(1)});
  CHECK(kind_of(too_few) == ErrorKind::Usage);
  CHECK(too_few.error().message() == "1 arguments, expected 2");
  const auto wrong = add.call(world.store, {Val(1), Val(2.0)});
  CHECK(kind_of(wrong) == ErrorKind::Usage);
  CHECK(wrong.error().message() == "argument 1: a value of type f64, expected i32");
  Val results[2];
  const Val params[2] = {Val(1), Val(2)};
  CHECK(kind_of(add.call(world.store, params, std::span(results))) == ErrorKind::Usage);
}

TEST_CASE("a typed function is refused when types differ, with both in the message") {
  World world;
  const Instance echoes = world.start(kEchoes);
  const auto wrong = echoes.typed<int32_t(int32_t, int64_t)>(world.store, "add");
  CHECK(kind_of(wrong) == ErrorKind::Usage);
  CHECK(wrong.error().message() ==
        "a function of type (param i32 i32) (result i32), expected (param i32 i64) (result i32)");
  CHECK(kind_of(echoes.typed<void(int32_t, int32_t)>(world.store, "add")) == ErrorKind::Usage);
  CHECK(kind_of(echoes.typed<int32_t(int32_t)>(world.store, "nothing")) == ErrorKind::Link);
}

TEST_CASE("results of a more precise type are what was asked for") {
  World world;
  const Instance instance = world.start(R"((module
    (func $f (export "get") (result (ref func)) (ref.func $f))))");
  const auto get = instance.typed<Func()>(world.store, "get");
  REQUIRE(get.ok());
  CHECK(get->call(world.store).value() == world.func(instance, "get"));
}

TEST_CASE("references to functions are checked against the type that is expected") {
  World world;
  const Instance instance = world.start(R"((module
    (type $t (func (param i32)))
    (func (export "take") (param (ref null $t)))
    (func (export "take_some") (param (ref func)))
    (func (export "one") (param i32))
    (func (export "none"))))");
  const Func take = world.func(instance, "take");
  CHECK(take.call(world.store, {Val(world.func(instance, "one"))}).ok());
  CHECK(take.call(world.store, {Val(Func())}).ok());
  CHECK(kind_of(take.call(world.store, {Val(world.func(instance, "none"))})) == ErrorKind::Usage);
  CHECK(kind_of(world.func(instance, "take_some").call(world.store, {Val(Func())})) == ErrorKind::Usage);
}

TEST_CASE("host functions and guests call each other, and every call has its own arguments") {
  World world;
  const DataKey<Func> kDown{"down"};
  // down(n) = n == 0 ? 0 : n + host(n), host(n) = down(n - 1)
  REQUIRE(world.linker
              .func("host", "again",
                    [&](Caller& caller, int32_t n) -> Result<int32_t> {
                      WHERRY_ASSIGN_OR_RETURN(auto down, caller.data(kDown)->typed<int32_t(int32_t)>(caller));
                      return down.call(caller, n - 1);
                    })
              .ok());
  const Instance instance = world.start(R"((module
    (import "host" "again" (func $again (param i32) (result i32)))
    (func (export "down") (param i32) (result i32)
      (if (result i32) (i32.eqz (local.get 0))
        (then (i32.const 0))
        (else (i32.add (local.get 0) (call $again (local.get 0))))))))");
  Func down = world.func(instance, "down");
  REQUIRE(world.store.set_data(kDown, &down).ok());
  CHECK(down.call(world.store, {Val(100)}).value()[0].get<int32_t>() == 5050);
  const auto endless = down.call(world.store, {Val(-1)});
  CHECK(trap_of(endless) == TrapCode::CallStackExhausted);
  CHECK(down.call(world.store, {Val(3)}).value()[0].get<int32_t>() == 6);
}

TEST_CASE("Func::wrap and Func::create make functions that guests call through references") {
  World world;
  const Instance instance = world.start(R"((module
    (table 4 funcref)
    (type $t (func (param i64) (result i64)))
    (func (export "call") (param funcref i64) (result i64)
      (table.set (i32.const 1) (local.get 0))
      (call_indirect (type $t) (local.get 1) (i32.const 1)))))");
  int64_t calls = 0;
  const Func counting = Func::wrap(world.store, [&calls](int64_t by) { return calls += by; }).value();
  auto call = instance.typed<int64_t(Func, int64_t)>(world.store, "call").value();
  CHECK(call.call(world.store, counting, 5).value() == 5);
  CHECK(call.call(world.store, counting, 6).value() == 11);
  const FuncType type{{ValType::i64()}, {ValType::i64()}};
  const Func doubling =
      Func::create(world.store, type,
                   [](Caller&, std::span<const Val> params, std::span<Val> results) -> Result<void> {
                     results[0] = Val(*params[0].get<int64_t>() * 2);
                     return {};
                   })
          .value();
  CHECK(doubling.type(world.store).value() == type);
  CHECK(call.call(world.store, doubling, 21).value() == 42);
  CHECK(doubling.call(world.store, {Val(int64_t{4})}).value()[0].get<int64_t>() == 8);
  const Func other = Func::wrap(world.store, [](int32_t) {}).value();
  CHECK(trap_of(call.call(world.store, other, 1)) == TrapCode::IndirectCallTypeMismatch);
}

TEST_CASE("a result of the wrong type from an untyped host function ends the call") {
  World world;
  const Func wrong = Func::create(world.store, {{}, {ValType::i32()}},
                                  [](Caller&, std::span<const Val>, std::span<Val> results) -> Result<void> {
                                    results[0] = Val(1.5);
                                    return {};
                                  })
                         .value();
  const auto called = wrong.call(world.store, {});
  CHECK(kind_of(called) == ErrorKind::Usage);
  CHECK(called.error().message() == "result 0 of a host function: a value of type f64, expected i32");
}

TEST_CASE("errors of host functions come out of the outermost call as they are") {
  World world;
  REQUIRE(
      world.linker.func("host", "exit", [](int32_t code) -> Result<void> { return Error::exit(code); }).ok());
  REQUIRE(
      world.linker.func("host", "fail", []() -> Result<void> { return Error::host("no such key"); }).ok());
  REQUIRE(world.linker.func("host", "trap", []() -> Result<void> { return Error::trap("out of tea"); }).ok());
  const Instance instance = world.start(R"((module
    (import "host" "exit" (func $exit (param i32)))
    (import "host" "fail" (func $fail))
    (import "host" "trap" (func $trap))
    (func (export "exit") (call $exit (i32.const 3)) unreachable)
    (func (export "fail") (call $fail) unreachable)
    (func (export "trap") (call $trap) unreachable)))");
  CHECK(world.run(instance, "exit").error().exit_code() == 3);
  const auto failed = world.run(instance, "fail");
  CHECK(kind_of(failed) == ErrorKind::Host);
  CHECK(failed.error().message() == "no such key");
  const auto trapped = world.run(instance, "trap");
  CHECK(trap_of(trapped) == TrapCode::HostError);
  CHECK(trapped.error().trap()->message == "out of tea");
}

TEST_CASE("a low-level host function that answers later is an unsupported error today") {
  World world;
  static constexpr HostFunctionEntry kLater[] = {
      {"later", [](void*, Caller&, uint64_t*) { return HostStatus::Pending; }, {}}};
  REQUIRE(world.linker.define_functions("host", kLater).ok());
  const Instance instance =
      world.start(R"((module (import "host" "later" (func $later)) (func (export "run") (call $later))))");
  CHECK(kind_of(world.run(instance, "run")) == ErrorKind::Unsupported);
  CHECK(kind_of(world.run(instance, "run")) == ErrorKind::Unsupported);
}

TEST_CASE("a call into a store that another thread is running is refused") {
  World world;
  Result<void> other;
  Func inner = Func::wrap(world.store, [] {}).value();
  const Func outer = Func::wrap(world.store, [&] {
                       std::thread([&] {
                         other = inner.call(world.store, std::span<const Val>(), std::span<Val>());
                       }).join();
                     }).value();
  CHECK(outer.call(world.store, {}).ok());
  CHECK(kind_of(other) == ErrorKind::Usage);
  CHECK(inner.call(world.store, {}).ok());
}

TEST_CASE("one module runs in several stores on several threads") {
  const World world;
  const Module module = world.load(R"((module
    (memory 1)
    (func $fib (export "fib") (param i32) (result i32)
      (i32.store (i32.const 8) (local.get 0))
      (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))
        (then (local.get 0))
        (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
                       (call $fib (i32.sub (local.get 0) (i32.const 2)))))))))");
  constexpr int kThreads = 4;
  int32_t answers[kThreads] = {};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      Store store = Store::create(world.engine).value();
      const Instance instance = world.linker.instantiate(store, module).value();
      answers[i] = instance.typed<int32_t(int32_t)>(store, "fib")->call(store, 15 + i).value();
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(answers[0] == 610);
  CHECK(answers[1] == 987);
  CHECK(answers[2] == 1597);
  CHECK(answers[3] == 2584);
}

TEST_CASE("a store moves to another thread between calls") {
  World world;
  const Instance echoes = world.start(kEchoes);
  const auto add = echoes.typed<int32_t(int32_t, int32_t)>(world.store, "add").value();
  CHECK(add.call(world.store, 1, 2).value() == 3);
  int32_t sum = 0;
  std::thread([&, store = std::move(world.store)] { sum = add.call(store, 3, 4).value(); }).join();
  CHECK(sum == 7);
  CHECK(kind_of(add.call(world.store, 1, 2)) == ErrorKind::InvalidHandle);
}

}  // namespace wherry
