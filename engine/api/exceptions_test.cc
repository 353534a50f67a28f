// Exceptions of guests and hosts, through every mixture of their frames.
#include <catch2/catch.hpp>

#include "engine/api/test_world.h"

namespace wherry {

namespace {

constexpr std::string_view kThrower = R"((module $thrower
  (tag $number (export "number") (param i32 i64))
  (tag $plain (export "plain"))
  (func $inner (param i32) (throw $number (local.get 0) (i64.const -2)))
  (func (export "throw") (param i32) (call $inner (local.get 0)))
  (func (export "throw-plain") (throw $plain))
  (func (export "trap") unreachable)))";

// Calls a host function, and catches `number` around it.
constexpr std::string_view kCatcher = R"((module $catcher
  (import "t" "number" (tag $number (param i32 i64)))
  (import "h" "call" (func $call (param i32)))
  (global $at (export "at") (mut i32) (i32.const 0))
  (func (export "catch") (param $n i32) (result i32) (local $kept i32)
    (local.set $kept (i32.add (local.get $n) (i32.const 1000)))
    (block $h (result i32 i64)
      (try_table (catch $number $h)
        (global.set $at (i32.const 1))
        (call $call (local.get $n))
        (global.set $at (i32.const 2))
        (return (i32.const -1)))
      (unreachable))
    (drop)
    (i32.add (local.get $kept)))
  (func $pass (export "pass") (param i32) (call $call (local.get 0)))
  (func (export "catch-all") (param i32) (result i32)
    (block $h (try_table (catch_all $h) (call $pass (local.get 0)) (return (i32.const 1))))
    (i32.const 2))))";

struct Thrower : World {
  explicit Thrower(const Config& config = {}) : World(config), instance(start(kThrower)) {}

  Result<void> call(std::string_view name, std::initializer_list<Val> params = {}) {
    return func(instance, name).call(store, std::span<const Val>(params.begin(), params.size()), {});
  }
  Tag tag(std::string_view name) { return instance.tag(store, name).value(); }

  // An instance of kCatcher whose host function is `callable`.
  template <class Callable>
  Instance catcher(Callable callable) {
    linker.allow_shadowing(true);
    CHECK(linker.define_instance(store, "t", instance).ok());
    CHECK(linker.func("h", "call", std::move(callable)).ok());
    return start(kCatcher);
  }
  Result<int32_t> run(Instance in, std::string_view name, int32_t n) {
    return in.typed<int32_t(int32_t)>(store, name).value().call(store, n);
  }

  Instance instance;
};

Result<Val> first_argument(StoreRef store, const Error& error) {
  WHERRY_ASSIGN_OR_RETURN(const std::vector<Val> all, error.exception().arguments(store));
  return all.at(0);
}

}  // namespace

TEST_CASE("an uncaught exception is an error of its own kind, with the exception in it") {
  Thrower world;
  const Result<void> result = world.call("throw", {Val(7)});
  REQUIRE(kind_of(result) == ErrorKind::Exception);
  const Error& error = result.error();
  CHECK(error.message() == "uncaught exception number(7, -2)");
  CHECK(error.trap_code() == TrapCode::UncaughtException);
  const ExnRef exception = error.exception();
  CHECK_FALSE(exception.is_null());
  CHECK(exception.tag(world.store).value() == world.tag("number"));
  CHECK_FALSE(exception.tag(world.store).value() == world.tag("plain"));
  const std::vector<Val> arguments = exception.arguments(world.store).value();
  REQUIRE(arguments.size() == 2);
  CHECK(arguments[0].get<int32_t>() == 7);
  CHECK(arguments[1].get<int64_t>() == -2);
  CHECK(error.describe() ==
        "exception: uncaught exception number(7, -2)\n"
        "    0: 0x00005f thrower!inner\n"
        "    1: 0x000066 thrower!throw");
  CHECK(world.call("throw-plain").error().message() == "uncaught exception plain()");
}

TEST_CASE("an error without an exception has none") {
  Thrower world;
  const Result<void> result = world.call("trap");
  CHECK(kind_of(result) == ErrorKind::Trap);
  CHECK(result.error().exception().is_null());
  CHECK(Error::usage("x").exception().is_null());
  CHECK(ExnRef().tag(world.store).error().kind() == ErrorKind::InvalidHandle);
  CHECK(ExnRef().arguments(world.store).error().kind() == ErrorKind::InvalidHandle);
  CHECK(ExnRef().release(world.store).error().kind() == ErrorKind::InvalidHandle);
}

TEST_CASE("an exception goes on behind the host function that returns it") {
  Thrower world;
  const Func thrower = world.func(world.instance, "throw");
  const Instance catcher = world.catcher([thrower](Caller& caller, int32_t n) -> Result<void> {
    WHERRY_RETURN_IF_ERROR(thrower.call(caller, {Val(n)}));
    return {};
  });
  CHECK(world.run(catcher, "catch", 5).value() == 1010);
  CHECK(catcher.global(world.store, "at").value().get<int32_t>(world.store).value() == 1);
  CHECK(world.run(catcher, "catch-all", 5).value() == 2);
  // Uncaught in the outer guest too: where it was thrown is what the backtrace shows.
  const Func pass = world.func(catcher, "pass");
  const Result<std::vector<Val>> result = pass.call(world.store, {Val(6)});
  REQUIRE(kind_of(result) == ErrorKind::Exception);
  CHECK(first_argument(world.store, result.error()).value().get<int32_t>() == 6);
  const std::vector<Frame>& frames = result.error().trap()->frames;
  REQUIRE(frames.size() == 4);
  CHECK(frames[0].function == "inner");
  CHECK(frames[2].function == "h.call");
  CHECK(frames[3].function == "pass");
}

TEST_CASE("a host function may keep an exception to itself") {
  Thrower world;
  const Func thrower = world.func(world.instance, "throw");
  const Instance catcher = world.catcher([thrower](Caller& caller, int32_t n) {
    const Result<std::vector<Val>> result = thrower.call(caller, {Val(n)});
    CHECK(kind_of(result) == ErrorKind::Exception);
  });
  CHECK(world.run(catcher, "catch", 5).value() == -1);
  CHECK(world.run(catcher, "catch-all", 5).value() == 1);
}

TEST_CASE("a host function throws") {
  Thrower world;
  const Tag number = world.tag("number");
  const Instance catcher = world.catcher([number](Caller& caller, int32_t n) -> Result<void> {
    return raise(caller, number, {Val(n * 2), Val(int64_t{1})});
  });
  CHECK(world.run(catcher, "catch", 5).value() == 1015);
  CHECK(world.run(catcher, "catch-all", 5).value() == 2);
  const Result<std::vector<Val>> result = world.func(catcher, "pass").call(world.store, {Val(6)});
  REQUIRE(kind_of(result) == ErrorKind::Exception);
  CHECK(result.error().message() == "uncaught exception number(12, 1)");
  CHECK(first_argument(world.store, result.error()).value().get<int32_t>() == 12);
  REQUIRE(result.error().trap()->frames.size() == 1);  // Guests' frames: the host function has returned.
  CHECK(result.error().trap()->frames[0].function == "pass");
  // The embedder calls the host function itself: there is nobody to catch.
  const Func host = Func::wrap(world.store, [number](Caller& caller) -> Result<void> {
                      return raise(caller, number, {Val(1), Val(int64_t{1})});
                    }).value();
  const Result<std::vector<Val>> direct = host.call(world.store, {});
  REQUIRE(kind_of(direct) == ErrorKind::Exception);
  CHECK(direct.error().exception().tag(world.store).value() == number);
}

TEST_CASE("what a host function throws must fit its tag") {
  Thrower world;
  const Tag number = world.tag("number");
  CHECK(raise(world.store, number, {}).kind() == ErrorKind::Usage);
  CHECK(raise(world.store, number, {Val(1), Val(2)}).kind() == ErrorKind::Usage);
  CHECK(raise(world.store, Tag(), {}).kind() == ErrorKind::InvalidHandle);
  CHECK(raise(world.store, number, {Val(1), Val(int64_t{2})}).kind() == ErrorKind::Exception);
  // Such a mistake ends the call as errors of host functions do; no guest catches it.
  const Instance catcher =
      world.catcher([number](Caller& caller, int32_t) -> Result<void> { return raise(caller, number, {}); });
  CHECK(kind_of(world.run(catcher, "catch-all", 1)) == ErrorKind::Usage);
}

TEST_CASE("a tag of the host is told from others of its type") {
  World world;
  const Tag mine = Tag::create(world.store, {{ValType::i32()}}).value();
  const Tag other = Tag::create(world.store, {{ValType::i32()}}).value();
  CHECK(world.linker.define(world.store, "h", "mine", mine).ok());
  bool throws_other = false;
  CHECK(world.linker
            .func("h", "call",
                  [&](Caller& caller) -> Result<void> {
                    return raise(caller, throws_other ? other : mine, {Val(3)});
                  })
            .ok());
  const Instance instance = world.start(R"((module
    (import "h" "mine" (tag $mine (param i32)))
    (import "h" "call" (func $call))
    (func (export "run") (result i32)
      (block $h (result i32) (try_table (catch $mine $h) (call $call)) (i32.const 0)))))");
  const auto run = instance.typed<int32_t()>(world.store, "run").value();
  CHECK(run.call(world.store).value() == 3);
  throws_other = true;
  const Result<int32_t> result = run.call(world.store);
  REQUIRE(kind_of(result) == ErrorKind::Exception);
  CHECK(result.error().message() == "uncaught exception of a tag unknown here(3)");
  CHECK(result.error().exception().tag(world.store).value() == other);
}

TEST_CASE("neither traps nor exits nor other failures are caught") {
  Thrower world;
  for (const ErrorKind kind : {ErrorKind::Trap, ErrorKind::Exit, ErrorKind::Host}) {
    const Instance catcher = world.catcher([kind](Caller&, int32_t) -> Result<void> {
      if (kind == ErrorKind::Trap) return Error::trap("of the host");
      if (kind == ErrorKind::Exit) return Error::exit(3);
      return Error::host("no");
    });
    CHECK(kind_of(world.run(catcher, "catch-all", 1)) == kind);
  }
  const Func trap = world.func(world.instance, "trap");
  const Instance catcher = world.catcher([trap](Caller& caller, int32_t) -> Result<void> {
    WHERRY_RETURN_IF_ERROR(trap.call(caller, {}));
    return {};
  });
  CHECK(trap_of(world.run(catcher, "catch-all", 1)) == TrapCode::Unreachable);
}

TEST_CASE("an exception of another store is an error like others") {
  Thrower world;
  Thrower elsewhere;
  const Instance catcher = world.catcher([&elsewhere](Caller&, int32_t n) -> Result<void> {
    WHERRY_RETURN_IF_ERROR(elsewhere.call("throw", {Val(n)}));
    return {};
  });
  const Result<int32_t> result = world.run(catcher, "catch-all", 4);
  REQUIRE(kind_of(result) == ErrorKind::Exception);
  CHECK(kind_of(result.error().exception().tag(world.store)) == ErrorKind::InvalidHandle);
  CHECK(result.error().exception().tag(elsewhere.store).ok());
}

TEST_CASE("an exception lives as long as its error, and longer if it is kept") {
  Thrower world;
  std::optional<Error> error(std::move(world.call("throw", {Val(1)})).error());
  std::optional<Error> clone(error->clone());
  std::optional<Error> other(std::move(world.call("throw", {Val(3)})).error());
  const ExnRef thrown = error->exception();
  const ExnRef kept = other->exception();
  CHECK_FALSE(thrown == kept);
  CHECK(thrown == clone->exception());
  CHECK(kept.keep(world.store).ok());
  error.reset();
  other.reset();
  for (int i = 0; i < 100; ++i) (void)world.call("throw", {Val(2)});
  CHECK(thrown.tag(world.store).ok());
  clone.reset();
  for (int i = 0; i < 100; ++i) (void)world.call("throw", {Val(2)});
  CHECK(kind_of(thrown.tag(world.store)) == ErrorKind::InvalidHandle);
  CHECK(kept.arguments(world.store).value().at(0).get<int32_t>() == 3);
  CHECK(kept.release(world.store).ok());
  CHECK(kind_of(kept.release(world.store)) == ErrorKind::InvalidHandle);
}

TEST_CASE("an exception's error outlives its store") {
  std::optional<Error> error;
  {
    Thrower world;
    error.emplace(std::move(world.call("throw", {Val(1)})).error());
  }
  CHECK(error->message() == "uncaught exception number(1, -2)");
  Thrower other;
  CHECK(kind_of(error->exception().tag(other.store)) == ErrorKind::InvalidHandle);
}

TEST_CASE("an exception that was created is thrown as often as one likes") {
  Thrower world;
  const Val arguments[] = {Val(40), Val(int64_t{0})};
  const ExnRef made = ExnRef::create(world.store, world.tag("number"), arguments).value();
  const Instance catcher =
      world.catcher([made](Caller&, int32_t) -> Result<void> { return Error::exception(made); });
  for (int i = 0; i < 3; ++i) CHECK(world.run(catcher, "catch", i).value() == 1040 + i);
  CHECK(made.release(world.store).ok());
  // Now it is an error without an exception: nobody catches it.
  CHECK(kind_of(world.run(catcher, "catch-all", 1)) == ErrorKind::Exception);
}

TEST_CASE("a start function's exception is what instantiation fails with") {
  World world;
  const Module module =
      world.load("(module $m (tag $t (param f64)) (func $s (throw $t (f64.const 1.5))) (start $s))");
  const Result<Instance> instance = world.linker.instantiate(world.store, module);
  REQUIRE(kind_of(instance) == ErrorKind::Exception);
  CHECK(instance.error().message() == "uncaught exception t(1.5)");
}

TEST_CASE("messages of exceptions are short") {
  World world;
  const Instance instance = world.start(R"((module
    (tag (param i32 i64 f32 f64 funcref externref i32 i32 i32 i32))
    (func (export "run")
      (throw 0 (i32.const -1) (i64.const -2) (f32.const 0.5) (f64.const 1e300) (ref.func 0) (ref.null extern)
        (i32.const 7) (i32.const 8) (i32.const 9) (i32.const 10)))))");
  CHECK(world.run(instance, "run").error().message() ==
        "uncaught exception tag 0(-1, -2, 0.5, 1e+300, reference, null, 7, 8, ...)");
}

TEST_CASE("a guest that throws for ever runs out of fuel, at the same instruction each time") {
  Config config;
  config.fuel = true;
  constexpr std::string_view kText = R"((module
    (tag $t)
    (func $f (throw $t))
    (func (export "run") (loop $l (block $h (try_table (catch_all $h) (call $f))) (br $l)))
    (func (export "once") (block $h (try_table (catch_all $h) (call $f) (nop) (nop))))))";
  World world(config);
  const Instance instance = world.start(kText);
  CHECK(world.store.set_fuel(1'000'000).ok());
  CHECK(trap_of(world.run(instance, "run")) == TrapCode::OutOfFuel);
  CHECK(world.store.set_fuel(1000).ok());
  CHECK(world.run(instance, "once").ok());
  // block, try_table, call, and both instructions behind it, which were paid for with it; throw.
  CHECK(world.store.fuel().value() == 1000 - 6);
}

TEST_CASE("a guest that throws for ever meets its deadline") {
  Config config;
  config.interruption = true;
  World world(config);
  const Instance instance = world.start(R"((module
    (tag $t)
    (func $f (throw $t))
    (func (export "run") (loop $l (try_table (catch_all $l) (call $f))))))");
  CHECK(world.store.set_deadline(std::chrono::milliseconds(5)).ok());
  CHECK(trap_of(world.run(instance, "run")) == TrapCode::DeadlineExceeded);
}

// ---- stacks

namespace {

// Guest and host call each other without end; each level catches, and throws again.
constexpr std::string_view kMutual = R"((module
  (import "h" "down" (func $down (param i32)))
  (tag $t (export "t") (param i32))
  (func $level (export "level") (param $n i32)
    (throw $t
      (i32.add (i32.const 1)
        (block $h (result i32)
          (try_table (catch $t $h)
            (if (i32.eqz (local.get $n)) (then (throw $t (i32.const 0))))
            (call $down (i32.sub (local.get $n) (i32.const 1))))
            (unreachable)))))
  (func $self (export "self") (block $h (try_table (catch_all $h) (call $self))) (throw $t (i32.const 1)))))";

// The depth that exceptions came back from, and the trap of a recursion without end.
void recurse(const StoreLimits& limits, int32_t depth) {
  const Engine engine = Engine::create({}).value();
  Store store = Store::create(engine, limits).value();
  Linker linker(engine);
  CHECK(linker
            .func("h", "down",
                  [](Caller& caller, int32_t n) -> Result<void> {
                    WHERRY_ASSIGN_OR_RETURN(const Instance instance, caller.instance());
                    WHERRY_ASSIGN_OR_RETURN(const Func level, instance.func(caller, "level"));
                    WHERRY_RETURN_IF_ERROR(level.call(caller, {Val(n)}));
                    return {};
                  })
            .ok());
  const Module module = load_text(engine, kMutual).value();
  const Instance instance = linker.instantiate(store, module).value();
  const Func level = instance.func(store, "level").value();
  const Result<std::vector<Val>> caught = level.call(store, {Val(depth)});
  CHECK(kind_of(caught) == ErrorKind::Exception);
  CHECK(first_argument(store, caught.error()).value().get<int32_t>() == depth + 1);
  CHECK(trap_of(level.call(store, {Val(-1)})) == TrapCode::CallStackExhausted);
  CHECK(trap_of(instance.func(store, "self").value().call(store, {})) == TrapCode::CallStackExhausted);
  CHECK(kind_of(level.call(store, {Val(1)})) == ErrorKind::Exception);
}

}  // namespace

TEST_CASE("recursion through exceptions and host frames ends in a trap with a stack of 512 KiB") {
  StoreLimits limits;
  limits.stack_bytes = 512 << 10;
  recurse(limits, 100);
}

TEST_CASE("a start function that recurses through exceptions ends in a trap") {
  World world;
  const Module module = world.load(R"((module
    (tag $t)
    (func $s (block $h (try_table (catch_all $h) (call $s))) (throw $t))
    (start $s)))");
  CHECK(trap_of(world.linker.instantiate(world.store, module)) == TrapCode::CallStackExhausted);
}

}  // namespace wherry
