// Native code among interpreted code and the host: calls in every direction, traps, exceptions, stacks, collections. The
// native functions are written by hand here, in a section that stands for an artifact's text; they do what the compiler's
// code does, but for the registers: one thunk serves all types, and functions get their slots.
#include <optional>
#include <thread>
#include <vector>

#include <pthread.h>

#include "engine/abi/heap.h"
#include "engine/abi/tier.h"
#include "engine/api/access.h"
#include "engine/api/native_code.h"
#include "engine/api/test_world.h"

extern "C" {
extern const char __start_wherry_native_test[];
extern const char __stop_wherry_native_test[];
}

// Thunks are no functions of the module: they lie elsewhere.
#define THUNK [[gnu::noinline, gnu::section("wherry_thunk_test")]]

namespace wherry {
namespace {

using abi::Context;
using Body = void (*)(Context*, uint64_t* slots);

THUNK void enter_body(uint64_t* slots, Context* context, const void* target) {
  reinterpret_cast<Body>(const_cast<void*>(target))(context, slots);
}

// As a leave thunk calls a function of its own module, of flagged code.
THUNK bool call_flagged(Context* context, uint32_t defined, uint64_t* slots) {
  abi::FuncObject* const func = context->funcs + defined;
  if (func->type_id == 0) context->builtins->make_func(context->store, func);
  return context->native->call(context, func, slots);
}

// The same in plain code.
THUNK void call_plain(Context* context, uint32_t defined, uint64_t* slots) {
  if (!call_flagged(context, defined, slots)) context->native->leave_by_exception(context);
}

THUNK void call_import(Context* context, uint64_t* slots) {
  auto* const func =
      *context->at<abi::FuncObject*>(sizeof(Context));  // No globals in these modules: the first import.
  if (!context->native->call(context, func, slots)) context->native->leave_by_exception(context);
}

// Native code of the functions of a module by defined index, null for those that are interpreted.
struct Code {
  std::vector<Body> bodies;
  bool is_flagged = false;

  native::Source source() {
    return {.environment = this,
            .begin = reinterpret_cast<uintptr_t>(__start_wherry_native_test),
            .end = reinterpret_cast<uintptr_t>(__stop_wherry_native_test),
            .may_fault = true,
            .kind = abi::native_kind(is_flagged, true),
            .function =
                [](void* self, uint32_t defined) {
                  const auto& bodies = static_cast<Code*>(self)->bodies;
                  return defined < bodies.size() ? reinterpret_cast<const void*>(bodies[defined]) : nullptr;
                },
            .thunk = [](void*, uint32_t) { return &enter_body; },
            .find =
                [](void* self, const void* pc, uint32_t* defined, uint64_t* module_offset) {
                  return static_cast<Code*>(self)->find(reinterpret_cast<uintptr_t>(pc), defined,
                                                        module_offset);
                }};
  }

  // The function that begins last before the address.
  bool find(uintptr_t pc, uint32_t* defined, uint64_t* module_offset) const {
    uintptr_t best = 0;
    for (uint32_t i = 0; i < bodies.size(); ++i) {
      const auto begin = reinterpret_cast<uintptr_t>(bodies[i]);
      if (bodies[i] == nullptr || begin > pc || begin <= best) continue;
      best = begin;
      *defined = i;
    }
    *module_offset = 0;
    return best != 0 && pc - best < 256;
  }
};

struct NativeWorld : World {
  using World::World;

  Module load_native(std::string_view text, Code& code) const {
    Module module = load(text);
    CHECK(api::attach_native(*ModuleAccess::state(module), code.source()));
    return module;
  }
  Instance start_native(std::string_view text, Code& code) {
    return linker.instantiate(store, load_native(text, code)).value();
  }
};

// Names of a trap's frames, innermost first.
template <class T>
std::string frames_of(const Result<T>& result) {
  std::string names;
  if (result.ok() || result.error().trap() == nullptr) return "no trap";
  for (const Frame& frame : result.error().trap()->frames)
    names += (names.empty() ? "" : " ") + frame.function;
  return names;
}

// ---- bodies. Functions of one name per module below; each begins its own 256 bytes, for Code::find.

#define BODY [[gnu::noinline, gnu::section("wherry_native_test"), gnu::aligned(256)]] void

BODY add(Context*, uint64_t* slots) { slots[0] = static_cast<uint32_t>(slots[0] + slots[1]); }
BODY five_results(Context*, uint64_t* slots) {
  const uint64_t first = slots[0];
  for (uint64_t i = 0; i < 9; ++i) slots[i] = first + i;
}
BODY trap_by_code(Context* context, uint64_t*) {
  context->native->trap(context, static_cast<uint32_t>(wasm::TrapCode::Unreachable));
}
BODY call_0(Context* context, uint64_t* slots) { call_plain(context, 0, slots); }
BODY call_1(Context* context, uint64_t* slots) { call_plain(context, 1, slots); }
BODY call_first_import(Context* context, uint64_t* slots) { call_import(context, slots); }
// As code does before one of the Builtins that may collect: the value stack stays closed behind it.
BODY close_and_call_first_import(Context* context, uint64_t* slots) {
  context->store->activation->stack_top = context->store->stack_limit;
  call_import(context, slots);
}
BODY call_first_import_twice(Context* context, uint64_t* slots) {
  call_import(context, slots);
  call_import(context, slots);
}
BODY load_byte(Context* context, uint64_t* slots) {
  const volatile uint8_t* const address = context->memory0_base + static_cast<uint32_t>(slots[0]);
  slots[0] = *address;
}
BODY count_down_by_0(Context* context, uint64_t* slots) {
  // Room that a compiled function may have, and the test that it makes.
  volatile uint64_t room[32] = {};
  room[slots[0] % 32] = 1;
  if (reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) < context->store->native_stack_limit) {
    context->native->trap(context, static_cast<uint32_t>(wasm::TrapCode::CallStackExhausted));
  }
  if (slots[0] == 0) return;
  uint64_t inner[1] = {slots[0] - 1};
  call_plain(context, 0, inner);
  slots[0] = inner[0] + room[0] - room[0];
}
BODY rethrow_0(Context* context, uint64_t* slots) { (void)call_flagged(context, 0, slots); }
// Catches everything, as compiled code would: what it was called with, plus 1000; or the result.
BODY catch_0(Context* context, uint64_t* slots) {
  const uint64_t before = slots[0];
  if (call_flagged(context, 0, slots)) return;
  context->store->pending_exception = abi::kNullRef;
  slots[0] = before + 1000;
}
BODY throw_tag_0(Context* context, uint64_t* slots) {
  context->store->activation->stack_top = context->store->stack_limit;
  context->store->pending_exception = context->builtins->make_exception(context, 0, slots);
}
// A structure in a register while function 0 makes garbage, and while a host function does.
BODY keep_over_0(Context* context, uint64_t* slots) {
  abi::Ref kept = slots[0];
  asm volatile("" : "+r"(kept));
  uint64_t inner[1] = {0};
  call_plain(context, 0, inner);
  asm volatile("" : "+r"(kept));
  slots[0] = *abi::slots_of(kept);
}

}  // namespace

TEST_CASE("native functions are called by the host and by interpreted code, with any number of results") {
  NativeWorld world;
  Code code{{add, nullptr, five_results, nullptr}};
  const Instance instance = world.start_native(R"((module
    (func $add (export "add") (param i32 i32) (result i32) unreachable)
    (func (export "twice") (param i32) (result i32) (local i32)
      (local.set 1 (call $add (local.get 0) (i32.const 1)))
      (i32.add (call $add (local.get 1) (local.get 0)) (i32.mul (local.get 0) (i32.const 100))))
    (func $many (param i64) (result i64 i64 i64 i64 i64 i64 i64 i64 i64) unreachable)
    (func (export "sum") (param i64) (result i64)
      (call $many (local.get 0))
      i64.add i64.add i64.add i64.add i64.add i64.add i64.add i64.add)))",
                                               code);
  for (int round = 0; round < 3; ++round) {
    CHECK(world.func(instance, "add").call(world.store, {Val(2), Val(3)}).value()[0].get<int32_t>() == 5);
    CHECK(world.func(instance, "twice").call(world.store, {Val(7)}).value()[0].get<int32_t>() == 715);
    CHECK(world.func(instance, "sum").call(world.store, {Val(int64_t{10})}).value()[0].get<int64_t>() == 126);
  }
}

TEST_CASE("functions without native code are interpreted when native code calls them") {
  NativeWorld world;
  Code code{{nullptr, call_0, nullptr}};
  const Instance instance = world.start_native(R"((module
    (func $inner (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3)))
    (func $native (export "native") (param i32) (result i32) unreachable)
    (func (export "outer") (param i32) (result i32) (i32.add (call $native (local.get 0)) (i32.const 1)))))",
                                               code);
  CHECK(world.func(instance, "native").call(world.store, {Val(5)}).value()[0].get<int32_t>() == 15);
  CHECK(world.func(instance, "outer").call(world.store, {Val(5)}).value()[0].get<int32_t>() == 16);
}

TEST_CASE("a trap in native code ends the call, with the frames of all tiers") {
  NativeWorld world;
  Code code{{trap_by_code, nullptr, call_1, nullptr}};
  const Instance instance = world.start_native(R"((module
    (func $traps (export "traps"))
    (func $between (call $traps))
    (func $native (export "native") unreachable)
    (func $outer (export "outer") (call $native))))",
                                               code);
  for (int round = 0; round < 3; ++round) {
    CHECK(frames_of(world.run(instance, "traps")) == "traps");
    const auto native = world.run(instance, "native");
    CHECK(trap_of(native) == TrapCode::Unreachable);
    CHECK(frames_of(native) == "traps between native");
    CHECK(frames_of(world.run(instance, "outer")) == "traps between native outer");
  }
}

TEST_CASE("a trap of interpreted code that native code called has the native frames behind it") {
  NativeWorld world;
  Code code{{nullptr, call_0}};
  const Instance instance = world.start_native(R"((module
    (func $inner (param i32) (result i32) (i32.div_s (i32.const 1) (local.get 0)))
    (func $native (export "native") (param i32) (result i32) unreachable)
    (func $outer (export "outer") (param i32) (result i32) (call $native (local.get 0)))))",
                                               code);
  const auto trapped = world.func(instance, "outer").call(world.store, {Val(0)});
  CHECK(trap_of(trapped) == TrapCode::IntegerDivideByZero);
  CHECK(frames_of(trapped) == "inner native outer");
  CHECK(world.func(instance, "outer").call(world.store, {Val(1)}).value()[0].get<int32_t>() == 1);
}

TEST_CASE("a fault in native code is an access out of bounds") {
  NativeWorld world;
  Code code{{load_byte, nullptr}};
  const Instance instance = world.start_native(R"((module (memory 1)
    (data (i32.const 65535) "\2a")
    (func $load (export "load") (param i32) (result i32) unreachable)
    (func $outer (export "outer") (param i32) (result i32) (call $load (local.get 0)))))",
                                               code);
  for (int round = 0; round < 3; ++round) {
    CHECK(world.func(instance, "load").call(world.store, {Val(65535)}).value()[0].get<int32_t>() == 42);
    const auto beyond = world.func(instance, "outer").call(world.store, {Val(65536)});
    CHECK(trap_of(beyond) == TrapCode::MemoryOutOfBounds);
    CHECK(frames_of(beyond) == "load outer");
    CHECK(trap_of(world.func(instance, "load").call(world.store, {Val(-1)})) == TrapCode::MemoryOutOfBounds);
  }
}

TEST_CASE("a host function that native code calls sees exactly who calls, and its trap passes") {
  NativeWorld world;
  std::string seen;
  CHECK(world.linker
            .func("h", "look",
                  [&seen](Caller& caller, int32_t n) -> Result<int32_t> {
                    seen += std::to_string((*caller.memory()).size() >> 16) + " ";
                    if (n == 99) return Error::trap("too much");
                    return n * 2;
                  })
            .ok());
  Code code{{call_first_import, call_0}};
  constexpr std::string_view kText = R"((module
    (import "h" "look" (func $look (param i32) (result i32)))
    (memory (export "memory") 3)
    (func $native (export "native") (param i32) (result i32) unreachable)
    (func $outer (export "outer") (param i32) (result i32) unreachable)))";
  const Instance three = world.start_native(kText, code);
  std::string one_text(kText);
  one_text.replace(one_text.find(" 3)"), 3, " 1)");
  const Instance one = world.start_native(one_text, code);
  CHECK(world.func(three, "outer").call(world.store, {Val(21)}).value()[0].get<int32_t>() == 42);
  CHECK(world.func(one, "native").call(world.store, {Val(4)}).value()[0].get<int32_t>() == 8);
  CHECK(seen == "3 1 ");
  const auto failed = world.func(three, "outer").call(world.store, {Val(99)});
  CHECK(text_of(failed).find("too much") != std::string::npos);
  CHECK(frames_of(failed) == "h.look native outer");
}

TEST_CASE(
    "a host function that native code called calls guests, whose frames begin behind those of the callers") {
  // What the host function calls, and how native code left the value stack.
  for (const char* const inner : {"interpreted", "native", "host"}) {
    for (const Body native : {Body{call_first_import}, Body{close_and_call_first_import}}) {
      INFO(inner);
      NativeWorld world;
      std::optional<Instance> instance;
      REQUIRE(world.linker
                  .func("h", "look",
                        [&](Caller& caller, int32_t n) -> Result<int32_t> {
                          WHERRY_ASSIGN_OR_RETURN(const Func func, instance->func(caller, inner));
                          auto called = func.call(caller, {Val(n), Val(2)});
                          if (!called) return std::move(called).error();
                          return (*called)[0].get<int32_t>().value();
                        })
                  .ok());
      REQUIRE(world.linker
                  .func("h", "add",
                        [](int32_t a, int32_t b) -> Result<int32_t> {
                          if (a == 99) return Error::trap("no more");
                          return a + b;
                        })
                  .ok());
      Code code{{native, add, nullptr, nullptr}};
      instance = world.start_native(R"((module
        (import "h" "look" (func $look (param i32) (result i32)))
        (import "h" "add" (func $add (param i32 i32) (result i32)))
        (func $enters (param i32) (result i32) unreachable)
        (func $native (export "native") (param i32 i32) (result i32) unreachable)
        (func $interpreted (export "interpreted") (param i32 i32) (result i32) (local i64 i64 i64 i64)
          (local.set 2 (i64.const -1)) (local.set 3 (i64.const -1)) (local.set 4 (i64.const -1))
          (call $add (local.get 0) (local.get 1)))
        (func $outer (export "outer") (param i32) (result i32) (local i32 i32)
          (local.set 1 (i32.const 100)) (local.set 2 (i32.const 1000))
          (i32.add (call $enters (local.get 0)) (i32.add (local.get 1) (local.get 2))))
        (export "host" (func $add))))",
                                    code);
      const Func outer = world.func(*instance, "outer");
      for (int round = 0; round < 3; ++round) {
        CHECK(outer.call(world.store, {Val(5)}).value()[0].get<int32_t>() == 1107);
        CHECK(world.func(*instance, "outer").call(world.store, {Val(0)}).value()[0].get<int32_t>() == 1102);
      }
      if (std::string_view(inner) == "native") continue;
      const auto failed = outer.call(world.store, {Val(99)});
      CHECK(text_of(failed).find("no more") != std::string::npos);
      // A host function that the host calls is nobody's import, so it has no name.
      CHECK(frames_of(failed) == (std::string_view(inner) == "host"
                                      ? "h.look enters outer"
                                      : "h.add interpreted h.look enters outer"));
      CHECK(failed.error().trap()->frames.size() == (std::string_view(inner) == "host" ? 4 : 5));
    }
  }
}

TEST_CASE("what a host function holds goes stale when it returns to native code, and not before") {
  NativeWorld world;
  const ExternRef before = ExternRef::create(world.store, nullptr).value();
  std::optional<Func> again;
  ExternRef first, nested;
  const auto is_stale = [](StoreRef store, ExternRef held) {
    return kind_of(held.object(store)) == ErrorKind::InvalidHandle;
  };
  // 0 holds nothing; 1 holds and calls again with 2, which holds too; 3 calls with 2 and holds then.
  REQUIRE(world.linker
              .func("h", "hold",
                    [&](Caller& caller, int32_t n) -> Result<int32_t> {
                      if (n == 0) return 0;
                      if (n == 2) {
                        nested = ExternRef::create(caller, nullptr).value();
                        return Error::host("handed on");
                      }
                      if (n == 1) first = ExternRef::create(caller, nullptr).value();
                      CHECK(kind_of(again->call(caller, {Val(2)})) == ErrorKind::Host);
                      CHECK(is_stale(caller, nested));
                      if (n == 3) first = ExternRef::create(caller, nullptr).value();
                      CHECK(again->call(caller, {Val(0)}).ok());
                      CHECK_FALSE(is_stale(caller, first));
                      return 0;
                    })
              .ok());
  Code code{{call_first_import_twice, nullptr}};
  const Instance instance = world.start_native(R"((module
    (import "h" "hold" (func $hold (param i32) (result i32)))
    (func $native (export "native") (param i32) (result i32) unreachable)
    (func (export "interpreted") (param i32) (result i32) (call $native (local.get 0)))))",
                                               code);
  for (const char* const name : {"native", "interpreted"}) {
    again = world.func(instance, name);
    for (const int n : {1, 3, 0}) {
      INFO(name << " " << n);
      CHECK(again->call(world.store, {Val(n)}).ok());
      CHECK(is_stale(world.store, first));
      CHECK_FALSE(is_stale(world.store, before));
    }
  }
}

TEST_CASE("what goes wrong inside a host function stays there unless it is passed on") {
  for (const bool is_flagged : {false, true}) {
    NativeWorld world;
    std::optional<Func> inner;
    REQUIRE(world.linker
                .func("h", "try",
                      [&](Caller& caller, int32_t n) -> Result<int32_t> {
                        CHECK_FALSE(inner->call(caller, {Val(n)}).ok());
                        if (n == 7) return Error::exit(3);
                        return n + 1;
                      })
                .ok());
    Code code{{call_first_import_twice, nullptr}, is_flagged};
    const Instance instance = world.start_native(R"((module
      (import "h" "try" (func $try (param i32) (result i32)))
      (tag $t (param i32))
      (func $native (export "native") (param i32) (result i32) unreachable)
      (func (export "inner") (param i32) (result i32)
        (if (i32.and (local.get 0) (i32.const 1)) (then (throw $t (local.get 0))))
        unreachable)
      (func (export "catches") (param i32) (result i32)
        (block $h (try_table (catch_all $h) (return (call $native (local.get 0)))) (unreachable))
        (i32.const -1))))",
                                                 code);
    inner = world.func(instance, "inner");
    for (const char* const name : {"native", "catches"}) {
      INFO(name);
      const Func func = world.func(instance, name);
      CHECK(func.call(world.store, {Val(1)}).value()[0].get<int32_t>() == 3);
      CHECK(func.call(world.store, {Val(2)}).value()[0].get<int32_t>() == 4);
      CHECK(kind_of(func.call(world.store, {Val(7)})) == ErrorKind::Exit);
      CHECK(kind_of(func.call(world.store, {Val(6)})) == ErrorKind::Exit);
    }
  }
}

TEST_CASE(
    "an exit is not taken for the exception that a guest threw before it, inside of the host function") {
  // Native code calls interpreted code, which calls the host function.
  for (const bool is_flagged : {false, true}) {
    INFO(is_flagged);
    NativeWorld world;
    std::optional<Func> throws;
    int went_on = 0;
    REQUIRE(world.linker
                .func("h", "exit",
                      [&](Caller& caller) -> Result<void> {
                        CHECK(kind_of(throws->call(caller, {})) == ErrorKind::Exception);
                        return Error::exit(3);
                      })
                .ok());
    REQUIRE(world.linker.func("h", "go_on", [&] { ++went_on; }).ok());
    Code code{{nullptr, is_flagged ? rethrow_0 : call_0}, is_flagged};
    const Instance instance = world.start_native(R"((module
      (import "h" "exit" (func $exit))
      (import "h" "go_on" (func $go_on))
      (tag $t (param i32))
      (func $interpreted (call $exit))
      (func $native (export "native") unreachable)
      (func (export "calls") (call $native) (call $go_on))
      (func (export "catches_all")
        (block $h (try_table (catch_all $h) (call $native))) (call $go_on))
      (func (export "catches")
        (drop (block $h (result i32) (try_table (catch $t $h) (call $native)) (i32.const 0))) (call $go_on))
      (func (export "throws") (throw $t (i32.const 1)))))",
                                                 code);
    throws = world.func(instance, "throws");
    for (const char* const name : {"native", "calls", "catches_all", "catches"}) {
      INFO(name);
      CHECK(kind_of(world.func(instance, name).call(world.store, {})) == ErrorKind::Exit);
      CHECK(went_on == 0);
    }
  }
}

TEST_CASE("a finalizer that calls a guest does not take what the call before it failed with") {
  for (const char* const in_finalizer : {"returns", "traps", "throws"}) {
    for (const bool is_native : {false, true}) {
      INFO(in_finalizer << is_native);
      Config config;
      config.advanced.gc_stress = true;
      NativeWorld world(config);
      struct Finalizer {
        StoreRef store;
        std::optional<Func> calls;
        int runs = 0;
      };
      Finalizer finalizer{.store = world.store, .calls = std::nullopt};
      REQUIRE(world.linker
                  .func("h", "litter",
                        [&](Caller& caller) {
                          const RootScope scope(caller);
                          CHECK(ExternRef::create(caller, &finalizer, [](void* object) {
                                  auto& self = *static_cast<Finalizer*>(object);
                                  ++self.runs;
                                  (void)self.calls->call(self.store, {});
                                }).ok());
                        })
                  .ok());
      Code code{{nullptr, is_native ? trap_by_code : nullptr}};
      const Instance instance = world.start_native(R"((module
        (import "h" "litter" (func $litter))
        (tag $t (param i32))
        (type $garbage (struct))
        (func (export "returns"))
        (func (export "traps") unreachable)
        (func $throws (export "throws") (throw $t (i32.const 6)))
        (func (export "run") (call $litter) (drop (struct.new $garbage)) (throw $t (i32.const 5)))))",
                                                   code);
      finalizer.calls = world.func(instance, in_finalizer);
      const auto failed = world.func(instance, "run").call(world.store, {});
      CHECK(finalizer.runs == 1);
      CHECK(kind_of(failed) == ErrorKind::Exception);
      CHECK(text_of(failed).find("(5)") != std::string::npos);
    }
  }
}

TEST_CASE("exceptions cross between native and interpreted code, whichever way the native code tells") {
  // Functions: 0 throws, 1 is in between, 2 catches.
  constexpr std::string_view kText = R"((module (tag $t (param i32))
    (func $throws (export "throws") (param i32) (result i32)
      (if (i32.lt_s (local.get 0) (i32.const 100)) (then (throw $t (local.get 0))))
      (local.get 0))
    (func $between (export "between") (param i32) (result i32) (call $throws (local.get 0)))
    (func $catches (export "catches") (param i32) (result i32)
      (block $h (result i32)
        (try_table (catch $t $h) (return (call $between (local.get 0))))
        (unreachable))
      (i32.add (i32.const 1000)))))";
  const auto check = [&](Code code, const char* what) {
    INFO(what);
    NativeWorld world;
    const Instance instance = world.start_native(kText, code);
    for (int round = 0; round < 3; ++round) {
      CHECK(world.func(instance, "catches").call(world.store, {Val(7)}).value()[0].get<int32_t>() == 1007);
      if (code.bodies[0] == nullptr) {
        CHECK(world.func(instance, "catches").call(world.store, {Val(107)}).value()[0].get<int32_t>() == 107);
      }
      const auto uncaught = world.func(instance, "between").call(world.store, {Val(8)});
      REQUIRE_FALSE(uncaught.ok());
      CHECK(uncaught.error().kind() == ErrorKind::Exception);
      CHECK(text_of(uncaught).find("(8)") != std::string::npos);
    }
  };
  check({{nullptr, nullptr, nullptr}, true}, "interpreted");
  check({{throw_tag_0, nullptr, nullptr}, true}, "flagged code throws to interpreted code");
  check({{throw_tag_0, rethrow_0, nullptr}, true}, "through flagged code by slots");
  check({{nullptr, rethrow_0, nullptr}, true}, "interpreted code throws through flagged code");
  check({{nullptr, call_0, nullptr}, false}, "interpreted code throws through plain code");
  check({{throw_tag_0, nullptr, nullptr}, true}, "flagged, caught by interpreted code");
  // Function 1 is the catcher's callee: native code that catches.
  NativeWorld world;
  Code code{{nullptr, catch_0}, true};
  const Instance instance = world.start_native(kText, code);
  CHECK(world.func(instance, "between").call(world.store, {Val(7)}).value()[0].get<int32_t>() == 1007);
  CHECK(world.func(instance, "between").call(world.store, {Val(107)}).value()[0].get<int32_t>() == 107);
  CHECK(world.func(instance, "catches").call(world.store, {Val(7)}).value()[0].get<int32_t>() == 1007);
}

TEST_CASE("an exception that a host function threw goes through native code") {
  NativeWorld world;
  Code thrower_code{{throw_tag_0}, true};
  const Instance thrower = world.start_native(
      R"((module (tag $t (export "t") (param i32)) (func (export "throws") (param i32) (result i32) unreachable)))",
      thrower_code);
  CHECK(world.linker
            .func("h", "again",
                  [&](Caller& caller, int32_t n) -> Result<int32_t> {
                    auto called = world.func(thrower, "throws").call(caller, {Val(n)});
                    if (!called) return std::move(called).error();
                    return (*called)[0].get<int32_t>().value();
                  })
            .ok());
  CHECK(world.linker.define_instance(world.store, "t", thrower).ok());
  for (const bool is_flagged : {false, true}) {
    Code code{{call_first_import}, is_flagged};
    const Instance instance = world.start_native(R"((module
      (import "h" "again" (func (param i32) (result i32)))
      (import "t" "t" (tag $t (param i32)))
      (func $native (export "native") (param i32) (result i32) unreachable)
      (func (export "catches") (param i32) (result i32)
        (block $h (result i32) (try_table (catch $t $h) (return (call $native (local.get 0)))) (unreachable))
        (i32.add (i32.const 1)))))",
                                                 code);
    CHECK(world.func(instance, "catches").call(world.store, {Val(5)}).value()[0].get<int32_t>() == 6);
    CHECK(kind_of(world.func(instance, "native").call(world.store, {Val(5)})) == ErrorKind::Exception);
  }
}

#if __has_feature(thread_sanitizer)
// TSan notes calls of C++ on a stack of its own, for 65,536 of them, and looks for no end of it.
constexpr size_t kLargestThreadBytes = 1 << 20;
#else
constexpr size_t kLargestThreadBytes = 8 << 20;
#endif

TEST_CASE("recursion through native, interpreted and host code ends as exhausted, on any stack") {
  const auto body = [](void*) -> void* {
    for (const uint64_t stack_bytes : {uint64_t{64} << 10, uint64_t{512} << 10, uint64_t{64} << 20}) {
      Config config;
      config.limits.stack_bytes = stack_bytes;
      NativeWorld world(config);
      const auto again = [](Caller& caller, int32_t n) -> Result<int32_t> {
        WHERRY_ASSIGN_OR_RETURN(const Instance instance, caller.instance());
        WHERRY_ASSIGN_OR_RETURN(const Func func, instance.func(caller, "native"));
        WHERRY_ASSIGN_OR_RETURN(const std::vector<Val> results, func.call(caller, {Val(n)}));
        return results[0].get<int32_t>().value();
      };
      CHECK(world.linker.func("h", "again", again).ok());
      // Function 0 goes on in native code, by the interpreter or by the host.
      for (const char* inner : {"(call $native (local.get 0))", "(call $again (local.get 0))"}) {
        Code code{{nullptr, count_down_by_0}};
        const std::string text = R"((module (import "h" "again" (func $again (param i32) (result i32)))
          (func $inner (param i32) (result i32) )" +
                                 std::string(inner) + R"()
          (func $native (export "native") (param i32) (result i32) unreachable)))";
        const Instance instance = world.start_native(text, code);
        const Func native = world.func(instance, "native");
        CHECK(native.call(world.store, {Val(5)}).value()[0].get<int32_t>() == 0);
        for (int round = 0; round < 2; ++round) {
          CHECK(trap_of(native.call(world.store, {Val(1 << 30)})) == TrapCode::CallStackExhausted);
          CHECK(native.call(world.store, {Val(5)}).value()[0].get<int32_t>() == 0);
        }
      }
    }
    return nullptr;
  };
  for (const size_t thread_bytes : {size_t{256} << 10, size_t{512} << 10, kLargestThreadBytes}) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, thread_bytes);
    pthread_t thread;
    // The thread asserts, which only one may do at a time.
    const bool is_made = pthread_create(&thread, &attributes, body, nullptr) == 0;
    if (is_made) pthread_join(thread, nullptr);
    CHECK(is_made);
    pthread_attr_destroy(&attributes);
  }
}

TEST_CASE("what only native code holds survives collections") {
  Config config;
  config.advanced.gc_stress = true;
  NativeWorld world(config);
  CHECK(world.linker
            .func("h", "collect",
                  [](Caller& caller, int32_t n) {
                    StoreRef(caller).collect_garbage();
                    return n;
                  })
            .ok());
  Code code{{nullptr, keep_over_0, nullptr}};
  const Instance instance = world.start_native(R"((module
    (type $s (struct (field i64)))
    (import "h" "collect" (func $collect (param i32) (result i32)))
    (func $garbage (param i64) (result i64) (local $i i32)
      (drop (call $collect (i32.const 1)))
      (loop $more
        (drop (struct.new $s (i64.const -1)))
        (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100))))
      (i64.const 0))
    (func $native (param (ref $s)) (result i64) unreachable)
    (func (export "run") (param i64) (result i64) (call $native (struct.new $s (local.get 0))))))",
                                               code);
  CHECK(world.func(instance, "run").call(world.store, {Val(int64_t{77})}).value()[0].get<int64_t>() == 77);
}

TEST_CASE("what is no longer loaded is no longer ours") {
  Code code{{add}};
  for (int round = 0; round < 300; ++round) {
    NativeWorld world;
    const Instance instance = world.start_native(
        R"((module (func (export "add") (param i32 i32) (result i32) unreachable)))", code);
    CHECK(world.func(instance, "add").call(world.store, {Val(2), Val(round)}).value()[0].get<int32_t>() ==
          2 + round);
  }
}

}  // namespace wherry
