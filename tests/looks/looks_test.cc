// What compiled code does when it is to look at the deadline: it goes on as if nothing had been, with all it held in registers, and an
// endless loop of any form ends.
#include <signal.h>
#include <sys/time.h>

#include <atomic>
#include <chrono>
#include <ctime>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/abi/native.h"
#include "engine/api/access.h"
#include "engine/api/state.h"
#include "engine/api/test_world.h"
#include "engine/runtime/instance.h"
#include "engine/runtime/store.h"
#include "tests/looks/lose_registers.h"
#include "wherry/compiler.h"

namespace wherry {
namespace {

Config metered() {
  Config config;
  config.interruption = true;
  return config;
}

struct Setting {
  const char* key;
  const char* value;
};

Module compile(const Engine& engine, std::string_view source, std::span<const Setting> settings) {
  const Blob wasm = parse_text(source).value();
  const std::unique_ptr<wherry_compiler, void (*)(wherry_compiler*)> compiler(wherry_compiler_new(),
                                                                              &wherry_compiler_delete);
  REQUIRE(wherry_compiler_set(compiler.get(), "interruption", "y"));
  for (const Setting& setting : settings)
    REQUIRE(wherry_compiler_set(compiler.get(), setting.key, setting.value));
  const Bytes bytes = wasm.bytes();
  const bool is_compiled = wherry_compiler_compile(compiler.get(), bytes.data(), bytes.size());
  INFO(wherry_compiler_error(compiler.get()));
  REQUIRE(is_compiled);
  size_t size = 0;
  const auto* const artifact = static_cast<const uint8_t*>(wherry_compiler_output(compiler.get(), 0, &size));
  return Module::load_artifact_unsafe(engine, Bytes(artifact, size)).value();
}

// While it lives, a timer has a store's native code look, wherever it is.
class Poker {
 public:
  explicit Poker(const Store& store) {
    s_word = &StoreAccess::state(store)->runtime->state().native_look;
    s_looks = 0;
    struct sigaction action{};
    action.sa_handler = [](int) {
      if (s_word->exchange(~uintptr_t{0}) != ~uintptr_t{0}) s_looks.fetch_add(1);
    };
    action.sa_flags = SA_ONSTACK | SA_RESTART;
    REQUIRE(sigaction(SIGALRM, &action, nullptr) == 0);
    set_timer(200);
  }
  ~Poker() { set_timer(0); }
  Poker(const Poker&) = delete;
  Poker& operator=(const Poker&) = delete;

  // How often somebody looked, or entered.
  static uint64_t looks() { return s_looks.load(); }

 private:
  static void set_timer(int interval_us) {
    const itimerval timer{{0, interval_us}, {0, interval_us}};
    REQUIRE(setitimer(ITIMER_REAL, &timer, nullptr) == 0);
  }

  static inline std::atomic<uintptr_t>* s_word = nullptr;
  static inline std::atomic<uint64_t> s_looks{0};
};

// Has the instances of a store leave nothing in registers when they look.
void lose_registers_in(const Store& store) {
  static abi::NativeBuiltins builtins;
  for (runtime::Instance* const instance : StoreAccess::state(store)->runtime->instances()) {
    const abi::NativeBuiltins* const own = instance->context()->native;
    if (own == &builtins) continue;
    builtins = *own;
    wherry_test_look = own->look;
    builtins.look = lose_registers;
    instance->context()->native = &builtins;
  }
}

// `part(i)` for i from 0 to count - 1.
template <class Part>
std::string each(int count, Part part) {
  std::string text;
  for (int i = 0; i < count; ++i) text += part(i);
  return text;
}

std::string get(int local) { return "(local.get $v" + std::to_string(local) + ")"; }
std::string set(int local, const std::string& value) {
  return "(local.set $v" + std::to_string(local) + " " + value + ")";
}

// Values of a type: the i-th at the start, the next of one and another, and all bits of one.
struct Values {
  const char* type;
  std::string (*start)(int number);
  std::string (*next)(const std::string& one, const std::string& other);
  std::string (*bits)(const std::string& one);
};

constexpr Values kIntegers = {
    "i64", [](int number) { return "(i64.const " + std::to_string(number * 977 + 1) + ")"; },
    [](const std::string& one, const std::string& other) {
      return "(i64.add (i64.rotl " + one + " (i64.const 7)) (i64.xor " + other + " (i64.const 11)))";
    },
    [](const std::string& one) { return one; }};

// What is lost of one is never made good: chaos, between 0 and 1.
constexpr Values kFloats = {
    "f64", [](int number) { return "(f64.const 0." + std::to_string(number + 11) + ")"; },
    [](const std::string& one, const std::string& other) {
      const std::string middle = "(f64.mul (f64.add " + one + " " + other + ") (f64.const 0.5))";
      return "(f64.mul (f64.mul (f64.const 3.99) " + middle + ") (f64.sub (f64.const 1) " + middle + "))";
    },
    [](const std::string& one) { return "(i64.reinterpret_f64 " + one + ")"; }};

constexpr Values kVectors = {
    "v128", [](int number) { return "(i64x2.splat (i64.const " + std::to_string(number * 1021 + 1) + "))"; },
    [](const std::string& one, const std::string& other) {
      return "(v128.xor (i32x4.add " + one + " (v128.const i32x4 3 5 7 9)) (i32x4.mul " + other +
             " (v128.const i32x4 3 5 7 9)))";
    },
    [](const std::string& one) {
      return "(i64.add (i64x2.extract_lane 0 " + one + ") (i64x2.extract_lane 1 " + one + "))";
    }};

// $n rounds that read and write more values than there are registers; `inside` is done in each.
std::string busy(const char* name, const Values& values, const std::string& inside) {
  constexpr int kCount = 36;
  std::string sum = "(i64.const 0)";
  for (int i = 0; i < kCount; ++i)
    sum = "(i64.xor (i64.rotl " + sum + " (i64.const 7)) " + values.bits(get(i)) + ")";
  return "(func (export \"" + std::string(name) + "\") (param $n i64) (result i64) " +
         each(kCount, [&](int i) { return "(local $v" + std::to_string(i) + " " + values.type + ")"; }) +
         each(kCount, [&](int i) { return set(i, values.start(i)); }) + "(loop $next " + inside +
         each(kCount, [&](int i) { return set(i, values.next(get(i), get((i * 5 + 3) % kCount))); }) +
         "(br_if $next (i64.ne (local.tee $n (i64.sub (local.get $n) (i64.const 1))) (i64.const 0))))" + sum +
         ")";
}

// The loop of `sum` is vectorized, and keeps its sums in vectors twice as long; how far it goes stands in memory.
std::string busy_module() {
  return "(module (memory 65) (data (i32.const 0x400000) \"\\40\\42\\0f\\00\") " +
         busy("integers", kIntegers, "") + busy("floats", kFloats, "") + busy("vectors", kVectors, "") +
         busy("callers", kIntegers, "(drop (call $deep (i32.const 3)))") + R"(
    (func $deep (param i32) (result i32) (if (result i32) (local.get 0)
      (then (i32.add (call $deep (i32.sub (local.get 0) (i32.const 1))) (call $deep (i32.shr_u (local.get 0) (i32.const 1)))))
      (else (i32.const 1))))
    (func $fill (local $p i32) (loop $next
      (i32.store (local.get $p) (i32.mul (local.get $p) (i32.const 0x9E3779B1)))
      (br_if $next (i32.lt_u (local.tee $p (i32.add (local.get $p) (i32.const 4))) (i32.const 0x400000)))))
    (start $fill)
    (func $sum (param $p i32) (param $n i32) (result i32) (local $s i32) (loop $next
      (local.set $s (i32.add (local.get $s) (i32.load (local.get $p))))
      (local.set $p (i32.add (local.get $p) (i32.const 4)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (local.get $s))
    (func (export "sum") (param $n i64) (result i64) (local $s i32) (loop $next
      (local.set $s (i32.add (i32.rotl (local.get $s) (i32.const 3))
        (call $sum (i32.const 0) (i32.sub (i32.load (i32.const 0x400000)) (i32.and (local.get $s) (i32.const 1023))))))
      (br_if $next (i64.ne (local.tee $n (i64.sub (local.get $n) (i64.const 1))) (i64.const 0))))
      (i64.extend_i32_u (local.get $s)))))";
}

struct Form {
  const char* name;
  std::string body;
};

std::vector<Form> endless_forms() {
  const auto nest = [](int depth, const std::string& inside) {
    std::string text = inside;
    for (int i = 0; i < depth; ++i) {
      const std::string variable = "$i" + std::to_string(i);
      text = "(local.set " + variable + " (i32.const 0)) (loop " + text + " (br_if 0 (i32.lt_u (local.tee " +
             variable + " (i32.add (local.get " + variable + ") (i32.const 1))) (i32.const 1000))))";
    }
    return text;
  };
  const std::string work =
      "(i32.store (i32.const 8) (i32.add (i32.rotl (i32.load (i32.const 8)) (local.get $i0)) (i32.const 3)))";
  std::string arms;
  std::string blocks;
  std::string labels;
  for (int i = 0; i < 12; ++i) {
    blocks += "(block ";
    labels += " " + std::to_string(i);
    arms += ") (local.set $i0 (i32.add (i32.mul (local.get $i0) (i32.const " + std::to_string(i * 2 + 3) +
            ")) (i32.const 1))) (br $next)";
  }
  return {
      {"nothing", "(loop (br 0))"},
      {"counts", "(loop " + work + " (local.set $i0 (i32.add (local.get $i0) (i32.const 1))) (br 0))"},
      {"counts far",
       "(loop " + work +
           " (local.set $i0 (i32.xor (i32.load (i32.const 8)) (i32.wrap_i64 (local.get $n))))"
           " (br_if 0 (i64.ne (local.tee $n (i64.add (local.get $n) (i64.const 3))) (i64.const 1))))"},
      {"bounded in each other", nest(8, work)},
      {"bounded in an endless one", "(loop " + nest(1, work) + "(br 0))"},
      {"endless in a bounded one", nest(1, "(loop " + work + "(br 0))")},
      {"two ways back", "(loop $next " + work +
                            "(local.set $i0 (i32.mul (i32.add (local.get $i0) (i32.const 1)) (i32.const 5)))"
                            "(br_if $next (i32.and (local.get $i0) (i32.const 4)))" +
                            work + "(br $next))"},
      {"a switch", "(loop $next (block " + blocks + "(br_table" + labels +
                       " 12 (i32.and (i32.shr_u (local.get $i0) (i32.const 13)) (i32.const 15)))" + arms +
                       ") (local.set $i0 (i32.xor (local.get $i0) (i32.const 0x5555))) (br $next))"},
      {"calls", "(loop (drop (call $deep (i32.const 2))) (br 0))"},
      {"calls that fan out", "(drop (call $deep (i32.const 60)))"},
      {"calls through a table",
       "(loop (drop (call_indirect (type $unary) (i32.const 2) (i32.const 0))) (br 0))"},
      {"fills", "(loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536)) (br 0))"},
      {"vectors",
       "(loop (v128.store (i32.const 0) (i32x4.add (v128.load (i32.const 0)) (v128.load (i32.const 16)))) "
       "(br 0))"},
  };
}

std::string endless_module(const std::string& body) {
  return R"((module (memory 1) (type $unary (func (param i32) (result i32))) (table 1 funcref) (elem (i32.const 0) $deep)
    (func $deep (type $unary) (if (result i32) (local.get 0)
      (then (i32.add (call $deep (i32.sub (local.get 0) (i32.const 1))) (call $deep (i32.sub (local.get 0) (i32.const 1)))))
      (else (i32.const 1))))
    (func (export "run") (local $n i64) )" +
         each(8, [](int i) { return "(local $i" + std::to_string(i) + " i32)"; }) + body + "))";
}

const std::vector<std::vector<Setting>> kSettings = {
    {}, {{"trap-precision", "exact"}}, {{"optimization", "0"}}};

TEST_CASE("code that looks goes on with all that it held") {
  std::vector<std::vector<Setting>> all = kSettings;
#if defined(__x86_64__)
  all.push_back({{"target-cpu", "x86-64-v2"}});
#endif
  for (const auto& settings : all) {
    World world(metered());
    const Module module = compile(world.engine, busy_module(), settings);
    const Instance instance = world.linker.instantiate(world.store, module).value();
    lose_registers_in(world.store);
    REQUIRE(world.store.set_deadline(std::chrono::minutes(4)));  // Who loses a counter may go on for ever.
    for (const char* const name : {"integers", "floats", "vectors", "callers", "sum"}) {
      INFO(name << (settings.empty() ? "" : settings[0].value));
      const auto function = instance.typed<int64_t(int64_t)>(world.store, name).value();
      int64_t rounds = 1;
      int64_t want = 0;
      for (std::clock_t took = 0; took < CLOCKS_PER_SEC / 200;) {
        rounds *= 2;
        const std::clock_t start = std::clock();  // Of the processor: others may be running.
        want = function.call(world.store, rounds).value();
        took = std::clock() - start;
      }
      const Poker poker(world.store);
      for (uint64_t calls = 0; calls < 400 && poker.looks() < calls + 20; ++calls)
        REQUIRE(function.call(world.store, rounds).value() == want);
      CHECK(poker.looks() >= 20);
    }
  }
}

TEST_CASE("an endless loop of any form ends at its deadline") {
  for (const auto& settings : kSettings) {
    for (const Form& form : endless_forms()) {
      INFO(form.name << (settings.empty() ? "" : settings[0].value));
      World world(metered());
      const Module module = compile(world.engine, endless_module(form.body), settings);
      const Instance instance = world.linker.instantiate(world.store, module).value();
      REQUIRE(world.store.set_deadline(std::chrono::milliseconds(20)));
      const auto start = std::chrono::steady_clock::now();
      const Result<void> ended = world.run(instance, "run");
      CHECK(trap_of(ended) == TrapCode::DeadlineExceeded);
      CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(10));
      REQUIRE(ended.error().trap() != nullptr);
      CHECK_FALSE(ended.error().trap()->frames.empty());
    }
  }
}

}  // namespace
}  // namespace wherry
