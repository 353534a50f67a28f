// What starting components costs inside of a process: loading a file, finding its imports, and making instances of what was prepared
// before, in a new store for every hundred. Least of many rounds.
//
//   component_start [--quick] FILE      prints lines `name figure unit`; FILE is a command component for WASI 0.2
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "wherry/component_linker.h"
#include "wherry/wasi_component.h"
#include "wherry/wherry.h"

namespace {

using namespace wherry;

constexpr std::string_view kSmall = R"((component
  (core module $M (memory (export "mem") 1) (func (export "f") (result i32) (i32.const 1)))
  (core instance $m (instantiate $M))
  (func (export "f") (result u32) (canon lift (core func $m "f")))))";
constexpr std::string_view kWithoutMemory = R"((component
  (core module $M (func (export "f") (result i32) (i32.const 1)))
  (core instance $m (instantiate $M))
  (func (export "f") (result u32) (canon lift (core func $m "f")))))";
constexpr std::string_view kModule =
    R"((module (memory (export "mem") 1) (func (export "f") (result i32) (i32.const 1))))";

int g_rounds = 200;

double now_ns() {
  using namespace std::chrono;
  return static_cast<double>(duration_cast<nanoseconds>(steady_clock::now().time_since_epoch()).count());
}

template <class Body>
void show(const char* name, int count, Body body) {
  double least = 1e18;
  for (int round = 0; round < g_rounds; ++round) {
    const double start = now_ns();
    body();
    least = std::min(least, (now_ns() - start) / count);
  }
  std::printf("%s %.0f ns\n", name, least);
}

template <class T>
T take(Result<T> result) {
  if (result) return *std::move(result);
  std::fprintf(stderr, "component_start: %s\n", result.error().describe().c_str());
  std::exit(1);
}

template <class Pre, class Prepare>
void instances(const Engine& engine, const char* name, const Pre& pre, Prepare prepare) {
  constexpr int kMany = 100;
  show(name, kMany, [&] {
    Store store = take(Store::create(engine));
    prepare(store);
    for (int i = 0; i < kMany; ++i) (void)take(pre.instantiate(store));
  });
}

}  // namespace

int main(int argc, char** argv) {
  const char* file = nullptr;
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--quick") {
      g_rounds = 40;
    } else {
      file = argv[i];
    }
  }
  if (file == nullptr) {
    std::fprintf(stderr, "usage: component_start [--quick] FILE\n");
    return 2;
  }
  Config config;
  config.interruption = false;
  config.validation = Validation::Lazy;
  const Engine engine = take(Engine::create(config));
  const auto nothing = [](Store&) {};
  const ComponentLinker empty(engine);
  const Module module = take(load_text(engine, kModule));
  instances(engine, "instantiate-module", take(Linker(engine).prelink(module)), nothing);
  instances(engine, "instantiate-small", take(empty.prelink(take(Component::load_text(engine, kSmall)))),
            nothing);
  instances(engine, "instantiate-small-without-memory",
            take(empty.prelink(take(Component::load_text(engine, kWithoutMemory)))), nothing);

  ComponentLinker linker(engine);
  if (const Result<void> added = wasi::add_to_linker(linker); !added) return 1;
  const Component command = take(Component::load_file(engine, file));
  show("load-command", 1, [&] { (void)take(Component::load_file(engine, file)); });
  show("prelink-command", 1, [&] { (void)take(linker.prelink(command)); });
  instances(engine, "instantiate-command", take(linker.prelink(command)), [](Store& store) {
    if (const Result<void> attached = wasi::attach(store, {}); !attached) std::exit(1);
  });
  return 0;
}
