// What crossing a component's border costs, through the public API: nanoseconds a call, the best of several rounds, beside the same
// components in Wasmtime by its C API, whose library is loaded if its path is given; bytes from guest to guest, beside memcpy
// between two memories of that size; instantiation.
//
//   component_calls [--quick] [--compiled FOLDER] [LIBWASMTIME.SO]
//                                      prints lines `name engine figure unit`; compiled: each component from FOLDER/NAME.aot
//   component_calls --texts FOLDER     writes each component's text to FOLDER/NAME.wat
//
// Calls out of a guest are counted by a loop in the guest, less the same loop without the call.
//
// `plain`: nothing can be observed between the two guests. `guests`: as tool chains make them, both with memory and realloc, and a callee that
// calls out itself, so that it could be entered twice.
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/measure.h"
#include "wherry/component_linker.h"
#include "wherry/wherry.h"

namespace {

using namespace wherry;
using bench::die;
using bench::take;
using bench::Wasmtime;

constexpr uint32_t kLength = 1 << 20;  // Of what is copied, in bytes.

int g_rounds = 60;
int g_calls = 50'000;
const char* g_compiled = nullptr;

template <class Body>
double best(int count, Body body) {
  return bench::best(g_rounds, count, body);
}

void show(std::string_view name, const char* engine, double figure, const char* unit) {
  std::printf("%.*s %s %.2f %s\n", static_cast<int>(name.size()), name.data(), engine, figure, unit);
}

// ---- the components

struct Program {
  const char* name;
  std::string text;
};

// Imports "add" in its instance; calls it, or not.
constexpr std::string_view kCaller = R"(
    (core module $M
      (import "" "add" (func $host (param i32 i32) (result i32)))
      (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add)
      (func (export "loop") (param $n i32) (result i32) (local $sum i32)
        (loop $again
          (local.set $sum (i32.add (local.get $sum) (local.get $n)))
          (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        local.get $sum)
      (func (export "call") (param $n i32) (result i32) (local $sum i32)
        (loop $again
          (local.set $sum (call $host (local.get $sum) (local.get $n)))
          (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        local.get $sum))
    (core instance $m (instantiate $M (with "" (instance (export "add" (func $add'))))))
    (func (export "add") (param "a" s32) (param "b" s32) (result s32) (canon lift (core func $m "add")))
    (func (export "loop") (param "n" u32) (result s32) (canon lift (core func $m "loop")))
    (func (export "call") (param "n" u32) (result s32) (canon lift (core func $m "call"))))";

constexpr std::string_view kAllocator = R"(
    (core module $L (memory (export "mem") 64)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1048576))
      (func (export "fill") (param $unit i64) (local $at i32)
        (loop $again
          (i64.store offset=65536 (local.get $at) (local.get $unit))
          (br_if $again
            (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 8))) (i32.const 1048576))))))
    (core instance $l (instantiate $L)))";
constexpr std::string_view kMemory =
    " string-encoding=utf8 (memory (core memory $l \"mem\")) (realloc (core func $l \"realloc\"))";

std::string import_of(const std::string& t) {
  return "(import \"add\" (func $add (param \"a\" " + t + ") (param \"b\" " + t + ") (result " + t + ")))";
}

std::string host_program() {
  return "(component " + import_of("s32") + "(core func $add' (canon lower (func $add)))" +
         std::string(kCaller) + ")";
}

// Two guests, the second of which calls the first; its exports are those of the whole.
std::string guests_program(const std::string& type, bool is_plain) {
  const std::string extra =
      is_plain
          ? ""
          : "(type $r (resource (rep i32))) (core func $n (canon resource.new $r))" + std::string(kAllocator);
  const std::string options = is_plain ? "" : std::string(kMemory);
  const std::string callee =
      "(component $C" + extra +
      "(core module $M (func (export \"add\") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add))"
      "(core instance $m (instantiate $M)) (func (export \"add\") (param \"a\" " +
      type + ") (param \"b\" " + type + ") (result " + type + ") (canon lift (core func $m \"add\")" +
      options + ")))";
  const std::string caller = "(component $D " + import_of(type) + (is_plain ? "" : std::string(kAllocator)) +
                             "(core func $add' (canon lower (func $add)" + options + "))" +
                             std::string(kCaller) + ")";
  return "(component " + callee + caller +
         "(instance $c (instantiate $C)) (instance $d (instantiate $D (with \"add\" (func $c \"add\"))))"
         "(export \"loop\" (func $d \"loop\")) (export \"call\" (func $d \"call\")))";
}

// One call that passes kLength bytes from guest to guest.
std::string bytes_program(const std::string& type, uint32_t length) {
  const std::string memory(kMemory);
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
      "(func (export \"run\") (canon lift (core func $m \"run\")))"
      "(func (export \"fill\") (param \"unit\" u64) (canon lift (core func $l \"fill\"))))";
  return "(component " + callee + caller +
         "(instance $c (instantiate $C)) (instance $d (instantiate $D (with \"f\" (func $c \"f\"))))"
         "(export \"run\" (func $d \"run\")) (export \"fill\" (func $d \"fill\")))";
}

constexpr std::string_view kSmall = R"((component
    (core module $M (memory (export "mem") 1) (func (export "f") (result i32) (i32.const 1)))
    (core instance $m (instantiate $M))
    (func (export "f") (result u32) (canon lift (core func $m "f")))))";

std::vector<Program> programs() {
  return {{"host", host_program()},
          {"plain", guests_program("s32", true)},
          {"guests", guests_program("s32", false)},
          {"guests-u8", guests_program("u8", false)},
          {"list-u8", bytes_program("(list u8)", kLength)},
          {"list-f64", bytes_program("(list f64)", kLength / 8)},
          {"string", bytes_program("string", kLength)},
          {"small", std::string(kSmall)}};
}

std::string text_of(std::string_view name) {
  for (const Program& program : programs()) {
    if (program.name == name) return program.text;
  }
  die("no such program");
}

// What a string is filled with: ASCII, and 'h' U+E9 U+20AC 'x' 'y'.
struct Filling {
  const char* name;
  const char* program;
  uint64_t unit;
};
constexpr Filling kFillings[] = {{"list-u8", "list-u8", 0},
                                 {"list-f64", "list-f64", 0},
                                 {"string-ascii", "string", 0x6162636465666768},
                                 {"string-mixed", "string", 0x7978ac82e2a9c368}};

// ---- Wherry

int32_t host_add(int32_t a, int32_t b) { return a + b; }

Component load(const Engine& engine, const char* name) {
  if (g_compiled == nullptr) return take(Component::load_text(engine, text_of(name)));
  return take(Component::load_artifact_unsafe(engine, std::string(g_compiled) + "/" + name + ".aot"));
}

double per_call(Store& store, const ComponentInstance& instance) {
  const auto loop = take(instance.typed<int32_t(uint32_t)>(store, "loop"));
  const auto call = take(instance.typed<int32_t(uint32_t)>(store, "call"));
  const auto count = static_cast<uint32_t>(g_calls);
  const double empty = best(g_calls, [&] { (void)take(loop.call(store, count)); });
  return best(g_calls, [&] { (void)take(call.call(store, count)); }) - empty;
}

void measure_host(const Engine& engine) {
  Store store = take(Store::create(engine));
  ComponentLinker linker(engine);
  if (!linker.func("", "add", host_add)) die("no host function");
  const ComponentInstance instance = take(linker.instantiate(store, load(engine, "host")));
  const auto add = take(instance.typed<int32_t(int32_t, int32_t)>(store, "add"));
  const ComponentFunc dynamic = take(instance.func(store, "add"));
  int32_t sum = 0;
  show("host-to-component", "wherry",
       best(g_calls,
            [&] {
              for (int i = 0; i < g_calls; ++i) sum = take(add.call(store, sum, i));
            }),
       "ns");
  show("host-to-component-dynamic", "wherry",
       best(g_calls / 10,
            [&] {
              for (int i = 0; i < g_calls / 10; ++i) {
                const ComponentVal arguments[] = {ComponentVal(int32_t{i}), ComponentVal(int32_t{3})};
                sum += take(dynamic.call(store, arguments))->get<int32_t>();
              }
            }),
       "ns");
  show("component-to-host", "wherry", per_call(store, instance), "ns");
}

void measure_guests(const Engine& engine, const char* name) {
  Store store = take(Store::create(engine));
  const ComponentInstance instance = take(ComponentLinker(engine).instantiate(store, load(engine, name)));
  show(std::string("guest-to-guest-") + name, "wherry", per_call(store, instance), "ns");
}

constexpr int kCopies = 20;

void measure_bytes(const Engine& engine, const Filling& filling) {
  Store store = take(Store::create(engine));
  const ComponentInstance instance =
      take(ComponentLinker(engine).instantiate(store, load(engine, filling.program)));
  if (!take(instance.typed<void(uint64_t)>(store, "fill")).call(store, filling.unit)) die("fill");
  const auto run = take(instance.typed<void()>(store, "run"));
  const double ns = best(kCopies, [&] {
    for (int i = 0; i < kCopies; ++i) {
      if (!run.call(store)) die("run");
    }
  });
  show(filling.name, "wherry", kLength / ns, "GB/s");
}

// Between two memories as the guests have them.
void measure_memcpy(const Engine& engine) {
  Store store = take(Store::create(engine));
  const MemoryType type{.limits = {.min = 64}};
  const Memory from = take(Memory::create(store, type));
  const Memory to = take(Memory::create(store, type));
  const uint8_t* const source = take(from.view(store)).at(65536, kLength);
  uint8_t* const target = take(to.view(store)).at(1048576, kLength);
  const double ns = best(kCopies, [&] {
    for (int i = 0; i < kCopies; ++i) {
      std::memcpy(target, source, kLength);
      asm volatile("" : : "r"(target) : "memory");
    }
  });
  show("memcpy", "native", kLength / ns, "GB/s");
}

void measure_instances(const Engine& engine) {
  const ComponentPre pre = take(ComponentLinker(engine).prelink(load(engine, "small")));
  constexpr int kMany = 200;
  show("instantiate", "wherry",
       best(kMany,
            [&] {
              Store store = take(Store::create(engine));
              for (int i = 0; i < kMany; ++i) (void)take(pre.instantiate(store));
            }),
       "ns");
}

// ---- Wasmtime

struct ComponentValue {
  alignas(8) uint8_t kind;
  union {
    int32_t s32;
    uint64_t u64;
    uint8_t bytes[24];
  } of;
};
constexpr uint8_t kS32 = 5, kU32 = 6, kU64 = 8;
struct ComponentFunction {
  uint64_t store;
  uint32_t a;
  uint32_t b;
  uint32_t c;
};
struct ComponentInstanceOf {
  uint64_t store;
  uint32_t index;
};

void* add_for_wasmtime(void*, void*, const void*, const ComponentValue* arguments, size_t,
                       ComponentValue* results, size_t) {
  results[0].kind = kS32;
  results[0].of.s32 = arguments[0].of.s32 + arguments[1].of.s32;
  return nullptr;
}

// A component in a store of its own.
class Peer {
 public:
  Peer(const char* library, std::string_view name) : wasmtime_(library) {
    const bench::WasmtimeBytes bytes = wasmtime_.parse(text_of(name));
    Wasmtime::must(wasmtime_.symbol<void*(void*, const char*, size_t, void**)>("wasmtime_component_new")(
        wasmtime_.engine, bytes.data, bytes.size, &component_));
    void* const linker = wasmtime_.symbol<void*(void*)>("wasmtime_component_linker_new")(wasmtime_.engine);
    void* const root = wasmtime_.symbol<void*(void*)>("wasmtime_component_linker_root")(linker);
    using Callback = decltype(add_for_wasmtime)*;
    if (name == "host") {
      Wasmtime::must(wasmtime_.symbol<void*(void*, const char*, size_t, Callback, void*, void*)>(
          "wasmtime_component_linker_instance_add_func")(root, "add", 3, add_for_wasmtime, nullptr, nullptr));
    }
    wasmtime_.symbol<void(void*)>("wasmtime_component_linker_instance_delete")(root);
    Wasmtime::must(wasmtime_.symbol<void*(void*, void*, void*, ComponentInstanceOf*)>(
        "wasmtime_component_linker_instantiate")(linker, wasmtime_.context, component_, &instance_));
    call_ = wasmtime_.symbol<Call>("wasmtime_component_func_call");
  }
  ComponentFunction func(const char* name) const {
    void* const index = wasmtime_.symbol<void*(void*, void*, const char*, size_t)>(
        "wasmtime_component_get_export_index")(component_, nullptr, name, std::strlen(name));
    ComponentFunction found{};
    if (!wasmtime_.symbol<bool(const ComponentInstanceOf*, void*, void*, ComponentFunction*)>(
            "wasmtime_component_instance_get_func")(&instance_, wasmtime_.context, index, &found)) {
      die("wasmtime finds no export");
    }
    return found;
  }
  void call(const ComponentFunction& func, ComponentValue* arguments, size_t count, ComponentValue* results,
            size_t result_count) const {
    Wasmtime::must(call_(&func, wasmtime_.context, arguments, count, results, result_count));
  }
  double per_call() const {
    const auto run = [&](const ComponentFunction& func) {
      return best(g_calls, [&] {
        ComponentValue count{kU32, {g_calls}};
        ComponentValue result{};
        call(func, &count, 1, &result, 1);
      });
    };
    const double empty = run(func("loop"));
    return run(func("call")) - empty;
  }

 private:
  using Call = void*(const ComponentFunction*, void*, const ComponentValue*, size_t, ComponentValue*, size_t);
  Wasmtime wasmtime_;
  void* component_ = nullptr;
  ComponentInstanceOf instance_{};
  Call* call_ = nullptr;
};

void measure_wasmtime(const char* library) {
  const Peer host(library, "host");
  const ComponentFunction add = host.func("add");
  show("host-to-component", "wasmtime",
       best(g_calls / 10,
            [&] {
              for (int i = 0; i < g_calls / 10; ++i) {
                ComponentValue values[2] = {{kS32, {i}}, {kS32, {3}}};
                ComponentValue result{};
                host.call(add, values, 2, &result, 1);
              }
            }),
       "ns");
  show("component-to-host", "wasmtime", host.per_call(), "ns");
  for (const char* name : {"plain", "guests", "guests-u8"})
    show(std::string("guest-to-guest-") + name, "wasmtime", Peer(library, name).per_call(), "ns");
  for (const Filling& filling : kFillings) {
    const Peer peer(library, filling.program);
    ComponentValue unit{kU64, {}};
    unit.of.u64 = filling.unit;
    peer.call(peer.func("fill"), &unit, 1, nullptr, 0);
    const ComponentFunction run = peer.func("run");
    const double ns = best(kCopies, [&] {
      for (int i = 0; i < kCopies; ++i) peer.call(run, nullptr, 0, nullptr, 0);
    });
    show(filling.name, "wasmtime", kLength / ns, "GB/s");
  }
}

int write_texts(const std::string& folder) {
  for (const Program& program : programs()) {
    const std::string path = folder + "/" + program.name + ".wat";
    std::FILE* const file = std::fopen(path.c_str(), "w");
    if (file == nullptr ||
        std::fwrite(program.text.data(), 1, program.text.size(), file) != program.text.size() ||
        std::fclose(file) != 0) {
      die("cannot write " + path);
    }
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const char* library = nullptr;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--quick") {
      g_rounds = 15;
      g_calls = 20'000;
    } else if (word == "--compiled" && i + 1 < argc) {
      g_compiled = argv[++i];
    } else if (word == "--texts" && i + 1 < argc) {
      return write_texts(argv[i + 1]);
    } else {
      library = argv[i];
    }
  }
  Config config;
  config.interruption = false;  // As files are compiled by default.
  const Engine engine = take(Engine::create(config));
  measure_host(engine);
  for (const char* name : {"plain", "guests", "guests-u8"}) measure_guests(engine, name);
  measure_memcpy(engine);
  for (const Filling& filling : kFillings) measure_bytes(engine, filling);
  measure_instances(engine);
  if (library != nullptr) measure_wasmtime(library);
  return 0;
}
