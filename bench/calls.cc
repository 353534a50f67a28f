// What crossing between host and guest costs, through the public API: nanoseconds a call, the best of several rounds in
// turn with Wasmtime's C API, whose library is loaded if its path is given. And how instantiation scales.
//
//   calls [--quick] [LIBWASMTIME.SO]                     prints lines `name engine nanoseconds`
//   calls [--quick] --compiled FILE [LIBWASMTIME.SO]     the same of the module after it was compiled to FILE
//   calls --module                                       prints the module's text
//
// Calls from the guest are counted by a loop in the guest, less the same loop without the call. What Wasmtime's values
// look like is declared here as far as it is needed (its 48.0).
#include <cstdio>
#include <cstring>
#include <string_view>

#include "bench/measure.h"
#include "wherry/wherry.h"

namespace {

using namespace wherry;
using bench::die;
using bench::now_ns;
using bench::take;
using bench::Wasmtime;

constexpr std::string_view kModule = R"(
  (module
    (import "host" "add" (func $host (param i32 i32) (result i32)))
    (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add)
    (func (export "nop"))
    (func (export "loop") (param $n i32) (result i32) (local $sum i32)
      (loop $again
        (local.set $sum (i32.add (local.get $sum) (local.get $n)))
        (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      local.get $sum)
    (func (export "call_host") (param $n i32) (result i32) (local $sum i32)
      (loop $again
        (local.set $sum (call $host (local.get $sum) (local.get $n)))
        (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      local.get $sum)))";

constexpr std::string_view kSmall = R"(
  (module (memory (export "memory") 1) (data (i32.const 0) "small")
    (func (export "f") (result i32) i32.const 7)))";

int g_calls = 5'000;
constexpr int kRounds = 60;

template <class Body>
double best(int count, Body body) {
  return bench::best(kRounds, count, body);
}

void show(const char* name, const char* engine, double ns) { std::printf("%s %s %.2f\n", name, engine, ns); }

void measure_wherry(const char* compiled) {
  Config config;
  config.interruption = compiled == nullptr;  // As files are compiled by default.
  Engine engine = take(Engine::create(config));
  Module module =
      take(compiled == nullptr ? load_text(engine, kModule) : Module::load_artifact_unsafe(engine, compiled));
  Store store = take(Store::create(engine));
  Linker linker(engine);
  const auto host = [](int32_t a, int32_t b) { return a + b; };
  if (!linker.func("host", "add", host)) die("no host function");
  const Instance instance = take(linker.instantiate(store, module));
  const auto add = take(instance.typed<int32_t(int32_t, int32_t)>(store, "add"));
  const auto nop = take(instance.typed<void()>(store, "nop"));
  const auto loop = take(instance.typed<int32_t(int32_t)>(store, "loop"));
  const auto call_host = take(instance.typed<int32_t(int32_t)>(store, "call_host"));
  show("host_to_guest_typed", "wherry", best(g_calls, [&] {
         int32_t sum = 0;
         for (int i = 0; i < g_calls; ++i) sum = take(add.call(store, sum, i));
       }));
  show("host_to_guest_nothing", "wherry", best(g_calls, [&] {
         for (int i = 0; i < g_calls; ++i) {
           if (!nop.call(store)) die("nop");
         }
       }));
  const Func untyped = add.func();
  show("host_to_guest_checked", "wherry", best(g_calls, [&] {
         Val results[1];
         for (int i = 0; i < g_calls; ++i) {
           const Val params[2] = {Val(i), Val(int32_t{1})};
           if (!untyped.call(store, params, results)) die("untyped");
         }
       }));
  const double empty = best(g_calls, [&] { take(loop.call(store, g_calls)); });
  show("guest_to_host_typed", "wherry", best(g_calls, [&] { take(call_host.call(store, g_calls)); }) - empty);
}

// One store with many instances, and what a call costs in the last of them.
void measure_instances(int count) {
  Engine engine = take(Engine::create(Config()));
  Module module = take(load_text(engine, kSmall));
  StoreLimits limits;
  limits.instances = limits.memories = limits.tables = ~0u;
  limits.memory_bytes = ~uint64_t{0};
  Store store = take(Store::create(engine, limits));
  Linker linker(engine);
  const double start = now_ns();
  std::optional<Instance> last;
  for (int i = 0; i < count; ++i) {
    last = take(linker.instantiate(store, module));
    if (take(take(last->typed<int32_t()>(store, "f")).call(store)) != 7) die("wrong answer");
  }
  char name[64];
  std::snprintf(name, sizeof name, "instantiate_and_call_one_of_%d", count);
  show(name, "wherry", (now_ns() - start) / count);
}

// ---- Wasmtime

struct WasmtimeFunc {
  uint64_t store;
  void* object;
};
struct WasmtimeExtern {
  alignas(8) uint8_t kind;
  union {
    WasmtimeFunc func;
    uint8_t bytes[24];
  } of;
};
union WasmtimeRaw {
  int32_t i32;
  alignas(8) uint8_t bytes[16];
};
struct WasmtimeVal {
  alignas(8) uint8_t kind;
  union {
    int32_t i32;
    uint8_t bytes[24];
  } of;
};
struct WasmtimeInstance {
  uint64_t store;
  size_t index;
};
struct ValTypes {
  size_t size;
  void** data;
};
void* add_for_wasmtime(void*, void*, WasmtimeRaw* values, size_t) {
  values[0].i32 = values[0].i32 + values[1].i32;
  return nullptr;
}

void measure_wasmtime(const char* path) {
  const Wasmtime wasmtime(path);
  const auto must = &Wasmtime::must;
  void* const engine = wasmtime.engine;
  void* const context = wasmtime.context;
  const bench::WasmtimeBytes bytes = wasmtime.parse(kModule);
  void* module = nullptr;
  must(wasmtime.symbol<void*(void*, const char*, size_t, void**)>("wasmtime_module_new")(
      engine, bytes.data, bytes.size, &module));
  const auto valtype = wasmtime.symbol<void*(uint8_t)>("wasm_valtype_new");
  void* two[2] = {valtype(0), valtype(0)};
  void* one[1] = {valtype(0)};
  const auto vec = wasmtime.symbol<void(ValTypes*, size_t, void**)>("wasm_valtype_vec_new");
  ValTypes params;
  ValTypes results;
  vec(&params, 2, two);
  vec(&results, 1, one);
  void* type = wasmtime.symbol<void*(ValTypes*, ValTypes*)>("wasm_functype_new")(&params, &results);
  void* linker = wasmtime.symbol<void*(void*)>("wasmtime_linker_new")(engine);
  using Callback = void* (*)(void*, void*, WasmtimeRaw*, size_t);
  must(wasmtime.symbol<void*(void*, const char*, size_t, const char*, size_t, void*, Callback, void*, void*)>(
      "wasmtime_linker_define_func_unchecked")(linker, "host", 4, "add", 3, type, add_for_wasmtime, nullptr,
                                               nullptr));
  WasmtimeInstance instance{};
  void* trap = nullptr;
  must(wasmtime.symbol<void*(void*, void*, void*, WasmtimeInstance*, void**)>("wasmtime_linker_instantiate")(
      linker, context, module, &instance, &trap));
  must(trap);
  const auto func = [&](const char* name) {
    WasmtimeExtern item{};
    if (!wasmtime.symbol<bool(void*, WasmtimeInstance*, const char*, size_t, WasmtimeExtern*)>(
            "wasmtime_instance_export_get")(context, &instance, name, std::strlen(name), &item)) {
      die("wasmtime finds no export");
    }
    return item.of.func;
  };
  const WasmtimeFunc add = func("add"), nop = func("nop"), loop = func("loop"), call_host = func("call_host");
  const auto call = wasmtime.symbol<void*(void*, const WasmtimeFunc*, WasmtimeRaw*, size_t, void**)>(
      "wasmtime_func_call_unchecked");
  const auto checked = wasmtime.symbol<void*(void*, const WasmtimeFunc*, const WasmtimeVal*, size_t,
                                             WasmtimeVal*, size_t, void**)>("wasmtime_func_call");
  WasmtimeRaw raw[2];
  show("host_to_guest_typed", "wasmtime", best(g_calls, [&] {
         int32_t sum = 0;
         for (int i = 0; i < g_calls; ++i) {
           raw[0].i32 = sum;
           raw[1].i32 = i;
           must(call(context, &add, raw, 2, &trap));
           sum = raw[0].i32;
         }
       }));
  show("host_to_guest_nothing", "wasmtime", best(g_calls, [&] {
         for (int i = 0; i < g_calls; ++i) must(call(context, &nop, raw, 1, &trap));
       }));
  show("host_to_guest_checked", "wasmtime", best(g_calls, [&] {
         WasmtimeVal result{};
         for (int i = 0; i < g_calls; ++i) {
           WasmtimeVal values[2]{};
           values[0].of.i32 = i;
           values[1].of.i32 = 1;
           must(checked(context, &add, values, 2, &result, 1, &trap));
         }
       }));
  const auto run = [&](const WasmtimeFunc& of) {
    return best(g_calls, [&] {
      raw[0].i32 = g_calls;
      must(call(context, &of, raw, 1, &trap));
    });
  };
  const double empty = run(loop);
  show("guest_to_host_typed", "wasmtime", run(call_host) - empty);
}

}  // namespace

int main(int argc, char** argv) {
  const char* library = nullptr;
  const char* compiled = nullptr;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--quick") == 0) {
      g_calls /= 2;
    } else if (std::strcmp(argv[i], "--module") == 0) {
      return std::fwrite(kModule.data(), 1, kModule.size(), stdout) == kModule.size() ? 0 : 1;
    } else if (std::strcmp(argv[i], "--compiled") == 0 && i + 1 < argc) {
      compiled = argv[++i];
    } else {
      library = argv[i];
    }
  }
  measure_wherry(compiled);
  if (library != nullptr) measure_wasmtime(library);
  if (compiled != nullptr) return 0;
  measure_instances(1000);
  measure_instances(10'000);
  return 0;
}
