// Runaway recursion ends in a trap, never in the process: guests with 512 KiB of their own stack on a thread of 256 KiB, which
// is what threads of musl, of coroutine libraries and of some servers have. In every mode; the store works afterwards.
//
// Two stacks can run out: the guest's, which the engine makes, and the thread's, on which the host's functions, lowering and
// the runtime stand. Guest code alone takes nothing of the latter. Where host and guest call each other, it is the one that
// ends first.
#include <pthread.h>

#include <catch2/catch.hpp>
#include <functional>
#include <string>

#include "wherry/wherry.h"

namespace wherry {

namespace {

constexpr size_t kThreadBytes = 256 << 10;
constexpr uint64_t kGuestBytes = 512 << 10;

void on_thread(size_t stack_bytes, std::function<void()> body) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  REQUIRE(pthread_attr_setstacksize(&attributes, stack_bytes) == 0);
  pthread_t thread;
  const auto start = [](void* given) -> void* {
    (*static_cast<std::function<void()>*>(given))();
    return nullptr;
  };
  REQUIRE(pthread_create(&thread, &attributes, start, &body) == 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

struct Mode {
  const char* name;
  uint32_t disabled;
  bool guard;
  bool metered;
};
constexpr Mode kModes[] = {{"all optimisations", 0, true, false},
                           {"checks", 0, false, false},
                           {"no optimisation", kAllOptimizations, false, false},
                           {"metered", 0, true, true}};

Engine make_engine(const Mode& mode) {
  Config config;
  config.fuel = mode.metered;
  config.interruption = mode.metered;
  config.validation = Validation::Lazy;
  config.advanced.disabled_optimizations = mode.disabled;
  config.advanced.signals_based_traps = mode.guard;
  config.limits.stack_bytes = kGuestBytes;
  return Engine::create(config).value();
}

Store make_store(const Engine& engine, const Mode& mode) {
  Store store = Store::create(engine).value();
  if (mode.metered) store.set_fuel(uint64_t{1} << 40).value();
  return store;
}

template <class T>
std::string outcome(const Result<T>& result) {
  if (result.ok()) return "returned";
  const auto trap = result.error().trap_code();
  return trap ? std::string(trap_message(*trap)) : result.error().describe();
}

Result<void> run(Store& store, Instance instance, std::string_view name) {
  WHERRY_ASSIGN_OR_RETURN(Func func, instance.func(store, name));
  return func.call(store, std::span<const Val>(), std::span<Val>());
}

// Runs "run" of a module in each mode on a small thread, and checks how that ends and that "ok" returns afterwards.
void check(const char* text, const std::string& expected, const std::function<void(Linker&)>& define = {}) {
  for (const Mode& mode : kModes) {
    on_thread(kThreadBytes, [&] {
      INFO(mode.name);
      const Engine engine = make_engine(mode);
      Store store = make_store(engine, mode);
      Linker linker(engine);
      if (define) define(linker);
      const Module module = load_text(engine, text).value();
      const Instance instance = linker.instantiate(store, module).value();
      for (int round = 0; round < 3; ++round) {
        CHECK(outcome(run(store, instance, "run")) == expected);
        CHECK(outcome(run(store, instance, "ok")) == "returned");
      }
    });
  }
}

constexpr auto kExhausted = "call stack exhausted";

// A host function "call" that calls the guest's "run".
void define_call(Linker& linker) {
  linker
      .func("host", "call",
            [](Caller& caller) -> Result<void> {
              WHERRY_ASSIGN_OR_RETURN(Instance instance, caller.instance());
              WHERRY_ASSIGN_OR_RETURN(Func func, instance.func(caller, "run"));
              return func.call(caller, std::span<const Val>(), std::span<Val>());
            })
      .value();
}

}  // namespace

TEST_CASE("a function that calls itself exhausts the stack") {
  check(R"((module (func $f (export "run") (call $f)) (func (export "ok"))))", kExhausted);
  check(R"((module
    (func $f (param i64 f64) (result f64) (local i64 f64)
      (local.set 2 (i64.add (local.get 0) (i64.const 1)))
      (f64.add (local.get 1) (call $f (local.get 2) (f64.convert_i64_s (local.get 2)))))
    (func (export "run") (drop (call $f (i64.const 0) (f64.const 0))))
    (func (export "ok"))))",
        kExhausted);
}

TEST_CASE("functions that call each other in a circle exhaust the stack") {
  check(R"((module
    (func $a (export "run") (call $b)) (func $b (local i32 i32 i32) (call $c)) (func $c (param) (call $a))
    (func (export "ok"))))",
        kExhausted);
}

TEST_CASE("indirect calls and calls by reference exhaust the stack") {
  check(R"((module (type $t (func)) (table 1 funcref) (elem (i32.const 0) $f)
    (func $f (export "run") (call_indirect (type $t) (i32.const 0)))
    (func (export "ok"))))",
        kExhausted);
  check(R"((module (type $t (func)) (elem declare func $f)
    (func $f (export "run") (call_ref $t (ref.func $f)))
    (func (export "ok"))))",
        kExhausted);
}

TEST_CASE("a function of 40,000 locals exhausts the stack at once") {
  std::string locals;
  for (int i = 0; i < 40'000; ++i) locals += " i64";
  const std::string text = "(module (func $f (local" + locals +
                           ") (call $f)) (func (export \"run\") (call $f)) (func (export \"ok\")))";
  check(text.c_str(), kExhausted);
}

TEST_CASE("a function of 1,000 parameters and results exhausts the stack") {
  std::string types;
  std::string pushes;
  std::string gets;
  for (int i = 0; i < 1'000; ++i) {
    types += " i64";
    pushes += " (i64.const 1)";
    gets += " (local.get " + std::to_string(i) + ")";
  }
  const std::string text = "(module (func $f (param" + types + ") (result" + types + ") (call $f" + gets +
                           ")) (func (export \"run\") (call $f" + pushes + ") " +
                           [] {
                             std::string drops;
                             for (int i = 0; i < 1'000; ++i) drops += " drop";
                             return drops;
                           }() +
                           ") (func (export \"ok\")))";
  check(text.c_str(), kExhausted);
}

TEST_CASE("tail calls take no stack, and those between calls exhaust it") {
  check(R"((module
    (func $down (param i32) (if (local.get 0)
      (then (return_call $down (i32.sub (local.get 0) (i32.const 1))))))
    (func (export "run") (call $down (i32.const 300000)))
    (func (export "ok"))))",
        "returned");
  check(R"((module
    (func $a (export "run") (return_call $b)) (func $b (call $a))
    (func (export "ok"))))",
        kExhausted);
  // Each tail call hands over more arguments than its frame had.
  check(R"((module (type $t (func (param i64 i64 i64 i64 i64 i64))) (table 1 funcref) (elem (i32.const 0) $b)
    (func $a (export "run") (local i64)
      (return_call_indirect (type $t) (local.get 0) (local.get 0) (local.get 0) (local.get 0) (local.get 0) (local.get 0)
        (i32.const 0)))
    (func $b (type $t) (call $a))
    (func (export "ok"))))",
        kExhausted);
}

TEST_CASE("what runs where little stack is left traps or works") {
  // Growing, bulk instructions and a division by zero in every frame, as deep as it goes.
  check(R"((module (memory 1) (table 1 funcref) (data $d "abc")
    (func $f (export "run")
      (drop (memory.grow (i32.const 0)))
      (drop (table.grow (ref.null func) (i32.const 0)))
      (memory.init $d (i32.const 0) (i32.const 0) (i32.const 3))
      (memory.fill (i32.const 8) (i32.const 1) (i32.const 100))
      (call $f))
    (func (export "ok"))))",
        kExhausted);
}

TEST_CASE("guest and host that call each other exhaust a stack") {
  check(R"((module (import "host" "call" (func $call))
    (func (export "run") (call $call))
    (func (export "ok"))))",
        kExhausted, define_call);
  check(
      R"((module (import "host" "call" (func $call)) (type $t (func)) (table 1 funcref) (elem (i32.const 0) $call)
    (func (export "run") (local i64 i64 i64 i64) (call_indirect (type $t) (i32.const 0)))
    (func (export "ok"))))",
      kExhausted, define_call);
  check(R"((module (import "host" "call" (func $call))
    (func (export "run") (return_call $call))
    (func (export "ok"))))",
        kExhausted, define_call);
}

TEST_CASE("functions that are lowered where the thread's stack is nearly used up are lowered or trap") {
  // Each level of guest and host calls a function that was never called before, with blocks as deep as a validator may
  // have to go.
  std::string blocks;
  std::string ends;
  for (int i = 0; i < 200; ++i) {
    blocks += "(block ";
    ends += ")";
  }
  std::string text = R"((module (import "host" "next" (func $next (param i32))) (func (export "ok")))";
  constexpr int kFunctions = 2'000;
  for (int i = 0; i < kFunctions; ++i) {
    const std::string number = std::to_string(i);
    text += "(func (export \"f" + number + "\") (local i64 f64) " + blocks + "(call $next (i32.const " +
            number + "))" + ends + ")\n";
  }
  text += "(func (export \"run\") (call $next (i32.const -1))))";
  check(text.c_str(), kExhausted, [](Linker& linker) {
    linker
        .func("host", "next",
              [](Caller& caller, int32_t number) -> Result<void> {
                WHERRY_ASSIGN_OR_RETURN(Instance instance, caller.instance());
                WHERRY_ASSIGN_OR_RETURN(Func func, instance.func(caller, "f" + std::to_string(number + 1)));
                return func.call(caller, std::span<const Val>(), std::span<Val>());
              })
        .value();
  });
}

TEST_CASE("start functions that recurse fail to instantiate") {
  for (const Mode& mode : kModes) {
    on_thread(kThreadBytes, [&] {
      INFO(mode.name);
      const Engine engine = make_engine(mode);
      Store store = make_store(engine, mode);
      Linker linker(engine);
      const Module direct = load_text(engine, "(module (func $f (call $f)) (start $f))").value();
      CHECK(outcome(linker.instantiate(store, direct)) == kExhausted);
      CHECK(outcome(linker.instantiate(store, direct)) == kExhausted);

      // The host instantiates the module anew, whose start function calls the host.
      std::optional<Module> again;
      linker
          .func("host", "again",
                [&](Caller& caller) -> Result<void> {
                  WHERRY_ASSIGN_OR_RETURN(Instance made, linker.instantiate(caller, *again));
                  (void)made;
                  return {};
                })
          .value();
      again = load_text(engine, R"((module (import "host" "again" (func $f)) (start $f)))").value();
      const std::string ended = outcome(linker.instantiate(store, *again));
      CHECK(ended == kExhausted);
      const Module good = load_text(engine, "(module (func $f) (start $f))").value();
      CHECK(outcome(linker.instantiate(store, good)) == "returned");
    });
  }
}

TEST_CASE("threads of many sizes") {
  for (const size_t bytes : {size_t{192} << 10, size_t{256} << 10, size_t{1} << 20, size_t{8} << 20}) {
    on_thread(bytes, [&] {
      INFO(bytes);
      const Engine engine = make_engine(kModes[0]);
      Store store = make_store(engine, kModes[0]);
      Linker linker(engine);
      define_call(linker);
      const Module module = load_text(engine, R"((module (import "host" "call" (func $call)) (memory 1)
        (func (export "run") (call $call))
        (func (export "trap") (drop (i32.load (i32.const -1))))
        (func (export "ok"))))")
                                .value();
      const Instance instance = linker.instantiate(store, module).value();
      CHECK(outcome(run(store, instance, "run")) == kExhausted);
      CHECK(outcome(run(store, instance, "trap")) == "out of bounds memory access");
      CHECK(outcome(run(store, instance, "ok")) == "returned");
    });
  }
}

TEST_CASE("recursion that catches at each level and throws again") {
  check(R"((module (tag $t)
    (func $run (export "run") (block $h (try_table (catch_all $h) (call $run))) (throw $t))
    (func (export "ok") (block $h (try_table (catch_all $h) (throw $t))))))",
        kExhausted);
}

TEST_CASE("recursion of host and guest that throws from level to level") {
  constexpr std::string_view kModule = R"((module
    (import "host" "call" (func $call))
    (tag $t)
    (global $left (mut i32) (i32.const -1))
    (func $run (export "run")
      (global.set $left (i32.sub (global.get $left) (i32.const 1)))
      (if (i32.eqz (global.get $left)) (then (throw $t)))
      (block $h (try_table (catch $t $h) (call $call)))
      (throw $t))
    (func (export "ok")
      (global.set $left (i32.const 4))
      (block $h (try_table (catch_all $h) (call $run) (unreachable)))
      (global.set $left (i32.const -1)))))";
  check(kModule.data(), kExhausted, define_call);
}

TEST_CASE("a start function that recurses through exceptions") {
  for (const Mode& mode : kModes) {
    on_thread(kThreadBytes, [&] {
      INFO(mode.name);
      const Engine engine = make_engine(mode);
      Store store = make_store(engine, mode);
      const Module module = load_text(engine, R"((module (tag $t)
        (func $s (block $h (try_table (catch_all $h) (call $s))) (throw $t)) (start $s)))")
                                .value();
      CHECK(outcome(Linker(engine).instantiate(store, module)) == kExhausted);
    });
  }
}

}  // namespace wherry
