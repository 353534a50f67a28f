// What crossing a component's border costs, through the public API: nanoseconds a call, the best of several rounds, beside the same call
// of a core function; bytes from guest to guest, beside memcpy between two memories of that size; instantiation. Guests are interpreted.
//
//   component_calls [--quick]      prints lines `name engine figure unit`
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "wherry/component_linker.h"
#include "wherry/wherry.h"

namespace {

using namespace wherry;

constexpr std::string_view kCore = R"((module
  (import "" "add" (func $host (param i32 i32) (result i32)))
  (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add)
  (func (export "call_host") (param $n i32) (result i32) (local $sum i32)
    (loop $again
      (local.set $sum (call $host (local.get $sum) (local.get $n)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    local.get $sum)
  (func (export "loop") (param $n i32) (result i32) (local $sum i32)
    (loop $again
      (local.set $sum (i32.add (local.get $sum) (local.get $n)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    local.get $sum)))";

// The same in a component; what it calls is given as "add".
constexpr std::string_view kCaller = R"(
    (core func $add' (canon lower (func $add)))
    (core module $M
      (import "" "add" (func $host (param i32 i32) (result i32)))
      (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add)
      (func (export "call_host") (param $n i32) (result i32) (local $sum i32)
        (loop $again
          (local.set $sum (call $host (local.get $sum) (local.get $n)))
          (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        local.get $sum))
    (core instance $m (instantiate $M (with "" (instance (export "add" (func $add'))))))
    (func (export "add") (param "a" s32) (param "b" s32) (result s32) (canon lift (core func $m "add")))
    (func (export "call-host") (param "n" u32) (result s32) (canon lift (core func $m "call_host"))))";

constexpr std::string_view kAllocator = R"(
    (core module $L (memory (export "mem") 64)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1048576)))
    (core instance $l (instantiate $L)))";

int g_rounds = 60;
int g_calls = 50'000;

double now_ns() {
  using namespace std::chrono;
  return static_cast<double>(duration_cast<nanoseconds>(steady_clock::now().time_since_epoch()).count());
}

template <class Body>
double best(int count, Body body) {
  double least = 1e18;
  for (int round = 0; round < g_rounds; ++round) {
    const double start = now_ns();
    body();
    least = std::min(least, (now_ns() - start) / count);
  }
  return least;
}

void show(const char* name, const char* engine, double figure, const char* unit) {
  std::printf("%s %s %.2f %s\n", name, engine, figure, unit);
}

template <class T>
T take(Result<T> result) {
  if (result) return *std::move(result);
  std::fprintf(stderr, "component_calls: %s\n", result.error().describe().c_str());
  std::exit(1);
}

ComponentInstance make(const Engine& engine, const ComponentLinker& linker, Store& store,
                       const std::string& text) {
  return take(linker.instantiate(store, take(Component::load_text(engine, text))));
}

int32_t host_add(int32_t a, int32_t b) { return a + b; }

void measure_core(const Engine& engine) {
  Store store = take(Store::create(engine));
  Linker linker(engine);
  (void)linker.func("", "add", host_add);
  const Instance instance = take(linker.instantiate(store, take(load_text(engine, kCore))));
  const auto add = take(instance.typed<int32_t(int32_t, int32_t)>(store, "add"));
  const auto call_host = take(instance.typed<int32_t(int32_t)>(store, "call_host"));
  const auto loop = take(instance.typed<int32_t(int32_t)>(store, "loop"));
  int32_t sum = 0;
  show("host-to-guest", "core",
       best(g_calls,
            [&] {
              for (int i = 0; i < g_calls; ++i) sum += *add.call(store, i, 3);
            }),
       "ns");
  const double plain = best(g_calls, [&] { sum += *loop.call(store, g_calls); });
  show("guest-to-host", "core", best(g_calls, [&] { sum += *call_host.call(store, g_calls); }) - plain, "ns");
  show("loop", "core", plain, "ns");
  if (sum == 42) std::puts("");
}

void measure_calls(const Engine& engine) {
  Store store = take(Store::create(engine));
  ComponentLinker linker(engine);
  (void)linker.func("", "add", host_add);
  const std::string import = "(import \"add\" (func $add (param \"a\" s32) (param \"b\" s32) (result s32)))";
  const ComponentInstance instance =
      make(engine, linker, store, "(component " + import + std::string(kCaller) + ")");
  const auto add = take(instance.typed<int32_t(int32_t, int32_t)>(store, "add"));
  const auto call_host = take(instance.typed<int32_t(uint32_t)>(store, "call-host"));
  const ComponentFunc dynamic = take(instance.func(store, "add"));
  int32_t sum = 0;
  show("host-to-guest", "component",
       best(g_calls,
            [&] {
              for (int i = 0; i < g_calls; ++i) sum += *add.call(store, i, 3);
            }),
       "ns");
  show("host-to-guest", "component-dynamic",
       best(g_calls / 10,
            [&] {
              for (int i = 0; i < g_calls / 10; ++i) {
                const ComponentVal arguments[] = {ComponentVal(int32_t{i}), ComponentVal(int32_t{3})};
                sum += (*dynamic.call(store, arguments))->get<int32_t>();
              }
            }),
       "ns");
  show("guest-to-host", "component",
       best(g_calls, [&] { sum += *call_host.call(store, static_cast<uint32_t>(g_calls)); }), "ns");
  if (sum == 42) std::puts("");
}

// `extra`: makes the callee one that is not called directly.
void measure_guests(const Engine& engine, const char* name, const char* type, const char* extra) {
  Store store = take(Store::create(engine));
  const ComponentLinker linker(engine);
  const std::string t = type;
  const std::string callee =
      "(component $C (core module $M (func (export \"add\") (param i32 i32) (result i32) local.get 0 "
      "local.get 1 i32.add))"
      "(core instance $m (instantiate $M))" +
      std::string(extra) + "(func (export \"add\") (param \"a\" " + t + ") (param \"b\" " + t + ") (result " +
      t + ") (canon lift (core func $m \"add\"))))";
  const std::string caller = "(component $D (import \"add\" (func $add (param \"a\" " + t +
                             ") (param \"b\" " + t + ") (result " + t + ")))" + std::string(kCaller) + ")";
  const ComponentInstance instance = make(
      engine, linker, store,
      "(component " + callee + caller +
          "(instance $c (instantiate $C)) (instance $d (instantiate $D (with \"add\" (func $c \"add\"))))"
          "(export \"call-host\" (func $d \"call-host\")))");
  const auto run = take(instance.typed<int32_t(uint32_t)>(store, "call-host"));
  int32_t sum = 0;
  show("guest-to-guest", name,
       best(g_calls, [&] { sum += *run.call(store, static_cast<uint32_t>(g_calls)); }), "ns");
  if (sum == 42) std::puts("");
}

// One call that passes `bytes` from guest to guest.
void measure_bytes(const Engine& engine, const char* name, const std::string& type, uint32_t length,
                   const std::string& options) {
  constexpr double kBytes = 1 << 20;
  Store store = take(Store::create(engine));
  const ComponentLinker linker(engine);
  const std::string memory =
      options + " (memory (core memory $l \"mem\")) (realloc (core func $l \"realloc\"))";
  const std::string callee =
      "(component $C" + std::string(kAllocator) +
      "(core module $M (func (export \"f\") (param i32 i32)))(core instance $m (instantiate $M))"
      "(func (export \"f\") (param \"a\" " +
      type + ") (canon lift (core func $m \"f\") " + memory + ")))";
  const std::string caller =
      "(component $D (import \"f\" (func $f (param \"a\" " + type + ")))" + std::string(kAllocator) +
      "(core func $f' (canon lower (func $f) " + memory +
      "))"
      "(core module $M (import \"\" \"f\" (func $f (param i32 i32))) (func (export \"run\") (call $f "
      "(i32.const 65536) (i32.const " +
      std::to_string(length) +
      "))))"
      "(core instance $m (instantiate $M (with \"\" (instance (export \"f\" (func $f'))))))"
      "(func (export \"run\") (canon lift (core func $m \"run\"))))";
  const ComponentInstance instance =
      make(engine, linker, store,
           "(component " + callee + caller +
               "(instance $c (instantiate $C)) (instance $d (instantiate $D (with \"f\" (func $c \"f\"))))"
               "(export \"run\" (func $d \"run\")))");
  const auto run = take(instance.typed<void()>(store, "run"));
  constexpr int kTimes = 20;
  const double ns = best(kTimes, [&] {
    for (int i = 0; i < kTimes; ++i) {
      if (!run.call(store).ok()) std::exit(1);
    }
  });
  show(name, "component", kBytes / ns, "GB/s");
}

void measure_memcpy() {
  constexpr size_t kBytes = 1 << 20;
  const auto from = std::make_unique<uint8_t[]>(kBytes);
  const auto to = std::make_unique<uint8_t[]>(kBytes);
  constexpr int kTimes = 20;
  const double ns = best(kTimes, [&] {
    for (int i = 0; i < kTimes; ++i) {
      std::memcpy(to.get(), from.get(), kBytes);
      asm volatile("" : : "r"(to.get()) : "memory");
    }
  });
  show("memcpy", "native", kBytes / ns, "GB/s");
}

void measure_instances(const Engine& engine) {
  const Component component = take(Component::load_text(engine, R"((component
    (core module $M (memory (export "mem") 1) (func (export "f") (result i32) (i32.const 1)))
    (core instance $m (instantiate $M))
    (func (export "f") (result u32) (canon lift (core func $m "f")))))"));
  const ComponentPre pre = take(ComponentLinker(engine).prelink(component));
  const Module module = take(load_text(
      engine, "(module (memory (export \"mem\") 1) (func (export \"f\") (result i32) (i32.const 1)))"));
  const InstancePre core = take(Linker(engine).prelink(module));
  constexpr int kMany = 200;
  show("instantiate", "core",
       best(kMany,
            [&] {
              Store store = take(Store::create(engine));
              for (int i = 0; i < kMany; ++i) (void)take(core.instantiate(store));
            }),
       "ns");
  show("instantiate", "component",
       best(kMany,
            [&] {
              Store store = take(Store::create(engine));
              for (int i = 0; i < kMany; ++i) (void)take(pre.instantiate(store));
            }),
       "ns");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "--quick") {
    g_rounds = 15;
    g_calls = 20'000;
  }
  Config config;
  config.interruption = false;
  const Engine engine = take(Engine::create(config));
  measure_core(engine);
  measure_calls(engine);
  measure_guests(engine, "direct", "s32", "");
  measure_guests(engine, "entered", "s32",
                 "(type $r (resource (rep i32))) (core func $n (canon resource.new $r))");
  measure_memcpy();
  measure_bytes(engine, "list-u8", "(list u8)", 1 << 20, "");
  measure_bytes(engine, "list-f64", "(list f64)", 1 << 17, "");
  measure_bytes(engine, "string-utf8", "string", 1 << 20, "string-encoding=utf8");
  measure_instances(engine);
  return 0;
}
